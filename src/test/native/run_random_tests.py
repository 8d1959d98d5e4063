#!/usr/bin/env python3
"""Random programs under the tracer: what they touch is worked out beforehand on a model of the file system.

    python3 src/test/native/run_random_tests.py <OUT> [--programs N] [--seed S]

Each program (matrix/walker.c) has several actors, processes dynamic and static, which in turn open, link, rename, remove... by libc,
inline calls, threads, children, new programs with and without environment. Each call must give what the model says, and the deps and
targets of lautodep must be those of the model. 500 programs, 5000 with LMAKE_LONG. The seed of a failure is printed.
"""

import concurrent.futures
import errno
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.abspath(sys.argv[1])
LAUTODEP = os.path.join(OUT, 'bin', 'lautodep')
WALKER = os.path.join(OUT, 'test', 'matrix', 'walker')
METHODS = ('hybrid', 'seccomp', 'ld_preload', 'hybrid', 'ptrace', 'ld_audit')
IN_LIBC = ('ld_preload', 'ld_audit')
ROOT = '@'      # stands for the root of the repo in absolute names


def option(name, default):
    return int(sys.argv[sys.argv.index(name) + 1]) if name in sys.argv else default

# ---- the model: a dir is a dict, a link ('l', text, id), a file ('f', id) ----


class Skip(Exception):
    """A call whose outcome is not modelled."""


class Place:
    """What a name stands for: links crossed, physical name (a tuple), node (None: missing), errno of the walk (0: fine)."""

    def __init__(self, links, name, node, error, has_dir):
        self.links, self.name, self.node, self.error, self.has_dir = links, name, node, error, has_dir


