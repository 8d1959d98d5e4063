"""How jobs are watched, where that matters to who runs a command: which method, and what is said when it cannot be had."""

import unittest

from repo import TOP, Repo

LMAKEFILE = '''
from lmake.rules import Rule
class Copy(Rule):
    target = 'out'
    cmd = 'env -i cat in'
'''


class Fallback(unittest.TestCase):
    def test_is_told_in_each_command_and_misses_nothing(self) -> None:
        forbid = f'{TOP}/src/test/native/forbid_seccomp.py --listeners'
        with Repo({'Lmakefile.py': LMAKEFILE, 'in': 'one'}) as repo:
            for text, command in (('one', f'{forbid} lmake out'), ('two', 'lmake out')):
                repo.write('in', text)
                result = repo.run(command)
                self.assertEqual(0, result.rc, result)
                self.assertEqual(text, repo.read('out'))
                self.assertEqual(1, result.err.count('autodep hybrid does not work here'), result)
                self.assertIn('  consider : ', result.err)
            shown = repo.run('lshow -d out').out
            self.assertIn('in', shown.split(), shown)
            self.assertIn('ptrace, in place of hybrid', repo.run('lshow -i out').out)

    def test_is_silent_where_all_is_well(self) -> None:
        with Repo({'Lmakefile.py': LMAKEFILE, 'in': 'one'}) as repo:
            result = repo.run('lmake out')
            self.assertEqual(0, result.rc)
            self.assertNotIn('autodep', result.err)
            self.assertRegex(repo.run('lshow -i out').out, r'(?m)^ *autodep *: *hybrid$')
            repo.write('in', 'two')
            repo.run('lmake out')
            self.assertEqual('two', repo.read('out'))


if __name__ == '__main__':
    unittest.main()
