#!/usr/bin/env python3
"""Tests of the agent: jobs as the specification wants them to start, behave and end. Usage: run_agent_tests.py <install>

Each test gets an agent in a repo of its own; a test is a function, its name is the promise.
"""
import ast
import os
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback

from agent_link import Agent, MAX_KEPT, Reader, frame, strings, string, u8, u32, u64
from forbid_seccomp import forbid

L, R, T, WRITE, MAYBE, UNSTABLE, REQUIRED, ALLOW, LATE = 0x1, 0x2, 0x4, 0x10, 0x100, 0x200, 0x400, 0x800, 0x4000
EXITED, SIGNALED, TIMEOUT, KILLED, CHECKED, CANNOT_START, REFUSED = range(7)
TESTS = []


def test(f):
    TESTS.append(f)
    return f


def alive(mark):
    """Pids of processes whose command line holds mark, ours and zombies excepted."""
    found = []
    for pid in os.listdir('/proc'):
        if not pid.isdigit() or int(pid) == os.getpid():
            continue
        try:
            with open('/proc/%s/cmdline' % pid, 'rb') as f:
                if mark.encode() in f.read():
                    found.append(int(pid))
        except OSError:
            pass
    return found


def comes(mark, seconds):
    """Whether such a process is there within this time: one that was left behind may not have started yet."""
    until = time.time() + seconds
    while not alive(mark) and time.time() < until:
        time.sleep(0.02)
    return bool(alive(mark))


def gone(mark, seconds):
    until = time.time() + seconds
    while alive(mark) and time.time() < until:
        time.sleep(0.02)
    return not alive(mark)


def mark():
    """A duration for sleep that names the test's processes."""
    mark.n += 1
    return '%d.%06d' % (300 + mark.n, os.getpid())


mark.n = 0


@test
def exit_codes_are_told(a):
    for code in (0, 1, 127, 255):
        end = a.run('exit %d' % code)
        assert end.outcome == EXITED and os.WEXITSTATUS(end.status) == code, end
    assert end.end >= end.start > 0


@test
def signals_are_told(a):
    for sig in (9, 11, 15):
        end = a.run('kill -%d $$' % sig)
        assert end.outcome == SIGNALED and os.WTERMSIG(end.status) == sig, end


@test
def outputs_are_captured_apart(a):
    end = a.run('echo out; echo err >&2')
    assert (end.stdout, end.stderr) == ('out\n', 'err\n'), end


@test
def size_of_what_was_made_is_told(a):
    a.write('read', 'x' * 100)
    assert a.run('echo hello >out; ln -s read link', wanted=['out', 'link', 'none']).size == 6 + 4
    assert a.run('cat read').size == 0


@test
def one_stream_keeps_the_order(a):
    end = a.run('echo 1; echo 2 >&2; echo 3', flags=16)
    assert (end.stdout, end.stderr) == ('', '1\n2\n3\n'), end


@test
def live_output_comes_as_it_is_written(a):
    seq = a.start('echo first; sleep 1; echo second', flags=2)
    a.wait_for(lambda: b'first' in b''.join(a.live.get(seq, [])), 0.9, 'live line')
    assert a.wait(seq).stdout == 'first\nsecond\n'


@test
def environment_is_exactly_as_given(a):
    env = ['A=1', 'B=', 'Z=x y', 'PATH=/usr/bin:/bin']
    lines = a.run(['/usr/bin/env'], env=env).stdout.splitlines()
    assert [l for l in lines if not l.startswith('LMAKE_AUTODEP_ENV=')] == env, lines
    assert len(lines) == len(env) + 1, lines


@test
def program_is_found_in_the_path_of_the_job(a):
    a.write('tools/mine', '#!/bin/sh\necho mine\n')
    os.chmod(a.path('tools/mine'), 0o755)
    assert a.run(['mine'], env=['PATH=%s:/bin' % a.path('tools')]).stdout == 'mine\n'
    assert a.run(['mine'], env=['PATH=/bin']).outcome == CANNOT_START


@test
def cannot_start_says_why(a):
    a.write('script', '#!/no/such/interpreter -x\n')
    a.write('text', 'just text')
    for name in ('script', 'text'):
        os.chmod(a.path(name), 0o755)
    for argv, how, word in (
            (['/no/such/shell', '-c', 'true'], {}, '/no/such/shell'),
            (['./script'], {}, '/no/such/interpreter'),
            (['./text'], {}, 'not a program'),
            (['/bin/true', 'x' * 200000], {}, 'too long'),
            (['/bin/true'], {'cwd': 'nowhere'}, 'nowhere'),
            (['/bin/true'], {'stdin': 'nothing'}, 'nothing'),
            (['/bin/true'], {'stdout': 'no/dir/out'}, 'no/dir/out')):
        end = a.run(argv, **how)
        assert end.outcome == CANNOT_START and word in end.messages[0] and 'consider' in end.messages[0], end


@test
def signals_and_descriptors_are_clean(a):
    end = a.run('cat /proc/self/status | grep -E "^Sig(Blk|Ign|Cgt)"; ls -l /proc/self/fd | wc -l; '
                'ps -o pid=,pgid=,sid= -p $$')
    lines = end.stdout.splitlines()
    assert [l.split()[1] for l in lines[:3]] == ['0' * 16] * 3, lines
    assert lines[3] == '5', lines          # total, 0, 1, 2, and the listing itself
    assert len(set(lines[4].split())) == 1, lines


@test
def memory_of_a_crash_is_not_left_in_the_repo_unless_asked(a):
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    b = Agent(a.install, preexec=lambda: resource.setrlimit(resource.RLIMIT_CORE, (hard, hard)))
    try:
        for iso in (None, {'flags': 1}):
            assert b.run('ulimit -Sc', iso=iso).stdout == '0\n'
        b.run('sh -c "kill -SEGV \\$$"; true')
        assert [f for f in os.listdir(b.root) if f.startswith('core')] == []
    finally:
        b.close()


