"""Makefiles that are wrong, or change while something is built: the right exit code, a sentence, and what runs goes on."""

import unittest

from repo import Repo, wait_until

SLOW = '''
import lmake
from lmake.rules import Rule
class Slow(Rule):
    target = r'{N:.*}.slow'
    cmd    = 'read -r word <LMAKE/lmake/go; echo {N}'
'''
CHANGES = [  # exit code, what it says, how
    (3, 'SyntaxError', lambda text: text + '('),
    (3, 'Boo', lambda text: text + 'class Boo(Exception): pass\nraise Boo()'),
    (5, 'another command', lambda text: text.replace('echo', 'echo very')),
    (5, 'new rule New', lambda text: text + "class New(Rule):\n    target = 'new'\n    cmd = 'echo'\n"),
    (5, 'removed rule Slow', lambda text: text.partition('class')[0]),
    (9, 'steady', lambda text: text + 'lmake.config.max_dep_depth = 77\n'),
    (6, 'clean', lambda text: text + "lmake.config.link_support = 'none'\n"),
    (0, '', lambda text: text + '# a comment\n'),
]


class BadMakefilesTest(unittest.TestCase):
    def test_change_while_something_is_built(self):
        with Repo({'Lmakefile.py': SLOW}) as repo:
            repo.run('mkdir -p LMAKE/lmake; mkfifo LMAKE/lmake/go')
            first = repo.popen('exec lmake a.slow')
            self.assertTrue(wait_until(lambda: any('lmake/go' in job for job in repo.processes().values()), 10))
            for code, said, change in CHANGES:
                with self.subTest(said):
                    repo.write('Lmakefile.py', change(SLOW))
                    result = repo.run('lmake')
                    self.assertEqual(code, result.rc, result)
                    self.assertIn(said, result.err)
                    self.assertEqual(code == 0, 'SUMMARY' in result.out)
            repo.write('Lmakefile.py', SLOW)
            self.assertEqual(0, repo.run('lmake').rc)
            (repo.root / 'LMAKE/lmake/go').write_text('go\n')
            out, _ = first.communicate(timeout=20)
            self.assertEqual(0, first.returncode, out)
            self.assertEqual('a\n', repo.read('a.slow'))

    def test_without_server_a_bad_one_is_a_server_that_cannot_start(self):
        with Repo({'Lmakefile.py': SLOW + '('}) as repo:
            result = repo.run('lmake')
            self.assertEqual(8, result.rc)
            self.assertNotIn('SUMMARY', result.out)
            repo.write('Lmakefile.py', SLOW)
            self.assertEqual(0, repo.run('lmake').rc)

    def test_what_it_prints_is_told_on_stderr(self):
        text = 'import os, sys\nprint("to out")\nprint("to err", file=sys.stderr)\nos.write(1, b"\\xff\\n")\n'
        with Repo({'Lmakefile.py': text + SLOW}) as repo:
            result = repo.run('lmake')
            self.assertEqual(0, result.rc)
            self.assertIn('to out', result.err)
            self.assertIn('to err', result.err)
        with Repo({'Lmakefile.py': 'for i in range(200000): print("x" * 100)\n' + SLOW}) as repo:
            self.assertEqual(0, repo.run('lmake').rc)


if __name__ == '__main__':
    unittest.main()
