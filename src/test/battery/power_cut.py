#!/usr/bin/env python3
"""The machine stops and starts again, as the kernel and a real file system would have it: the next command just works.

Usage: power_cut.py <dir of lmake's bin> [--images N] [--seed S]

A repo lies on an ext4 in a file, mounted so that the dates and sizes of files reach the disk long before their content does
(data=writeback, nodelalloc, commit=1), or in milder ways. A power cut is a copy of that file, taken while builds go on: it
holds what the kernel has written so far, and no more. It is mounted in the place of the first, under another boot id, and often
cut again while things are put right. Then, with no other step: a build succeeds, files are what the sources, as they came
back, make of them, and a second build runs nothing. Needs root and loop devices; without them it says so and passes. Last line:
`N passed, N failed`.
"""
import argparse, os, pathlib, random, shutil, signal, subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'acceptance'))
from kill_at_call import COUNT, LMAKEFILE, MAY_RUN, before_summary, different

DISK_MB = 48
WAYS = ('data=writeback,nodelalloc,commit=1', 'data=writeback,commit=1', 'data=ordered,commit=1', 'data=ordered,nodelalloc')
BOOT_ID = '/proc/sys/kernel/random/boot_id'


def run(*command: object, **options) -> subprocess.CompletedProcess:
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, **options)


class Machine:
    """Its disk, what is mounted, and its boot id. Processes live in a mount namespace of their own, which dies with them."""

    def __init__(self, home: pathlib.Path, ways: str):
        self.home, self.ways, self.boots = home, ways, 0
        self.disk, self.top = home / 'disk', home / 'top'
        self.top.mkdir()
        with open(self.disk, 'wb') as file:
            file.truncate(DISK_MB << 20)
        run('mkfs.ext4', '-q', '-b', 4096, '-J', 'size=4', '-E', 'lazy_itable_init=0', self.disk)
        self.mount()

    def mount(self) -> None:
        run('mount', '-o', f'loop,{self.ways}', self.disk, self.top)
        self.boots += 1
        self.boot_id = self.home / 'boot_id'
        self.boot_id.unlink(missing_ok=True)  # servers of other boots have the former one bound
        self.boot_id.write_text(f'00000000-0000-4000-8000-{self.boots:012}\n')

    def popen(self, command: str, cwd: pathlib.Path, env: dict[str, str]) -> subprocess.Popen[str]:
        script = f'mount --bind {self.boot_id} {BOOT_ID} && {command}'
        return subprocess.Popen(['unshare', '-m', 'bash', '-c', script], cwd=cwd, env=env, text=True, errors='surrogateescape',
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)

    def cut(self) -> None:
        """What is on the disk at one instant: a copy during which nothing was written, then another boot."""
        while True:
            image = self.disk.read_bytes()
            if image == self.disk.read_bytes():
                break
        self.stop()
        self.disk.unlink()
        self.disk.write_bytes(image)
        self.mount()

    def stop(self) -> None:
        for signal_number in (signal.SIGKILL,) * 50:
            if not (pids := self.processes()):
                break
            for pid in pids:
                try:
                    os.kill(pid, signal_number)
                except ProcessLookupError:
                    pass
            time.sleep(0.02)
        for _ in range(100):
            if subprocess.run(['umount', self.top], capture_output=True).returncode == 0:
                return
            time.sleep(0.02)
        run('umount', '-l', self.top)

    def processes(self) -> list[int]:
        found = []
        for entry in pathlib.Path('/proc').iterdir():
            try:
                if entry.name.isdigit() and os.readlink(entry / 'cwd').startswith(str(self.top)):
                    found.append(int(entry.name))
            except OSError:
                pass
        return found


