"""Builds C code with undeclared headers into an archive, links a unit test with it and runs that.

    lmake unit_test.ok

No rule mentions a header: each object depends on those its compilation has opened, and on the places where gcc looked
for them first. No debug information (-g0), so that editing a comment gives the same object, and nothing is linked again.
"""

import lmake
from lmake.rules import Rule
from lmake.sources import git_sources

lmake.manifest = git_sources()

parts = ('native/access/', 'native/wire/')
objects = sorted('obj/' + name[:-2] + '.o' for name in lmake.manifest if name.startswith(parts) and name.endswith('.c'))


class Compile(Rule):
    targets = {'OBJ': r'obj/{File:.*}.o'}
    deps = {'SRC': '{File}.c'}
    cmd = 'gcc -std=gnu11 -O2 -g0 -c -o {OBJ} {SRC}'


class Archive(Rule):
    targets = {'LIB': 'liblm.a'}
    deps = {f'O{i}': name for i, name in enumerate(objects)}
    cmd = 'ar rcsD {LIB} ' + ' '.join(objects)


class Link(Rule):
    targets = {'EXE': '{Test:.*_test}'}
    deps = {'OBJ': 'obj/{Test}.o', 'LIB': 'liblm.a'}
    cmd = 'gcc -o {EXE} {OBJ} {LIB}'


class Check(Rule):
    target = '{Test:.*_test}.ok'
    deps = {'EXE': '{Test}'}
    cmd = './{EXE}'