@test
def stdin_is_read_and_stdout_is_written(a):
    a.write('in', 'hello\n')
    a.write('out', 'former')
    end = a.run(['/bin/cat'], stdin='in', stdout='out')
    assert a.text('out') == 'hello\n' and end.stdout == ''
    read, written = end.accesses['in'], end.accesses['out']
    assert read.bits & R and not read.bits & WRITE and read.sig > 1 and read.sig == read.end_sig, read
    assert written.bits & WRITE and written.sig > 1 and written.end_sig != written.sig and written.crc > 1, written
    assert read.crc == 0 and read.read and written.write


@test
def stdin_through_a_link_reads_both(a):
    a.write('real/in', 'x')
    os.symlink('real/in', a.path('link'))
    end = a.run(['/bin/cat'], stdin='link')
    assert end.accesses['link'].bits & L and end.accesses['real/in'].bits & R, end


@test
def default_stdin_is_empty(a):
    assert a.run('readlink /proc/self/fd/0').stdout == '/dev/null\n'


@test
def cwd_is_below_root(a):
    os.makedirs(a.path('sub/dir'))
    assert a.run(['/bin/pwd'], cwd='sub/dir').stdout == a.path('sub/dir') + '\n'


@test
def tmp_is_empty_then_removed(a):
    tmp = a.path('LMAKE/tmp/7')
    os.makedirs(tmp + '/old/deep')
    seq = a.start('ls %s; mkdir -p %s/x/y; ln -s /etc %s/x/etc; touch %s/x/y/z; sleep 0.2' % ((tmp,) * 4), tmp=tmp)
    a.pid_of(seq)
    assert os.path.isdir(tmp)
    end = a.wait(seq)
    assert end.stdout == '' and end.outcome == EXITED, end
    time.sleep(0.1)
    assert not os.path.exists(tmp) and os.path.exists('/etc/passwd')
    a.run('touch %s/kept' % tmp, tmp=tmp, flags=1)
    time.sleep(0.05)
    assert os.listdir(tmp) == ['kept']


@test
def tmp_elsewhere_is_reached_through_no_link(a):
    place = os.path.realpath(tempfile.mkdtemp(prefix='lmake-agent-tmp-'))
    try:
        os.mkdir(place + '/real')
        os.symlink('real', place + '/link')
        for _ in range(2):      # made, and there already
            tmp = place + '/real/repo/1'
            end = a.run('echo x >$T/f; ls $T', tmp=tmp, env=['T=' + tmp, 'PATH=/bin'])
            assert end.stdout == 'f\n' and not os.path.exists(place + '/real/repo/1'), end
            end = a.run('true', tmp=place + '/link/repo/1')
            assert end.outcome == CANNOT_START and 'symbolic link' in end.messages[0], end
    finally:
        shutil.rmtree(place)


@test
def much_stderr_blocks_nobody(a):
    seq = a.start('head -c 209715200 /dev/zero >&2; echo end')
    other = a.run('echo quick')
    end = a.wait(seq, 60)
    assert other.stdout == 'quick\n' and end.stdout == 'end\n' and end.outcome == EXITED
    assert len(end.stderr) == MAX_KEPT and any('209715200' not in m and 'dropped' in m for m in end.messages), end.messages
    assert str(209715200 - MAX_KEPT) in end.messages[0]


@test
def timeout_uses_the_signals_of_the_rule(a):
    begin = time.time()
    end = a.run('trap "echo term" TERM; while :; do sleep 0.05; done', timeout=300, kill_sigs=[15])
    assert end.outcome == TIMEOUT and os.WTERMSIG(end.status) == 9 and 'term' in end.stdout, end
    assert 1.2 < time.time() - begin < 20, time.time() - begin


@test
def timeout_without_signals_kills_at_once(a):
    m = mark()
    begin = time.time()
    end = a.run('sleep %s & sleep %s' % (m, m), timeout=200)
    assert end.outcome == TIMEOUT and time.time() - begin < 20 and gone(m, 5), end


@test
def polite_death_ends_the_kill(a):
    seq = a.start('trap "exit 3" TERM; while :; do sleep 0.02; done', kill_sigs=[15, 9])
    a.pid_of(seq)
    time.sleep(0.2)
    begin = time.time()
    a.kill(seq)
    end = a.wait(seq)
    assert end.outcome == KILLED and os.WEXITSTATUS(end.status) == 3 and time.time() - begin < 20, end


@test
def killed_by_check_deps_is_told_apart(a):
    seq = a.start('sleep 100')
    a.pid_of(seq)
    a.kill(seq, 2)
    assert a.wait(seq).outcome == CHECKED


@test
def kill_of_an_unknown_job_is_ignored(a):
    a.kill(12345)
    assert a.run('true').outcome == EXITED


@test
def stopped_job_is_killed(a):
    for sigs in ([], [15]):
        end = a.run('kill -STOP $$', timeout=300, kill_sigs=sigs)
        assert end.outcome == TIMEOUT and os.WIFSIGNALED(end.status), end


@test
def closing_all_descriptors_ends_well(a):
    end = a.run('exec 0<&- 1>&- 2>&-; sleep 0.3; exit 4')
    assert end.outcome == EXITED and os.WEXITSTATUS(end.status) == 4
    assert end.end - end.start > 0.25e9, end


@test
def daemon_holding_pipes_is_waited_two_seconds(a):
    m = mark()
    begin = time.time()
    end = a.run('setsid sleep %s & exit 5' % m)
    took = time.time() - begin
    assert end.outcome == EXITED and os.WEXITSTATUS(end.status) == 5 and 1.8 < took < 20, (took, end)
    assert any('still open' in m for m in end.messages), end.messages
    for pid in alive(m):
        os.kill(pid, 9)


@test
def silent_daemon_is_left_alone(a):
    m = mark()
    begin = time.time()
    end = a.run('setsid sleep %s </dev/null >/dev/null 2>&1 & exit 0' % m)
    assert end.outcome == EXITED and time.time() - begin < 1.8 and not end.messages, end
    assert comes(m, 10)
    for pid in alive(m):
        os.kill(pid, 9)


