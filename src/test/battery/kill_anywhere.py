#!/usr/bin/env python3
"""kill -9 of anything at any moment of a build: the next command just works, and what it leaves is what it should be.

Usage: kill_anywhere.py <dir of lmake's bin> [--rounds N] [--seed S]

Each round edits sources, starts a build, kills one or two of server, agent, guardian, client, jobs after a random while, and
sometimes writes the pid of a living stranger in what the server left. Then, with no other step, the same command must succeed,
the targets be right, a second build run nothing, and no job be left after 5 s. Dead servers stay zombies in half of the repos:
this process adopts orphans and does not wait for them. Last line: `N passed, N failed`.
"""
import argparse, ctypes, os, pathlib, random, signal, subprocess, sys, time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'acceptance'))

LMAKEFILE = r'''
from lmake.rules import Rule
class Base(Rule):
    stems = {'N': r'\d+'}
class Part(Base):
    target = '{N}.part'
    cmd    = 'cat {N}.src; sleep 0.0$(({N}*7%10)); cat common; cat {N}.src'
class Split(Base):
    targets = {'D': '{N}.d/{I*:[ab]}'}
    deps    = {'P': '{N}.part'}
    cmd     = 'mkdir -p {N}.d; cat {P} >{N}.d/a; sleep 0.02; cat {P} >{N}.d/b'
class Join(Base):
    target = '{N}.join'
    cmd    = 'cat {N}.d/b; sleep 0.01; cat {N}.d/a; if [ {N} -gt 0 ]; then cat $(({N}-1)).part; fi'
class All(Rule):
    target = 'all'
    cmd    = 'for i in 0 1 2 3 4 5; do cat $i.join; done'
'''
COUNT = 6
VICTIMS = ['server', 'agent', 'guardian', 'client', 'job']
MAY_RUN = ('done', 'steady', 'failed', 'rerun', 'may_rerun', 'lost', 'lost_err')
PR_SET_CHILD_SUBREAPER = 36


class Trial:
    """A repo, and the rounds it lives through."""

    def __init__(self, choice: random.Random):
        self.choice = choice
        self.texts = {f'{i}.src': '0\n' for i in range(COUNT)} | {'common': 'c\n'}
        self.repo = Repo({'Lmakefile.py': LMAKEFILE, **self.texts})
        self.repo.env['LMAKE_ARGS'] = '-j3'
        adopt_orphans(choice.random() < 0.5)

    def expected(self) -> str:
        part = [self.texts[f'{i}.src'] + self.texts['common'] + self.texts[f'{i}.src'] for i in range(COUNT)]
        return ''.join(2 * part[i] + (part[i - 1] if i else '') for i in range(COUNT))

    def edit(self) -> None:
        for name in self.choice.sample(sorted(self.texts), self.choice.randint(1, 4)):
            self.texts[name] = f'{self.choice.randrange(1000)}\n'
            self.repo.write(name, self.texts[name])

    def pids(self, what: str, client: int) -> list[int]:
        if what == 'client':
            return [client]
        found = self.repo.processes()
        if what == 'server':
            return [pid for pid, command in found.items() if '--server' in command]
        agents = sorted(pid for pid, command in found.items() if 'lmake_agent' in command)
        if what in ('agent', 'guardian'):
            guardians = [pid for pid in agents if parent(pid) not in agents]
            return guardians if what == 'guardian' else [pid for pid in agents if pid not in guardians]
        return self.jobs(client)[:1]

    def jobs(self, client: int = 0) -> list[int]:
        return [pid for pid, command in self.repo.processes().items()
                if '--server' not in command and 'lmake_agent' not in command and pid != client and not command.startswith('lmake')]

    def round(self) -> list[str]:
        """What was wrong."""
        self.edit()
        client = self.repo.popen('exec lmake all')
        told = []
        for what in self.choice.sample(VICTIMS, self.choice.choice((1, 1, 2))):
            time.sleep(self.choice.choice((self.choice.uniform(0, 0.9), self.choice.uniform(0, 0.3), 0.01)))
            told.append(what)
            for pid in self.pids(what, client.pid):
                kill(pid)
        out, err = client.communicate(timeout=60)
        if client.returncode not in (0, 1, 4, 8, -signal.SIGKILL):
            return [f'{told}: client ended with {client.returncode}', out, err]
        if 'server' in told and self.choice.random() < 0.3 and not self.repo.servers():
            (self.repo.root / 'LMAKE').mkdir(exist_ok=True)
            (self.repo.root / 'LMAKE/server').write_text(f'local:LMAKE/lmake/server.sock\n{os.getpid()}\n')
        return [f'killed {told}', out, err, *problem] if (problem := self.problem()) else []

    def problem(self) -> list[str]:
        again = self.repo.run('lmake all')
        if again.rc != 0:
            return ['next command failed', str(again.rc), again.out, again.err]
        if self.repo.read('all') != self.expected():
            return ['wrong content', self.repo.read('all'), 'for', self.expected(), again.out]
        third = self.repo.run('lmake all')
        if third.rc != 0 or any(line.split()[1:2] and line.split()[1] in MAY_RUN for line in before_summary(third.out)):
            return ['second build ran', third.out, third.err]
        if not wait_until(lambda: not self.jobs(), 5):
            return ['left behind', str(self.repo.processes())]
        if len(self.repo.servers()) != 1:
            return ['servers', str(self.repo.processes())]
        return []

    def close(self) -> None:
        self.repo.close()
        adopt_orphans(False)


def adopt_orphans(yes: bool) -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(yes), 0, 0, 0)


def before_summary(out: str) -> list[str]:
    return out.split('+---------+')[0].splitlines()


def parent(pid: int) -> int:
    try:
        return int(pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[1])
    except OSError:
        return -1


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it was faster


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument('bindir')
    parser.add_argument('--rounds', type=int, default=60)
    parser.add_argument('--seed', type=int, default=random.randrange(1 << 30))
    args = parser.parse_args()
    os.environ['LMAKE_INSTALL'] = os.path.dirname(os.path.abspath(args.bindir))
    global Repo, wait_until
    from repo import Repo, wait_until
    print('seed', args.seed, flush=True)
    passed = failed = 0
    trial = None
    for number in range(args.rounds):
        if number % 10 == 0:
            if trial:
                trial.close()
            trial = Trial(random.Random(args.seed + number))
        problem = trial.round()
        passed, failed = passed + (not problem), failed + bool(problem)
        if problem:
            print(f'FAILED, --seed {args.seed + number // 10 * 10} --rounds {number % 10 + 1}')
            print('\n'.join(problem), flush=True)
            log = trial.repo.root / 'LMAKE/lmake/server.log'
            print(log.read_text()[-3000:] if log.exists() else 'no log', flush=True)
    if trial:
        trial.close()
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
