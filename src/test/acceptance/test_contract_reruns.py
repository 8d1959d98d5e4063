"""When a job runs again and when it does not: deps, cmd, resources, errors, targets touched by hand, limits, cycles. Numbers: src/doc/contract.md."""

import os

from checklist import Checklist
from repo import wait_until


class RerunsTest(Checklist):
    makefile = r'''
import lmake
class Cat(Rule):
    target = r'{F:\w+}.cat'
    deps   = {'S': '{F}.src'}
    cmd    = 'cat {S}'
class Const(Rule):
    target = r'{F:\w+}.const'
    deps   = {'S': '{F}.cat'}
    cmd    = 'cat {S} >/dev/null; echo const'
class OnConst(Rule):
    target = r'{F:\w+}.onconst'
    deps   = {'S': '{F}.const'}
    cmd    = 'cat {S}'
class Fail(Rule):
    target = r'{F:\w+}.fail'
    deps   = {'S': '{F}.src'}
    cmd    = 'cat {S}; exit 1'
class Link(Rule):
    target = r'{F:\w+}.rl'
    cmd    = 'readlink {F}.ln || echo no link'
class Access(Rule):
    target = r'{F:\w+}.acc'
    cmd    = 'if python3 -c "import os, sys; sys.exit(not os.access(\'{F}.src\', os.F_OK))"; then echo there; else echo absent; fi'
class Stat(Rule):
    target = r'{F:\w+}.stat'
    cmd    = 'stat -c %s {F}.src'
class Hidden(Rule):
    target = r'{F:\w+}.hid'
    cmd    = 'cat {F}.cat'
class HiddenOpt(Rule):
    target = r'{F:\w+}.hidopt'
    cmd    = 'cat {F}.cat || echo none'
    stderr_ok = True
class Slow(Rule):
    target = r'{F:\w+}.slow'
    cmd    = 'cat {F}.src; touch LMAKE/lmake/{F}.read; while [ ! -e LMAKE/lmake/{F}.go ]; do sleep 0.05; done'
class SlowHidden(Rule):
    target = r'{F:\w+}.slowhid'
    cmd    = 'cat {F}.cat; touch LMAKE/lmake/{F}.read; while [ ! -e LMAKE/lmake/{F}.go ]; do sleep 0.05; done'
class IgnoreError(Rule):
    target = r'{F:\w+}.ign'
    cmd    = 'ldepend -e {F}.fail; echo ran'
class Required(Rule):
    target = r'{F:\w+}.req'
    cmd    = 'ldepend {F}.nothing; echo ran'
class Mid(Rule):
    target = r'{F:\w+}.mid'
    deps   = {'S': '{F}.src'}
    cmd    = 'cat {S}'
class Top(Rule):
    target = r'{F:\w+}.top'
    deps   = {'S': '{F}.mid'}
    cmd    = 'cat {S}'
class Force(Rule):
    target = r'{F:\w+}.force'
    force  = True
    cmd    = 'echo always'
class OnForce(Rule):
    target = r'{F:\w+}.onforce'
    deps   = {'S': '{F}.force'}
    cmd    = 'cat {S}'
class MaxRuns(Rule):
    target = r'{F:\w+}.maxruns'
    max_runs = 2
    cmd    = 'cat {F}1.cat {F}2.cat'
class Steps(Rule):
    target = r'{F:\w+}.steps'
    max_submits = 2
    cmd    = 'cat {F}1.cat && cat {F}2.cat && cat {F}3.cat'
class Flaky(Rule):
    target = r'{F:\w+}.flaky'
    cmd    = 'n=$(cat LMAKE/lmake/{F}.n 2>/dev/null || echo 0); echo $((n+1)) >LMAKE/lmake/{F}.n; echo ok; [ $n -ge 2 ]'
class Illegal(Rule):
    target = r'{F:\w+}.illegal'
    cmd    = 'echo x >>LMAKE/lmake/{F}.log; echo x >undeclared.{F}'
class Cyc(Rule):
    target = r'{F:[ab]}.cyc'
    cmd    = 'cat {"b" if F == "a" else "a"}.cyc || :'
    stderr_ok = True
class OnFail(Rule):
    target = r'{F:\w+}.onfail'
    deps   = {'S': '{F}.fail'}
    cmd    = 'echo x >>LMAKE/lmake/{F}.log; cat {S}'
class NoAccess(Rule):
    target = r'{F:\w+}.noacc'
    cmd    = 'ldepend {F}.src; echo ran'
class Overwrite(Rule):
    target = r'{F:\w+}.over'
    side_targets = {'X': r'{F}.mid'}
    cmd    = 'echo other >{F}.mid'
class Two(Rule):
    target = r'{F:\w+}.seq'
    cmd    = 'cat {F}.cat; if [ $(cat {F}.cat) = bad ]; then cat {F}.fail; fi'
class Par(Rule):
    target = r'{F:\w+}.par'
    cmd    = 'ldepend -R {F}.cat {F}.fail; echo x'
class Env(Rule):
    target = r'{F:\w+}.env'
    environ = {'VAR': 'v0'}
    environ_ancillary = {'ANC': 'a0'}
    resources = {'cpu': 1}
    cmd    = 'echo $VAR'
class EnvFail(Env):
    target = r'{F:\w+}.envfail'
    cmd    = 'exit 1'
'''
    files = {'base.src': '1\n'}

    def source(self, name: str, text: str = '1\n') -> None:
        self.write(f'{name}.src', text)

    def edit_makefile(self, old: str, new: str) -> None:
        text = self.read('Lmakefile.py')
        self.assertIn(old, text)
        self.write('Lmakefile.py', text.replace(old, new))

    def test_040_second_build_runs_nothing_and_says_up_to_date(self):
        self.source('m40')
        self.assertEqual(['done m40.cat'], self.ran('m40.cat'))
        self.assert_idle('m40.cat')
        self.assertIn('was already up-to-date', self.said)

    def test_041_new_date_and_same_bytes_is_steady_and_runs_nothing(self):
        self.source('m41')
        self.lmake('m41.cat')
        self.sh('touch m41.src')
        self.assertEqual(['steady m41.src'], self.lmake('m41.cat'))

    def test_042_changed_source_reruns_and_identical_output_stops_there(self):
        self.source('m42')
        self.lmake('m42.onconst')
        self.source('m42', '2\n')
        self.assertEqual(['changed m42.src', 'done m42.cat', 'steady m42.const'], self.lmake('m42.onconst'))

    def test_043_to_048_each_part_of_a_rule_reruns_what_it_should(self):
        self.lmake('a.env b.env')
        self.lmake('a.envfail', rc=1)
        self.edit_makefile("class Env(Rule):", "# a comment\nclass Env(Rule):")
        self.assert_idle('a.env b.env')                                          # 47
        self.assertEqual([], self.ran('a.envfail', rc=1))                        # 48
        self.assertIn('was already in error', self.said)
        self.edit_makefile("'ANC': 'a0'", "'ANC': 'a1'")
        self.assertEqual([], self.ran('a.env'))                                  # 44
        self.assertEqual([], self.ran('a.envfail', rc=1))
        self.edit_makefile("resources = {'cpu': 1}", "resources = {'cpu': 1, 'mem': 1}")
        self.assertEqual([], self.ran('a.env b.env'))                            # 45
        self.assertEqual(['failed a.envfail'], self.ran('a.envfail', rc=1))
        self.sh('lforget -r')                                                    # 46
        self.assertEqual(['steady a.env', 'steady b.env'], sorted(self.ran('a.env b.env')))
        self.assertEqual([], self.ran('a.env b.env'))
        self.edit_makefile("'VAR': 'v0'", "'VAR': 'v1'")                         # 44
        self.assertEqual(['done a.env', 'done b.env'], sorted(self.ran('a.env b.env')))
        self.edit_makefile("cmd    = 'echo $VAR'", "cmd    = 'echo $VAR again'")  # 43
        self.assertEqual(['done a.env'], self.ran('a.env'))
        self.assertEqual(['done b.env'], self.ran('b.env'))

    def test_049_old_error_asked_again_or_forgotten_reruns(self):
        self.source('m49')
        self.assertEqual(['failed m49.fail'], self.ran('m49.fail', rc=1))
        self.assertEqual([], self.ran('m49.fail', rc=1))
        self.assertEqual(['failed m49.fail'], self.ran('-e m49.fail', rc=1))
        self.assertEqual(0, self.sh('lforget m49.fail').rc)
        self.assertEqual(['failed m49.fail'], self.ran('m49.fail', rc=1))

    def test_050_readlink_sees_only_links(self):
        self.write('m50.ln', '1\n')
        self.lmake('m50.rl')
        self.write('m50.ln', '2\n')
        self.assertEqual([], self.ran('m50.rl'))
        self.sh('ln -sf somewhere m50.ln')
        self.assertEqual(['done m50.rl'], self.ran('m50.rl'))
        self.assertEqual('somewhere\n', self.read('m50.rl'))

    def test_051_access_sees_only_existence_and_052_stat_sees_content(self):
        self.source('m51')
        self.lmake('m51.acc m51.stat')
        self.source('m51', '22\n')
        self.assertEqual(['done m51.stat'], self.ran('m51.acc m51.stat'))
        self.sh('git rm -qf m51.src')
        self.assertEqual(['done m51.acc'], self.ran('m51.acc'))
        self.assertEqual('absent\n', self.read('m51.acc'))

    def test_054_unknown_deps_are_built_and_the_job_run_again(self):
        self.source('m54')
        self.assertEqual(['may_rerun m54.hid', 'done m54.cat', 'done m54.hid'], self.ran('m54.hid'))

    def test_056_dep_that_changes_while_the_job_runs_makes_it_run_again(self):
        self.source('m56')
        self.lmake('m56.cat')
        self.source('m56', '2\n')
        with self.repo.popen('lmake m56.slowhid') as process:
            self.assertTrue(wait_until(lambda: os.path.exists(f'{self.repo.root}/LMAKE/lmake/m56.read'), 20))
            self.lmake('m56.cat')
            self.sh('touch LMAKE/lmake/m56.go')
            said = process.communicate(timeout=20)[0]
        self.assertEqual(0, process.returncode)
        self.assertIn('rerun', [line.split()[1] for line in said.splitlines() if 'm56.slowhid' in line], said)
        self.assertEqual('2\n', self.read('m56.slowhid'))
        self.assert_idle('m56.slowhid')

    def test_057_error_behind_a_changed_dep_is_not_held_against_the_job(self):
        self.source('m57', 'bad\n')
        self.lmake('m57.seq', rc=1)
        self.source('m57', 'good\n')
        self.lmake('m57.seq')
        self.assertEqual('good\n', self.read('m57.seq'))

    def test_058_error_beside_a_changed_dep_fails_without_a_run(self):
        self.source('m58')
        self.lmake('m58.par', rc=1)
        self.source('m58', '2\n')
        self.lmake('m58.par', rc=1)
        self.assertNotIn('m58.par', ' '.join(job for job in self.jobs if job.startswith(('done', 'failed', 'steady'))))

    def test_062_ignored_error_of_a_dep_lets_the_job_run(self):
        self.source('m62')
        self.lmake('m62.ign')
        self.assertEqual('ran\n', self.read('m62.ign'))

    def test_063_required_dep_that_is_absent_is_an_error(self):
        self.lmake('m63.req', rc=1)
        self.assertIn('dep_error m63.req', self.jobs)
        self.assertIn('m63.nothing', self.said)

    def test_064_options_skip_deps_and_065_what_was_deleted_is_not_missed_until_wanted(self):
        self.source('m64')
        self.lmake('m64.top')
        os.unlink(f'{self.repo.root}/m64.mid')
        self.assert_idle('m64.top')                                              # 65
        self.assertEqual(['steady m64.mid'], self.ran('-a m64.top'))
        self.source('m64', '2\n')
        self.assertEqual([], self.ran('-D m64.top'))
        self.assertEqual(['done m64.mid', 'done m64.top'], self.ran('m64.top'))

    def test_066_deleted_target_is_made_again_and_067_a_touched_one_is_not(self):
        self.source('m66')
        self.lmake('m66.cat')
        os.unlink(f'{self.repo.root}/m66.cat')
        self.assertEqual(['steady m66.cat'], self.ran('m66.cat'))
        self.sh('touch m66.cat')
        self.lmake('m66.cat')
        self.assertEqual([], self.jobs)
        self.assertIn('manual_steady', self.said)
        self.assert_idle('m66.cat')

    def test_068_edited_target_is_kept_in_quarantine_and_069_a_truncated_one_is_not(self):
        self.source('m68')
        self.lmake('m68.cat')
        self.sh('echo edited >m68.cat')
        self.lmake('m68.cat')
        self.assertEqual(['1\n', 'edited\n'], [self.read('m68.cat'), self.read('LMAKE/quarantine/m68.cat')])
        self.sh('rm LMAKE/quarantine/m68.cat; : >m68.cat')
        self.lmake('m68.cat')
        self.assertEqual('1\n', self.read('m68.cat'))
        self.assertFalse(os.path.exists(f'{self.repo.root}/LMAKE/quarantine/m68.cat'))

    def test_070_edited_intermediate_that_nobody_must_read_goes_unnoticed(self):
        self.source('m70')
        self.lmake('m70.top')
        self.sh('echo edited >m70.mid')
        self.assert_idle('m70.top')

    def test_071_source_edited_while_its_reader_waits_is_an_error_this_time_only(self):
        self.source('m71')
        with self.repo.popen('lmake m71.slow') as process:
            self.assertTrue(wait_until(lambda: os.path.exists(f'{self.repo.root}/LMAKE/lmake/m71.read'), 20))
            self.source('m71', '2\n')
            self.sh('touch LMAKE/lmake/m71.go')
            process.communicate(timeout=20)
        self.assertEqual(1, process.returncode)
        self.lmake('m71.slow')
        self.assertEqual('2\n', self.read('m71.slow'))
        self.assert_idle('m71.slow')

    def test_072_file_written_over_by_another_job_is_restored_when_needed(self):
        self.source('m72')
        self.lmake('m72.mid')
        self.lmake('m72.over')
        self.assertEqual('other\n', self.read('m72.mid'))
        self.lmake('m72.mid')
        self.assertEqual('1\n', self.read('m72.mid'))

    def test_073_forced_job_runs_at_each_command_and_its_readers_do_not(self):
        self.lmake('m73.onforce')
        for _ in range(2):
            self.assertEqual(['steady m73.force'], self.ran('m73.onforce'))

    def test_074_limits_stop_a_job_for_this_command_only(self):
        for n in range(1, 4):
            self.source(f'm74{n}')
        self.assertIn('submit_loop m74.steps', self.lmake('m74.steps', rc=1))
        self.lmake('m74.steps')
        for n in range(1, 3):
            self.source(f'n74{n}')
        self.lmake('n74.maxruns')

    def test_075_errors_are_retried_on_demand_but_not_what_is_forbidden(self):
        self.lmake('m75a.flaky', rc=1)
        self.sh('rm LMAKE/lmake/m75a.n')
        self.lmake('-e -r 2 m75a.flaky')
        self.lmake('-r 3 m75.illegal', rc=1)
        self.assertEqual('x\n', self.read('LMAKE/lmake/m75.log'))

    def test_076_cycle_of_hidden_deps_is_told_and_no_job_is_marked(self):
        self.lmake('a.cyc', rc=1)
        self.assertIn('cycle', self.said)
        for n in 'ab':
            self.assertNotIn('error', self.sh(f'lshow -i {n}.cyc').out)

    def test_077_job_with_a_static_dep_in_error_never_runs(self):
        self.source('m77')
        self.lmake('m77.onfail', rc=1)
        self.assertFalse(os.path.exists(f'{self.repo.root}/LMAKE/lmake/m77.log'))
        self.assertEqual(['failed m77.fail'], self.jobs)
        self.assertIn('m77.onfail', self.said)

    def test_078_dep_without_access_reruns_nothing_but_its_error_counts(self):
        self.source('m78')
        self.lmake('m78.noacc')
        self.source('m78', '2\n')
        self.assertEqual([], self.ran('m78.noacc'))
        self.sh('git rm -qf m78.src')
        self.lmake('m78.noacc', rc=1)

    def test_a_job_runs_again_on_another_system(self):
        """What its compilers and libraries make is in the products, and they are no deps."""
        self.source('system')
        os.makedirs(self.repo.root / 'LMAKE/lmake', exist_ok=True)
        (self.repo.root / 'LMAKE/lmake/another').write_text('ID=another\nVERSION_ID=1\n')
        space = 'unshare -m' if os.getuid() == 0 else 'unshare -rm'
        mount = f'{space} sh -c "mount --bind LMAKE/lmake/another /etc/os-release && exec lmake system.cat"'
        self.assertEqual(['done system.cat'], self.ran('system.cat'))
        for command, again in (('lmake system.cat', False), (mount, True), (mount, False), ('lmake system.cat', True)):
            self.sh('lmake --shutdown')
            self.assertTrue(wait_until(lambda: not self.repo.servers(), 10))
            result = self.sh(command)
            self.assertEqual(0, result.rc, result)
            self.assertEqual(again, 'steady' in result.out, (command, result))