class Model:
    def __init__(self):
        self.root, self.ids = {}, 0
        self.clock = 0
        self.read, self.may_read, self.written, self.existed = {}, set(), {}, {}
        self.in_vain = set()       # not made, for they could not be
        self.may_write = set()     # announced, and settled by the disk, which other calls have changed

    def file(self):
        self.ids += 1
        return ('f', self.ids)

    def link(self, text):
        self.ids += 1
        return ('l', text, self.ids)

    def at(self, name):
        node = self.root
        for part in name:
            node = node.get(part) if isinstance(node, dict) else None
        return node

    def put(self, name, node):
        self.at(name[:-1])[name[-1]] = node

    def drop(self, name):
        del self.at(name[:-1])[name[-1]]

    def resolve(self, cwd, path, follow):
        stack = [] if path.startswith(ROOT) else list(cwd)
        todo = [c for c in path.lstrip(ROOT).split('/') if c not in ('', '.')]
        links, crossed = [], 0
        while todo:
            part = todo.pop(0)
            if part == '..':
                if not stack:
                    raise Skip()
                self.may_read.add(tuple(stack))    # that it is a dir, and no link, matters, should it be none any more
                stack.pop()
                continue
            node = self.at(stack).get(part)
            if isinstance(node, tuple) and node[0] == 'l' and (todo or follow):
                links.append(tuple(stack) + (part,))
                crossed += 1
                if crossed > 30:
                    raise Skip()
                if node[1].startswith(ROOT):
                    stack = []
                todo = [c for c in node[1].lstrip(ROOT).split('/') if c not in ('', '.')] + todo
                continue
            if not isinstance(node, dict) and todo:     # missing, or no dir: the rest is only text
                if node is not None and '..' in todo:
                    raise Skip()
                rest = todo[:todo.index('..')] if '..' in todo else todo
                error = errno.ENOENT if node is None else errno.ENOTDIR
                return Place(links, tuple(stack) + (part,) + tuple(rest), None, error, False)
            if not todo:
                return Place(links, tuple(stack) + (part,), node, 0 if node is not None else errno.ENOENT, True)
            stack.append(part)
        return Place(links, tuple(stack), self.at(stack), 0, bool(stack))

    # -- what is told --

    def first_seen(self, name):
        if name not in self.existed:
            self.existed[name] = isinstance(self.at(name), tuple)

    def reads(self, *names, surely=True):
        for name in names:
            if not name:
                continue
            self.first_seen(name)
            if surely:
                self.read.setdefault(name, self.clock)
            else:
                self.may_read.add(name)

    def writes(self, *names):
        for name in names:
            self.first_seen(name)
            self.written.setdefault(name, self.clock)

    def leaves(self, name):
        """Files and links below, or the name itself if it is one."""
        node = self.at(name)
        if not isinstance(node, dict):
            return [name] if node is not None else []
        return [leaf for part in sorted(node) for leaf in self.leaves(name + (part,))]

    # -- the calls: errno or 0 --

    def do(self, op, cwd, a, b, at_dir=False):
        self.clock += 1
        if at_dir and '/' in a.strip('/'):
            place = self.resolve(cwd, a.rpartition('/')[0] or '/', True)
            if not isinstance(place.node, dict):
                self.reads(*place.links)
                self.reads(place.name, surely=False)
                return place.error or errno.ENOTDIR
        return getattr(self, 'do_' + op)(cwd, a, b)

    def look(self, cwd, a, follow=True, surely=True):
        place = self.resolve(cwd, a, follow)
        self.reads(*place.links)
        self.reads(place.name, surely=surely)
        return place

    def do_read(self, cwd, a, b):
        return self.look(cwd, a).error

    do_path = do_fopen = do_stat = do_access = do_read

    def do_lstat(self, cwd, a, b):
        return self.look(cwd, a, False).error

    def do_nofollow(self, cwd, a, b):
        place = self.look(cwd, a, False)
        return errno.ELOOP if isinstance(place.node, tuple) and place.node[0] == 'l' else place.error

    def do_readlink(self, cwd, a, b):
        place = self.look(cwd, a, False)
        return place.error or (0 if isinstance(place.node, tuple) and place.node[0] == 'l' else errno.EINVAL)

    def opened_to_write(self, cwd, a, create, update=False):
        place = self.resolve(cwd, a, True)
        self.reads(*place.links)
        error = errno.EISDIR if isinstance(place.node, dict) else place.error
        if error == errno.ENOENT and create and place.has_dir:
            error = 0
        if error:
            self.reads(place.name)
            return error
        if update:
            self.reads(place.name)
            self.clock += 1
        self.writes(place.name)
        if place.node is None:
            self.put(place.name, self.file())
        return 0

    def do_write(self, cwd, a, b):
        return self.opened_to_write(cwd, a, True)

    def do_append(self, cwd, a, b):
        return self.opened_to_write(cwd, a, False)

    do_truncate = do_append

    def do_update(self, cwd, a, b):
        return self.opened_to_write(cwd, a, True, True)

    def made(self, cwd, a, node):
        place = self.resolve(cwd, a, False)
        self.reads(*place.links)
        error = errno.EEXIST if place.node is not None else 0 if place.has_dir else place.error
        if error or isinstance(node, dict):
            self.reads(place.name)
            self.in_vain.add(place.name)
        else:
            self.writes(place.name)
        if not error:
            self.put(place.name, node)
        return error

    def do_excl(self, cwd, a, b):
        return self.made(cwd, a, self.file())

    def do_symlink(self, cwd, a, b):
        return self.made(cwd, b, self.link(a))

    def do_mkdir(self, cwd, a, b):
        return self.made(cwd, a, {})

    def do_rmdir(self, cwd, a, b):
        place = self.resolve(cwd, a, False)
        self.reads(*place.links)
        self.reads(place.name[:-1], place.name, surely=False)
        if place.node is None:
            return place.error
        if not isinstance(place.node, dict):
            return errno.ENOTDIR
        if place.node:
            return errno.ENOTEMPTY
        self.drop(place.name)
        return 0

    def do_unlink(self, cwd, a, b):
        place = self.resolve(cwd, a, False)
        self.reads(*place.links)
        if not isinstance(place.node, tuple):
            self.reads(place.name)
            return errno.EISDIR if place.node is not None else place.error
        self.writes(place.name)
        self.drop(place.name)
        return 0

    def do_link(self, cwd, a, b):
        source, new = self.resolve(cwd, a, False), self.resolve(cwd, b, False)
        self.reads(*source.links + new.links)
        self.reads(source.name)
        # The kernel looks at the source, then at the new name, then whether it is a dir.
        error = source.error or (errno.EEXIST if new.node is not None else 0 if new.has_dir else new.error) or \
            (errno.EPERM if isinstance(source.node, dict) else 0)
        if error:
            self.reads(new.name)
            return error
        self.clock += 1
        self.writes(new.name)
        self.put(new.name, source.node)
        return 0

    def do_rename(self, cwd, a, b):
        old, new = self.resolve(cwd, a, False), self.resolve(cwd, b, False)
        inside = lambda x, y: x.name[:len(y.name)] == y.name
        if not old.name or not new.name or inside(old, new) or inside(new, old):
            raise Skip()
        self.reads(*old.links + new.links)
        if old.node is None or not new.has_dir:
            # Which of two missing dirs is found first is the kernel's.
            self.may_write.update(self.leaves(old.name))
            self.reads(*(self.leaves(old.name) or [old.name]), surely=old.node is None)
            self.reads(new.name, surely=False)
            if not old.has_dir and not new.has_dir and old.error != new.error:
                raise Skip()
            return old.error if not old.has_dir else new.error if not new.has_dir else old.error
        if isinstance(old.node, dict) and new.node is not None:
            error = errno.ENOTDIR if not isinstance(new.node, dict) else errno.ENOTEMPTY if new.node else 0
        else:
            error = errno.EISDIR if isinstance(new.node, dict) else 0
        leaves = self.leaves(old.name)
        if error:
            self.reads(*leaves, surely=not isinstance(old.node, dict))
            self.reads(old.name, *self.leaves(new.name), surely=False)
            self.reads(new.name, surely=False)
            return error
        if isinstance(old.node, tuple) and old.node == new.node:     # one file, or link: nothing is done
            self.reads(old.name, new.name, surely=False)
            return 0
        self.reads(*leaves)
        self.clock += 1
        self.writes(*leaves)
        self.writes(*(new.name + leaf[len(old.name):] for leaf in leaves))
        self.drop(old.name)
        self.put(new.name, old.node)
        return 0

    def do_exchange(self, cwd, a, b):
        x, y = self.resolve(cwd, a, False), self.resolve(cwd, b, False)
        if not x.name or not y.name or x.name[:len(y.name)] == y.name or y.name[:len(x.name)] == x.name:
            raise Skip()
        self.reads(*x.links + y.links)
        if x.node is None or y.node is None:
            if not x.has_dir or not y.has_dir:
                raise Skip()
            self.reads(*[p.name for p in (x, y) if not isinstance(p.node, dict)])
            self.reads(x.name, y.name, surely=False)
            return errno.ENOENT
        leaves = self.leaves(x.name), self.leaves(y.name)
        moved = [y.name + n[len(x.name):] for n in leaves[0]], [x.name + n[len(y.name):] for n in leaves[1]]
        if isinstance(x.node, dict) != isinstance(y.node, dict):
            self.reads(x.name, y.name, surely=False)
        self.reads(*leaves[0] + leaves[1])
        self.clock += 1
        self.writes(*leaves[0] + leaves[1] + moved[0] + moved[1])
        self.put(x.name, y.node)
        self.put(y.name, x.node)
        return 0

    def do_chdir(self, cwd, a, b):
        place = self.look(cwd, a)
        return place.error or (0 if isinstance(place.node, dict) else errno.ENOTDIR)

    # -- the verdict --

    def expected(self):
        """(deps that must be, deps that may be, targets that must be, targets that may be)."""
        is_dir = lambda n: isinstance(self.at(n), dict)
        deps = {n for n, t in self.read.items() if t < self.written.get(n, self.clock + 1)}
        may_deps = {n for n in self.may_read if n not in self.read} | {n for n in deps if is_dir(n)}
        may_deps |= {n for n in self.may_read | self.in_vain if self.written.get(n)}
        # What lies below a name that the program itself made or removed is its own affair.
        may_deps |= {n for n in deps if any(n[:i] in self.written for i in range(1, len(n)))}
        targets = {n for n in self.written if self.existed[n] or isinstance(self.at(n), tuple)}
        name = lambda names: {'/'.join(n) for n in names}
        return name(deps - may_deps), name(may_deps), name(targets), name(self.may_write)

