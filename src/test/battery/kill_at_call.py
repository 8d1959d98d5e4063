#!/usr/bin/env python3
"""kill -9 at the N-th call, often twice in a row: whoever dies, and wherever, the next command just works.

Usage: kill_at_call.py <dir of lmake's bin> [--rounds N] [--seed S]

Each round edits sources, chooses who dies (server, agent, job, python worker, client), at which of its calls that change
something, before it, after it or half way through, and mostly who dies next, while things are put right. Then, with no other
step: the same command succeeds, files equal those of a model (now and then, of a build from nothing), a second build runs
nothing, no process of a job is left after 5 s, and LMAKE holds no more files than at first. In half of the repos the dead stay
zombies; the pid that the server leaves in its marker is sometimes that of a living stranger, or of a zombie. Prints who died
where. Last line: `N passed, N failed`.
"""
import argparse, collections, ctypes, mmap, os, pathlib, random, shutil, signal, struct, subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'acceptance'))

LMAKEFILE = r'''
from lmake.rules import Rule
def weight():
    return 1 + int(N) % 2
MORTAL = 'export LD_PRELOAD="$LD_PRELOAD:{library}" LMAKE_TEST_DEATHS={deaths} LMAKE_TEST_WHO=job; '
class Base(Rule):
    stems = {{'N': r'\d+'}}
    max_retries_on_lost = 9 # more than die: two in a row are an error, which is remembered
class Part(Base):
    target    = '{{N}}.part'
    resources = {{'cpu': weight}}
    cmd       = MORTAL + 'cat {{N}}.src common'
class Split(Base):
    targets = {{'D': '{{N}}.d/{{I*:[0-9]}}'}}
    deps    = {{'P': '{{N}}.part'}}
    cmd     = MORTAL + 'mkdir -p {{N}}.d; for i in $(head -n 1 {{P}}); do cp {{P}} {{N}}.d/$i; done'
class Join(Base):
    target = '{{N}}.join'
    cmd    = MORTAL + 'for i in 0 1 2; do if [ -e {{N}}.d/$i ]; then echo $i; cat {{N}}.d/$i; fi; done; ' \
                      'if [ {{N}} -gt 0 ]; then cat $(({{N}}-1)).part; fi'
class All(Rule):
    target = 'all'
    max_retries_on_lost = 9
    cmd    = MORTAL + 'for i in 0 1 2; do cat $i.join; done'
'''
COUNT = 3
ORDER = struct.Struct('16siii44s')
HOW = ('before', 'after', 'half')
# Who dies, how often, and at most at which of its calls: about as many as it makes in a round.
KINDS = (('server', 5, 160), ('agent', 4, 90), ('job', 3, 8), ('worker', 1, 20), ('client', 2, 110))
MAY_RUN = ('done', 'steady', 'failed', 'rerun', 'may_rerun', 'lost', 'lost_err')
PR_SET_CHILD_SUBREAPER = 36


class Deaths:
    """The orders of dies_at_call.c, in a file that all processes map."""

    def __init__(self, path: pathlib.Path):
        self.path = path
        path.write_bytes(bytes(8 + 4 * ORDER.size))
        with open(path, 'r+b') as file:
            self.map = mmap.mmap(file.fileno(), 0)

    def order(self, orders: list[tuple[str, int, int]]) -> None:
        struct.pack_into('II', self.map, 0, 0, 0)
        for i, (who, left, how) in enumerate(orders):
            ORDER.pack_into(self.map, 8 + i * ORDER.size, who.encode(), left, how, 0, b'')
        struct.pack_into('II', self.map, 0, len(orders), 0)

    def pending(self) -> bool:
        count, current = struct.unpack_from('II', self.map)
        return current < count

    def died(self) -> list[str]:
        count, _ = struct.unpack_from('II', self.map)
        return [self.show(i) for i in range(count)]

    def show(self, i: int) -> str:
        who, left, how, pid, call = ORDER.unpack_from(self.map, 8 + i * ORDER.size)
        who, call = (text.split(b'\0')[0].decode() for text in (who, call))
        return f'{who} {HOW[how]} {call}' if pid else f'{who} spared'


