#!/usr/bin/env python3
"""Random edits on real projects: what lmake leaves must be what a build from nothing leaves.

Usage: random_edits.py <dir of lmake's bin> [--steps N] [--seed S]

Makes a project (include chains read from lists, search paths, rules with priorities, star targets, links, executables, modules
imported by jobs, some of them generated, a source dir, linked dirs, incremental targets, calls that ask about deps), then
repeats: edit something (files that become dirs, links that lead elsewhere, rules, the memory of lmake), build some targets. After each build the same targets are built from nothing in a fresh dir from the
same sources; names, kinds, bytes, exec bits, link texts and exit codes must be equal, and a second build must run nothing.
A failure prints the seed and the steps that led to it. Last line: `N passed, N failed`.
"""
import argparse, os, random, shutil, stat, subprocess, sys, tempfile

LMAKEFILE = r'''
import lmake
from lmake.rules import Rule, AntiRule, PyRule
import tools
lmake.manifest = [l.strip() for l in open('Manifest')]
class Base(Rule):
    stems = {'F': r'[a-z]+[0-9]?', 'N': r'[0-9]'}
class Cat(Base):                      # reads what its list says, absent files told
    target = '{F}.cat'
    deps   = {'LST': '{F}.lst'}
    cmd    = 'while read f; do if [ -e $f ]; then cat $f; else echo absent $f; fi; done <{LST} %(extra)s'
class Search(Base):                   # first hit on a search path
    target = '{F}.hit'
    cmd    = 'for d in i0 i1 i2; do if [ -f $d/{F} ]; then cat $d/{F}; break; fi; done; echo {F}'
class Split(Base):                    # as many files as its source says
    targets = {'D': '{F}.d/{N*}'}
    deps    = {'SRC': '{F}.num'}
    cmd     = 'n=$(cat {SRC}); i=0; mkdir -p {F}.d; while [ $i -lt $n ]; do echo part $i of $n >{F}.d/$i; i=$((i+1)); done'
class Whole(Base):                    # makes what Split does not
    target = '{F}.d/{N}'
    prio   = -1
    cmd    = 'echo whole {F} {N}'
class Const(Base):                    # early cut-off
    target = '{F}.const'
    deps   = {'C': '{F}.cat'}
    cmd    = 'head -c 3 {C} | tr -c a x'
class Use(Base):
    target = '{F}.use'
    cmd    = 'cat {F}.const; cat {F}.hit'
class Link(Base):
    targets = {'L': '{F}.ln'}
    deps    = {'LST': '{F}.lst'}
    cmd     = 'ln -s $(head -1 {LST}).x {L}'
class Exe(Base):
    targets = {'X': '{F}.exe'}
    deps    = {'C': '{F}.cat'}
    cmd     = 'cp {C} {X}; if [ $(($(stat -c %%s {C}) %% 2)) = 0 ]; then chmod +x {X}; fi'
class Mode(Base):
    target = '{F}.mode'
    cmd    = 'if [ -x {F}.exe ]; then echo exe; else echo plain; fi; cat {F}.exe; readlink {F}.ln'
class Py(Base, PyRule):
    target = '{F}.py.out'
    deps   = {'U': '{F}.use'}
    def cmd():
        print(tools.deco(open(U).read()))
class Mod(Base, PyRule):              # modules that may be there or not
    target = '{F}.mod'
    def cmd():
        import importlib
        try: print(importlib.import_module('mods.' + F).V)
        except ImportError: print('no module', F)
class Gen(Base):
    target = 'gen_{F}.py'
    deps   = {'LST': '{F}.lst'}
    cmd    = 'echo "V = \\"$(head -1 {LST})\\""'
class UseGen(Base, PyRule):
    target = '{F}.gen'
    def cmd():
        import importlib
        print(importlib.import_module('gen_' + F).V)
class Data(Base):                     # a source dir has it, or another rule does
    target = '{F}.dat'
    deps   = {'D': 'data/{F}'}
    cmd    = 'cat {D} data/sub/{F} || true'
    stderr_ok = True
class NoData(Base):
    target = '{F}.dat'
    prio   = -1
    cmd    = 'echo no data'
class Through(Base):                  # through a linked dir; what is a file now and a dir then
    target = '{F}.thr'
    cmd    = 'cat ld/{F} || echo no; cat sw/x || cat sw || echo none'
    stderr_ok = True
class Inc(Base):
    targets = {'O': ('{F}.inc', 'incremental')}
    deps    = {'LST': '{F}.lst'}
    cmd     = 'if cmp -s {LST} {O}; then :; else cp {LST} {O}; fi'
class Told(Base):
    target = '{F}.told'
    cmd    = 'ldepend -vRer {F}.const {F}.gen t0 t6 2>&1'
class Now(Base):
    target = '{F}.now'
    cmd    = 'ldepend -d {F}.hit {F}.d/1; cat {F}.hit {F}.d/1'
class Checked(Base):
    target = '{F}.ck'
    cmd    = 'cat {F}.use; lcheck_deps -s; cat {F}.use; cp {F}.use {F}.tmp; mv {F}.tmp $TMPDIR/x'
%(more)s
'''
NAMES = ['a', 'b', 'c', 'd']
KINDS = ['cat', 'hit', 'd/0', 'd/1', 'd/2', 'const', 'use', 'ln', 'exe', 'mode', 'py.out', 'mod', 'gen', 'dat', 'thr', 'inc', 'told',
         'now', 'ck']