@test
def kill_reaches_double_forks_and_new_sessions(a):
    m = mark()
    seq = a.start('(setsid sh -c "setsid sleep %s >/dev/null 2>&1 & exit" & exit); (sleep %s &); sleep %s' % (m, m, m))
    a.pid_of(seq)
    until = time.time() + 5
    while len(alive(m)) < 3 and time.time() < until:
        time.sleep(0.02)
    time.sleep(0.1)
    a.kill(seq)
    assert a.wait(seq).outcome == KILLED
    assert gone(m, 2), alive(m)


@test
def end_of_stdin_kills_everything(a):
    m = mark()
    for _ in range(3):
        a.start("trap '' TERM HUP; (setsid sleep %s &); sleep %s" % (m, m), kill_sigs=[15])
    a.pid_of(3)
    time.sleep(0.3)
    assert a.close() == 0
    assert gone(m, 1), alive(m)


def family(a):
    """Guardian and agent."""
    with open('/proc/%d/task/%d/children' % (a.process.pid, a.process.pid)) as f:
        return a.process.pid, int(f.read().split()[0])


@test
def killed_agent_leaves_no_orphan(a):
    m = mark()
    a.start('(setsid sleep %s &); sleep %s; sleep %s' % (m, m, m))
    a.pid_of(1)
    time.sleep(0.2)
    os.kill(family(a)[1], 9)
    assert gone(m, 3), alive(m)
    assert a.process.wait(5) == 137


@test
def killed_guardian_leaves_no_orphan(a):
    m = mark()
    a.start('(setsid sleep %s &); sleep %s; sleep %s' % (m, m, m))
    a.pid_of(1)
    time.sleep(0.2)
    a.process.kill()
    assert gone(m, 3), alive(m)


def sig_of(a, name):
    a.send(5, u64(1) + u32(1) + string(name) + u64(0) + u8(1))
    return a.stated.get(timeout=5)[1][0][0]


@test
def pre_actions_are_done_in_order(a):
    for name in ('mine', 'edited', 'empty', 'polluted', 'dir/edited'):
        a.write(name, '' if name == 'empty' else name)
    a.write('shared', 'shared')
    os.link(a.path('shared'), a.path('other'))
    inode = os.stat(a.path('other')).st_ino
    end = a.run('ls', pre=[
        (1, 'mine', sig_of(a, 'mine'), ''), (1, 'edited', 77, 'note'), (1, 'empty', 77, ''), (1, 'absent', 77, ''),
        (2, 'polluted', 0, 'Rule x'), (3, 'shared', 0, ''), (1, 'dir/edited', 77, ''), (4, 'new/deep', 0, '')])
    assert end.done == [(1, 'mine', ''), (3, 'edited', 'note'), (2, 'empty', ''), (5, 'polluted', 'Rule x'),
                        (4, 'shared', ''), (3, 'dir/edited', '')], end
    assert end.stdout.split() == ['LMAKE', 'dir', 'new', 'other', 'shared']
    assert a.text('LMAKE/quarantine/edited') == 'edited' and a.text('LMAKE/quarantine/dir/edited') == 'dir/edited'
    assert a.text('shared') == 'shared' and os.stat(a.path('shared')).st_ino != inode
    assert os.path.isdir(a.path('new/deep'))


@test
def incremental_target_that_the_user_made_a_link_is_not_written_through(a):
    a.write('precious', 'user')
    for known in (True, False):
        os.symlink('precious', a.path('inc'))
        sig = sig_of(a, 'inc') if known else 77
        end = a.run('readlink inc >was || echo none >was', pre=[(3, 'inc', sig, '')])
        assert end.done == ([] if known else [(3, 'inc', '')]), end
        assert a.text('was') == ('precious\n' if known else 'none\n') and a.text('precious') == 'user'
        if known:
            os.unlink(a.path('inc'))
    assert os.readlink(a.path('LMAKE/quarantine/inc')) == 'precious'


@test
def quarantine_keeps_the_last_version_whatever_lies_there(a):
    a.write('LMAKE/quarantine/d', 'a file where a dir must be')
    a.write('d/f', '1')
    a.run('true', pre=[(1, 'd/f', 77, '')])
    a.write('d/f', '2')
    a.run('true', pre=[(1, 'd/f', 77, '')])
    assert a.text('LMAKE/quarantine/d/f') == '2' and a.text('LMAKE/quarantine/d~1~').startswith('a file')


@test
def nothing_is_removed_through_a_link(a):
    outside = tempfile.mkdtemp()
    with open(outside + '/precious', 'w') as f:
        f.write('x')
    os.symlink(outside, a.path('ldir'))
    for what in (1, 2):
        end = a.run('true', pre=[(what, 'ldir/precious', 5, '')])
        assert end.outcome == CANNOT_START and 'symbolic link' in end.messages[0], end
    assert os.path.exists(outside + '/precious')
    shutil.rmtree(outside)


@test
def wanted_files_have_their_crc(a):
    a.write('static', 'x')
    end = a.run('true', wanted=['static', 'missing'])
    assert end.accesses['static'].crc > 15 and end.accesses['static'].bits == 0
    assert end.accesses['missing'].crc == 1 and end.accesses['missing'].end_sig == 0


@test
def dir_that_became_a_link_leads_to_no_file_of_that_name(a):
    for wanted in ([], ['d/made', 'd/old']):
        a.write('d/old', 'old')
        a.write('e/made', 'not it')
        a.write('e/old', 'not it')
        end = a.run('cat d/old; echo made > d/made; mv d was; ln -s e d; cat e/old', autodep=3, wanted=wanted)
        assert end.outcome == EXITED and not end.status, end
        for name in ('d/made', 'd/old'):
            found = end.accesses[name]
            assert (found.end_sig, found.crc in (0, 1)) == (0, True), (name, found)
        assert end.accesses['d'].bits & WRITE and end.accesses['d'].crc & 1 and end.accesses['e/old'].end_sig > 1, end
        a.run('rm -r d was')


@test
def agent_that_a_job_stops_goes_on(a):
    a.write('f', 'read')
    for method in (0, 1, 2, 3):
        end = a.run('kill -STOP $PPID; sleep 0.1; cat f', autodep=method)
        assert (end.outcome, end.status, end.stdout) == (EXITED, 0, 'read'), (method, end)
        assert not method or end.accesses['f'].bits & R, (method, end)