# ---- programs ----


NAMES = ['a', 'b', 'c', 'n', 'd/a', 'd/b', 'd/n', 'd/s/a', 'd/s/n', 'e/a', 'e/n', 'l', 'ld', 'ld/a', 'ld/s/a', 'ld/n', 'd/up', 'd/up/b',
         'dangling', 'd', 'e', 'd/s', 'n/n', 'a/n', 'lc', 'lc/a', 'abs', 'abs/b', './d/../b', 'd/./a', 'ld/../c', 'd//b', 'ld/s/../a']
TEXTS = ['a', 'd', 'd/a', 'n', '../b', '..', 'd/s', 'ld', 's', ROOT + '/d', ROOT + '/c', 'e/n']
OPS = ['read'] * 6 + ['write'] * 5 + ['stat'] * 3 + ['lstat', 'access', 'readlink', 'append', 'update', 'excl', 'nofollow', 'path', 'fopen',
       'unlink', 'unlink', 'rename', 'rename', 'exchange', 'link', 'symlink', 'symlink', 'mkdir', 'rmdir', 'truncate', 'chdir']
OPENS = {'read', 'write', 'append', 'update', 'excl', 'nofollow', 'path'}


def first_files(model, repo):
    files = ['a', 'b', 'c', 'd/a', 'd/b', 'd/s/a', 'e/a']
    links = {'l': 'a', 'ld': 'd', 'd/up': '..', 'dangling': 'd/n', 'lc': 'ld', 'abs': ROOT + '/d/s'}
    for d in ('d', 'd/s', 'e'):
        os.mkdir(os.path.join(repo, d))
        model.put(tuple(d.split('/')), {})
    for f in files:
        with open(os.path.join(repo, f), 'w') as to:
            to.write(f)
        model.put(tuple(f.split('/')), model.file())
    for name, text in links.items():
        os.symlink(text.replace(ROOT, repo), os.path.join(repo, name))
        model.put(tuple(name.split('/')), model.link(text))


