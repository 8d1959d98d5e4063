"""lmake_repair saves what is known of jobs from a state that was damaged, and never believes what does not hold any more."""

import os
import random
import shutil
import signal
import time
import unittest

from repo import Repo, wait_until

RULES = r'''
from lmake.rules import Rule
class Up(Rule):
    target = r'{File:\w+}.up'
    dep    = '{File}'
    cmd    = 'echo run >>LMAKE/lmake/runs; tr a-z A-Z'
class Cat(Rule):
    target = r'{A:\w+}+{B:\w+}.cat'
    deps   = {'X': '{A}.up', 'Y': '{B}.up'}
    cmd    = 'echo run >>LMAKE/lmake/runs; cat {X} {Y}; cat hidden'
class Star(Rule):
    targets = {'OUT': r'{Dir:\w+}.d/{N*:\d}'}
    dep     = '{Dir}'
    cmd     = 'echo run >>LMAKE/lmake/runs; read x; for i in 1 2; do echo $i $x >{Dir}.d/$i; done'
class Bad(Rule):
    target = 'bad'
    cmd    = 'exit 1'
'''
FILES = {'Lmakefile.py': RULES, 'a': 'text a\n', 'b': 'text b\n', 'hidden': 'hid\n'}
TARGETS = 'a+b.cat b+a.cat a.d/1'
STORE = 'LMAKE/lmake/store'
ROUNDS = 60 if os.environ.get('LMAKE_LONG') else 5


def built() -> Repo:
    """A repo where all is built, and no server is left."""
    repo = Repo(FILES)
    assert repo.run(f'lmake {TARGETS}').rc == 0
    stop(repo)
    return repo


def stop(repo: Repo) -> None:
    repo.run('lmake --shutdown')
    assert wait_until(lambda: not repo.processes(), 10), repo.processes()


def runs(repo: Repo) -> int:
    try:
        return len(repo.read('LMAKE/lmake/runs').splitlines())
    except FileNotFoundError:
        return 0


def tree(repo: Repo) -> dict[str, str]:
    return {str(path.relative_to(repo.root)): path.read_text() for path in sorted(repo.root.rglob('*'))
            if path.is_file() and not str(path.relative_to(repo.root)).startswith(('LMAKE', '.git/'))}