@test
def method_that_watches_is_told_at_the_start(a):
    for method in (0, 1, 2, 3, 4):
        seq = a.start('true', autodep=method)
        a.wait(seq)
        assert a.started[seq][2] == method, a.started[seq]
    b = Agent(a.install, preexec=lambda: forbid(listeners_only=True))
    seq = b.start('true', autodep=3)
    b.wait(seq)
    assert b.started[seq][2] == 4, b.started[seq]
    b.close()


@test
def stat_is_answered(a):
    a.write('f', 'x')
    a.write('e', '')
    os.symlink('f', a.path('l'))
    a.send(5, u64(9) + u32(4) + b''.join(string(n) + u64(0) + u8(0) for n in ('f', 'e', 'l', 'none')))
    tag, (f, e, link, none) = a.stated.get(timeout=5)
    assert tag == 9 and f[3] == 1 and not f[1] & 1 and e[1] == 4 and link[3] == 3 and link[1] & 1
    assert none == (0, 1, 0, 0) or none == (0, 0, 0, 0), none


@test
def many_jobs_run_in_parallel(a):
    begin = time.time()
    seqs = [a.start('sleep 0.5; echo %d' % i) for i in range(150)]
    for i, seq in enumerate(seqs):
        assert a.wait(seq, 60).stdout == '%d\n' % i
    assert time.time() - begin < 60
    assert not a.ends


@test
def usage_is_counted(a):
    end = a.run('i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done')
    assert end.user > 1e6 and end.rss > 1e5, end


@test
def in_job_calls_become_accesses(a):
    a.write('src', 'x')
    end = a.run('ldepend -R src; ldepend -c none other; ltarget -s new; ltarget -W written; cd LMAKE; ldepend -I ../sub/ign;'
                'ldepend -X "a.*b" && ltarget -pX "t(.*)"')
    assert not end.stderr and end.outcome == EXITED and end.status == 0, end
    src, none, other = (end.accesses[n] for n in ('src', 'none', 'other'))
    assert src.bits & (R | L | REQUIRED) == R | L | REQUIRED and src.sig > 1 and src.group and src.dep & 16, src
    assert none.group == other.group != src.group and none.dep == 17 and not none.bits & (R | L), none
    assert none.read == other.read and none.sig == 0
    assert end.accesses['new'].bits & ALLOW and end.accesses['new'].target == 1024 + 16, end.accesses['new']
    assert end.accesses['written'].bits & WRITE and end.accesses['written'].write, end.accesses['written']
    assert end.accesses['sub/ign'].bits == 0x1000, end.accesses['sub/ign']
    (p1, w1, d1, t1, _), (p2, w2, d2, t2, _) = end.patterns
    assert (p1, w1, d1, t1) == ('a.*b', 1, 16, 0) and (p2, w2, d2, t2) == ('t(.*)', 2, 0, 1024 + 8), end.patterns


@test
def names_of_calls_are_resolved(a):
    os.makedirs(a.path('real/deep'))
    os.symlink('real', a.path('link'))
    os.symlink('deep/x', a.path('real/xlink'))
    end = a.run('cd link/deep; ldepend ../x; cd ../..; ldepend link/y; ldepend link/xlink; ldepend -L link/xlink; '
                'ldepend %s/abs /etc/passwd LMAKE/lmake/private' % a.root)
    assert end.status == 0, end
    assert set(end.accesses) == {'link', 'real/x', 'real/y', 'real/xlink', 'real/deep/x', 'abs'}, set(end.accesses)
    assert end.accesses['link'].bits & L


@test
def errors_of_links_on_the_way_are_ignored_with_those_of_the_end(a):
    os.makedirs(a.path('real'))
    os.symlink('real', a.path('link'))
    end = a.run('ldepend -e link/x')
    assert {n: r.dep & 4 for n, r in end.accesses.items()} == {'link': 4, 'real/x': 4}, end.accesses
    end = a.run('ldepend -c link/x')
    assert {n: r.dep & 7 for n, r in end.accesses.items()} == {'link': 0, 'real/x': 1}, end.accesses


@test
def the_root_may_be_said_to_be_listable(a):
    os.makedirs(a.path('d'))
    for cmd in ('ldepend -D .', 'cd d; ldepend -D ..', 'ldepend -D %s' % a.root):
        end = a.run(cmd)
        assert {n: r.dep & 8 for n, r in end.accesses.items()} == {'.': 8}, (cmd, end)


@test
def lists_are_as_seen_from_the_cwd(a):
    os.makedirs(a.path('d/e'))
    script = 'ldepend -R one; ldepend -R d/two; ldepend -R d/e/three; ltarget -W d/t; cd d; %s'
    def lines(cmd):
        return a.run(script % cmd).stdout.split()
    assert lines('ldepend -l') == ['../one', 'two', 'e/three']
    assert lines('ldepend -l -z e') == ['e/three']
    assert lines("ldepend -lX '.*t[hw].*'") == ['two', 'e/three']
    assert lines('ltarget -l') == ['t']
    assert lines('cd /; ldepend -l') == [a.path(n) for n in ('one', 'd/two', 'd/e/three')]


@test
def direct_and_verbose_wait_for_the_server(a):
    a.write('src', 'x')
    seq = a.start('ldepend -dR dep || echo failed; ldepend -veR src /etc/hosts dep; echo $?')
    ask = a.asks.get(timeout=5)
    assert (ask.seq, ask.what, ask.names) == (seq, 1, ['dep']), ask
    time.sleep(0.2)
    a.write('dep', 'built meanwhile')
    assert a.run('echo free').stdout == 'free\n'       # the agent serves others meanwhile
    a.answer(ask, 0)
    ask = a.asks.get(timeout=5)
    assert (ask.what, ask.names, ask.flags) == (2, ['src', 'dep'], 9 | 4 << 16), ask
    a.answer(ask, 0, ['ok 0123456789abcdef-R src', 'error none dep'])
    end = a.wait(seq)
    assert end.stdout.splitlines() == ['failed', 'ok    0123456789abcdef-R src', '-     -                  /etc/hosts',
                                       'error none               dep', '0'], end.stdout
    assert end.accesses['dep'].bits & R and not end.accesses['dep'].bits & UNSTABLE, end.accesses['dep']


