"""Jobs with namespaces: what is wrong in a rule is said with its place; whoever is killed, no mount, no process stays."""

import os
import signal
import unittest

from repo import Repo, wait_until

WRONG = [  # line of the rule, what is said of it when the makefile is read
    ("views = {'v': {'upper': 'u'}}", "needs both 'upper' and 'lower'"),
    ("views = {'v': {'upper': 'a,b', 'lower': 'l'}}", "dir a,b of an overlay holds ','"),
    ("views = {'v': {'upper': 'u', 'lower': 'a:b'}}", "dir a:b of an overlay holds ':'"),
    ("views = {'v/../w': 'u'}", 'v/../w is not canonical'),
    ("views = {'v': 3}", 'v is 3'),
    ("repo_view = 'repo'", "repo_view is 'repo', an absolute dir is expected"),
    ("tmp_view = 'tmp'", "tmp_view is 'tmp', an absolute dir is expected"),
    ("lmake_view = 'l'", "lmake_view is 'l', an absolute dir is expected"),
    ("chroot_dir = 'c'", "chroot_dir is 'c', an absolute dir is expected"),
    ("chroot_actions = 'x'", "unknown action 'x'"),
]
LATE = [  # what is said of it when its job is to start
    ("views = {'/opt/none/v': '/usr'}", 'view /opt/none/v : No such file or directory'),
    ("views = {'/seen': 'src'}", 'view /seen is not in the repo, but its dir src is'),
    ("views = {'v': '/no/dir'}", ': its dir /no/dir : No such file or directory'),
    ("views = {'v': 'link'}", 'is reached through a symbolic link'),
    ("views = {'.': 'u'}", 'not canonical'),
    ("views = {'LMAKE': 'u'}", 'would hide the tmp dir'),
    ("views = {'/proc': '/usr'}", 'would hide /proc'),
    ("repo_view = '/opt/none/v'", 'repo_view /opt/none/v : No such file or directory'),
    ("repo_view = '/seen_{File}/../x'", 'repo_view /seen_out/../x is not canonical'),
    ("tmp_view = '{File}'", 'tmp_view is not absolute : out'),
    ("lmake_root = '/no/lmake'", 'lmake_root /no/lmake : no lib/liblmake_preload.so there'),
    ("chroot_dir = '/no/root'", 'chroot_dir /no/root : No such file or directory'),
    ("environ = {'TMPDIR': 'x'}", 'TMPDIR is not absolute : x'),
]
RULE = '''from lmake.rules import Rule
class R(Rule):
    target = '{File:out.*}'
    cmd    = '%s'
    %s
'''


class IsolationTest(unittest.TestCase):
    def test_what_is_wrong_is_said_with_its_place(self):
        with Repo({'Lmakefile.py': RULE % ('echo x', ''), 'src/f': 'x\n'}) as repo:
            os.symlink('src', repo.root / 'link')
            for line, sentence in WRONG + LATE:
                with self.subTest(line):
                    repo.write('Lmakefile.py', RULE % ('echo x', line))
                    result = repo.run('lmake out')
                    said = result.out + result.err
                    self.assertNotEqual(0, result.rc)
                    self.assertIn(sentence, said)
                    if 'TMPDIR' not in line:
                        self.assertRegex(said, r'Lmakefile\.py:\d: rule R: ')

    def test_lshow_tells_what_was_asked(self):
        line = "repo_view, kill_daemons, views = '/seen', True, {'v': {'upper': 'u', 'lower': ('l', 'src')}}"
        with Repo({'Lmakefile.py': RULE % ('cat v/f', line), 'src/f': 'x\n'}) as repo:
            self.assertEqual(0, repo.run('lmake out').rc)
            self.assertEqual('x\n', repo.read('out'))
            told = repo.run('lshow -i out').out
            self.assertRegex(told, r'(?m)^repo_view +: /seen$')
            self.assertRegex(told, r'(?m)^kill_daemons +: true$')
            self.assertIn('views :\n  v : upper:u , lower:l src\n', told)
            self.assertIn("'views':", repo.run('lshow -ip out').out.replace(' ', ''))

    def test_whoever_is_killed_leaves_no_mount_and_no_process(self):
        line = "repo_view, views = '/seen', {'v': {'upper': 'u', 'lower': 'src'}}"
        cmd = '(setsid sleep 333 &) ; sleep 333; cat v/f'
        for victim in ('--server', 'lmake_agent', 'lmake_job'):
            with self.subTest(victim), Repo({'Lmakefile.py': RULE % (cmd, line), 'src/f': 'x\n'}) as repo:
                with open('/proc/mounts') as f:
                    before = f.read()
                lmake = repo.popen('lmake out')
                self.assertTrue(wait_until(lambda: self.sleepers(repo) >= 2, 20), repo.processes())
                with open('/proc/mounts') as f:
                    self.assertEqual(before, f.read())
                self.assertTrue(self.kill(repo, victim), repo.processes())
                self.assertTrue(wait_until(lambda: not self.sleepers(repo), 10), (victim, repo.processes()))
                with open('/proc/mounts') as f:
                    self.assertEqual(before, f.read())
                lmake.kill()
                lmake.communicate()
                repo.write('Lmakefile.py', RULE % ('cat v/f', line))
                self.assertTrue(wait_until(lambda: repo.run('lmake out').rc == 0, 20))
                self.assertEqual('x\n', repo.read('out'))
                self.assertFalse(os.path.exists(repo.root / 'LMAKE/lmake/overlay/1.0'))

    @staticmethod
    def sleepers(repo: Repo) -> int:
        """Processes of the job: known by their cwd, which is the repo as they see it, or by what they are."""
        found = 0
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open(f'/proc/{pid}/cmdline', 'rb') as f:
                    asleep = f.read() == b'sleep\x00333\x00'
                found += asleep and os.stat(f'/proc/{pid}/cwd').st_ino == os.stat(repo.root).st_ino
            except OSError:
                pass
        return found

    @staticmethod
    def kill(repo: Repo, victim: str) -> bool:
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open(f'/proc/{pid}/cmdline', 'rb') as f:
                    line = f.read().decode(errors='replace')
                with open(f'/proc/{pid}/comm') as f:
                    comm = f.read().strip()
                with open(f'/proc/{pid}/stat') as f:
                    parent = f.read().rpartition(')')[2].split()[1]
                # The first process of a job has a root of its own; its parent is the agent.
                place = parent if comm == 'lmake_job' else pid
                ours = os.path.realpath(f'/proc/{place}/cwd') == str(repo.root)
                if ours and (comm == victim if victim == 'lmake_job' else victim in line and comm != 'lmake_job'):
                    os.kill(int(pid), signal.SIGKILL)
                    return True
            except OSError:
                pass
        return False
