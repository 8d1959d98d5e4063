"""What the tests of the contract share: a repo that all tests of a class build in, and what was said, as data."""

import ast
import re
import unittest

from repo import Repo, Result

LINE = re.compile(r'^\d\d:\d\d:\d\d(?:\.\d+)? (\S+(?: \(empty\))?) +(\S+) +(?:(?:[\d.]+s|\d+m\d\ds) )? *(\S.*)$')


class Checklist(unittest.TestCase):
    """One repo a class: `makefile` and `files` are its sources. A test uses targets and sources of its own."""
    makefile = ''
    files: dict[str, str] = {}
    manifest = ''

    @classmethod
    def setUpClass(cls) -> None:
        cls.repo = Repo()
        cls.addClassCleanup(cls.repo.close)
        for name, text in {'Lmakefile.py': 'from lmake.rules import *\n' + cls.makefile, **cls.files}.items():
            cls.repo.write(name, text)

    def sh(self, command: str, **env: str) -> Result:
        return self.repo.run(command, **env)

    def lmake(self, targets: str, rc: int = 0, **env: str) -> list[str]:
        """Builds; the lines said, each as `step name`. Fails unless the exit code is the one expected."""
        result = self.sh(f'lmake {targets}', **env)
        self.said = result.out + result.err
        self.assertEqual(rc, result.rc, self.said)
        found = (LINE.match(line) for line in result.out.splitlines())
        self.jobs = [f'{line[1]} {line[3].strip()}' for line in found if line and line[2] != 'src']
        return [f'{line[1]} {line[3].strip()}' for line in map(LINE.match, result.out.splitlines()) if line]

    def ran(self, targets: str, rc: int = 0) -> list[str]:
        """The same for jobs that were run, sources and starts left out."""
        steps = ('done', 'steady', 'failed', 'rerun', 'may_rerun', 'retry', 'lost', 'lost_err', 'killed')
        self.lmake(targets, rc)
        return [line for line in self.jobs if line.split()[0] in steps]

    def deps(self, target: str) -> dict[str, tuple[str, str, str]]:
        """Flags, access kinds and crc of each dep of the job of a target, those that do not exist included."""
        said = self.sh(f'lshow -p -d -v {target}').out
        answer = ast.literal_eval(said.replace('set()', '{}'))
        found = {}
        for jobs in answer.values():
            for groups in jobs.values():
                for group in groups:
                    for flags, kinds, crc, _, name in group:
                        found[name] = (flags, kinds, crc)
        return found

    def read(self, name: str) -> str:
        return self.repo.read(name)

    def write(self, name: str, text: str) -> None:
        """Replaces a source, which must then have another date."""
        self.repo.write(name, text)

    def assert_idle(self, targets: str) -> None:
        self.assertEqual([], self.lmake(targets))