@test
def check_deps_asks_with_what_was_read(a):
    a.write('src', 'x')
    seq = a.start('ldepend -R src; lcheck_deps -s; echo $?; lcheck_deps; lcheck_deps -d 0.3; sleep 0.6')
    ask = a.asks.get(timeout=5)
    assert ask.what == 3 and [r[0] for r in ask.reads] == ['src'] and ask.reads[0][1] > 1, ask
    a.answer(ask, 0)
    assert a.asks.get(timeout=5).what == 4
    begin = time.time()
    assert a.asks.get(timeout=5).what == 4 and time.time() - begin > 0.1
    assert a.wait(seq).stdout == '1\n'


@test
def caller_of_a_killed_job_does_not_hang(a):
    seq = a.start('lcheck_deps -s; echo alive')
    ask = a.asks.get(timeout=5)
    a.kill(seq, 2)
    end = a.wait(seq)
    assert end.outcome == CHECKED and 'alive' not in end.stdout
    a.answer(ask, 1)                                   # too late: ignored
    assert a.run('true').outcome == EXITED


@test
def strangers_are_not_served(a):
    import socket
    end = a.run('echo $LMAKE_AUTODEP_ENV; sleep 0')
    log = end.stdout.strip().rsplit(':', 1)[0]
    path = os.path.join(os.path.dirname(log), 's')
    assert os.stat(os.path.dirname(log)).st_mode & 0o77 == 0
    seq = a.start('sleep 0.5')
    a.pid_of(seq)
    for data in (frame(1, u64(12345) + u8(1) + u32(0) * 4 + string('/') + strings(['x'])), b'garbage!!' * 10, b'\0' * 4):
        s = socket.socket(socket.AF_UNIX)
        s.connect(path)
        s.sendall(data)
        assert s.recv(100) == b''
    assert not a.wait(seq).accesses


@test
def usage_errors_of_in_job_commands(a):
    bad = ['ldepend -Q f', 'ldepend -v f', 'ldepend -dX f', 'ldepend ""', 'ldepend -', 'ldepend --read=1 f',
           'ldepend --dir d -l', 'ldepend -l f', 'ldepend --rea f', 'ldepend -X "a("', 'ltarget -d f', 'lcheck_deps f',
           'lcheck_deps -d x', 'lcheck_deps -d -1', 'lcheck_deps -d', 'ldepend -h', 'ltarget --help']
    for cmd in bad:
        end = a.run(cmd)
        assert os.WEXITSTATUS(end.status) == 11 and 'man l' in end.stderr, (cmd, end)
    for cmd in ('ldepend', 'ldepend -- -f', 'ldepend f -r g', 'ldepend -rE f', 'lcheck_deps --delay=0', 'ltarget -z "" f',
                'ldepend --version'):
        assert a.run(cmd).status == 0, cmd


@test
def outside_a_job_commands_do_nothing(a):
    env = {'PATH': a.install + '/bin:/bin:/usr/bin'}
    for extra in ({}, {'LMAKE_AUTODEP_ENV': '/no/such/file:5'}):
        out = subprocess.run('ldepend -R f; ltarget g; lcheck_deps -s; ldepend -vR f', shell=True, env={**env, **extra},
                             cwd=a.root, stdout=subprocess.PIPE, universal_newlines=True)
        assert (out.returncode, out.stdout) == (0, '- - f\n'), out


@test
def xxhsum_prints_what_the_books_hold(a):
    a.write('f', 'x')
    a.write('exe', 'x')
    a.write('empty', '')
    os.chmod(a.path('exe'), 0o755)
    os.symlink('f', a.path('l'))
    lines = a.run('xxhsum f exe empty l none . ; xxhsum f; xxhsum <f').stdout.splitlines()
    words = [l.split() for l in lines[:6]]
    assert [w[1] for w in words] == ['f', 'exe', 'empty', 'l', 'none', '.'], lines
    assert words[0][0].endswith('-R') and len(words[0][0]) == 18 and words[1][0] != words[0][0]
    assert words[2][0] == 'empty-R' and words[3][0].endswith('-L') and words[4][0] == words[5][0] == 'none', lines
    assert lines[6] == words[0][0] and lines[7] + '-R' == lines[6], lines


class Log:
    """The log of a running job, written to as its processes would."""
    MAGIC = 0x4c4d4b5245433031

    def __init__(self, a, **how):
        self.a = a
        self.seq = a.start('echo $LMAKE_AUTODEP_ENV; while [ ! -e LMAKE/go ]; do sleep 0.02; done', flags=2, **how)
        a.wait_for(lambda: a.live.get(self.seq), 10, 'live line')
        name, token = b''.join(a.live[self.seq]).decode().strip().rsplit(':', 1)
        self.file, self.token = open(name, 'r+b', 0), int(token)

    def number(self, at, value=None):
        self.file.seek(at)
        if value is None:
            return struct.unpack('<Q', self.file.read(8))[0]
        self.file.write(struct.pack('<Q', value))

    def add(self, name, bits, date, sig=1, mtime=0, token=None):
        raw = name.encode()
        size = (56 + len(raw) + 8) // 8 * 8
        at = self.number(16)
        self.number(16, at + size)
        self.file.seek(at)
        self.file.write(struct.pack('<QIIqQqII', self.MAGIC ^ (token or self.token), size, bits, date, sig, mtime, len(raw), 0)
                        + raw.ljust(size - 48, b'\0'))

    def end(self):
        self.a.write('LMAKE/go', '')
        self.file.close()
        end = self.a.wait(self.seq)
        os.unlink(self.a.path('LMAKE/go'))
        return end


