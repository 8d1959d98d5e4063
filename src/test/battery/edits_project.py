"""The projects of random_edits.py: the files a user keeps, how they lie on disk, and how they are edited.

An edit is plain data, drawn in edits_draw.py and carried out by `Project.apply`, so that a course of them can be run
again, or a part of it: one that makes no sense any more does nothing. Writes below the root of the project only.
"""
from __future__ import annotations

import copy
import os
import pathlib
import random
import shutil
import signal
import subprocess

from edits_model import Content, Model
from edits_rules import RULES, makefile

KINDS = ['cat', 'crit', 'chain', 'gh', 'const', 'hit', 'use', 'd/0', 'd/1', 'd/2', 'deep', 'dr', 'ln', 'exe', 'mode',
         'thr', 'gl', 'dat', 'inc', 'opt', 'ph', 'phu', 'main', 'su', 'fail', 'fu', 'par', 'told', 'now', 'ck', 'glr']
SLOW_KINDS = ['py.out', 'mod', 'gen']  # an interpreter each


def untracked(name: str) -> bool:
    """Sources that git is not told of: those of a source dir, and those of a source rule."""
    return name.startswith(('data/', 's/'))


def state(path: str) -> Content | None:
    try:
        if os.path.islink(path):
            return 'link', os.readlink(path)
        with open(path, 'rb') as file:
            return 'file', file.read().decode(errors='surrogateescape'), bool(os.fstat(file.fileno()).st_mode & 0o100)
    except OSError:
        return None


class Tree:
    """What lies below a root; files whose date, size and inode are those of the last look are not read again."""

    def __init__(self, root: pathlib.Path):
        self.root, self.known = str(root), {}

    def look(self) -> tuple[dict[str, Content], list[str]]:
        """The files, and the dirs without any."""
        files, empty = {}, []
        self.walk('', files, empty)
        return files, empty

    def walk(self, where: str, files: dict[str, Content], empty: list[str]) -> None:
        before, compiled = len(files), False
        with os.scandir(f'{self.root}/{where}') as entries:
            for entry in entries:
                name = where + entry.name
                if entry.name in ('.git', 'LMAKE', '__pycache__'):  # byte code is nobody's target
                    compiled |= entry.name == '__pycache__'
                    continue
                if entry.is_dir(follow_symlinks=False):
                    self.walk(name + '/', files, empty)
                    continue
                status = entry.stat(follow_symlinks=False)
                sig = status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_mode
                if self.known.get(name, (None,))[0] != sig:
                    self.known[name] = sig, state(entry.path)
                files[name] = self.known[name][1]
        if where and len(files) == before and not compiled:
            empty.append(where)


def put(root: pathlib.Path, name: str, content: Content) -> None:
    path = root / name
    above = path.parent
    while above != root:
        if above.is_symlink() or above.is_file():
            above.unlink()
        above = above.parent
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    if content[0] == 'link':
        path.unlink(missing_ok=True)
        path.symlink_to(content[1])
    else:
        if path.is_symlink():
            path.unlink()
        path.write_text(content[1])
        path.chmod(0o755 if content[2] else 0o644)


def take(root: pathlib.Path, name: str) -> None:
    path = root / name
    if not path.parent.resolve().is_relative_to(root) or not path.is_file() and not path.is_symlink():
        return
    path.unlink()
    prune(root, name)


def prune(root: pathlib.Path, name: str) -> None:
    """Removes the dirs of `name` that are empty; as with git, one with byte code of a module that is gone stays."""
    for above in (root / name).parents:
        if above == root or above.is_symlink():
            break
        if above.is_dir():
            if any(above.iterdir()):
                break
            above.rmdir()


