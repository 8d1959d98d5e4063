"""Nobody starts, stops or mends a server by hand: whatever happens to it, the next command just works."""

import concurrent.futures
import os
import pathlib
import random
import signal
import time
import unittest

from repo import Repo, wait_until

HELLO = '''
from lmake.rules import Rule
class Hello(Rule):
    target = 'hello'
    cmd    = 'echo hello'
'''
CHAIN = r'''
from lmake.rules import Rule
class Link(Rule):
    target = r'{N:\d+}.link'
    cmd    = 'sleep 0.01; if [ {N} = 1 ]; then cat seed; else cat $(({N}-1)).link; fi; echo {N}'
'''
SHARED = '''
from lmake.rules import Rule
class Shared(Rule):
    target = 'shared'
    cmd    = 'read -r word <LMAKE/lmake/go; echo $word'
class Private(Rule):
    target = 'private'
    cmd    = 'sleep 1000'
'''
ROUNDS = 30 if os.environ.get('LMAKE_LONG') else 6


class ServerLifeTest(unittest.TestCase):
    def test_many_clients_at_once_start_one_server(self):
        with Repo({'Lmakefile.py': HELLO.replace("'echo", "'echo run >>LMAKE/lmake/runs; echo")}) as repo:
            clients = [repo.popen('lmake hello') for _ in range(32)]
            ends = [(client.communicate(timeout=60), client.returncode) for client in clients]
            self.assertEqual([], [end for end in ends if end[1] != 0])
            self.assertEqual(1, len(repo.servers()))
            self.assertEqual('run\n', repo.read('LMAKE/lmake/runs'))

    def test_server_survives_its_command_and_leaves_when_idle(self):
        with Repo({'Lmakefile.py': HELLO}) as repo:
            self.assertEqual(0, repo.run('lmake hello', LMAKE_IDLE='1').rc)
            self.assertEqual(1, len(repo.servers()))
            self.assertTrue(wait_until(lambda: not repo.processes(), 10), repo.processes())
            self.assertEqual(0, repo.run('lmake hello').rc)

    def test_shutdown_stops_server_and_agent(self):
        with Repo({'Lmakefile.py': HELLO}) as repo:
            repo.run('lmake hello')
            self.assertEqual(0, repo.run('lmake --shutdown').rc)
            self.assertTrue(wait_until(lambda: not repo.processes(), 5), repo.processes())
            self.assertFalse((repo.root / 'LMAKE/server').exists())
            self.assertIn('was already up-to-date : hello', repo.run('lmake hello').out)

    def test_shutdown_without_server_is_quiet(self):
        with Repo({'Lmakefile.py': HELLO}) as repo:
            repo.run('lmake hello; lmake --shutdown')
            self.assertTrue(wait_until(lambda: not repo.servers(), 5))
            self.assertEqual(0, repo.run('lmake --shutdown').rc)

    def test_command_after_server_is_killed_at_any_moment_just_works(self):
        seed = random.randrange(1 << 32)
        choice = random.Random(seed)
        with Repo({'Lmakefile.py': CHAIN, 'seed': '0\n'}) as repo, self.subTest(seed=seed):
            for round_number in range(ROUNDS):
                repo.write('seed', f'{round_number}\n')
                client = repo.popen('lmake 20.link')
                time.sleep(choice.uniform(0, 1.2))
                killed = repo.servers()
                for pid in killed:
                    os.kill(pid, signal.SIGKILL)
                client.communicate(timeout=60)
                self.assertIn(client.returncode, (0, 4, 8))  # done, killed before it answered, or while it worked

                again = repo.run('lmake 20.link')
                self.assertEqual(0, again.rc, again)
                self.assertEqual([str(round_number), *map(str, range(1, 21))], repo.read('20.link').split())
                self.assertIn('was already up-to-date : 20.link', repo.run('lmake 20.link').out)

    def test_server_whose_LMAKE_was_removed_leaves_that_of_the_next_one_alone(self):
        with Repo({'Lmakefile.py': HELLO}) as repo:
            repo.run('lmake hello')
            old = repo.servers()
            self.assertEqual(0, repo.run('rm -rf LMAKE; lmake hello').rc)
            self.assertTrue(wait_until(lambda: not set(old) & set(repo.servers()), 10), repo.processes())
            self.assertEqual(1, len(repo.servers()))
            self.assertTrue((repo.root / 'LMAKE/server').exists())
            self.assertIn('was already up-to-date : hello', repo.run('lmake hello').out)
            self.assertEqual(1, len(repo.servers()))

    def test_makefile_without_end_dies_with_the_last_command_that_waits_for_it(self):
        with Repo({'Lmakefile.py': 'while True: pass\n'}) as repo:
            def reads() -> bool:
                return any('lmake_reader' in command for command in repo.processes().values())

            for end in (signal.SIGINT, signal.SIGKILL):
                clients = [repo.popen('exec lmake hello') for _ in range(2)]
                self.assertTrue(wait_until(reads, 10))
                time.sleep(0.5)
                for client in clients:
                    self.assertTrue(reads())
                    os.killpg(client.pid, end)
                    client.communicate(timeout=10)
                    self.assertEqual(-end, client.returncode)
                self.assertTrue(wait_until(lambda: not reads(), 5), repo.processes())
            repo.write('Lmakefile.py', HELLO)
            self.assertEqual(0, repo.run('lmake hello').rc)

    def test_makefile_that_ends_python_is_a_bad_makefile(self):
        for text, said in (('os._exit(0)', 'exit before'), ('os._exit(3)', 'status 3'), ('os.kill(os.getpid(), 9)', 'signal 9')):
            with self.subTest(text), Repo({'Lmakefile.py': f'import os; {text}\n'}) as repo:
                result = repo.run('lmake hello')
                self.assertEqual(8, result.rc)
                self.assertIn(said, result.err)

    def test_shutdown_waits_for_what_is_being_built(self):
        with Repo({'Lmakefile.py': SHARED}) as repo:
            repo.run('mkdir -p LMAKE/lmake; mkfifo LMAKE/lmake/go')
            build = repo.popen('exec lmake shared')
            self.assertTrue(wait_until(lambda: jobs(repo), 10))
            self.assertEqual(0, repo.run('lmake --shutdown').rc)
            time.sleep(1.5)
            self.assertEqual(1, len(repo.servers()))
            pathlib.Path(repo.root, 'LMAKE/lmake/go').write_text('went on\n')
            out, _ = build.communicate(timeout=20)
            self.assertEqual(0, build.returncode, out)
            self.assertTrue(wait_until(lambda: not repo.processes(), 5), repo.processes())
            self.assertFalse((repo.root / 'LMAKE/server').exists())

    def test_no_command_fails_because_the_server_is_leaving(self):
        with Repo({'Lmakefile.py': HELLO}) as repo:
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                ends = list(pool.map(lambda _: repo.run('lmake hello', LMAKE_IDLE='0'), range(10 * ROUNDS)))
            self.assertEqual([], [end for end in ends if end.rc != 0])
            self.assertTrue(wait_until(lambda: not repo.processes(), 10), repo.processes())
            self.assertFalse((repo.root / 'LMAKE/server').exists())

    def test_interrupt_kills_private_jobs_and_lets_shared_ones_go_on(self):
        with Repo({'Lmakefile.py': SHARED}) as repo:
            repo.run('mkdir -p LMAKE/lmake; mkfifo LMAKE/lmake/go')
            first = repo.popen('exec lmake shared private', LMAKE_ARGS='')
            self.assertTrue(wait_until(lambda: len(jobs(repo)) == 2, 10), repo.processes())
            second = repo.popen('exec lmake shared', LMAKE_ARGS='')
            self.assertIn('started', second.stdout.readline())

            os.killpg(first.pid, signal.SIGINT)
            out, _ = first.communicate(timeout=20)
            self.assertEqual(-signal.SIGINT, first.returncode)
            self.assertRegex(out, r'(?m) kill$')
            self.assertRegex(out, r'(?m) killed +Private .*private$')
            self.assertRegex(out, r'(?m) continue +Shared .*shared$')
            self.assertIn('| SUMMARY |', out)

            pathlib.Path(repo.root, 'LMAKE/lmake/go').write_text('went on\n')
            out, _ = second.communicate(timeout=20)
            self.assertEqual(0, second.returncode, out)
            self.assertEqual('went on\n', repo.read('shared'))

    def test_killed_client_takes_its_jobs_along(self):
        with Repo({'Lmakefile.py': SHARED}) as repo:
            client = repo.popen('exec lmake private')
            self.assertTrue(wait_until(lambda: jobs(repo), 10))
            client.kill()
            client.communicate()
            self.assertTrue(wait_until(lambda: not jobs(repo), 10), repo.processes())


def jobs(repo: Repo) -> list[str]:
    """The shells of the jobs that wait."""
    return [command for command in repo.processes().values() if command.startswith('sleep 1000') or 'lmake/go' in command]


if __name__ == '__main__':
    unittest.main()
