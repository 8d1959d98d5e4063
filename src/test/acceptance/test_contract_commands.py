"""Several commands, servers that come and go, capacities, exit codes. Numbers: src/doc/contract.md."""

import os
import re
import signal
import unittest

from checklist import Checklist
from repo import Repo, wait_until

WAIT = 'touch LMAKE/lmake/{F}.begun; while [ ! -e LMAKE/lmake/{F}.go ]; do sleep 0.05; done; echo x'


class CommandsTest(Checklist):
    makefile = r'''
import lmake
lmake.config.backends.local.cpu = 2
lmake.config.backends.local.tool = 1
class Wait(Rule):
    target = r'{F:\w+}.wait'
    cmd    = 'WAIT'
class Other(Rule):
    target = r'{F:\w+}.other'
    cmd    = 'echo other'
class Count(Rule):
    target = r'{F:\w+}.count'
    cmd    = """
        echo + >>LMAKE/lmake/count.log; sleep 0.2; echo - >>LMAKE/lmake/count.log; echo x
    """
class Short(Rule):
    target = r'{F:\w+}.short'
    cmd    = 'sleep 0.2; cat src147'
class First(Rule):
    target = r'{F:\w+}.first'
    cmd    = 'cat src147'
class Long(Rule):
    target = r'{F:\w+}.long'
    deps   = {'FIRST': '{F}.first'}
    cmd    = 'sleep 0.6; cat {FIRST}'
class Tick(Rule):
    target = r'{F:\w+}.tick'
    cmd    = 'sleep 0.9; cat src167'
class Tool(Count):
    target = r'{F:\w+}.tool'
    resources = {'tool': 1}
class Greedy(Rule):
    target = r'{F:\w+}.greedy'
    resources = {'cpu': 1000}
    cmd = 'echo x'
class Unknown(Rule):
    target = r'{F:\w+}.unknown'
    resources = {'nothing_of_ours': 1}
    cmd = 'echo x'
class Nothing(Rule):
    target = r'{F:\w+}.none'
    resources = {'cpu': 0}
    cmd = 'echo x'
'''.replace('WAIT', WAIT)

    def begun(self, name: str) -> None:
        self.assertTrue(wait_until(lambda: os.path.exists(f'{self.repo.root}/LMAKE/lmake/{name}.begun'), 20))

    def go(self, name: str) -> None:
        self.sh(f'touch LMAKE/lmake/{name}.go')

    def test_132_job_wanted_by_two_commands_runs_once_and_the_second_is_told(self):
        with self.repo.popen('lmake c1.wait') as first:
            self.begun('c1')
            with self.repo.popen('lmake c1.wait') as second:
                out = second.stdout.readline()
                self.go('c1')
                out += second.communicate(timeout=30)[0]
            said = first.communicate(timeout=30)[0]
        self.assertRegex(said, r'done +Wait .*c1\.wait')
        self.assertIn('started', out)
        self.assertEqual([0, 0], [first.returncode, second.returncode])
        self.assert_idle('c1.wait')

    def test_147_longest_path_first_when_times_are_known(self):
        self.write('src147', '1')
        self.lmake('-j1 a.short b.short c.long')
        self.write('src147', '2')
        self.lmake('-j1 a.short b.short c.long')
        order = [one for one in self.jobs if one.startswith('done ')]
        self.assertEqual(['done c.first', 'done c.long'], order[:2], self.said)
        self.assertEqual({'done a.short', 'done b.short'}, set(order[2:]), self.said)

    def test_167_time_left_shrinks_as_jobs_finish_and_results_do_not_depend_on_it(self):
        names = 'a.tick b.tick c.tick d.tick'
        self.write('src167', '1')
        self.lmake(f'-j1 {names}')
        for options, content in (('', '2'), ('-E1', '3'), ('-E2h', '4')):
            self.write('src167', content)
            self.lmake(f'-Vd -j1 {options} {names}')
            titles = re.findall(r'\x1b]0;done:\d running:1 [^\a]* - ETE:([^\a]*)\a', self.said)
            left = [self.seconds(text) for text in titles]
            self.assertGreaterEqual(len(left), 2, self.said)
            if not options:
                self.assertEqual(sorted(set(left), reverse=True), left)
                self.assertGreater(left[0], 0.9, left)
                self.assertLess(left[-1], 0.75 * left[0], left)  # at least one of four is over
            elif options == '-E1':
                self.assertLess(max(left), 1)
            else:
                self.assertGreater(min(left), 7000)
            self.assertEqual([content] * 4, [self.read(name).strip() for name in names.split()])
            self.assert_idle(names)

    def seconds(self, text: str) -> float:
        """What a duration such as `1h59m`, `2m03s` or `0.123s` means."""
        units = {'d': 86400, 'h': 3600, 'm': 60, 's': 1}
        return sum(float(n) * units[unit] for n, unit in re.findall(r'([\d.]+)([dhms])', text))

    def test_134_changed_command_is_refused_while_another_command_runs_and_accepted_after(self):
        with self.repo.popen('lmake c2.wait') as first:
            self.begun('c2')
            text = self.read('Lmakefile.py')
            self.write('Lmakefile.py', text.replace("'echo other'", "'echo other one'"))
            self.lmake('c2.other', rc=5)
            self.assertIn('rule Other has another command', self.said)
            self.go('c2')
            first.communicate(timeout=30)
        self.lmake('c2.other')
        self.assertEqual('other one\n', self.read('c2.other'))

    def test_145_no_more_jobs_at_once_than_the_capacity(self):
        for targets, jobs, most in (('count', '-j9', 2), ('count', '-j1', 1), ('tool', '-j9', 1)):
            names = ' '.join(f'c145{jobs[-1]}{i}.{targets}' for i in range(6))
            self.sh('rm -f LMAKE/lmake/count.log')
            self.lmake(f'{jobs} {names}', LMAKE_ARGS='')
            running = highest = 0
            for sign in self.read('LMAKE/lmake/count.log').split():
                running += 1 if sign == '+' else -1
                highest = max(highest, running)
            self.assertEqual(most, highest, (targets, jobs))

    def test_146_job_that_asks_for_more_than_there_is_fails_at_once(self):
        for name, advice in (('greedy', 'cpu'), ('unknown', 'nothing_of_ours'), ('none', 'resource')):
            with self.subTest(name):
                self.lmake(f'c3.{name}', rc=1)
                self.assertIn(advice, self.said)
                self.assertEqual([f'failed c3.{name}'], self.jobs)

    def test_168_rule_removed_then_restored_finds_its_jobs_up_to_date(self):
        self.lmake('c4.other')
        text = self.read('Lmakefile.py')
        self.write('Lmakefile.py', re.sub(r'class Other\(Rule\):\n.*\n.*\n', '', text))
        self.lmake('c5.other', rc=1)
        self.write('Lmakefile.py', text)
        self.assert_idle('c4.other')