class Project:
    def __init__(self, rand, root, bindir):
        self.rand, self.root, self.bindir = rand, root, bindir
        self.extra = self.more = ''
        self.files = {}  # sources: name -> (content, exec) or ('-> text', None)
        self.deco = 'x'
        for n in NAMES:
            self.files['%s.lst' % n] = (self.list(), False)
            self.files['%s.num' % n] = ('%d\n' % rand.randrange(4), False)
        for i in range(6):
            self.files['t%d' % i] = (self.text(), False)
        for n in NAMES[:2]:
            self.files['i1/%s' % n] = (self.text(), False)
        for d in ('d1', 'd2'):
            for n in NAMES[:3]:
                self.files['%s/%s' % (d, n)] = (self.text(), False)
        self.files['ld'] = ('d1', None)
        self.files['mods/__init__.py'] = ('', False)
        self.files['mods/a.py'] = ('V = 1\n', False)
        self.files['data/keep'] = ('', False)
        self.files['data/a'] = (self.text(), False)
        os.makedirs(root)
        self.write_all(root)

    def text(self):
        return ''.join(self.rand.choice('abc \n') for _ in range(self.rand.randrange(12))) + '\n'

    def list(self):
        pool = ['t%d' % i for i in range(7)] + ['b.const', 'c.hit', 'd.d/1', 'a.ln', 'd.d/0']
        return ''.join(self.rand.choice(pool) + '\n' for _ in range(self.rand.randrange(1, 4)))

    def write(self, root, name):
        path = os.path.join(root, name)
        make_way(root, path)
        content, exe = self.files[name]
        if exe is None:
            os.symlink(content, path)
        else:
            with open(path, 'w') as f:
                f.write(content)
            os.chmod(path, 0o755 if exe else 0o644)

    def makefiles(self, root):
        names = sorted(n for n in self.files if not n.startswith('data/')) + ['Lmakefile.py', 'Manifest', 'data/', 'tools.py']
        with open(os.path.join(root, 'Lmakefile.py'), 'w') as f:
            f.write(LMAKEFILE % {'extra': self.extra, 'more': self.more})
        with open(os.path.join(root, 'Manifest'), 'w') as f:
            f.write(''.join(n + '\n' for n in names))
        with open(os.path.join(root, 'tools.py'), 'w') as f:
            f.write("def deco(text):\n    return %r + text\n" % self.deco)

    def write_all(self, root):
        for name in self.files:
            self.write(root, name)
        self.makefiles(root)

    # --- edits; each returns what it did

    def edit(self):
        name = self.rand.choice(sorted(n for n in self.files if not n.endswith('.num')))
        if self.files[name][1] is None:
            return 'nothing'
        self.files[name] = (self.list() if name.endswith('.lst') else self.text(), self.files[name][1])
        self.write(self.root, name)
        return 'edit ' + name

    def number(self):
        name = self.rand.choice(NAMES) + '.num'
        self.files[name] = ('%d\n' % self.rand.randrange(4), False)
        self.write(self.root, name)
        return 'edit ' + name

    def touch(self):
        name = self.rand.choice(sorted(self.files))
        os.utime(os.path.join(self.root, name), follow_symlinks=False)
        return 'touch ' + name

    def chmod(self):
        name = 't%d' % self.rand.randrange(6)
        if name not in self.files or self.files[name][1] is None:
            return 'nothing'
        self.files[name] = (self.files[name][0], not self.files[name][1])
        self.write(self.root, name)
        return 'chmod ' + name

    def create(self):
        name = self.rand.choice(['t6', 'i0/a', 'i0/b', 'i0/c', 'i2/d', 'i1/c'])
        if name in self.files:
            return 'nothing'
        self.files[name] = (self.text(), False)
        self.write(self.root, name)
        self.makefiles(self.root)
        return 'create ' + name

    def delete(self):
        name = self.rand.choice([n for n in sorted(self.files) if n[0] in 'ti'])
        self.remove(name)
        self.makefiles(self.root)
        return 'delete ' + name

    def remove(self, name):
        del self.files[name]
        os.unlink(os.path.join(self.root, name))
        if '/' in name and not os.listdir(os.path.join(self.root, os.path.dirname(name))):
            os.rmdir(os.path.join(self.root, os.path.dirname(name)))

    def data(self):
        name = self.rand.choice(['data/a', 'data/b', 'data/c', 'data/sub/a', 'data/sub/c'])
        if name in self.files and self.rand.randrange(3) == 0:
            self.remove(name)
            return 'delete ' + name
        self.files[name] = (self.text(), False)
        self.write(self.root, name)
        return 'write ' + name

    def retarget(self):
        self.files['ld'] = (self.rand.choice(['d1', 'd2', 'nowhere', 'i1']), None)
        self.write(self.root, 'ld')
        return 'ld -> ' + self.files['ld'][0]

    def swap(self):
        for name in ('sw', 'sw/x'):
            if name in self.files:
                self.remove(name)
        kind = self.rand.choice(['file', 'dir', 'link', 'linked dir', 'nothing'])
        if kind == 'dir':
            self.files['sw/x'] = (self.text(), False)
            self.write(self.root, 'sw/x')
        elif kind != 'nothing':
            self.files['sw'] = (self.text(), False) if kind == 'file' else ('t5' if kind == 'link' else 'data', None)
            self.write(self.root, 'sw')
        self.makefiles(self.root)
        return 'sw becomes ' + kind

    def mods(self):
        name = 'mods/%s.py' % self.rand.choice(NAMES)
        if name in self.files and self.rand.randrange(2):
            self.remove(name)
        else:
            self.files[name] = ('V = %d\n' % self.rand.randrange(3), False)
            self.write(self.root, name)
        self.makefiles(self.root)
        return 'module ' + name

    def forget(self):
        if self.rand.randrange(4):
            return 'nothing'
        run(self.bindir, self.root, ['--shutdown'], '0')
        shutil.rmtree(os.path.join(self.root, 'LMAKE'))
        return 'LMAKE removed'

    def link(self):
        name = 't%d' % self.rand.randrange(6)
        other = 't%d' % self.rand.randrange(6)
        if name == other or name not in self.files:
            return 'nothing'
        if any(e is None and c in (name, other) for c, e in self.files.values()) or self.files.get(other, ('', None))[1] is None:
            return 'nothing'
        self.files[name] = (other, None)
        self.write(self.root, name)
        return 'link %s -> %s' % (name, other)

    def rule(self):
        if self.rand.randrange(2):
            self.extra = self.rand.choice(['', '; echo more', '; echo other'])
            what = 'cmd of Cat'
        else:
            self.more = self.rand.choice(['', "class Over(Base):\n    target = 'a.hit'\n    prio = 2\n    cmd = 'echo over'\n",
                                          "class No(AntiRule):\n    target = 'b.const'\n"])
            what = 'rules'
        self.makefiles(self.root)
        return what

    def module(self):
        self.deco = self.rand.choice('xyz')
        self.makefiles(self.root)
        return 'tools.py'

    def spoil(self):
        found = [t for t in targets_of(NAMES) if os.path.isfile(os.path.join(self.root, t))]
        if not found:
            return 'nothing'
        name = self.rand.choice(found)
        path = os.path.join(self.root, name)
        os.unlink(path)
        if self.rand.randrange(2):
            with open(path, 'w') as f:
                f.write('by hand\n')
        return 'spoil ' + name

    def step(self):
        return self.rand.choice([self.edit, self.edit, self.edit, self.number, self.touch, self.chmod, self.create, self.delete,
                                 self.link, self.rule, self.module, self.spoil, self.data, self.retarget, self.swap, self.mods,
                                 self.forget])()