class RepairTest(unittest.TestCase):
    def repaired(self, repo: Repo) -> list[str]:
        result = repo.run('lmake_repair')
        self.assertEqual(0, result.rc, result)
        self.assertFalse((repo.root / 'LMAKE/repairing').exists())
        return repo.read('LMAKE/repaired_jobs').splitlines()

    def test_jobs_that_are_repaired_do_not_run_again_whatever_happened_to_the_store(self):
        def flip(repo: Repo) -> None:
            data = bytearray((repo.root / STORE / 'data.mdb').read_bytes())
            for at in range(8192, len(data), 512):
                data[at] ^= 0x55
            (repo.root / STORE / 'data.mdb').write_bytes(data)

        damages = {
            'none': lambda repo: None,
            'truncated': lambda repo: os.truncate(repo.root / STORE / 'data.mdb', 20000),
            'emptied': lambda repo: os.truncate(repo.root / STORE / 'data.mdb', 0),
            'deleted': lambda repo: shutil.rmtree(repo.root / STORE),
            'flipped': flip,
        }
        for name, damage in damages.items():
            with self.subTest(name), built() as repo:
                before = tree(repo)
                damage(repo)
                self.assertEqual(['a+b.cat', 'a.d/{N*}', 'a.up', 'b+a.cat', 'b.up'], self.repaired(repo))
                result = repo.run(f'lmake {TARGETS}')
                self.assertEqual(0, result.rc, result)
                self.assertEqual(0, runs(repo), result.out)
                self.assertEqual(before, tree(repo))
                self.assertEqual(0, repo.run('lshow -i a.up').rc)

    def test_a_store_made_anew_leaves_what_was_known_to_the_repair(self):
        with built() as repo:
            os.truncate(repo.root / STORE / 'data.mdb', 20000)
            repo.run('lmake a.up')  # says that the store was damaged, and builds from nothing
            stop(repo)
            self.assertEqual(['a+b.cat', 'a.d/{N*}', 'a.up', 'b+a.cat', 'b.up'], self.repaired(repo))

    def test_only_what_still_holds_is_kept_and_the_next_build_is_that_of_a_clean_repo(self):
        with built() as repo:
            repo.run('lmake bad')
            stop(repo)
            repo.write('a', 'new a\n')  # a source: its readers are kept, and run when they are needed
            (repo.root / 'b+a.cat').write_text('by hand\n')
            (repo.root / 'a.d/2').unlink()
            shutil.rmtree(repo.root / STORE)
            self.assertEqual(['a+b.cat', 'a.up', 'b.up'], self.repaired(repo))
            result = repo.run(f'lmake {TARGETS}')
            self.assertEqual(0, result.rc, result)
            self.assertEqual('by hand\n', repo.read('LMAKE/quarantine/b+a.cat'))
            with Repo({**FILES, 'a': 'new a\n'}) as clean:
                clean.run(f'lmake {TARGETS}')
                self.assertEqual(tree(clean), {k: v for k, v in tree(repo).items() if k != 'bad'})

    def test_a_job_whose_command_or_rule_changed_is_not_kept(self):
        with built() as repo:
            repo.write('Lmakefile.py', RULES.replace('tr a-z A-Z', 'rev').replace(r'class Star', 'class Renamed'))
            self.assertEqual(['a+b.cat', 'a.d/{N*}', 'b+a.cat'], self.repaired(repo), 'a name of a rule says nothing')
            repo.run('lmake a+b.cat')
            self.assertEqual('a txet\nb txet\nhid\n', repo.read('a+b.cat'))

    def test_what_the_user_had_frozen_and_edited_is_not_believed(self):
        with built() as repo:
            repo.run('lmark -af a.up; echo mine >a.up; lmake a+b.cat')
            self.assertEqual('mine\nTEXT B\nhid\n', repo.read('a+b.cat'))
            stop(repo)
            self.assertNotIn('a.up', self.repaired(repo))
            repo.run('lmake a+b.cat')
            self.assertEqual('TEXT A\nTEXT B\nhid\n', repo.read('a+b.cat'))

    def test_a_job_forgotten_before_runs_after(self):
        with built() as repo:
            repo.run('lforget a.up')
            stop(repo)
            self.assertNotIn('a.up', self.repaired(repo))

    def test_interrupted_anywhere_and_begun_again_it_ends_the_same(self):
        with built() as repo:
            shutil.rmtree(repo.root / STORE)
            repo.run('cp -a LMAKE saved')
            begun = time.monotonic()
            expected = self.repaired(repo)
            whole = time.monotonic() - begun
            seed = random.randrange(1 << 30)
            chance = random.Random(seed)
            for n in range(ROUNDS):
                repo.run('rm -rf LMAKE LMAKE.bck; cp -a saved LMAKE')
                kills = 0
                while not (repo.root / 'LMAKE/repaired_jobs').exists() or (repo.root / 'LMAKE/repairing').exists():
                    repair = repo.popen('exec lmake_repair')
                    if kills < 4:
                        time.sleep(chance.uniform(0, whole))
                        os.killpg(repair.pid, chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]))
                        kills += 1
                    out, err = repair.communicate(timeout=60)
                    self.assertNotIn('internal', out + err)
                    if kills >= 4:
                        self.assertIn(repair.returncode, (0, -9, -15, 1, 143, 5), err)
                    wait_until(lambda: not repo.processes(), 10)
                self.assertEqual(expected, repo.read('LMAKE/repaired_jobs').splitlines(), f'seed {seed} round {n}')
                result = repo.run(f'lmake {TARGETS}')
                self.assertEqual((0, 0), (result.rc, runs(repo)), f'seed {seed} round {n}: {result}')
                self.assertFalse((repo.root / 'LMAKE.new').exists() or (repo.root / 'LMAKE.gone').exists())
                stop(repo)

    def test_a_repair_that_was_interrupted_is_told_by_other_commands(self):
        with built() as repo:
            (repo.root / 'LMAKE/repairing').touch()
            result = repo.run('lmake a.up')
            self.assertEqual(5, result.rc, result)
            self.assertIn('lmake_repair', result.err)

    def test_refusals(self):
        with built() as repo:
            repo.run('lmake a.up')
            alive = repo.run('lmake_repair')
            self.assertEqual(5, alive.rc)
            self.assertIn('--shutdown', alive.err)
            stop(repo)
            repo.run('mkdir LMAKE.bck')
            both = repo.run('lmake_repair')
            self.assertEqual(5, both.rc)
            self.assertIn('rm -r LMAKE.bck', both.err)
            repo.run('rm -r LMAKE.bck; mkdir sub')
            self.assertEqual(11, repo.run('cd sub; lmake_repair').rc)
            self.assertEqual(11, repo.run('lmake_repair a.up').rc)
            self.assertEqual(11, repo.run('lmake_repair -h').rc)
            repo.write('Lmakefile.py', 'x(')
            broken = repo.run('lmake_repair')
            self.assertEqual(3, broken.rc, broken)
            self.assertFalse((repo.root / 'LMAKE.bck').exists(), 'nothing is moved')
            repo.write('Lmakefile.py', RULES)
            self.assertEqual(0, repo.run(f'lmake {TARGETS}').rc)
            self.assertEqual(5, runs(repo), 'all is known as before')
        with Repo({'Lmakefile.py': RULES}) as repo:
            self.assertEqual(12, repo.run('lmake_repair').rc)
            self.assertFalse((repo.root / 'LMAKE').exists())


class ServerByHandTest(unittest.TestCase):
    def test_it_stays_until_interrupted_and_is_used_by_clients(self):
        with Repo(FILES) as repo:
            server = repo.popen('exec lmake_server')
            self.assertTrue(wait_until(lambda: (repo.root / 'LMAKE/server').exists(), 20))
            self.assertEqual(0, repo.run('lmake a.up', LMAKE_IDLE='0').rc)
            time.sleep(1.5)
            self.assertIsNone(server.poll(), 'it does not leave')
            second = repo.run('lmake_server')
            self.assertEqual(0, second.rc)
            self.assertIn('already active', second.err)
            os.kill(server.pid, signal.SIGINT)
            server.communicate(timeout=20)
            self.assertEqual(1, server.returncode)
            self.assertFalse((repo.root / 'LMAKE/server').exists())
            self.assertEqual(11, repo.run('lmake_server x').rc)

    def test_a_bad_makefile_ends_it(self):
        with Repo({'Lmakefile.py': 'x('}) as repo:
            self.assertEqual(3, repo.run('lmake_server').rc)


class PlaceTest(unittest.TestCase):
    def test_a_link_in_place_of_the_state_dir_is_told(self):
        with Repo(FILES) as repo:
            repo.run('mkdir elsewhere; ln -s elsewhere LMAKE')
            for tool in ('lmake', 'lshow -i a', 'lmake_repair'):
                result = repo.run(tool)
                self.assertEqual(5, result.rc, result)
                self.assertIn('LMAKE is a symbolic link', result.err)


if __name__ == '__main__':
    unittest.main()