class Program:
    def __init__(self, seed, method, repo):
        rnd = random.Random(seed)
        self.model = Model()
        first_files(self.model, repo)
        kinds = 'df' if method in IN_LIBC else 'ddffs'
        self.actors = ''.join(rnd.choice(kinds) for _ in range(rnd.randint(1, 4)))
        self.lines, self.results = [], []
        cwds = [()] * len(self.actors)
        while len(self.lines) < 40:
            self.add(rnd, cwds, method)

    def add(self, rnd, cwds, method):
        actor, op = rnd.randrange(len(cwds)), rnd.choice(OPS)
        where = rnd.choice('lllltfven' + ('' if method in IN_LIBC else 'ii') + ('aa' if op in OPENS else ''))
        name = lambda: (ROOT + '/' if rnd.random() < 0.15 else '') + rnd.choice(NAMES)
        a = rnd.choice(TEXTS) if op == 'symlink' else name()
        b = name() if op in ('symlink', 'rename', 'exchange', 'link') else '-'
        cwd = cwds[actor]
        if where in 'fven' and op == 'chdir':
            where = 'l'
        if op in ('rename', 'exchange', 'rmdir') and self.moves_a_cwd(cwds, cwd, (a, b), op):
            return
        before = (self.model, self.snapshot())
        try:
            error = self.model.do(op, cwd, a, b, where == 'a')
            if op == 'chdir' and not error:
                cwds[actor] = self.model.resolve(cwd, a, True).name
        except Skip:
            self.restore(before[1])
            return
        self.lines.append('%d%s %s %s %s' % (actor, where, op, a, b))
        self.results.append(-error)

    def moves_a_cwd(self, cwds, cwd, names, op):
        """A process whose cwd moves is for other tests."""
        for n in names[:1 if op == 'rmdir' else 2]:
            try:
                place = self.model.resolve(cwd, n, False)
            except Skip:
                return True
            if any(c[:len(place.name)] == place.name for c in cwds):
                return True
        return False

    def snapshot(self):
        m = self.model
        return dict(m.read), set(m.may_read), dict(m.written), dict(m.existed)

    def restore(self, s):
        m = self.model
        m.read, m.may_read, m.written, m.existed = s

    def run(self, method, top, repo):
        script = [l.replace(ROOT, repo) for l in self.lines]
        p = subprocess.run([LAUTODEP, '-t', top + '/tmp', '-o', top + '/report', '-m', method, '--', WALKER, self.actors] + script, cwd=repo,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                           universal_newlines=True)
        with open(top + '/report') as f:
            text = f.read()
        head, _, tail = text.partition('deps :\n')
        return p, set(head.splitlines()[1:]), {l[2:] for l in tail.splitlines()}

    def problems(self, method, top, repo):
        p, targets, deps = self.run(method, top, repo)
        if p.returncode or p.stderr:
            return ['status %d: %s' % (p.returncode, p.stderr.strip())]
        for line in p.stdout.splitlines():
            i, rc = map(int, line.split())
            if rc != self.results[i]:
                return ['line %d, %s: gives %d, the model says %d' % (i, self.lines[i], rc, self.results[i])]
        must, may, must_write, may_write = self.model.expected()
        deps = {d for d in deps if not isinstance(self.model.at(tuple(d.split('/'))), dict)}
        return ['dep %s is not reported' % d for d in sorted(must - deps)] + \
            ['dep %s is not one' % d for d in sorted(deps - must - may)] + \
            ['target %s is not reported' % t for t in sorted(must_write - targets)] + \
            ['target %s is not one' % t for t in sorted(targets - must_write - may_write)]