class Project:
    """`files`: what the user keeps; `missing`: what he has lost; `knobs`: what his rules are (edits_rules.py)."""

    def __init__(self, seed: int, root: pathlib.Path):
        self.root = root
        rand = random.Random(seed)
        self.uses_git = rand.random() < 0.6
        size = rand.choice([20, 30, 50, 80, 120, 160, 200])
        self.stems = [f'n{i}' for i in range(max(3, (size - 14) // 5))]
        self.texts = [f't{i}' for i in range(max(4, len(self.stems) // 2))]
        self.files: dict[str, Content] = {}
        self.missing: set[str] = set()
        self.former: dict[str, Content | None] = {}  # what a file was before it was last set
        self.dry = False  # nothing is done on disk
        self.knobs = {'removed': {'Over'}, 'extra': {}, 'prios': {}, 'anti': set(), 'static': set(), 'deco': 'x'}
        self.branch, self.branches = 'main', {}
        for name in self.stems:
            self.files[f'{name}.lst'] = self.text_for(rand, f'{name}.lst')
            self.files[f'{name}.num'] = self.text_for(rand, f'{name}.num')
            self.files[f'{name}.h'] = self.text_for(rand, f'{name}.h')
            for other in (f'i1/{name}', f'd1/{name}', f'd2/{name}', f'{name}.gi', f's/{name}.x', f'data/{name}'):
                if rand.random() < 0.35 or other == 'd1/n0':
                    self.files[other] = self.text_for(rand, other)
        for name in self.texts:
            self.files[name] = self.text_for(rand, name)
        self.files |= {'ld': ('link', 'd1'), 'mods/__init__.py': ('file', '', False), 'data/keep': ('file', '', False)}
        self.files['mods/n0.py'] = self.text_for(rand, 'mods/n0.py')
        count = min(70, rand.randrange(len(self.stems), 3 * len(self.stems)) + 8)
        self.targets = sorted({f'{rand.choice(self.stems)}.{rand.choice(KINDS)}' for _ in range(count)}
                              | {f'{rand.choice(self.stems)}.{kind}' for kind in SLOW_KINDS}
                              | {f'{rand.choice(self.stems)}.{rand.choice(["cat", "use", "hit"])}' for _ in range(4)})
        self.sync({})

    # --- contents

    def text_for(self, rand: random.Random, name: str) -> Content:
        base, _, kind = name.partition('.')
        if kind == 'num':
            return 'file', f'{rand.randrange(4)}\n', False
        if kind == 'lst':
            return 'file', ''.join(f'{f}\n' for f in rand.choices(self.readable(base), k=rand.randrange(1, 4))), False
        if kind == 'h':
            pool = ['word', 'other'] + [f'use {n}.{k}' for n in self.after(base) for k in ('h', 'gh')] + ['use n99.h']
            return 'file', ''.join(f'{line}\n' for line in rand.choices(pool, k=rand.randrange(1, 4))), False
        if name.startswith('mods/'):
            return 'file', f'V = {rand.randrange(3)}\n', False
        lines = (''.join(rand.choices('abc', k=rand.randrange(1, 6))) for _ in range(rand.randrange(1, 4)))
        return 'file', ''.join(f'{line}\n' for line in lines), False

    def after(self, stem: str) -> list[str]:
        """Only files of these may be needed by a file of `stem`: nothing needs itself."""
        at = int(stem[1:])
        return self.stems[at + 1:at + 6]

    def readable(self, stem: str) -> list[str]:
        names = [*self.texts, 't99', 'ld/n0', 'ld/n1']
        for n in self.after(stem):
            names += [f'{n}.const', f'{n}.hit', f'{n}.d/1', f'{n}.exe', f'{n}.opt', f'{n}.cat', f'i1/{n}']
            names.append(f'deep/{n}/l0/f')
        return names

    # --- on disk

    def model(self) -> Model:
        return Model(RULES, {**self.files, **self.makefiles()}, self.missing, self.knobs)

    def makefiles(self) -> dict[str, Content]:
        files = {'tools.py': ('file', f'def deco(text):\n    return {self.knobs["deco"]!r} + text\n', False),
                 'Lmakefile.py': ('file', makefile(Model(RULES, {}, set(), self.knobs)), False)}
        if not self.uses_git:
            names = [n for n in {**self.files, **files} if not untracked(n)]
            files['Manifest'] = 'file', ''.join(f'{n}\n' for n in sorted({*names, *self.missing, 'Manifest'})), False
        return files

    def rehearsal(self) -> Project:
        """Another one, to see what an edit makes of the project: the disk is left alone."""
        other = copy.copy(self)
        other.files, other.missing, other.former = dict(self.files), set(self.missing), dict(self.former)
        other.branches, other.dry = dict(self.branches), True
        return other

    def git(self, *args: str) -> None:
        if self.dry:
            return
        done = subprocess.run(['git', *args], cwd=self.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise AssertionError(f'git {args}: {done.stdout}')

    def sync(self, before: dict[str, Content], moved: bool = False) -> None:
        """Brings the disk from `before` to what is now kept, and git's list with it. `moved`: sources are there."""
        if self.dry:
            return
        first = not before
        if first:
            self.root.mkdir(parents=True)
            if self.uses_git:
                self.git('init', '-q', '-b', 'main')
                for key, value in (('user.name', 'n'), ('user.email', 'e'), ('gc.auto', '0'), ('core.fsync', 'none')):
                    self.git('config', key, value)
        after = {**self.files, **self.makefiles()}
        gone = [n for n in before if n not in after]
        changed = [n for n in after if before.get(n) != after[n]]
        for name in gone:
            take(self.root, name)
        for name in changed:
            if not moved or name not in self.files:
                put(self.root, name, after[name])
        if self.uses_git:
            self.tell_git(('--force-remove',), [n for n in gone if n not in self.missing])
            self.tell_git(('--add', '--replace'), [n for n in changed if n not in before])

    def tell_git(self, how: tuple[str, ...], names: list[str]) -> None:
        listed = [n for n in names if not untracked(n)]
        if listed:
            self.git('update-index', *how, '--', *listed)

    def write_clean(self, root: pathlib.Path) -> None:
        """The same sources in a new place, listed in a Manifest."""
        other = copy.copy(self)
        other.uses_git = False
        for name, content in {**self.files, **other.makefiles()}.items():
            put(root, name, content)

    # --- edits

    def apply(self, edit: tuple) -> None:
        before = {**self.files, **self.makefiles()}
        what, *args = edit
        getattr(self, f'do_{what}')(before, *args)

    def do_nothing(self, before: dict[str, Content]) -> None:
        pass

    def do_set(self, before: dict[str, Content], changes: dict[str, Content | None]) -> None:
        """Writes or removes sources; what lies in the way is no longer kept."""
        for name, content in changes.items():
            self.former[name] = self.files.get(name)
            for other in [o for o in self.files if content and (o.startswith(f'{name}/') or name.startswith(f'{o}/'))]:
                del self.files[other]
            self.missing -= {o for o in self.missing if f'{o}/'.startswith(f'{name}/') or name.startswith(f'{o}/')}
            if content:
                self.files[name] = content
            else:
                self.files.pop(name, None)
        self.sync(before)

    def do_sly(self, before: dict[str, Content], name: str, content: Content) -> None:
        """An edit that restores the date."""
        if self.files.get(name, ('link',))[0] == 'file':
            date = 0 if self.dry else os.stat(self.root / name).st_mtime_ns
            self.do_set(before, {name: content})
            if not self.dry:
                os.utime(self.root / name, ns=(date, date))

    def do_move(self, before: dict[str, Content], moves: list[tuple[str, str]]) -> None:
        """Renames files or dirs: they keep inode and dates, those below a dir all of them."""
        for old, new in moves:
            names = [n for n in self.files if f'{n}/'.startswith(f'{old}/')]
            taken = [n for n in self.files if f'{n}/'.startswith(f'{new}/')]
            lost = [n for n in self.missing for side in moves for n2 in side if f'{n}/'.startswith(f'{n2}/')]
            blocked = any(above in self.files for above in map(str, pathlib.PurePath(new).parents))
            if not names or lost or blocked or taken not in ([], [new]) or (taken and names != [old]):
                continue
            if not self.dry:
                if (self.root / new).is_dir() and not (self.root / new).is_symlink():
                    shutil.rmtree(self.root / new)
                (self.root / new).parent.mkdir(parents=True, exist_ok=True)
                os.rename(self.root / old, self.root / new)
                prune(self.root, old)
            for name in names:
                self.files[new + name[len(old):]] = self.files.pop(name)
        self.sync(before, moved=True)

    def do_clean(self, before: dict[str, Content], where: str) -> None:
        """Removes all that is not kept: below a dir, or all of it if `where` is empty."""
        for name in Tree(self.root).look()[0]:
            if name not in before and name.startswith(where):
                (self.root / name).unlink()
                prune(self.root, name)

    def do_lose(self, before: dict[str, Content], name: str) -> None:
        """Removes a source but does not say so."""
        if name in self.files and not untracked(name):
            del self.files[name]
            self.missing.add(name)
            self.sync(before)

    def do_touch(self, before: dict[str, Content], name: str) -> None:
        if os.path.lexists(self.root / name):
            os.utime(self.root / name, follow_symlinks=False)

    def do_knob(self, before: dict[str, Content], key: str, value: object) -> None:
        self.knobs = {**self.knobs, key: value}
        self.sync(before)

    def do_switch(self, before: dict[str, Content], branch: str) -> None:
        if not self.uses_git or branch == self.branch:
            return
        self.git('commit', '-q', '-a', '--allow-empty', '-m', 'wip')
        self.missing = set()
        kept = {n: c for n, c in self.files.items() if not untracked(n)}
        self.branches[self.branch] = kept, self.knobs
        if branch in self.branches:
            self.git('checkout', '-q', '-f', branch)
            tracked, self.knobs = self.branches[branch]
            self.files = {**tracked, **{n: c for n, c in self.files.items() if untracked(n)}}
        else:
            self.git('checkout', '-q', '-f', '-b', branch)
        self.branch = branch

    def do_spoil(self, before: dict[str, Content], name: str, how: str) -> None:
        """A target touched by hand."""
        path = self.root / name
        if name in before or not os.path.lexists(path) or path.is_dir():
            return
        if how == 'delete' or path.is_symlink():
            path.unlink()
            prune(self.root, name)  # who deletes by hand leaves no empty dirs; lmake does not look for them
        elif how == 'truncate':
            path.write_text('')
        elif how == 'edit':
            path.write_text(path.read_text() + 'by hand\n')
        elif how == 'mode':
            path.chmod(path.stat().st_mode ^ 0o111)
        elif how == 'copy':  # a new inode with the same bytes
            shutil.copy2(path, f'{path}.copy')
            os.rename(f'{path}.copy', path)
        elif how == 'link':
            path.unlink()
            path.symlink_to('t0')

    def do_restart(self, before: dict[str, Content]) -> None:
        """Kills the server."""
        try:
            os.kill(int((self.root / 'LMAKE/server').read_text().split()[-1]), signal.SIGKILL)
        except (OSError, ValueError, IndexError):
            pass  # none is there