@test
def dates_decide_between_reads_and_writes(a):
    log = Log(a)
    log.add('late', WRITE, 10, 0)
    log.add('late', L | R, 20, 5)
    log.add('dep', L | R, 5, 7)
    log.add('dep', L, 3, 7, mtime=99)
    log.add('both', R | L, 10, 7)
    log.add('both', WRITE, 20, 7)
    log.add('mixed', T, 10, 0)
    log.add('mixed', R, 30, 9)
    log.add('mixed', WRITE, 20, 0)
    log.add('update', L | R | WRITE, 10, 7)
    log.add('own', L | R, 10, 7)
    log.add('own', WRITE, 20, 7)
    log.add('own', L | R, 30, 8)
    log.add('moved', L | R, 10, 7)
    log.add('moved', L | R, 20, 8)
    log.add('target', ALLOW, 10)
    log.add('target', R, 20, 6)
    log.add('stranger', R, 1, 7, token=log.token ^ 8)
    end = log.end()
    x = end.accesses
    assert list(x) == ['dep', 'both', 'late', 'mixed', 'moved', 'own', 'target', 'update'], list(x)
    assert x['late'].bits == WRITE | L | R | LATE and (x['late'].read, x['late'].write, x['late'].sig) == (20, 10, 0), x
    assert x['dep'].bits == L | R and (x['dep'].read, x['dep'].sig, x['dep'].mtime) == (3, 7, 99), x['dep']
    assert x['both'].bits == R | L | WRITE and (x['both'].read, x['both'].write) == (10, 20), x['both']
    assert x['mixed'].bits == T | WRITE and x['mixed'].read == 10, x['mixed']
    assert x['update'].bits & R and not x['update'].bits & LATE and x['update'].read == 10, x['update']
    assert not x['own'].bits & UNSTABLE and x['own'].sig == 7, x['own']
    assert x['moved'].bits & UNSTABLE and x['moved'].sig == 7, x['moved']
    assert x['target'].allowed == 10 and x['target'].bits & R and x['target'].read == 20, x['target']


@test
def announced_writes_are_settled_by_the_disk(a):
    for n in ('same', 'changed', 'removed', 'confirmed'):
        a.write(n, n)
    a.send(5, u64(1) + u32(4) + b''.join(string(n) + u64(0) + u8(1) for n in ('same', 'changed', 'removed', 'confirmed')))
    sigs = [s[0] for s in a.stated.get(timeout=5)[1]]
    log = Log(a)
    for n, sig in zip(('same', 'changed', 'removed', 'confirmed'), sigs):
        log.add(n, MAYBE, 10, sig)
    log.add('never', MAYBE, 10, 0)
    log.add('appeared', MAYBE | L, 10, 0)
    log.add('confirmed', WRITE, 12, sigs[3])
    log.add('same', L, 5, sigs[0])
    a.write('changed', 'other')
    a.write('appeared', 'new')
    os.unlink(a.path('removed'))
    x = log.end().accesses
    assert 'never' not in x, x
    assert x['same'].bits == L and x['same'].write == 0, x['same']
    assert x['changed'].bits == WRITE and x['changed'].write == 10 and x['changed'].crc > 15, x['changed']
    assert x['appeared'].bits & WRITE and x['removed'].bits == 0x20 and x['removed'].crc == 1, x
    assert x['confirmed'].bits == WRITE and x['confirmed'].write == 12, x['confirmed']


@test
def ignored_from_now_on(a):
    log = Log(a)
    log.add('f', R | L, 10, 7)
    log.add('f', 0x1000 | 0x2000, 20)
    log.add('f', WRITE, 30, 7)
    log.add('g', 0x1000, 5)
    log.add('g', R, 6, 7)
    x = log.end().accesses
    assert x['f'].bits == R | L | 0x3000 and x['f'].write == 0 and x['g'].bits == 0x1000 and x['g'].read == 0, x


@test
def refusal_of_the_tracer_is_told_first(a):
    log = Log(a)
    log.add('uses io_uring, which cannot be followed', 0x10000, 10)
    end = log.end()
    assert end.outcome == REFUSED and end.messages[0].startswith('uses io_uring') and not end.accesses, end


@test
def full_log_is_no_result(a):
    log = Log(a)
    log.number(32, 1)
    end = log.end()
    assert end.outcome == REFUSED and 'log of accesses is full' in end.messages[0], end
    assert a.run('true').outcome == EXITED


@test
def many_files_are_merged(a):
    log = Log(a)
    for i in range(5000):
        log.add('dir/%d' % (i % 2500), R if i < 2500 else T, 10 + i, 0)
    x = log.end().accesses
    assert len(x) == 2500 and all(r.bits == R | T for r in x.values()) and list(x)[:2] == ['dir/0', 'dir/1']
    assert not a.run('true').accesses


@test
def preload_sees_what_a_job_touches(a):
    if not os.path.exists(a.install + '/lib/liblmake_preload.so'):
        return
    a.write('in', 'x')
    end = a.run('cat in >out; cat no; rm -f temp; echo >temp; rm temp; echo $LD_PRELOAD', autodep=1,
                env=['PATH=/bin:/usr/bin', 'LD_PRELOAD='])
    assert any(a.install + lib + '/liblmake_preload.so:' in end.stdout for lib in ('/lib', '/lib/preload/$PLATFORM')), end
    read, out, no, temp = (end.accesses[n] for n in ('in', 'out', 'no', 'temp'))
    assert read.bits & R and read.sig > 1 and read.sig == read.end_sig and not read.bits & (WRITE | UNSTABLE), read
    assert out.bits & WRITE and out.sig == 0 and out.crc > 15 and out.end_sig > 1, out
    assert no.bits & R and no.sig == no.end_sig == 0, no
    assert temp.end_sig == 0 and temp.crc == 1 and temp.write, temp
    dates = [x.read or x.write for x in end.accesses.values()]
    assert dates == sorted(dates), dates


@test
def changed_while_read_is_unstable(a):
    if not os.path.exists(a.install + '/lib/liblmake_preload.so'):
        return
    a.write('moving', '1')
    seq = a.start('cat moving; while [ ! -e LMAKE/go ]; do sleep 0.02; done; cat moving', autodep=1)
    a.pid_of(seq)
    time.sleep(0.3)
    a.write('moving', '22')
    a.write('LMAKE/go', '')
    end = a.wait(seq)
    assert end.stdout == '122' and end.accesses['moving'].bits & UNSTABLE, end.accesses['moving']