class Trial:
    """A repo, and the rounds it lives through."""

    def __init__(self, choice: random.Random, tools: pathlib.Path):
        self.choice, self.tools = choice, tools
        self.deaths = Deaths(tools / 'deaths')
        self.deaths.order([])
        self.texts = {'common': 'c\n'} | {f'{i}.src': '0 1\n' for i in range(COUNT)}
        self.makefile = LMAKEFILE.format(deaths=self.deaths.path, library=tools / 'dies.so')
        self.repo = self.fresh()
        adopt_orphans(choice.random() < 0.5)
        self.at_first: set[str] = set()

    def fresh(self) -> 'Repo':
        repo = Repo({'Lmakefile.py': self.makefile, **self.texts})
        repo.env |= {'LMAKE_ARGS': '-j3', 'LMAKE_TEST_DEATHS': str(self.deaths.path)}
        return repo

    def edit(self) -> None:
        for name in self.choice.sample(sorted(self.texts), self.choice.randint(1, 3)):
            stars = ' '.join(sorted(self.choice.sample('012', self.choice.randint(0, 3))))
            self.texts[name] = f'{stars}\n{self.choice.randrange(1000)}\n'
            (self.repo.root / name).write_text(self.texts[name])
        if self.choice.random() < 0.1:
            (self.repo.root / 'Lmakefile.py').write_text(f'{self.makefile}# {self.choice.randrange(1000)}\n')

    def expected(self) -> dict[str, str]:
        """Every file that a build from nothing leaves."""
        files = {}
        for i in range(COUNT):
            part = self.texts[f'{i}.src'] + self.texts['common']
            files[f'{i}.part'] = part
            for star in part.split('\n')[0].split():
                files[f'{i}.d/{star}'] = part
            join = ''.join(f'{star}\n{part}' for star in '012' if f'{i}.d/{star}' in files)
            files[f'{i}.join'] = join + (files[f'{i - 1}.part'] if i else '')
        files['all'] = ''.join(files[f'{i}.join'] for i in range(COUNT))
        return files

    def fate(self) -> tuple[str, int, int]:
        who, _, most = self.choice.choices(KINDS, [weight for _, weight, _ in KINDS])[0]
        return who, int(most ** self.choice.random()) + 1, self.choice.randrange(3)

    def lmake(self, client_call: int) -> subprocess.Popen:
        runner = f'{self.tools}/die_at_call {client_call} ' if client_call else ''
        return self.repo.popen(f'exec env LD_PRELOAD={self.tools}/dies.so {runner}lmake all')

    def round(self) -> list[str]:
        """What was wrong; says on `self.told` who died where."""
        self.edit()
        fates = [self.fate() for _ in range(self.choice.choice((1, 2, 2, 3)))]
        clients = [call for who, call, _ in fates if who == 'client']
        workers = [call for who, call, _ in fates if who == 'worker']
        self.deaths.order([fate for fate in fates if fate[0] not in ('client', 'worker')])
        self.told = []
        for attempt in range(4):
            call = clients.pop() if clients else 0
            client = self.lmake(call)
            if workers:
                # It may write nothing, so that nothing counts its calls.
                time.sleep(0.02 * workers.pop())
                self.told.append('worker' if self.kill_worker() else 'worker spared')
            try:
                out, err = client.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                return [f'{self.deaths.died()}: the command never ends', str(self.repo.processes())]
            if call:
                self.told.append(f'client at {call}' if client.returncode in (-9, 137) else 'client spared')
            if client.returncode not in (0, 1, 4, 8, 10, 137, -signal.SIGKILL):
                return [f'{self.deaths.died()}: client ended with {client.returncode}', out, err]
            if not clients and not workers and (not self.deaths.pending() or attempt and self.choice.random() < 0.7):
                break
            self.spoil_marker()
        self.told += self.deaths.died()
        self.deaths.order([])
        self.spoil_marker()
        return [f'killed {self.told}', out, err, *problem] if (problem := self.problem()) else []

    def kill_worker(self) -> bool:
        pids = [pid for pid, command in self.repo.processes().items() if 'lmake_worker.py' in command]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return bool(pids)

    def spoil_marker(self) -> None:
        """The pid of the server that died has gone to somebody else."""
        if self.choice.random() < 0.3 and not self.repo.servers() and (self.repo.root / 'LMAKE').exists():
            pid = self.choice.choice((os.getpid(), 1, dead_child()))
            (self.repo.root / 'LMAKE/server').write_text(f'local:LMAKE/lmake/server.sock\n{pid}\n')

    def problem(self) -> list[str]:
        again = self.repo.run(f'LD_PRELOAD={self.tools}/dies.so lmake all')
        if again.rc != 0:
            return ['next command failed', str(again.rc), again.out, again.err]
        if wrong := different(self.repo.root, self.expected()):
            return ['wrong content', wrong, again.out, again.err]
        third = self.repo.run('lmake all')
        if third.rc != 0 or any(line.split()[1:2] and line.split()[1] in MAY_RUN for line in before_summary(third.out)):
            return ['second build ran', third.out, third.err]
        if not wait_until(lambda: not self.strays(), 5):
            return ['left behind', str(self.strays())]
        wait_until(lambda: not self.leftovers(), 5)  # a checkpoint may be in the making
        return self.leftovers()

    def strays(self) -> dict[int, str]:
        """All but one server with its agent, its guardian and its python worker."""
        found = self.repo.processes()
        known = collections.Counter()
        strays = {}
        for pid, command in found.items():
            kind = next((kind for kind in ('--server', 'lmake_agent', 'lmake_worker.py') if kind in command), '')
            known[kind] += 1
            if not kind or known[kind] > {'--server': 1, 'lmake_agent': 2, 'lmake_worker.py': 1}[kind]:
                strays[pid] = command
        return strays

    def leftovers(self) -> list[str]:
        """Names below LMAKE that were not there after the first round, and of access logs of agents that are gone."""
        now = {str(path.relative_to(self.repo.root)) for path in (self.repo.root / 'LMAKE').rglob('*')
               if not any(part in ('outputs', 'quarantine') for part in path.parts)}
        if not self.at_first:
            self.at_first = now
        # One dir per job that may run at a time stays, emptied.
        odd = sorted(name for name in now - self.at_first if not self.usual(name))
        return ['files left', *odd] if odd else []

    @staticmethod
    def usual(name: str) -> bool:
        parts = name.split('/')[1:]
        return (parts[0] in ('auto_tmp', 'lmakefile_tmp', 'tmp') and len(parts) <= 2) or parts[0] in ('server', 'environ', 'last_output') \
            or parts[:2] == ['lmake', 'cmds'] or parts in (['lmake', 'server.log'], ['lmake', 'server.sock'])

    def compare_clean(self) -> list[str]:
        with self.fresh() as clean:
            result = clean.run('lmake all')
            wrong = different(clean.root, self.expected())
            return ['the model is wrong', wrong, str(result)] if result.rc or wrong else []

    def close(self) -> None:
        self.repo.close()
        adopt_orphans(False)