def make_way(root, path):
    """Removes what would keep a file from being made there."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)
    above = os.path.dirname(path)
    if above != root and (os.path.islink(above) or os.path.isfile(above)):
        os.unlink(above)
    os.makedirs(above, exist_ok=True)


def targets_of(names):
    return ['%s.%s' % (n, k) for n in names for k in KINDS]


def state(root, name):
    path = os.path.join(root, name)
    if not os.path.lexists(path):
        return None
    st = os.lstat(path)
    if stat.S_ISLNK(st.st_mode):
        return 'link', os.readlink(path)
    if not stat.S_ISREG(st.st_mode):
        return None
    with open(path, 'rb') as f:
        return 'file', f.read(), bool(st.st_mode & 0o100)


def run(bindir, root, args, idle):
    env = dict(os.environ, PATH=bindir + ':' + os.environ['PATH'], LMAKE_IDLE=idle)
    done = subprocess.run(['lmake'] + args, cwd=root, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    return done.returncode, done.stdout.decode(errors='replace')


def ran(text):
    words = ('done', 'steady', 'failed', 'rerun', 'may_rerun')
    lines = text.split('+---------+')[0].splitlines()
    return [l for l in lines if len(l.split()) > 2 and l.split()[1] in words and l.split()[2] != 'src']


def one_step(project, bindir, work, log):
    for _ in range(project.rand.randrange(1, 3)):
        log.append(project.step())
    wanted = project.rand.sample(targets_of(NAMES), project.rand.randrange(1, 4))
    log.append('lmake ' + ' '.join(wanted))
    code, text = run(bindir, project.root, wanted, '600')
    clean = tempfile.mkdtemp(prefix='clean', dir=work)
    project.write_all(clean)
    clean_code, clean_text = run(bindir, clean, wanted, '0')
    run(bindir, clean, ['--shutdown'], '0')
    if code != clean_code:
        return 'exit code %d, from nothing %d\n%s\n--- from nothing\n%s' % (code, clean_code, text, clean_text)
    for name in wanted:
        if code == 0 and state(project.root, name) != state(clean, name):
            return '%s is %r, from nothing %r\n%s' % (name, state(project.root, name), state(clean, name), text)
    again, text2 = run(bindir, project.root, wanted, '600')
    if again != code or ran(text2):
        return 'second build: exit code %d after %d, ran %r\n%s--- first\n%s' % (again, code, ran(text2), text2, text)
    shutil.rmtree(clean, ignore_errors=True)
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('bindir')
    parser.add_argument('--steps', type=int, default=100)
    parser.add_argument('--seed', type=int, default=random.randrange(1 << 30))
    args = parser.parse_args()
    bindir = os.path.abspath(args.bindir)
    print('seed', args.seed, flush=True)
    passed = failed = 0
    project, log, work = None, [], None
    for i in range(args.steps):
        if i % 25 == 0:
            close(bindir, project, work)
            seed = args.seed + i
            work = tempfile.mkdtemp(prefix='lmake-edits-')
            project, log = Project(random.Random(seed), os.path.join(work, 'repo'), bindir), []
        problem = one_step(project, bindir, work, log)
        if problem is None:
            passed += 1
            continue
        failed += 1
        print('FAILED, --seed %d --steps %d (%s)' % (seed, len([l for l in log if l.startswith('lmake ')]), work))
        print('\n'.join('  ' + l for l in log))
        print(problem, flush=True)
        break
    close(bindir, project, None if failed else work)
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed else 0


def close(bindir, project, work):
    if project is not None:
        run(bindir, project.root, ['--shutdown'], '0')
    if work is not None:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == '__main__':
    sys.exit(main())