def traced(a, method, name):
    a.write('in', 'x')
    end = a.run('cat in >out', autodep=method)
    if end.outcome == CANNOT_START and name in end.messages[0]:
        return
    assert end.outcome == EXITED and end.status == 0, end
    assert end.accesses['in'].bits & R and end.accesses['out'].bits & WRITE and end.accesses['out'].crc > 15, end
    missing = a.run(['/no/such/program'], autodep=method)
    assert missing.outcome == CANNOT_START and '/no/such/program' in missing.messages[0], missing
    a.write('script', '#!/no/such/interpreter\n')
    os.chmod(a.path('script'), 0o755)
    missing = a.run(['./script'], autodep=method)
    assert missing.outcome == CANNOT_START and '/no/such/interpreter' in missing.messages[0], missing
    assert missing.accesses['script'].bits & R, missing
    assert a.run('true', cwd='nowhere', autodep=method).outcome == CANNOT_START
    m = mark()
    end = a.run('(setsid sleep %s </dev/null >/dev/null 2>&1 &); exit 0' % m, autodep=method)
    assert end.outcome == EXITED and comes(m, 10)
    again = a.run('cat in', autodep=method)
    assert again.stdout == 'x' and set(again.accesses) >= {'in'}
    for pid in alive(m):
        os.kill(pid, 9)
    seq = a.start('sleep %s' % m, autodep=method)
    a.pid_of(seq)
    a.kill(seq)
    assert a.wait(seq).outcome == KILLED and gone(m, 5)
    all_paths = a.run('cat in', autodep=method, flags=4)
    assert set(all_paths.accesses) >= {'in', '/etc/ld.so.cache'}, all_paths.accesses


@test
def seccomp_sees_what_a_job_touches(a):
    traced(a, 2, 'seccomp')


@test
def hybrid_sees_what_a_job_touches(a):
    traced(a, 3, 'hybrid')


@test
def hybrid_follows_what_preload_cannot(a):
    if shutil.which('gcc') is None:
        return
    a.write('st.c', """#include <fcntl.h>
        int main(void) { return open("in", O_RDONLY) < 0; }""")
    subprocess.check_call(['gcc', '-static', '-o', 'st', 'st.c'], cwd=a.root)
    a.write('in', 'x')
    assert a.run('./st', autodep=1).outcome == REFUSED
    for cmd in ('./st', ['./st'], 'env -i ./st', 'env -i cat in'):
        end = a.run(cmd, autodep=3)
        assert end.outcome == EXITED and end.status == 0 and end.accesses['in'].bits & R, (cmd, end)
    assert a.run(['./st'], autodep=1).outcome == REFUSED


@test
def ptrace_sees_what_a_job_touches(a):
    traced(a, 4, 'ptrace')


@test
def ld_audit_and_jemalloc_see_what_a_job_touches(a):
    for method in (5, 6):
        a.write('in', 'x')
        end = a.run('echo $LD_AUDIT; env -i cat in >out; read x < no', autodep=method,
                    env=['PATH=/bin:/usr/bin', 'LD_AUDIT=/nowhere.so'])
        assert end.outcome == EXITED, end
        assert end.stdout == (a.install + '/lib/liblmake_audit.so:/nowhere.so\n' if method == 5 else '/nowhere.so\n'), end
        assert end.accesses['in'].bits & R and end.accesses['out'].bits & WRITE and end.accesses['no'].bits & R, end


@test
def a_job_that_stops_itself_waits_for_its_signal_under_ptrace(a):
    a.write('in', 'x')
    end = a.run('sh -c "kill -STOP \\$\\$; cat in" & sleep 0.3; echo waited; kill -CONT $!; wait', autodep=4)
    assert end.stdout == 'waited\nx' and end.accesses['in'].bits & R, end


def run_inner(a, methods, outer):
    """Run an agent in a job, and in it a job by each of these methods. What they gave, and the outer job's end."""
    a.write('inner.py', """import sys
sys.path.insert(0, %r)
from agent_link import Agent
b = Agent(%r)
try:
    b.write('in', 'x')
    for method in %r:
        end = b.run(['/bin/sh', '-c', 'env -i cat in >out'], autodep=method)
        print([end.outcome, end.status, sorted(end.accesses), end.messages, b.warnings])
finally:
    b.close()
""" % (os.path.dirname(os.path.abspath(__file__)), a.install, methods))
    end = a.run([sys.executable, 'inner.py'], autodep=outer, env=['PATH=/usr/bin:/bin'])
    return [ast.literal_eval(line) for line in end.stdout.splitlines()], end


def turn_off_and_on(a, method):
    a.write('job.py', """import os, subprocess, sys
sys.path.insert(0, %r)
import lmake
def touch(name, env=None):
    try:
        os.stat(name)
    except OSError:
        pass
    subprocess.call(['/bin/sh', '-c', 'cat %%s-child' %% name], stderr=subprocess.DEVNULL, env=env)
touch('before')
with lmake.Autodep(False):
    assert not lmake.get_autodep()
    touch('off')
    touch('off-clean', {})
    lmake.depend('declared')
    with lmake.Autodep(True):
        touch('between')
    touch('off')
touch('after')
""" % os.path.abspath(os.path.join(os.path.dirname(__file__), '../../main/python')))
    end = a.run([sys.executable, 'job.py'], autodep=method, env=['PATH=/usr/bin:/bin', 'PYTHONDONTWRITEBYTECODE=1'])
    assert not end.status and end.outcome == EXITED, end
    seen = {n for n in end.accesses if not n.startswith(('LMAKE', '.')) and not n.endswith('.py')}
    assert seen == {'before', 'before-child', 'declared', 'between', 'between-child', 'after', 'after-child'}, (method, seen)


@test
def accesses_are_not_recorded_while_autodep_is_off(a):
    for method in (1, 2, 3, 4):
        turn_off_and_on(a, method)


