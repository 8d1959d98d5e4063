#!/usr/bin/env python3
"""Many commands at once on one repo, some of them interrupted: each gets one right end, and no job overlaps itself.

Usage: many_clients.py <dir of lmake's bin> [--rounds N] [--seed S]

Each round edits a source and starts 20 commands for overlapping targets; a third of them gets SIGINT, SIGTERM, SIGHUP or
SIGKILL at a random moment, or has its output closed or read slowly. A job holds a lock as long as any process of it lives: one
that finds it taken says so. The round ends when all commands have ended, within 60 s. Last line: `N passed, N failed`.
"""
import argparse, os, pathlib, random, re, signal, sys, time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'acceptance'))

LMAKEFILE = r'''
from lmake.rules import Rule
class Step(Rule):
    target = r'{F:[a-d]}.{N:\d}'
    cmd    = """
        exec 9>LMAKE/lmake/lock.{F}.{N}
        flock -n 9 || echo {F}.{N} >>LMAKE/lmake/overlaps
        if [ {N} = 0 ]; then cat {F}.src; else cat {F}.$(({N}-1)); fi
        sleep 0.0$((RANDOM%10))
        echo {N}
    """
class Cross(Rule):
    target = r'cross.{N:\d}'
    cmd    = 'exec 9>LMAKE/lmake/lock.x{N}; flock -n 9 || echo x{N} >>LMAKE/lmake/overlaps; cat a.{N} b.{N} c.{N} d.{N}'
'''
CLIENTS = 20
SIGNALS = [signal.SIGINT, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]


class Round:
    def __init__(self, repo, choice: random.Random, texts: dict[str, str]):
        self.repo, self.choice, self.texts = repo, choice, texts

    def expected(self, target: str) -> str:
        stem, _, number = target.partition('.')
        if stem == 'cross':
            return ''.join(self.expected(f'{f}.{number}') for f in 'abcd')
        return self.texts[stem] + ''.join(f'{i}\n' for i in range(int(number) + 1))

    def run(self) -> list[str]:
        for stem in self.choice.sample('abcd', 2):
            self.texts[stem] = f'{self.choice.randrange(1000)}\n'
            self.repo.write(f'{stem}.src', self.texts[stem])
        clients = []
        for _ in range(CLIENTS):
            targets = [f'{self.choice.choice(["a", "b", "c", "d", "cross"])}.{self.choice.randrange(6)}' for _ in range(3)]
            fate = self.choice.choice(['signal', 'head', 'slow'] + 6 * ['']) if self.choice.random() < 0.8 else ''
            command = {'head': 'lmake {} | head -1', 'slow': 'lmake {} | while read -r l; do sleep 0.01; echo "$l"; done'}
            clients.append((self.repo.popen(command.get(fate, 'exec lmake {}').format(' '.join(targets))), fate, targets))
            time.sleep(self.choice.choice((0, 0, 0.02, 0.1)))
        sent = {}
        for client, fate, _ in self.choice.sample(clients, len(clients)):
            if fate == 'signal':
                time.sleep(self.choice.uniform(0, 0.1))
                sent[client.pid] = self.choice.choice(SIGNALS)
                os.killpg(client.pid, sent[client.pid])
        problems = []
        for client, fate, targets in clients:
            out, err = client.communicate(timeout=60)
            problems += self.judge(client.returncode, sent.get(client.pid), fate, targets, out, err)
        return problems + self.aftermath()

    def judge(self, rc: int, sent: int | None, fate: str, targets: list[str], out: str, err: str) -> list[str]:
        where = f'lmake {" ".join(targets)} ({fate} {sent or ""}) ended with {rc}:\n{out}{err}'
        if rc not in ({0, -sent} if sent else {0}):
            return [where]
        if fate == 'head' or rc in (-signal.SIGTERM, -signal.SIGHUP, -signal.SIGKILL):
            return []
        if out.count('| SUMMARY |') != 1 and not (rc and not out.strip()):
            return ['summaries: ' + where]
        if rc == -signal.SIGINT and 'SUMMARY' in out and not re.search(r'(?m) kill$', out):
            return ['no kill line: ' + where]
        return [f'{t} is wrong: {where}' for t in targets if rc == 0 and self.repo.read(t) != self.expected(t)]

    def aftermath(self) -> list[str]:
        overlaps = self.repo.root / 'LMAKE/lmake/overlaps'
        if overlaps.exists():
            return ['overlapping jobs: ' + overlaps.read_text()]
        everything = [f'{s}.{n}' for s in ('a', 'b', 'c', 'd', 'cross') for n in range(6)]
        last = self.repo.run('lmake ' + ' '.join(everything))
        if last.rc:
            return [f'last build: {last}']
        wrong = [t for t in everything if self.repo.read(t) != self.expected(t)]
        if wrong:
            return [f'wrong at the end: {wrong}']
        null = self.repo.run('lmake ' + ' '.join(everything))
        return [] if null.rc == 0 and ' done ' not in null.out.split('+---------+')[0] else [f'ran again: {null}']


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument('bindir')
    parser.add_argument('--rounds', type=int, default=20)
    parser.add_argument('--seed', type=int, default=random.randrange(1 << 30))
    args = parser.parse_args()
    os.environ['LMAKE_INSTALL'] = os.path.dirname(os.path.abspath(args.bindir))
    from repo import Repo
    print('seed', args.seed, flush=True)
    passed = failed = 0
    choice = random.Random(args.seed)
    texts = {stem: '0\n' for stem in 'abcd'}
    with Repo({'Lmakefile.py': LMAKEFILE, **{f'{s}.src': t for s, t in texts.items()}}) as repo:
        repo.env['LMAKE_ARGS'] = '-j8'
        for number in range(args.rounds):
            problems = Round(repo, choice, texts).run()
            passed, failed = passed + (not problems), failed + bool(problems)
            if problems:
                print(f'FAILED in round {number}', *problems, (repo.root / 'LMAKE/lmake/server.log').read_text()[-3000:], sep='\n')
                break
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
