"""A throw-away git repo in which commands are run as a user would type them, and what it takes to leave nothing behind."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from typing import NamedTuple

TOP = pathlib.Path(__file__).resolve().parents[3]
INSTALL = pathlib.Path(os.environ.get('LMAKE_INSTALL', TOP / 'target/lmake'))
COMMAND_TIMEOUT_S = 60


class Result(NamedTuple):
    rc: int
    out: str
    err: str


def default_signals() -> None:
    """As a terminal gives them, even if the tests run under nohup or in the background of a script."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


class Repo:
    """One job at a time, so that the order of the lines is decided. Close it: servers outlive commands."""

    def __init__(self, files: Mapping[str, str] = {}, where: str | None = None):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix='lmake-', dir=where)).resolve()
        self.env = {
            'PATH': f'{INSTALL}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
            'HOME': str(self.root), 'LC_ALL': 'C.UTF-8', 'TERM': 'dumb', 'LMAKE_ARGS': '-j1', 'LMAKE_SOURCES': str(TOP),
        }
        self.run('git init -q')
        for name, text in files.items():
            self.write(name, text)

    def __enter__(self) -> 'Repo':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, name: str, text: str) -> None:
        """Writes a source; one that git does not know yet is added."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if text.startswith('#!'):
            path.chmod(0o755)
        self.run(f"git ls-files --error-unmatch '{name}' >/dev/null 2>&1 || git add '{name}'")

    def read(self, name: str) -> str:
        return (self.root / name).read_text()

    def popen(self, command: str, **env: str) -> subprocess.Popen[str]:
        """Starts a shell command in a session of its own: a ^C sent to its group reaches it and nobody else."""
        return subprocess.Popen(
            ['bash', '-c', command], cwd=self.root, env={**self.env, **env}, text=True, errors='surrogateescape',
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            preexec_fn=default_signals)

    def run(self, command: str, **env: str) -> Result:
        with self.popen(command, **env) as process:
            try:
                out, err = process.communicate(timeout=COMMAND_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                out, err = process.communicate()
                err += f'\n(killed after {COMMAND_TIMEOUT_S} s)\n'
        return Result(process.returncode, out, err)

    def processes(self) -> dict[int, str]:
        """Command lines of the live processes whose cwd lies in this repo: the server, the agent, jobs. By pid."""
        found = {}
        for entry in pathlib.Path('/proc').iterdir():
            if not entry.name.isdigit():
                continue
            try:
                cwd = os.readlink(entry / 'cwd')
                command = (entry / 'cmdline').read_bytes().replace(b'\0', b' ').decode(errors='replace').strip()
            except OSError:
                continue  # gone meanwhile, or not ours
            if cwd == str(self.root) or cwd.startswith(f'{self.root}/'):
                found[int(entry.name)] = command
        return found

    def servers(self) -> list[int]:
        return [pid for pid, command in self.processes().items() if '--server' in command]

    def close(self) -> None:
        if self.servers():
            self.run('lmake --shutdown')
        wait_until(lambda: not self.processes(), 3)
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it has just left
        wait_until(lambda: not self.processes(), 3)
        shutil.rmtree(self.root, ignore_errors=True)


def wait_until(condition, seconds: float) -> bool:
    """Polls; true as soon as the condition holds, false when the time is over."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