class Trial:
    """A repo on such a machine."""

    def __init__(self, choice: random.Random, install: str):
        self.choice = choice
        self.home = pathlib.Path(tempfile.mkdtemp(prefix='lmake-cut-'))
        self.machine = Machine(self.home, choice.choice(WAYS))
        self.root = self.machine.top / 'repo'
        self.root.mkdir()
        self.env = {'PATH': f'{install}/bin:/usr/bin:/bin:/usr/sbin:/sbin', 'HOME': str(self.home), 'LC_ALL': 'C.UTF-8',
                    'LMAKE_ARGS': '-j3'}
        self.texts = {'Lmakefile.py': LMAKEFILE.format(deaths='', library='').replace('MORTAL + ', ''), 'common': 'c\n'}
        self.texts |= {f'{i}.src': '0 1\n' for i in range(COUNT)}
        for name, text in self.texts.items():
            (self.root / name).write_text(text)
        run('git', 'init', '-q', cwd=self.root)
        run('git', 'add', '.', cwd=self.root)
        run('sync', '-f', self.root)

    def edit(self) -> None:
        """A source that drives what is made is synced; one that is just copied may be torn like anything else."""
        for name in self.choice.sample([name for name in sorted(self.texts) if name != 'Lmakefile.py'], self.choice.randint(1, 3)):
            stars = ' '.join(sorted(self.choice.sample('012', self.choice.randint(0, 3))))
            with open(self.root / name, 'w') as file:
                file.write(f'{stars}\n{self.choice.randrange(1000)}\n')
                if name != 'common':
                    file.flush()
                    os.fsync(file.fileno())

    def expected(self) -> dict[str, str]:
        """Every file that a build from nothing leaves, from the sources as they are."""
        texts = {name: (self.root / name).read_text(errors='surrogateescape') for name in self.texts}
        files = {}
        for i in range(COUNT):
            part = texts[f'{i}.src'] + texts['common']
            files[f'{i}.part'] = part
            for star in part.split('\n')[0].split():
                files[f'{i}.d/{star}'] = part
            join = ''.join(f'{star}\n{part}' for star in '012' if f'{i}.d/{star}' in files)
            files[f'{i}.join'] = join + (files[f'{i - 1}.part'] if i else '')
        files['all'] = ''.join(files[f'{i}.join'] for i in range(COUNT))
        return files

    def lmake(self, arguments: str) -> subprocess.Popen[str]:
        return self.machine.popen(f'exec lmake {arguments}', self.root, self.env)

    def finish(self, arguments: str) -> tuple[int, str]:
        process = self.lmake(arguments)
        out, err = process.communicate(timeout=60)
        return process.returncode, out + err

    def image(self) -> list[str]:
        """One cut; what was wrong after it."""
        if self.choice.random() < 0.9:
            self.edit()
        client = self.lmake('all')
        if self.choice.random() < 0.3:
            time.sleep(self.choice.uniform(0, 0.8))
        else:
            client.communicate(timeout=60)
            if self.choice.random() < 0.3:
                self.finish('--shutdown')
            time.sleep(self.choice.choice((0, 0.3, 1.2, 2.5)))
        self.machine.cut()
        client.communicate()
        return self.problem()

    def cut_again(self) -> None:
        client = self.lmake('all')
        time.sleep(self.choice.uniform(0, 0.8))
        self.machine.cut()
        client.communicate()

    def problem(self) -> list[str]:
        names = ' '.join(f'{i}.{kind}' for i in range(COUNT) for kind in ('part', 'join'))
        code, said = self.finish(f'all {names}')
        if code:
            return ['next command failed', str(code), said]
        stars = [name for name in self.expected() if '.d/' in name]
        if stars:
            code, more = self.finish(' '.join(stars))
            said += more
        if code or (wrong := different(self.root, self.expected(), self.torn_too)):
            return ['wrong content', str(code) if code else wrong, said]
        code, said = self.finish('all')
        if code or any(line.split()[1:2] and line.split()[1] in MAY_RUN for line in before_summary(said)):
            return ['second build ran', said]
        bad = [str(path) for path in (self.root / 'LMAKE/lmake').glob('store.bad*')] \
            + [str(path) for path in (self.root / 'LMAKE/lmake').glob('hs_err*')]
        return ['store given up, or Java crashed', *bad] if bad else []

    def torn_too(self, name: str) -> bool:
        """Nobody asks for a star target that is not made: what an unknown run left there may stay."""
        return '.d/' not in name

    def close(self) -> None:
        self.machine.stop()
        shutil.rmtree(self.home, ignore_errors=True)


def able() -> bool:
    """Whether we may mount a file and hide the boot id."""
    try:
        with tempfile.TemporaryDirectory() as home:
            machine = Machine(pathlib.Path(home), WAYS[0])
            done = machine.popen('true', machine.top, dict(os.environ)).wait()
            machine.stop()
            return done == 0
    except (OSError, subprocess.CalledProcessError):
        return False


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument('bindir')
    parser.add_argument('--images', type=int, default=20)
    parser.add_argument('--seed', type=int, default=random.randrange(1 << 30))
    parser.add_argument('--verbose', action='store_true')
    args = parser.parse_args()
    install = os.path.dirname(os.path.abspath(args.bindir))
    print('seed', args.seed, flush=True)
    if not able():
        print('skipped: only root can mount a disk\n0 passed, 0 failed')
        return 0
    passed = failed = 0
    trial, begun = None, time.monotonic()
    try:
        for number in range(args.images):
            if number % 10 == 0:
                if trial:
                    trial.close()
                trial = Trial(random.Random(args.seed + number), install)
            problem = trial.image()
            if not problem and trial.choice.random() < 0.3:
                trial.cut_again()
                problem = trial.problem()
            passed, failed = passed + (not problem), failed + bool(problem)
            if args.verbose:
                print(number, trial.machine.ways, f'{time.monotonic() - begun:.1f} s', flush=True)
            if problem:
                print(f'FAILED, --seed {args.seed + number // 10 * 10} --images {number % 10 + 1}, mounted {trial.machine.ways}')
                print('\n'.join(problem), flush=True)
                log = trial.root / 'LMAKE/lmake/server.log'
                print(log.read_text()[-3000:] if log.exists() else 'no log', flush=True)
    finally:
        if trial:
            trial.close()
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