class ServersTest(unittest.TestCase):
    MAKEFILE = 'from lmake.rules import Rule\nclass W(Rule):\n    target = r"{F:\\w+}.wait"\n    cmd = ' + repr(WAIT) + '\n'

    def setUp(self):
        self.repo = Repo({'Lmakefile.py': self.MAKEFILE})
        self.addCleanup(self.repo.close)

    def test_137_server_killed_in_the_middle_of_a_job_loses_nothing_finished(self):
        self.repo.run('mkdir -p LMAKE/lmake; touch LMAKE/lmake/a.go; lmake a.wait')
        with self.repo.popen('lmake b.wait') as client:
            begun = f'{self.repo.root}/LMAKE/lmake/b.begun'
            self.assertTrue(wait_until(lambda: os.path.exists(begun), 20))
            for pid in self.repo.servers():
                os.kill(pid, signal.SIGKILL)
            client.communicate(timeout=30)
            self.assertEqual(8, client.returncode)
        self.repo.run('touch LMAKE/lmake/b.go')
        result = self.repo.run('lmake a.wait b.wait')
        self.assertEqual(0, result.rc, result)
        self.assertNotRegex(result.out, r'(done|steady) .*a\.wait')
        self.assertRegex(result.out, r'(done|steady) .*b\.wait')
        self.assertTrue(wait_until(lambda: len(self.repo.servers()) == 1, 5))

    def test_138_removing_the_marker_stops_the_server_and_its_commands(self):
        with self.repo.popen('lmake c.wait') as client:
            self.assertTrue(wait_until(lambda: os.path.exists(f'{self.repo.root}/LMAKE/lmake/c.begun'), 20))
            os.unlink(f'{self.repo.root}/LMAKE/server')
            client.communicate(timeout=30)
            self.assertEqual(8, client.returncode)
        self.assertTrue(wait_until(lambda: not self.repo.processes(), 10), self.repo.processes())

    def test_139_marker_of_a_dead_server_is_in_nobodys_way(self):
        self.repo.run('mkdir -p LMAKE/lmake; touch LMAKE/lmake/d.go; lmake d.wait; lmake --shutdown')
        self.assertTrue(wait_until(lambda: not self.repo.servers(), 10))
        for text in ('host:1\n1\n', 'host:1\n%d\n' % os.getpid(), 'garbage', ''):
            with self.subTest(text):
                (self.repo.root / 'LMAKE/server').write_text(text)
                self.assertEqual(0, self.repo.run('lmake d.wait').rc)
                self.repo.run('lmake --shutdown')
                self.assertTrue(wait_until(lambda: not self.repo.servers(), 10))
