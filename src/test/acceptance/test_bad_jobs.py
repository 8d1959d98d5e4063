"""Jobs that misbehave end, are reported, leave no process behind that could write later, and the repo is right afterwards."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from repo import INSTALL, Repo, Result, wait_until


def rule(cmd: str, *attributes: str, target: str = 'made') -> str:
    lines = [f'target = {target!r}', f'cmd = {cmd!r}', *attributes]
    return 'from lmake.rules import Rule\nclass R(Rule):\n' + ''.join(f'    {line}\n' for line in lines)


def jobs(repo: Repo) -> list[str]:
    return [command for command in repo.processes().values() if '--server' not in command and 'lmake_agent' not in command]


class BadJobsTest(unittest.TestCase):
    def build(self, cmd: str, *attributes: str, files: dict[str, str] = {}) -> Result:
        with Repo({'Lmakefile.py': rule(cmd, *attributes), **files}) as repo:
            begun = time.monotonic()
            result = repo.run('lmake made')
            self.assertLess(time.monotonic() - begun, 20)
            self.assertTrue(wait_until(lambda: not jobs(repo), 5), jobs(repo))
            self.assertEqual(1, len(repo.servers()))
            repo.write('Lmakefile.py', rule('echo well'))
            self.assertEqual(0, repo.run('lmake made').rc)
            self.assertEqual('well\n', repo.read('made'))
            return result

    def test_that_ignore_signals_or_stop_end_by_their_timeout(self):
        for cmd in ('trap "" TERM HUP INT; while :; do sleep 1; done', 'kill -STOP $$', 'kill -STOP 0', 'setsid sleep 100 & wait'):
            with self.subTest(cmd):
                result = self.build(cmd, 'timeout = 1', 'kill_sigs = (15,)')
                self.assertEqual(1, result.rc)
                self.assertIn('timeout after', result.out)

    def test_that_cannot_be_followed_fail_and_name_the_program(self):
        with tempfile.TemporaryDirectory() as dir:
            source = pathlib.Path(dir, 'still.c')
            source.write_text('int main(void) { return 0; }')
            subprocess.run(['gcc', '-static', '-o', f'{dir}/still', source], check=True)
            result = self.build(f'{dir}/still; echo x', "autodep = 'ld_preload'")
            self.assertEqual(1, result.rc)
            self.assertIn(f'static executable {dir}/still', result.out)

    def test_that_clean_their_environment_are_followed(self):
        with Repo({'Lmakefile.py': rule('env -i cat source'), 'source': '1\n'}) as repo:
            self.assertEqual(0, repo.run('lmake made').rc)
            repo.write('source', '2\n')
            repo.run('lmake made')
            self.assertEqual('2\n', repo.read('made'))

    def test_that_run_lmake_are_refused(self):
        result = self.build(f'{INSTALL}/bin/lmake other', "autodep = 'none'")
        self.assertEqual(1, result.rc)

    def test_that_lose_their_cwd_or_fill_their_tmp_dir_leave_nothing(self):
        cmd = 'mkdir -p $TMPDIR/d $TMPDIR/e/f; chmod 0 $TMPDIR/e; cd $TMPDIR/d; rmdir $PWD; echo x'
        self.assertEqual(0, self.build(cmd).rc)

    def test_names_bring_no_control_characters_to_the_terminal(self):
        with Repo({'Lmakefile.py': rule('exit 1', target='{F:(?s:bad.*)}')}) as repo:
            for name in ("$'bad\\e[31m\\nx\\ry'", "$'other\\e]0;x\\a'"):
                out = repo.run(f'lmake {name}; lshow -i {name}; lshow -d {name}; lshow -b {name}').out
                self.assertNotRegex(out.replace('\n', ''), r'[\x00-\x08\x0b-\x1f\x7f]')
            repo.run("lmake $'a\\rb'; lmake c")
            self.assertIn(b'a\rb\n', (repo.root / 'LMAKE/targets').read_bytes())

    def test_write_nothing_through_a_dir_replaced_by_a_link_to_outside(self):
        with tempfile.TemporaryDirectory() as outside, Repo({'Lmakefile.py': rule('echo x', target='dir/made')}) as repo:
            for before in ('', 'precious\n'):
                precious = pathlib.Path(outside, 'made')
                if before:
                    precious.write_text(before)
                repo.run('lmake dir/made; rm -rf dir')
                repo.run(f'ln -s {outside} dir')
                result = repo.run('lforget dir/made; lmake dir/made')
                self.assertEqual(1, result.rc)
                self.assertIn('symbolic link', result.out)
                self.assertEqual(before, precious.read_text() if precious.exists() else '')
                repo.run('rm dir')

    @unittest.skipUnless(os.getuid() == 0 and shutil.which('setpriv'), 'needs root, to become one whom limits bind')
    def test_that_fork_without_end_are_stopped(self):
        user = 64321
        with Repo({'Lmakefile.py': rule('ulimit -u 150; f() {{ sleep 0.1; f | f & }}; f 2>/dev/null; sleep 30', 'timeout = 2')}) as repo:
            repo.run(f'chown -R {user} .')
            result = repo.run(f'setpriv --reuid={user} --regid={user} --clear-groups lmake made')
            self.assertEqual(1, result.rc)
            self.assertTrue(wait_until(lambda: not jobs(repo), 5), jobs(repo))

    def test_whose_client_is_gone_are_killed_with_all_they_started(self):
        with Repo({'Lmakefile.py': rule('setsid sleep 100 & sleep 100 & sleep 100')}) as repo:
            for end in (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
                client = repo.popen('exec lmake made')
                self.assertTrue(wait_until(lambda: sum('sleep 100' in job for job in jobs(repo)) >= 3, 10), jobs(repo))
                client.send_signal(end)
                client.communicate()
                self.assertEqual(-end, client.returncode)
                self.assertTrue(wait_until(lambda: not jobs(repo), 5), jobs(repo))


if __name__ == '__main__':
    unittest.main()
