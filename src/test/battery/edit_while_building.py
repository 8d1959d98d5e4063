#!/usr/bin/env python3
"""Sources edited while the jobs that read them run: nothing is ever silently stale.

Usage: edit_while_building.py <dir of lmake's bin> [--trials N] [--seed S]

In each trial a job reads a source several times while it is edited: in place with the same size, with its date restored, by a
rename over it, away and back again. One or two commands are building. What the next build leaves must be what the sources now
say, and the one after it must run nothing. Last line: `N passed, N failed`.
"""
import argparse, os, pathlib, random, sys, time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'acceptance'))

METHODS = ['ld_preload', 'seccomp']
LMAKEFILE = r'''
from lmake.rules import Rule
class Slow(Rule):
    target  = '{M:ld_preload|seccomp}.slow'
    autodep = '{M}'
    cmd     = 'read -r x <a; cat b; sleep 0.0$((RANDOM%10)); cat a; sleep 0.0$((RANDOM%10)); cat b a; echo $x'
class Use(Rule):
    target = '{M:ld_preload|seccomp}.use'
    deps   = {'S': '{M}.slow'}
    cmd    = 'cat {S}; sleep 0.0$((RANDOM%5)); cat a'
'''


class Editor:
    """Ways to change a file that hide the change from one test or another."""

    def __init__(self, root: pathlib.Path, choice: random.Random):
        self.root, self.choice = root, choice

    def text(self) -> str:
        return f'{self.choice.randrange(100, 1000)}\n'  # always of the same size

    def in_place(self, name: str) -> None:
        with open(self.root / name, 'r+') as file:
            file.write(self.text())

    def date_restored(self, name: str) -> None:
        status = os.stat(self.root / name)
        self.in_place(name)
        os.utime(self.root / name, ns=(status.st_atime_ns, status.st_mtime_ns))

    def renamed_over(self, name: str) -> None:
        fresh = self.root / '.git' / name
        fresh.write_text(self.text())
        status = os.stat(self.root / name)
        if self.choice.random() < 0.5:
            os.utime(fresh, ns=(status.st_atime_ns, status.st_mtime_ns))
        os.rename(fresh, self.root / name)

    def away_and_back(self, name: str) -> None:
        before = (self.root / name).read_text()
        self.date_restored(name)
        time.sleep(self.choice.uniform(0, 0.05))
        status = os.stat(self.root / name)
        (self.root / name).write_text(before)
        os.utime(self.root / name, ns=(status.st_atime_ns, status.st_mtime_ns))

    def edit(self) -> str:
        how = self.choice.choice([self.in_place, self.date_restored, self.renamed_over, self.away_and_back])
        name = self.choice.choice('ab')
        how(name)
        return f'{how.__name__} {name}'


def trial(repo, choice: random.Random) -> list[str]:
    editor = Editor(repo.root, choice)
    method = choice.choice(METHODS)
    editor.edit()
    clients = [repo.popen(f'lmake {method}.use') for _ in range(choice.choice((1, 1, 2)))]
    told = []
    for _ in range(choice.choice((1, 1, 2, 3))):
        time.sleep(choice.uniform(0, 0.12))
        told.append(editor.edit())
    first = [(client.communicate(timeout=60)[0], client.returncode) for client in clients]
    if any(rc not in (0, 1) for _, rc in first):
        return [f'first build: {first}', *told]
    settled = repo.run(f'lmake {method}.use')
    a, b = repo.read('a'), repo.read('b')
    if settled.rc or repo.read(f'{method}.use') != b + a + b + a + a + a:
        return [f'settled build: {settled}', repo.read(f'{method}.use'), f'of {a!r} {b!r}', f'first build: {first}', *told]
    null = repo.run(f'lmake {method}.use')
    if null.rc or ' done ' in null.out or ' rerun ' in null.out or ' steady ' in null.out.replace('steady             src', ''):
        return [f'ran again: {null}', f'settled: {settled}', *told]
    return []


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument('bindir')
    parser.add_argument('--trials', type=int, default=100)
    parser.add_argument('--seed', type=int, default=random.randrange(1 << 30))
    args = parser.parse_args()
    os.environ['LMAKE_INSTALL'] = os.path.dirname(os.path.abspath(args.bindir))
    from repo import Repo
    print('seed', args.seed, flush=True)
    passed = failed = 0
    choice = random.Random(args.seed)
    with Repo({'Lmakefile.py': LMAKEFILE, 'a': '100\n', 'b': '200\n'}) as repo:
        for number in range(args.trials):
            problem = trial(repo, choice)
            passed, failed = passed + (not problem), failed + bool(problem)
            if problem:
                print(f'FAILED in trial {number}', *problem, sep='\n', flush=True)
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