def one(seed):
    method = METHODS[seed % len(METHODS)]
    top = os.path.realpath(tempfile.mkdtemp(prefix='lmrandom.'))
    try:
        repo = os.path.join(top, 'repo')
        os.mkdir(repo)
        program = Program(seed, method, repo)
        found = program.problems(method, top, repo)
        return [] if not found else ['seed %d, %s, actors %s' % (seed, method, program.actors)] + found + \
            ['  ' + l for l in program.lines]
    except Exception as e:
        return ['seed %d, %s: %r' % (seed, method, e)]
    finally:
        shutil.rmtree(top, ignore_errors=True)


def build():
    source = os.path.join(HERE, 'matrix', 'walker.c')
    os.makedirs(os.path.dirname(WALKER), exist_ok=True)
    for exe, opts in ((WALKER, []), (WALKER + '.static', ['-static'])):
        if not os.path.exists(exe) or os.path.getmtime(exe) < os.path.getmtime(source):
            subprocess.check_call(['gcc', '-std=gnu11', '-O1', '-w', '-o', exe, source] + opts + ['-pthread'])


def main():
    build()
    n = option('--programs', 5000 if os.environ.get('LMAKE_LONG') else 500)
    first = option('--seed', int(time.time()) * 10000 if os.environ.get('LMAKE_LONG') else 1)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        for problems in pool.map(one, range(first, first + n)):
            failed += bool(problems)
            if problems and failed <= 10:
                print('FAIL ' + problems[0])
                print('\n'.join('     ' + p for p in problems[1:]))
                sys.stdout.flush()
    print('seeds %d to %d' % (first, first + n - 1))
    print('%d passed, %d failed' % (n - failed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
