"""Which job makes a file: priorities, groups, static deps, optional, phony, star, anti and source rules, and files nobody makes. Numbers: src/doc/contract.md."""

import unittest

from checklist import Checklist
from repo import Repo


class RulesTest(Checklist):
    makefile = r'''
class High(Rule):
    target = r'{F:\w+}.low'
    deps   = {'D': '{F}.high_src'}
    prio   = 1
    cmd    = 'echo high'
class Low(Rule):
    target = r'{F:\w+}.low'
    cmd    = 'echo low'
class Sure1(Rule):
    target = r'{F:\w+}.two'
    cmd    = 'echo 1'
class Sure2(Rule):
    target = r'{F:\w\w*}.two'
    cmd    = 'echo 2'
class Prio1(Rule):
    target = r'{F:\w+}.prio'
    prio   = 1
    cmd    = 'echo prio1'
class Prio2(Rule):
    target = r'{F:\w\w*}.prio'
    prio   = 2
    cmd    = 'echo prio2'
class Star1(Rule):
    targets = {'T': r'stars/{*:\w+}'}
    cmd     = 'echo 1 >stars/both; echo 1 >stars/one'
class Star2(Rule):
    targets = {'T': r'stars/{*:\w\w*}'}
    cmd     = 'echo 2 >stars/both; echo 2 >stars/two'
class StarHigh(Rule):
    targets = {'T': r'sh/{*:\w+}'}
    prio    = 1
    cmd     = 'echo high >sh/made'
class Starred(Rule):
    targets = {'T': r'starred/{X*:[a-z]+}'}
    cmd     = 'echo 1 >starred/made'
class StarLow(Rule):
    target = r'sh/{F:\w\w*}'
    cmd    = 'echo low'
class Optional(Rule):
    targets = {'T': (r'{F:\w+}.opt', 'optional')}
    prio    = 1
    cmd     = 'if [ {F} = made ]; then echo x >{F}.opt; fi'
class OptionalElse(Rule):
    target = r'other.opt'
    cmd    = 'echo other rule'
class Phony(Rule):
    targets = {'T': (r'{F:\w+}.phony', 'phony')}
    cmd     = ':'
class OnPhony(Rule):
    target = r'{F:\w+}.onphony'
    deps   = {'P': '{F}.phony'}
    cmd    = 'if [ -e {P} ]; then echo there; else echo no file; fi'
class Hide(AntiRule):
    target = r'hidden\d.x'
    target = r'{F:hidden\d}.x'
    prio   = -5
class Plain(Rule):
    target = r'{F:\w+}.x'
    prio   = 3
    cmd    = 'echo x'
class UserFiles(SourceRule):
    target = r'{F:\w+}.user'
class ReadUser(Rule):
    target = r'{F:\w+}.readuser'
    cmd    = 'cat {F}.user'
class File(Rule):
    target = 'file'
    cmd    = 'echo file'
class BelowFile(Rule):
    target = r'file/{F:\w+}'
    cmd    = 'echo never'
class BelowSource(Rule):
    target = r'src/{F:\w+}'
    cmd    = 'echo never'
class Grow(Rule):
    target = r'{F:.*}.grow'
    deps   = {'D': '{F}.grow.grow'}
    cmd    = 'echo never'
class Chain(Rule):
    target = r'chain{N:\d+}'
    deps   = {'D': 'chain{int(N)+1}'}
    cmd    = 'echo never'
class ReadHidden(Rule):
    target = r'{F:\w+}.hid'
    cmd    = 'if [ -e {F}.maybe ]; then cat {F}.maybe; else echo absent; fi'
class Both(Rule):
    targets = {'ST': r'both/{F:\w+}.a', 'SX': r'both/{F:\w+}.{*:\w}'}
    cmd     = 'echo static >{ST}'
class Newline(Rule):
    targets = {'T': r'nl{F:.*}end'}
    cmd     = "echo nl >{shlex.quote(T)}"
    import shlex
'''.replace("    target = r'hidden\\d.x'\n", '')
    files = {'src': '', 'shell': 'x\n'}

    def test_016_static_dep_not_buildable_lets_the_lower_rule_make_it(self):
        self.lmake('a.low')
        self.assertEqual('low\n', self.read('a.low'))

    def test_017_two_sure_rules_of_one_priority_run_nothing(self):
        self.lmake('a.two', rc=1)
        self.assertIn('Sure1', self.said)
        self.assertIn('Sure2', self.said)
        self.assertEqual([], self.jobs)

    def test_018_only_the_higher_of_two_priorities_runs(self):
        self.assertEqual(['done a.prio'], self.ran('a.prio'))
        self.assertEqual('prio2\n', self.read('a.prio'))

    def test_019_two_star_rules_that_write_one_file_both_run_and_it_is_multi(self):
        self.lmake('stars/both', rc=1)
        for rule in ('Star1', 'Star2'):
            self.assertRegex(self.said, rf'done +{rule} ')
        self.assertIn('multi', self.said)

    def test_020_star_rule_that_does_not_make_it_gives_way(self):
        self.lmake('sh/made sh/other')
        self.assertEqual(['high\n', 'low\n'], [self.read('sh/made'), self.read('sh/other')])

    def test_021_optional_target_not_made_gives_way_or_is_told(self):
        self.lmake('made.opt other.opt')
        self.assertEqual('other rule\n', self.read('other.opt'))
        self.lmake('neither.opt', rc=1)
        self.assertIn('does not produce it', self.said)

    def test_022_phony_target_not_written_counts_as_made(self):
        self.lmake('a.onphony a.phony')
        self.assertEqual('no file\n', self.read('a.onphony'))
        self.assert_idle('a.onphony')

    def test_023_anti_rule_hides_plain_rules_whatever_the_priorities(self):
        self.lmake('hidden1.x', rc=1)
        self.assertIn('anti-rule', self.said)
        self.lmake('shown.x')

    def test_024_source_rule_makes_files_sources_and_a_missing_one_an_error(self):
        self.sh('echo mine >a.user')
        self.lmake('a.readuser')
        self.assertEqual('mine\n', self.read('a.readuser'))
        self.lmake('b.readuser', rc=1)
        self.assertIn('missing', self.said)

    def test_025_target_below_a_buildable_file_is_refused_and_told_why(self):
        self.lmake('file/x', rc=1)
        self.assertIn('dir is buildable : file', self.said)

    def test_026_target_below_a_source_is_never_matched(self):
        self.lmake('src/x', rc=1)
        self.assertNotIn('BelowSource', '\n'.join(self.jobs))
        self.assertIn('dir is a source : src', self.said)

    def test_027_pattern_that_grows_without_end_is_told_with_its_chain(self):
        self.lmake('a.grow', rc=1)
        self.assertIn('path_max', self.said)
        self.assertRegex(self.said, r'failed +infinite_path +a.grow\n')
        self.assertIn('a.grow.grow', self.said)
        self.assertLess(len(self.said.splitlines()), 60)

    def test_028_chain_of_too_many_static_deps_is_told(self):
        self.lmake('chain0', rc=1)
        self.assertIn('max_dep_depth', self.said)
        self.assertRegex(self.said, r'failed +infinite_dep +chain0\n')

    def test_031_star_target_that_is_asked_for_shows_its_job_under_its_starred_name(self):
        self.assertEqual(['done starred/{X*}'], self.ran('starred/made'))
        self.lmake('starred/other', rc=1)
        self.assertIn('does not produce it', self.said)

    def test_032_new_source_that_was_seen_absent_reruns_its_reader(self):
        self.lmake('a.hid')
        self.assertEqual('absent\n', self.read('a.hid'))
        self.write('a.maybe', 'source\n')
        self.assertEqual(['done a.hid'], self.ran('a.hid'))
        self.assertEqual('source\n', self.read('a.hid'))

    def test_033_new_rule_for_what_was_absent_reruns_the_reader_and_034_without_it_the_product_goes(self):
        self.lmake('b.hid')
        before = self.read('Lmakefile.py')
        self.write('Lmakefile.py', before + '''
class Maybe(Rule):
    target = 'b.maybe'
    cmd    = 'echo made'
''')
        self.assertEqual(['done b.maybe', 'done b.hid'], self.ran('b.hid'))
        self.assertEqual('made\n', self.read('b.hid'))
        self.write('Lmakefile.py', before)
        self.lmake('b.maybe', rc=1)
        self.assertRegex(self.said, r'unlink +no_rule +b.maybe')
        self.assertIn('no rule', self.said)
        self.assertEqual(['done b.hid'], self.ran('b.hid'))
        self.assertEqual('absent\n', self.read('b.hid'))

    def test_035_absent_dep_that_nobody_makes_is_fine(self):
        self.lmake('c.hid')
        self.assert_idle('c.hid')

    def test_036_file_that_nobody_declared_is_dangling_and_left_alone(self):
        self.sh('echo untracked >d.maybe')
        self.lmake('d.hid', rc=1)
        self.assertIn('dangling', self.said)
        self.assertEqual('untracked\n', self.read('d.maybe'))
        self.sh('rm d.maybe')
        self.lmake('d.hid')
        self.assertEqual('absent\n', self.read('d.hid'))

    def test_037_dir_that_is_asked_for_has_no_rule(self):
        self.sh('mkdir -p adir; touch adir/x; git add adir/x')
        self.lmake('adir', rc=1)
        self.assertIn('no rule', self.said)

    def test_038_dot_matches_newlines_and_patterns_match_whole_names(self):
        self.lmake(r"$'nl\nend'")
        self.lmake('xnl-end', rc=1)
        self.lmake('nl-endx', rc=1)

    def test_039_static_targets_come_before_star_targets_of_the_rule(self):
        self.lmake('both/a.a')
        self.assertRegex(self.sh('lshow -t both/a.a').out, r'ST')
        self.lmake('both/a.b', rc=1)


class RefusedRulesTest(unittest.TestCase):
    RULE = "class {0}(Rule):\n    name = {1!r}\n    target = {2!r}\n    cmd = {3!r}\n"

    def refused(self, *rules: str) -> str:
        with Repo() as repo:
            repo.write('Lmakefile.py', 'from lmake.rules import Rule\n' + ''.join(rules))
            result = repo.run('lmake a.x')
            self.assertEqual(8, result.rc)  # no server was there
            return result.err

    def test_029_rules_of_one_pattern_one_name_of_jobs_and_the_same_deps_are_refused(self):
        self.assertIn('B', self.refused(self.RULE.format('A', 'a', '{F:.*}.x', 'echo a'),
                                        self.RULE.format('B', 'B', '{F:.*}.x', 'echo b')))

    def test_030_rules_of_one_name_are_refused(self):
        self.assertIn('same', self.refused(self.RULE.format('A', 'same', '{F:.*}.x', 'echo a'),
                                           self.RULE.format('B', 'same', '{F:.*}.y', 'echo b')))
