"""How a job is run and judged: what is washed, what it finds, how it may end, what it may write. Numbers: src/doc/contract.md."""

import os
import time

from checklist import Checklist
from repo import wait_until


class RunsTest(Checklist):
    makefile = r'''
import lmake
class Washed(Rule):
    targets = {'T': r'{F:\w+}.washed'}
    deps    = {'S': '{F}.src'}
    cmd     = 'if [ -e {T} ]; then echo old >{T}; else echo fresh >{T}; fi'
class Inc(Rule):
    targets = {'T': (r'{F:\w+}.inc', 'incremental')}
    deps    = {'S': '{F}.src'}
    cmd     = 'cat {S} >>{T}'
class Stars(Rule):
    targets = {'T': r'{F:\w+}.d/{*:.*}'}
    deps    = {'S': '{F}.src'}
    cmd     = 'while read n; do mkdir -p $(dirname {F}.d/$n); echo $n >{F}.d/$n; done <{S}'
class Dirs(Rule):
    targets = {'A': r'{F:\w+}.dirs/x/y/a', 'B': (r'{F:\w+}.dirs/z/b', 'optional')}
    cmd     = 'echo >{A}; rmdir {F}.dirs/z && mkdir {F}.dirs/z'
class InOut(Rule):
    target = r'{F:\w+}.inout'
    dep    = '{F}.src'
    cmd    = 'cat'
class In(Rule):
    target = r'{F:\w+}.noin'
    cmd    = 'cat; echo end'
class NotWritten(Rule):
    targets = {'T': r'{F:\w+}.missing'}
    cmd     = ':'
class NotWrittenOk(Rule):
    targets = {'P': (r'{F:\w+}.pho', 'phony'), 'O': (r'{F:\w+}.optio', 'optional')}
    cmd     = ':'
class Stderr(Rule):
    target = r'{F:\w+}.stderr'
    cmd    = 'echo said >&2; echo x'
class StderrOk(Stderr):
    target    = r'{F:\w+}.stderrok'
    stderr_ok = True
class Ends(Rule):
    target = r'{F:\w+}.ends'
    cmd    = 'echo x; case {F} in exit) exit 3 ;; segv) kill -SEGV $$ ;; kill) kill -KILL $$ ;; esac'
class Writes(Rule):
    target = r'{F:\w+}.writes'
    cmd    = 'echo 1; case {F} in left) echo x >left.undeclared ;; gone) echo x >gone.undeclared; rm gone.undeclared ;; esac'
class ReadWrite(Rule):
    target = r'{F:\w+}.rw'
    cmd    = 'cat rw.{F} >/dev/null 2>&1; ltarget {"-s" if F == "ok" else ""} rw.{F}; echo same >rw.{F}; echo x'
class Append(Rule):
    target = r'{F:\w+}.app'
    side_targets = {'S': (r'{F}.appended', 'source_ok')}
    cmd    = 'cat {F}.appended; echo more >>{F}.appended'
class Idem(Rule):
    target = r'{F:\w+}.idem'
    side_targets = {'S': (r'{F}.idempotent', 'source_ok')}
    cmd    = 'cat {F}.idempotent >/dev/null; echo same >{F}.idempotent; echo x'
class WriteSource(Rule):
    target = r'{F:\w+}.wsrc'
    cmd    = 'echo written >{F}.src2; echo x'
class WriteDep(Rule):
    target = r'{F:\w+}.wdep'
    deps   = {'S': '{F}.src'}
    cmd    = 'echo written >{S}; echo x'
class List(Rule):
    target = r'{F:\w+}.ls'
    cmd    = 'ls listed >/dev/null; echo x'
class ListRule(List):
    target = r'{F:\w+}.lsrule'
    readdir_ok = True
class ListSide(List):
    target = r'{F:\w+}.lsside'
    side_deps = {'D': ('listed', 'readdir_ok')}
class ListCall(List):
    target = r'{F:\w+}.lscall'
    cmd    = 'ldepend -D listed; ls listed >/dev/null; echo x'
class Signals(Rule):
    target    = r'{F:\w+}.sig'
    timeout   = 1
    kill_sigs = (15, 9)
    cmd       = 'trap "date +%s.%N >LMAKE/lmake/{F}.handler" TERM; while :; do sleep 0.05; done'
class Timeout(Rule):
    target  = r'{F:\w+}.timeout'
    timeout = 0.5
    cmd     = 'sleep 30'
class Daemon(Rule):
    target = r'{F:\w+}.daemon'
    cmd    = 'echo x; sleep 30 & disown; exit 0'
class Env(Rule):
    target  = r'{F:\w+}.environ'
    environ = {'A': '$REPO_ROOT/x', 'B': '${{REPO_ROOT}}y', 'C': '$PYTHON', 'D': '$SHELL', 'E': '$TMPDIR', 'F': '$TOP_REPO_ROOT'}
    cmd     = '/usr/bin/env'
class Tmp(Rule):
    target  = r'{F:\w+}.tmpdir'
    cmd     = 'ls -A $TMPDIR | wc -l; echo x >$TMPDIR/left; echo $TMPDIR >LMAKE/lmake/tmpdir.{F}'
class Flood(Rule):
    targets = {'T': r'{F:\w+}.flood'}
    cmd     = 'head -c 1000000 /dev/zero | tr "\\0" x; echo made >{T}'
class FailKeeps(Rule):
    target = r'{F:\w+}.failed'
    cmd    = 'echo partial; exit 1'
class OnFailed(Rule):
    target = r'{F:\w+}.onfailed'
    cmd    = 'cat {F}.failed'
class Quick(Rule):
    target      = r'{F:\w+}.quick'
    start_delay = 0.5
    cmd         = 'echo x; if [ {F} = slow ]; then sleep 1; fi'
class Odd(Rule):
    target = r'odd{F:.*}.name'
    cmd    = 'echo x'
'''
    files = {'base.src': '1\n', 'listed/x': ''}

    def source(self, name: str, text: str = '1\n') -> None:
        self.write(f'{name}.src', text)

    def path(self, name: str) -> str:
        return f'{self.repo.root}/{name}'

    def test_079_old_target_is_removed_and_an_incremental_one_kept(self):
        self.source('e79')
        self.lmake('e79.washed e79.inc')
        self.source('e79', '2\n')
        self.lmake('e79.washed e79.inc')
        self.assertEqual(['fresh\n', '1\n2\n'], [self.read('e79.washed'), self.read('e79.inc')])
        self.lmake('-I e79.inc')
        self.assertEqual('2\n', self.read('e79.inc'))

    def test_080_incremental_target_with_another_hard_link_leaves_the_link_its_bytes(self):
        self.source('e80')
        self.lmake('e80.inc')
        os.link(self.path('e80.inc'), self.path('LMAKE/lmake/e80.link'))
        self.source('e80', '2\n')
        self.lmake('e80.inc')
        self.assertEqual(['1\n2\n', '1\n'], [self.read('e80.inc'), self.read('LMAKE/lmake/e80.link')])

    def test_081_star_target_that_is_not_made_again_disappears_and_083_takes_its_dirs_along(self):
        self.source('e81', 'a\nsub/deep/b\n')
        self.lmake('e81.d/a e81.d/sub/deep/b')
        self.source('e81', 'a\n')
        self.lmake('e81.d/a')
        self.assertEqual(['a'], os.listdir(self.path('e81.d')))

    def test_082_dirs_of_static_targets_are_there(self):
        self.lmake('e82.dirs/x/y/a')
        self.assertTrue(os.path.isdir(self.path('e82.dirs/z')))

    def test_084_dep_is_stdin_and_target_is_stdout(self):
        self.source('e84')
        self.lmake('e84.inout e84.noin')
        self.assertEqual(['1\n', 'end\n'], [self.read('e84.inout'), self.read('e84.noin')])

    def test_085_static_target_not_written_is_an_error_unless_phony_or_optional(self):
        self.lmake('e85.missing', rc=1)
        self.assertRegex(self.said, r'missing.*e85\.missing|e85\.missing.*missing')
        self.lmake('e85.pho')

    def test_086_text_on_stderr_is_an_error_unless_allowed(self):
        self.lmake('e86.stderr', rc=1)
        self.assertIn('said', self.said)
        self.lmake('e86.stderrok')
        self.assertIn('said', self.said)

    def test_087_how_a_job_dies_decides(self):
        self.assertEqual(['failed exit.ends'], self.ran('exit.ends', rc=1))
        self.assertIn('exit status 3', self.said)
        self.assertEqual(['failed segv.ends'], self.ran('segv.ends', rc=1))
        self.assertEqual(['lost kill.ends', 'lost_err kill.ends'], self.ran('kill.ends', rc=1))

    def test_088_undeclared_write_is_an_error_unless_it_is_gone_at_the_end(self):
        self.lmake('left.writes', rc=1)
        self.assertIn('left.undeclared', self.said)
        self.assertTrue(os.path.exists(self.path('left.undeclared')))
        self.lmake('gone.writes')

    def test_089_read_then_declared_write_is_an_error_unless_source_ok(self):
        self.lmake('bad.rw', rc=1)
        self.assertIn('rw.bad', self.said)
        self.write('rw.ok', 'same\n')
        self.lmake('ok.rw')

    def test_090_source_that_grows_at_each_run_ends_in_a_loop_and_a_fixed_point_does_not(self):
        self.write('e90.appended', 'x\n')
        self.lmake('e90.app', rc=1)
        self.assertIn('submit_loop e90.app', self.jobs)
        self.write('e90.idempotent', 'other\n')
        self.lmake('e90.idem')
        self.assert_idle('e90.idem')

    def test_091_write_to_a_source_is_an_error_unless_asked_for(self):
        self.write('e91.src2', 'before\n')
        self.lmake('e91.wsrc', rc=1)
        self.assertIn('e91.src2', self.said)
        self.lmake('-e -s e91.wsrc')

    def test_092_write_to_a_static_dep_is_an_error(self):
        self.source('e92')
        self.lmake('e92.wdep', rc=1)
        self.assertIn('e92.src', self.said)

    def test_093_listing_a_dir_is_an_error_unless_allowed(self):
        self.lmake('e93.ls', rc=1)
        self.assertIn('listed', self.said)
        self.lmake('e93.lsrule e93.lsside e93.lscall')

    def test_094_handler_of_a_kill_signal_has_its_second(self):
        begun = time.time()
        self.lmake('e94.sig', rc=1)
        self.assertLess(time.time() - begun, 15)
        self.assertTrue(os.path.exists(self.path('LMAKE/lmake/e94.handler')))

    def test_095_timeout_is_told(self):
        self.lmake('e95.timeout', rc=1)
        self.assertIn('timeout', self.said)
        self.assertIn('timeout', self.sh('lshow -i e95.timeout').out)

    def test_096_child_that_holds_the_pipes_delays_the_end_and_changes_nothing(self):
        begun = time.time()
        self.lmake('e96.daemon')
        self.assertLess(time.time() - begun, 15)

    def test_098_environment_is_what_is_documented_and_099_its_keys_are_replaced(self):
        self.lmake('e98.environ', MINE='1')
        got = dict(line.split('=', 1) for line in self.read('e98.environ').splitlines())
        for name in [n for n in got if n.startswith('LMAKE_AUTODEP_ENV') or n in ('LD_PRELOAD', 'LD_AUDIT')]:
            del got[name]
        for name in ('_', 'SHLVL', 'PWD', 'OLDPWD'):
            got.pop(name, None)  # of the shell itself
        expected = {'A', 'B', 'C', 'D', 'E', 'F', 'HOME', 'LD_LIBRARY_PATH', 'PATH', 'PYTHONPATH', 'TMPDIR', 'UID', 'USER'}
        self.assertLessEqual(set(got), expected)
        root = str(self.repo.root)
        self.assertEqual([f'{root}/x', f'{root}y', root], [got['A'], got['B'], got['F']])
        self.assertEqual('/bin/bash', got['D'])
        self.assertIn('python', got['C'])
        self.assertEqual(got['TMPDIR'], got['E'])
        self.assertEqual(root, got['HOME'])

    def test_100_tmp_dir_is_empty_at_start_and_gone_after_unless_kept(self):
        self.lmake('e100.tmpdir')
        self.assertEqual('0\n', self.read('e100.tmpdir'))
        self.assertFalse(os.path.exists(self.read('LMAKE/lmake/tmpdir.e100').strip()))
        self.lmake('-t e100t.tmpdir')
        kept = self.read('LMAKE/lmake/tmpdir.e100t').strip()
        self.assertTrue(kept.startswith(self.path('LMAKE/tmp/')))
        self.assertEqual(['left'], os.listdir(kept))

    def test_101_stdout_larger_than_a_pipe_blocks_nobody(self):
        self.lmake('e101.flood')

    def test_102_targets_of_a_failed_job_stay_and_dependents_are_blocked(self):
        self.lmake('e102.onfailed', rc=1)
        self.assertEqual('partial\n', self.read('e102.failed'))
        self.assertIn('was_dep_error e102.onfailed', self.jobs)

    def test_103_file_that_stood_where_a_star_target_goes_is_not_read(self):
        self.source('e103', 'a\n')
        self.sh('mkdir -p e103.d; echo old >e103.d/a')
        self.lmake('e103.d/a')
        self.assertEqual('a\n', self.read('e103.d/a'))
        self.assert_idle('e103.d/a')

    def test_104_start_is_told_of_jobs_that_last(self):
        self.assertNotIn('start fast.quick', self.lmake('fast.quick'))
        self.assertIn('start slow.quick', self.lmake('slow.quick'))

    def test_105_any_name_works(self):
        for name in ("odd a b.name", "odd'quote.name", 'odd"double.name', 'odd\nnewline.name', 'odd$dollar`.name', 'odd\\back.name'):
            with self.subTest(name):
                quoted = "'" + name.replace("'", "'\\''") + "'"
                self.lmake(quoted)
                self.assertEqual('x\n', self.read(name))
                self.assertEqual(0, self.sh(f'lmake {quoted}').rc)
