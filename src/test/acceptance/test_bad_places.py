"""A broken machine or repo gives one clear sentence and an exit code, never a stack of Java, and never a wrong result."""

import os
import pathlib
import shutil
import subprocess
import unittest

from repo import Repo, Result

HELLO = '''
from lmake.rules import Rule
class Hello(Rule):
    target = 'hello'
    deps   = {'SRC': 'source'}
    cmd    = 'cat {SRC}'
'''
FILES = {'Lmakefile.py': HELLO, 'source': 'hello\n'}
NOBODY = 65534


class BadPlacesTest(unittest.TestCase):
    def assert_said_clearly(self, result: Result, *words: str):
        self.assertNotEqual(0, result.rc)
        self.assertNotRegex(result.out + result.err, r'\tat |Exception in thread|SIGSEGV|Traceback')
        for word in words:
            self.assertIn(word, result.out + result.err)

    def assert_disk_full(self, result: Result):
        self.assertEqual(10, result.rc, result)
        self.assertRegex(result.err, r'(?i)no space left|disk is full', result)
        self.assert_said_clearly(result)

    def test_no_python3(self):
        with Repo(FILES) as repo:
            tools = repo.root / '.git/tools'
            tools.mkdir()
            for name in ('bash', 'sh', 'git', 'cat'):
                (tools / name).symlink_to(shutil.which(name))
            install = repo.env['PATH'].split(':')[0]
            self.assert_said_clearly(repo.run('lmake hello', PATH=f'{install}:{tools}'), 'python3')
            repo.run('lmake --shutdown')
            self.assertEqual(0, repo.run('lmake hello').rc)

    def test_another_version_of_the_repo(self):
        with Repo(FILES) as repo:
            repo.run('lmake hello; lmake --shutdown')
            repo.run('echo 12345 >LMAKE/version')
            for command in ('lmake hello', 'lshow -i hello', 'lforget hello'):
                result = repo.run(command)
                self.assertEqual(12, result.rc, command)
                self.assert_said_clearly(result, '12345', 'git clean -ffdx')

    def test_corrupt_store(self):
        for damage in ('head -c 65536 /dev/urandom >{}', ': >{}', 'truncate -s 5000 {}'):
            with self.subTest(damage), Repo(FILES) as repo:
                repo.run('lmake hello; lmake --shutdown')
                files = [path for path in repo.root.glob('LMAKE/lmake/store/**/*') if path.is_file() and path.stat().st_size > 4096]
                self.assertTrue(files)
                for file in files:
                    repo.run(damage.format(file))
                result = repo.run('lmake hello')
                if result.rc == 0:
                    self.assertEqual('hello\n', repo.read('hello'))
                else:
                    self.assert_said_clearly(result, 'LMAKE')

    def test_full_disk(self):
        place = pathlib.Path(os.environ.get('TMPDIR', '/tmp'), f'lmake-full-{os.getpid()}')
        place.mkdir()
        self.addCleanup(place.rmdir)
        if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64m', 'none', place], capture_output=True).returncode:
            self.skipTest('needs the right to mount a small disk')
        self.addCleanup(subprocess.run, ['umount', '-l', place], check=True)
        with Repo(FILES, where=str(place)) as repo:
            self.assertEqual(0, repo.run('lmake hello').rc)
            repo.run('lmake --shutdown')
            repo.write('source', 'changed\n')
            repo.run('cat /dev/zero >LMAKE/ballast')
            for command in ('lmake hello', 'lmake hello', 'lshow -i hello'):
                self.assert_disk_full(repo.run(command))
            repo.run('rm LMAKE/ballast')
            self.assertEqual(0, repo.run('lmake hello').rc)
            self.assertEqual('changed\n', repo.read('hello'))
            # Under a server that has begun well.
            repo.write('source', 'changed again\n')
            repo.run('cat /dev/zero >LMAKE/ballast')
            for _ in range(2):
                self.assert_disk_full(repo.run('lmake hello'))
            # With no room for a log either.
            repo.run('lmake --shutdown; rm LMAKE/ballast; rm LMAKE/lmake/server.log; mkdir LMAKE/lmake/server.log')
            repo.run('cat /dev/zero >LMAKE/ballast')
            self.assert_disk_full(repo.run('lmake hello'))
            repo.run('rm LMAKE/ballast; rmdir LMAKE/lmake/server.log')
            self.assertEqual(0, repo.run('lmake hello').rc)
            self.assertEqual('changed again\n', repo.read('hello'))

    def test_read_only_repo(self):
        if os.getuid() != 0 or not shutil.which('setpriv'):
            self.skipTest('needs root, to become nobody')
        with Repo(FILES) as repo:
            repo.run(f'chown -R {NOBODY}:{NOBODY} .')
            as_nobody = f'setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups '
            built = repo.run(f'{as_nobody} lmake hello')
            self.assertEqual(0, built.rc, built)
            repo.run(f'{as_nobody} lmake --shutdown')
            repo.run('chmod -R a-w .')
            self.assertEqual(0, repo.run(f'{as_nobody} lshow -i hello').rc)
            refused = repo.run(f'{as_nobody} lmake hello')
            self.assertEqual(7, refused.rc)
            self.assertIn('cannot run in read-only repository', refused.err)
            repo.run('chmod -R u+w .')

    def test_nested_roots(self):
        with Repo(FILES) as repo:
            repo.write('sub/Lmakefile.py', HELLO)
            result = repo.run('cd sub; lmake hello')
            self.assertEqual(11, result.rc)
            self.assertEqual(2, result.err.count('mkdir '), result.err)


if __name__ == '__main__':
    unittest.main()