@test
def a_program_may_turn_autodep_off(a):
    a.write('o.c', """#include <fcntl.h>
        #include <unistd.h>
        int lmake_set_autodep(int on) __attribute__((weak));
        int main(void) {
            if (lmake_set_autodep(0)) return 1;
            open("off", O_RDONLY);
            if (!fork()) { open("off too", O_RDONLY); _exit(0); }
            sleep(1);
            if (lmake_set_autodep(1)) return 1;
            open("on", O_RDONLY);
            return 0; }""")
    subprocess.check_call(['gcc', '-w', '-o', 'o', 'o.c'], cwd=a.root)
    for method in (1, 3):
        end = a.run(['./o'], autodep=method)
        assert not end.status and set(end.accesses) == {'o', 'on'}, end


@test
def hybrid_in_hybrid_is_done_by_ptrace_aloud(a):
    (hybrid, seccomp, ptrace, preload), end = run_inner(a, (3, 2, 4, 1), 3)
    for outcome, status, accesses, messages, warnings in (hybrid, seccomp, ptrace):
        assert not outcome and not status and accesses == ['in', 'out'] and not messages, end
        assert len(warnings) == 1 and 'hybrid does not work here' in warnings[0] and 'watched in the same way' in warnings[0], end
    assert preload[:3] == [0, 0, ['in', 'out']], end
    assert end.outcome == EXITED and not end.messages, end


@test
def ptrace_in_ptrace_cannot_start(a):
    (hybrid, preload), end = run_inner(a, (3, 1), 4)
    assert hybrid[0] == CANNOT_START and 'another tracer is at work' in hybrid[3][0], end
    assert preload[:3] == [0, 0, ['in', 'out']], end


@test
def ptrace_replaces_hybrid_where_it_cannot_work(a):
    for listeners_only, why in ((True, 'does not notify'), (False, 'allow system call seccomp')):
        b = Agent(a.install, preexec=lambda: forbid(listeners_only))
        try:
            traced(b, 3, 'no excuse')
            assert len(b.warnings) == 1 and why in b.warnings[0], b.warnings
            b.write('m', '')
            end = b.run(['/bin/sh', '-c', 'for i in 1 2 3 4 5; do cat in & done; env -i cat in; wait'], autodep=3)
            assert end.stdout == 'x' * 6 and end.accesses['in'].bits & R, end
        finally:
            b.close()


@test
def many_hybrid_jobs_at_once(a):
    a.write('in', 'x')
    seqs = [a.start('cat in >out%d' % i, autodep=3) for i in range(40)]
    for i, seq in enumerate(seqs):
        end = a.wait(seq)
        assert end.outcome == EXITED and set(end.accesses) == {'in', 'out%d' % i}, end


@test
def malformed_frames_end_the_agent(a):
    bad = [b'\0\0\0\0', b'\xff\xff\xff\xff', frame(2, b'\1\2\3'), frame(99, b''), frame(3, u64(1)), frame(4, u64(1)),
           frame(2, u64(1) + u64(1) + u32(0xffffffff)), frame(1, b''),
           frame(2, u64(1) + u64(1) + strings(['a\0b']))]
    for data in bad:
        b = Agent(a.install)
        seq = b.start('sleep 100')
        b.pid_of(seq)
        b.process.stdin.write(data)
        b.process.stdin.flush()
        code = b.process.wait(10)
        b.reader.join(5)
        assert code == 2 and any('malformed' in l for l in b.logs), (data, code, b.logs)
        b.close()


@test
def random_bytes_never_crash_the_agent(a):
    import random
    seed = random.randrange(1 << 30)
    rng = random.Random(seed)
    for _ in range(20):
        b = Agent(a.install)
        kind = rng.choice([1, 2, 3, 4, 5])
        b.process.stdin.write(frame(kind, bytes(rng.choice([0, 0, 0, 1, 4, 255]) for _ in range(rng.randrange(90)))))
        b.process.stdin.flush()
        assert b.close() in (0, 2), ('seed', seed)


@test
def a_source_dir_may_come_after_the_agent(a):
    b = Agent(a.install, inside='top/repo', source_dirs=['../late/', '../link/', '../dangling/', a.top + '/late/'])
    names = ['../late/h', '../link/h', '../dangling/h', a.top + '/late/h']
    up = b.top + '/top/'

    def seen(method):
        found = b.run('cat %s >all 2>&1; true' % ' '.join(names), autodep=method).accesses
        assert set(found) == {*names, 'all'}, (method, found)
        return [found[n].sig > 1 for n in names]
    try:
        os.symlink('nowhere', up + 'dangling')
        for method in (1, 3, 4):
            assert seen(method) == [False] * 4
        for d in (up + 'late', up + 'there', up + 'elsewhere', a.top + '/late'):
            os.mkdir(d)
            for f in 'hi':
                with open('%s/%s' % (d, f), 'w') as out:
                    out.write(d)
        for target in ('there', 'elsewhere'):
            os.symlink(target, up + 'link.new')
            os.rename(up + 'link.new', up + 'link')
            for method in (1, 3, 4):
                assert seen(method) == [True, True, False, True], method
                with open(b.root + '/all') as f:
                    assert up + target in f.read()
    finally:
        b.close()


@test
def second_agent_waits_for_the_first(a):
    a.run('true')       # by now the first one has the lock
    p = subprocess.Popen([a.install + '/bin/lmake_agent'], cwd=a.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    begin = time.time()
    out, err = p.communicate()
    assert p.returncode == 1 and 9 < time.time() - begin < 40 and b'agent.lock' in err and b'agent.lock' in out


@test
def logs_may_lie_in_the_repo(a):
    b = Agent(a.install, logs='LMAKE/lmake')
    try:
        assert b.run('echo $LMAKE_AUTODEP_ENV').stdout.startswith(b.root + '/LMAKE/lmake/lmake-')
        assert set(b.run('cd LMAKE; ldepend ../x').accesses) == {'x'}
    finally:
        b.close()


def main():
    install = os.path.abspath(sys.argv[1])
    only = sys.argv[2:]
    passed = failed = 0
    for f in TESTS:
        if only and not any(word in f.__name__ for word in only):
            continue
        a = Agent(install)
        try:
            f(a)
            passed += 1
            print('ok     ' + f.__name__, flush=True)
        except Exception:
            failed += 1
            print('FAILED ' + f.__name__, flush=True)
            traceback.print_exc(file=sys.stdout)
        finally:
            a.close()
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
