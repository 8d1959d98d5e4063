"""A bit of everything, read by test_golden.py; digest.jsonl beside is what the server must be given."""

import lmake
from lmake.rules import AliasRule, AntiRule, PyRule, Rule, SourceRule

lmake.manifest = ['Lmakefile.py', 'src/', 'main.c']
lmake.config.path_max = 150
lmake.config.max_error_lines = 20

flags = '-O2'


def shout(text):
    return text.upper()


class Base(Rule):
    stems = {'File': r'[\w/]+', 'Dir': r'.+'}
    environ = {'PATH': '/opt/bin:...', 'LANG': 'C'}


class Compile(Base):
    targets = {'OBJ': '{File}.o', 'DEPS': ('{File}.d', 'Optional')}
    deps = {'SRC': '{File}.c'}
    cmd = 'gcc {flags} -MMD -c {SRC} -o {OBJ}'


class Split(Base):
    targets = {'LIST': '{File}.list', 'PART': '{File}.parts/{N*:[0-9]+}-{*:[a-z]+}'}
    side_targets = {'TMP': ('{File}.tmp', 'NoWarning', '-essential')}
    side_deps = {'LOCAL': ('{Dir*}.h', 'readdir_ok')}
    deps = {'DATA': ('{File}.data', 'critical')}
    resources = {'cpu': 2, 'mem': '1G'}
    job_name = 'split {File}'
    timeout = 10

    def backend():
        return 'slurm' if 'big' in File else 'local'

    cmd = 'split {DATA} {PART} > {LIST} # {shout(File)} {{}} {PART(1, "a")}'


class Count(PyRule):
    """A python command."""

    target = '{:.*}.count'
    dep = 'text'
    kill_sigs = (15, 2)

    def cmd(unit='l',
            scale=1):
        # words are counted by the shell, this is only a test
        import sys
        print(shout(unit), scale, len(sys.stdin.read()))


class All(AliasRule):
    target = 'all'
    deps = {'MAIN': 'main.o', 'COUNT': 'x.count'}


class NoBackup(AntiRule):
    targets = {'T': r'{Any:.*}~'}


class Generated(SourceRule):
    target = 'given/{Name:.*}'
    prio = 1
