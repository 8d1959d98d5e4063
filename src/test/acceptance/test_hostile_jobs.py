"""Jobs that harm others or themselves: what lmake says of them, and that the repo is right once they are mended."""

import shutil
import time
import unittest

from repo import Repo, wait_until
from test_bad_jobs import jobs, rule


# The parent of a job is the agent, whose own is its guardian.
SERVER = 'p=$PPID; for i in 1 2; do p=$(cut -d " " -f 4 /proc/$p/stat); done'


class HostileJobsTest(unittest.TestCase):
    def mended(self, repo: Repo) -> None:
        """Nothing of the job is left, and the next build makes what a build from nothing would."""
        self.assertTrue(wait_until(lambda: not jobs(repo), 10), jobs(repo))
        repo.write('Lmakefile.py', rule('cat source'))
        result = repo.run('lmake made')
        self.assertEqual(0, result.rc, result.out)
        self.assertEqual(repo.read('source'), repo.read('made'))

    def test_daemon_that_writes_its_target_after_the_end_is_undone(self):
        cmd = 'cat source; (setsid sh -c "sleep 1; echo late >> made" </dev/null >/dev/null 2>&1 &)'
        for method in ('ld_preload', 'hybrid'):
            with self.subTest(method), Repo({'Lmakefile.py': rule(cmd, f'autodep = {method!r}'), 'source': '1\n'}) as repo:
                self.assertEqual(0, repo.run('lmake made').rc)
                self.assertTrue(wait_until(lambda: 'late' in repo.read('made') or not jobs(repo), 5))
                self.mended(repo)

    def test_that_changes_its_own_input_is_told(self):
        for change in ('echo 2 > source', 'echo 2 >> source', 'rm source', 'mv source other', 'ln -sf other source', 'chmod +x source'):
            with self.subTest(change), Repo({'Lmakefile.py': rule(f'cat source; {change}'), 'source': '1\n'}) as repo:
                result = repo.run('lmake made')
                self.assertEqual(1, result.rc, result.out)
                self.assertIn('unexpected write to source : source', result.out)
                self.assertNotIn('rerun', result.out)
                repo.run('git checkout -f source; rm -f other')
                self.mended(repo)

    def test_that_makes_its_input_look_new_each_time_is_told_which(self):
        for change in ('touch source', 'chmod 600 source'):
            with self.subTest(change), Repo({'Lmakefile.py': rule(f'cat source; {change}'), 'source': '1\n'}) as repo:
                result = repo.run('lmake made')
                self.assertEqual(1, result.rc, result.out)
                self.assertRegex(result.out, '(?m)^  (unexpected write to source|dep has been overwritten) : source$')
                self.assertNotIn('rerun', result.out)
                self.mended(repo)

    def test_that_appends_to_its_input_with_leave_is_told_which(self):
        text = rule('cat source; echo 2 >> source', "side_targets = {'S': ('source', 'source_ok')}")
        with Repo({'Lmakefile.py': text, 'source': '1\n'}) as repo:
            result = repo.run('lmake made')
            self.assertEqual(1, result.rc, result.out)
            self.assertRegex(result.out, r'submit_loop .* made\n  dep .* : source\n')

    def test_that_writes_what_it_has_not_declared_is_told(self):
        for cmd in ('echo x > undeclared', 'mkdir -p d; echo x > d/undeclared', 'ln -s source undeclared', 'cp source undeclared',
                    'env -i /bin/cp source undeclared'):
            with self.subTest(cmd), Repo({'Lmakefile.py': rule(f'{cmd}; cat source'), 'source': '1\n'}) as repo:
                result = repo.run('lmake made')
                self.assertEqual(1, result.rc, result.out)
                self.assertIn('undeclared', result.out)
                self.mended(repo)

    def test_that_kills_its_parent_is_not_waited_for_ever(self):
        for cmd in ('kill -9 $PPID; sleep 2', 'kill $PPID; sleep 2'):
            with self.subTest(cmd), Repo({'Lmakefile.py': rule(f'{cmd}; cat source'), 'source': '1\n'}) as repo:
                begun = time.monotonic()
                repo.run('lmake made')
                self.assertLess(time.monotonic() - begun, 40)
                self.mended(repo)

    def test_that_stops_the_agent_is_run_to_its_end(self):
        for method in ('none', 'ld_preload', 'seccomp', 'hybrid', 'ptrace'):
            text = rule('kill -STOP $PPID; sleep 0.1; cat source', f'autodep = {method!r}', "deps = {'S': 'source'}")
            with self.subTest(method), Repo({'Lmakefile.py': text, 'source': '1\n'}) as repo:
                result = repo.run('lmake made')
                self.assertEqual(0, result.rc, result.out)
                self.assertEqual('1\n', repo.read('made'))
                self.mended(repo)

    def test_that_stops_the_agent_and_its_guardian_is_run_to_its_end(self):
        both = 'g=$(cut -d " " -f 4 /proc/$PPID/stat); kill -STOP $g; kill -STOP $PPID; sleep 0.1; cat source'
        for method in ('none', 'ld_preload', 'hybrid', 'ptrace'):
            text = rule(both, f'autodep = {method!r}', "deps = {'S': 'source'}")
            with self.subTest(method), Repo({'Lmakefile.py': text, 'source': '1\n'}) as repo:
                result = repo.run('lmake made')
                self.assertEqual(0, result.rc, result.out)
                self.assertEqual('1\n', repo.read('made'))
                self.mended(repo)

    def test_that_kills_the_server_ends_with_it(self):
        cmd = f'{SERVER}; kill -9 $p; sleep 30; cat source'
        with Repo({'Lmakefile.py': rule(cmd), 'source': '1\n'}) as repo:
            begun = time.monotonic()
            self.assertEqual(8, repo.run('lmake made').rc)
            self.assertLess(time.monotonic() - begun, 20)
            self.mended(repo)

    def test_that_stops_the_server_is_waited_for_no_longer_than_the_silence_of_it(self):
        with Repo({'Lmakefile.py': rule(f'{SERVER}; kill -STOP $p; cat source'), 'source': '1\n'}) as repo:
            begun = time.monotonic()
            result = repo.run('lmake made')
            self.assertEqual(0, result.rc, result)
            self.assertLess(time.monotonic() - begun, 20)
            self.assertEqual(1, result.err.count('was stopped by somebody'), result)
            self.mended(repo)

    def test_that_runs_lmake_inside_is_refused_by_all_methods(self):
        for method in ('none', 'ld_preload', 'seccomp', 'hybrid'):
            with self.subTest(method), Repo({'Lmakefile.py': rule('lmake source', f'autodep = {method!r}'), 'source': '1\n'}) as repo:
                self.assertEqual(1, repo.run('lmake made').rc)
                self.mended(repo)

    def test_that_uses_a_debugger_is_followed(self):
        for tool in ('strace -f -o /dev/null', 'gdb -nx -batch -ex run --args', 'setpriv --no-new-privs'):
            if not shutil.which(tool.split()[0]):
                continue
            cmd = f'SHELL=/bin/sh {tool} /bin/cat source >$TMPDIR/out 2>&1; grep -o "^source.*" $TMPDIR/out'
            with self.subTest(tool), Repo({'Lmakefile.py': rule(cmd, "autodep = 'hybrid'"), 'source': 'source 1\n'}) as repo:
                if repo.run('lmake made').rc:       # said no, which is as good
                    continue
                repo.write('source', 'source 2\n')
                repo.run('lmake made')
                self.assertEqual('source 2\n', repo.read('made'))

    def test_stderr_of_200_megabytes_is_cut(self):
        cmd = 'head -c 200000000 /dev/zero | tr "\\0" x >&2; cat source'
        with Repo({'Lmakefile.py': rule(cmd, 'stderr_ok = True'), 'source': '1\n'}) as repo:
            result = repo.run('lmake made')
            self.assertEqual(0, result.rc, result.out[:1000])
            self.assertIn('stderr was truncated', result.out)
            for pid in repo.processes():
                with open(f'/proc/{pid}/status') as status:
                    peak = [int(line.split()[1]) for line in status if line.startswith('VmHWM')]
                self.assertLess(peak[0], 1_000_000, pid)
            self.mended(repo)

    def test_that_is_killed_amid_its_accesses_has_told_them(self):
        cmd = 'cat source; for i in 1 2 3 4 5 6 7 8 9; do (while :; do [ -e none$RANDOM ]; done) & done; sleep 0.5; kill -9 0'
        with Repo({'Lmakefile.py': rule(cmd), 'source': '1\n'}) as repo:
            self.assertEqual(1, repo.run('lmake made').rc)
            self.mended(repo)


if __name__ == '__main__':
    unittest.main()