def different(root: pathlib.Path, expected: dict[str, str], judged=lambda name: True) -> str:
    """Files, of the names to be judged, that are not there, too many, or of another content; empty when there is none."""
    found = {str(path.relative_to(root)): path.read_text(errors='surrogateescape') for pattern in ('all', '*.part', '*.join', '*.d/*')
             for path in root.glob(pattern)}
    names = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name) and (name in expected or judged(name)))
    return ', '.join(f'{name}: {found.get(name)!r} for {expected.get(name)!r}' for name in names)


def adopt_orphans(yes: bool) -> None:
    """Whoever dies without a parent is our child, and a zombie as long as we do not wait for it."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(yes), 0, 0, 0)


def dead_child() -> int:
    """The pid of a zombie, which lasts as long as we do."""
    pid = os.fork()
    if not pid:
        os._exit(0)
    return pid


def before_summary(out: str) -> list[str]:
    return out.split('+---------+')[0].splitlines()


def make_tools(where: str) -> pathlib.Path:
    tools = pathlib.Path(tempfile.mkdtemp(prefix='lmake-kill-', dir=where))
    native = HERE.parent / 'native'
    subprocess.run(['gcc', '-std=gnu11', '-O1', '-fPIC', '-shared', '-o', tools / 'dies.so', native / 'dies_at_call.c', '-ldl'], check=True)
    subprocess.run(['gcc', '-std=gnu11', '-O1', '-o', tools / 'die_at_call', native / 'die_at_call.c'], check=True)
    return tools


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument('bindir')
    parser.add_argument('--rounds', type=int, default=60)
    parser.add_argument('--seed', type=int, default=random.randrange(1 << 30))
    parser.add_argument('--clean-every', type=int, default=50, help='rounds between builds from nothing')
    parser.add_argument('--verbose', action='store_true')
    args = parser.parse_args()
    os.environ['LMAKE_INSTALL'] = os.path.dirname(os.path.abspath(args.bindir))
    global Repo, wait_until
    from repo import Repo, wait_until
    print('seed', args.seed, flush=True)
    # In a dir of the system, so that what the jobs do there is no dep of theirs.
    tools = make_tools('/dev/shm')
    passed = failed = 0
    points, trial, begun = collections.Counter(), None, time.monotonic()
    try:
        for number in range(args.rounds):
            if number % 20 == 0:
                if trial:
                    trial.close()
                trial = Trial(random.Random(args.seed + number), tools)
            problem = trial.round() or (trial.compare_clean() if number % args.clean_every == args.clean_every - 1 else [])
            points.update(trial.told)
            passed, failed = passed + (not problem), failed + bool(problem)
            if args.verbose:
                print(number, trial.told, f'{time.monotonic() - begun:.1f} s', flush=True)
            if problem:
                print(f'FAILED, --seed {args.seed + number // 20 * 20} --rounds {number % 20 + 1}')
                print('\n'.join(problem), flush=True)
                log = trial.repo.root / 'LMAKE/lmake/server.log'
                print(log.read_text()[-3000:] if log.exists() else 'no log', flush=True)
    finally:
        if trial:
            trial.close()
        shutil.rmtree(tools, ignore_errors=True)
    deaths = sum(count for point, count in points.items() if not point.endswith('spared'))
    print(f'{deaths} deaths, at', ', '.join(f'{point} {count}' for point, count in sorted(points.items())))
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
