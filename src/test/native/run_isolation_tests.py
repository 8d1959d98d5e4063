#!/usr/bin/env python3
"""Tests of jobs with namespaces of their own. Usage: run_isolation_tests.py <install> [words of names...]

Each test runs as we are and, if we are root, as a user without rights, made up for the occasion; an agent in a repo of
its own each time. A test is a function, its name is the promise. Where the machine allows no namespaces at all the agent's
sentence is printed, and that is a failure: nothing was tested.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

from agent_link import Agent
from run_agent_tests import (CANNOT_START, EXITED, KILLED, L, R, REFUSED, SIGNALED, T, TIMEOUT, WRITE, alive, comes, gone,
                             mark)

UNLINK, EXISTED = 0x20, 0x80
KILL_DAEMONS, MOUNTS, MOUNT_OK, CHECK_PATHS, USER_NAME, RESOLV_CONF = 1, 2, 4, 8, 16, 32
NOBODY = 54321  # in no user data base
METHODS = {1: 'ld_preload', 2: 'seccomp', 3: 'hybrid'}
TESTS = []


def test(f):
    TESTS.append((f, {}))
    return f


def made(**how):
    """A test whose agent is made otherwise."""
    def add(f):
        TESTS.append((f, how))
        return f
    return add


def give(a, path=None):
    """All that was written so far belongs to the user of the agent."""
    if a.user is None:
        return
    for directory, _, files in os.walk(path or a.top):
        for name in [directory, *(os.path.join(directory, f) for f in files)]:
            os.chown(name, a.user, a.user, follow_symlinks=False)


def fill(a, **files):
    for name, text in files.items():
        a.write(name.replace('__', '/'), text)
    give(a)


def run(a, cmd, **how):
    """Under each method; all must tell the same of files. The END of the last."""
    seen = {}
    flags = how.pop('reset', None)
    for method, name in METHODS.items():
        if flags:
            flags()
        end = a.run(cmd, autodep=method, **how)
        seen[name] = {n: (v.bits & (L | R | T | WRITE | UNLINK), v.sig > 1) for n, v in end.accesses.items()}
        end['touched'] = seen[name]
        assert seen[name].keys() == seen['ld_preload'].keys(), (cmd, seen, end)
    return end


def reads(end):
    return sorted(n for n, (bits, _) in end.touched.items() if bits & (L | R | T) and not bits & (WRITE | UNLINK))


def writes(end):
    return sorted(n for n, (bits, _) in end.touched.items() if bits & (WRITE | UNLINK))


def ours():
    """Mounts that have to do with these tests, as we see them: never any."""
    with open('/proc/mounts') as f:
        return [line for line in f if 'lmake' in line.split()[0] or 'lmake-agent' in line]


def outcome(end):
    return end.outcome, end.status, end.stdout, end.stderr, end.messages


# ---- pids ----

DAEMON = r'''
import os, signal, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
for s in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(s, signal.SIG_IGN)
os.closerange(0, 100)
if sys.argv[1] == 'stop': os.kill(os.getpid(), signal.SIGSTOP)
os.environ.clear()
os.execve('/bin/sleep', ['sleep', sys.argv[2]], {})
'''


@test
def no_process_of_the_job_survives_it(a):
    fill(a, **{'d.py': DAEMON})
    for method in (0, 1, 2, 3):
        for how in ('run', 'stop'):
            m = mark()
            cmd = 'python3 d.py %s %s; sleep 0.2; echo over' % (how, m)
            end = a.run(cmd, iso={'flags': KILL_DAEMONS}, autodep=method)
            assert end.outcome == EXITED and end.status == 0 and end.stdout == 'over\n', end
            assert not alive(m) and not alive('d.py'), (method, how)
    # Without it a daemon that keeps nothing of the job's open is left alone: the test above would notice.
    m = mark()
    a.run('python3 d.py run %s; sleep 0.3' % m)
    assert comes(m, 10)
    for pid in alive(m):
        os.kill(pid, signal.SIGKILL)


@test
def a_daemon_that_holds_the_pipes_is_not_waited_for(a):
    m = mark()
    t = time.time()
    end = a.run('sleep %s & echo out' % m, iso={'flags': KILL_DAEMONS})
    assert end.stdout == 'out\n' and not end.messages and time.time() - t < 1.8, (end, time.time() - t)
    assert not alive(m)


@test
def pids_and_proc_are_the_jobs_own(a):
    for method in (0, 1, 2, 3):
        end = a.run('echo $$; cat /proc/self/comm; ls -d /proc/[0-9]* | wc -l; test -e /proc/$$ && echo there',
                    iso={'flags': KILL_DAEMONS}, autodep=method)
        pid, comm, count, there = end.stdout.split()
        assert int(pid) < 31000 and comm == 'cat' and int(count) < 6 and there == 'there', end


@test
def jobs_that_run_together_have_pids_apart(a):
    seqs = [a.start('echo $$; sleep 0.3', iso={'flags': KILL_DAEMONS}) for _ in range(4)]
    assert len({a.wait(s).stdout for s in seqs}) == 4


@test
def ends_are_told_as_without_namespaces(a):
    for method in (0, 1, 2, 3):
        for iso in ({'flags': KILL_DAEMONS}, {'repo_view': '/repo'}):
            for code in (0, 1, 255):
                end = a.run('exit %d' % code, iso=iso, autodep=method)
                assert end.outcome == EXITED and os.WEXITSTATUS(end.status) == code, end
            for sig in (9, 11, 15):
                end = a.run('kill -%d $$' % sig, iso=iso, autodep=method)
                assert end.outcome == SIGNALED and os.WTERMSIG(end.status) == sig, (sig, end)
    end = a.run('i=0; while test $i -lt 100000; do i=$((i+1)); done', iso={'flags': KILL_DAEMONS})
    assert end.user > 10_000_000 and end.rss > 500_000, end


@test
def signals_of_the_rule_reach_the_job(a):
    end = a.run('trap "echo polite; exit 3" TERM; while :; do sleep 0.1; done', timeout=500, kill_sigs=[15],
                iso={'flags': KILL_DAEMONS})
    assert end.outcome == TIMEOUT and end.stdout == 'polite\n', end
    m = mark()
    seq = a.start('trap "" TERM; sleep %s; sleep %s' % (m, m), kill_sigs=[15], iso={'repo_view': '/repo'})
    a.wait_for(lambda: alive(m), 5, 'start')
    a.kill(seq)
    assert a.wait(seq).outcome == KILLED and gone(m, 2)


@test
def a_job_killed_while_it_is_set_up_is_gone(a):
    for _ in range(10):
        m = mark()
        seq = a.start('sleep ' + m, iso={'repo_view': '/repo'})
        a.kill(seq)
        assert a.wait(seq).outcome == KILLED and not alive(m)


@test
def what_cannot_be_run_is_said(a):
    for method in (0, 1, 2, 3):
        for argv, word in ((['/no/such'], '/no/such'), (['nosuch'], 'not found in $PATH')):
            end = a.run(argv, iso={'repo_view': '/repo'}, autodep=method)
            assert end.outcome == CANNOT_START and word in end.messages[0], end
        end = a.run('true', cwd='nowhere', iso={'repo_view': '/repo'}, autodep=method)
        assert end.outcome == CANNOT_START and 'nowhere' in end.messages[0], end


# ---- names ----

@test
def files_of_the_repo_have_their_names_whatever_its_root_is_called(a):
    fill(a, src='text\n', d__f='f\n', d__g='g\n')
    os.symlink('d', a.path('ld'))
    end = run(a, 'pwd; cat src /repo/d/f %s/d/g ld/f; test -e absent; echo x >out; cd d; cat ../src' % a.root,
              iso={'repo_view': '/repo'}, reset=lambda: clear(a, 'out'))
    assert end.stdout == '/repo\ntext\nf\ng\nf\ntext\n' and end.status == 0, end
    assert reads(end) == ['absent', 'd', 'd/f', 'd/g', 'ld/f', 'src'] and writes(end) == ['out'], end.touched
    assert end.touched['absent'] == (L | R | T, False), end.touched


def clear(a, *names):
    for name in names:
        path = a.path(name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)


@test
def a_view_in_a_system_dir_is_not_filtered(a):
    fill(a, src='text\n')
    end = run(a, 'pwd; cat /usr/src/src', iso={'repo_view': '/usr/src'})
    assert end.stdout == '/usr/src\ntext\n' and reads(end) == ['src'], end


@test
def what_is_done_in_a_view_is_done_to_the_dir_behind_it(a):
    def reset():
        clear(a, 'phys', 'v')
        fill(a, phys__f='f\n', phys__old='o\n', phys__x='#!/bin/sh\necho ran\n', phys__gone='g\n', phys__m='m\n')
        os.chmod(a.path('phys/x'), 0o755)
        os.symlink('f', a.path('phys/l'))

    end = run(a, 'cat v/f; cat v/l; v/x; cat v/none; echo n >v/new; rm v/gone; mv v/old v/moved; chmod +x v/m;'
                 ' mkdir v/d;'
                 ' echo y >v/d/y; ls v >/dev/null; echo z >phys/direct; cat v/direct', iso={'views': [('v', 'phys')]},
              reset=reset)
    assert end.stdout == 'f\nf\nran\nz\n', end
    got = end.touched
    assert writes(end) == ['phys/d/y', 'phys/direct', 'phys/gone', 'phys/m', 'phys/moved', 'phys/new', 'phys/old'], got
    assert {'phys/f', 'phys/l', 'phys/x', 'phys/none'} <= set(reads(end)), got
    assert got['phys/none'][1] is False and not any(n.startswith('v/') for n in got), got
    assert os.listdir(a.path('v')) == [], 'the place of the view stays empty'


@test
def views_lie_in_views(a):
    fill(a, p__x='x\n', q__y='y\n')
    end = run(a, 'cat v/x v/in/y', iso={'views': [('v', 'p'), ('v/in', 'q')]})
    assert end.stdout == 'x\ny\n' and {'p/x', 'q/y'} <= set(reads(end)), end


@test
def dirs_out_of_the_repo_are_seen_in_it_and_are_nothing(a):
    other = tempfile.mkdtemp(prefix='lmake-agent-ext-')
    try:
        os.chmod(other, 0o755)
        with open(other + '/f', 'w') as f:
            f.write('ext\n')
        end = run(a, 'cat v/f', iso={'views': [('v', other)]})
        assert end.stdout == 'ext\n' and end.touched == {}, end
        end = run(a, 'cat /seen/f', iso={'views': [('/seen', other)]})
        assert end.stdout == 'ext\n' and end.touched == {}, end
    finally:
        shutil.rmtree(other)


@made(inside='top/repo', source_dirs=['../common/'])
def a_source_dir_beside_the_repo_is_beside_its_view(a):
    os.makedirs(a.top + '/top/common', exist_ok=True)
    with open(a.top + '/top/common/h', 'w') as f:
        f.write('h\n')
    give(a)
    end = run(a, 'pwd; cat ../common/h %s/top/common/h' % a.top, iso={'repo_view': '/top/repo'})
    assert end.stdout == '/top/repo\nh\nh\n' and reads(end) == ['../common/h'], end
    end = a.run('true', iso={'repo_view': '/top/other'})
    assert end.outcome == CANNOT_START and 'must end with /repo' in end.messages[0], end
    assert '../common/' in end.messages[0], end
    end = a.run('true', iso={'repo_view': '/repo'})
    assert end.outcome == CANNOT_START and "consider : repo_view = '/top/repo'" in end.messages[0], end


OVERLAY = {'views': [('o', ['up', 'l1', 'l2'])]}


def overlay_repo(a):
    clear(a, 'up', 'l1', 'l2', 'o')
    fill(a, up__both='up\n', l1__both='l1\n', l1__one='one\n', l2__one='two\n', l2__two='two\n', l2__d__deep='deep\n')


@test
def an_overlay_tells_the_layer_that_had_it_and_those_that_had_not(a):
    table = [  # command, output, what it read with whether it was there, what it wrote
        ('cat o/both', 'up\n', {'up/both': True}, []),
        ('cat o/one', 'one\n', {'up/one': False, 'l1/one': True}, []),
        ('cat o/two', 'two\n', {'up/two': False, 'l1/two': False, 'l2/two': True}, []),
        ('cat o/d/deep', 'deep\n', {'up/d/deep': False, 'l1/d/deep': False, 'l2/d/deep': True}, []),
        ('test -e o/none', '', {'up/none': False, 'l1/none': False, 'l2/none': False}, []),
        ('echo new >o/new; cat o/new', 'new\n', {'l1/new': False, 'l2/new': False}, ['up/new']),
        ('echo more >>o/two; cat o/two', 'two\nmore\n', {'l1/two': False, 'l2/two': True}, ['up/two']),
        ('chmod +x o/one; test -x o/one && echo x', 'x\n', {'l1/one': True}, ['up/one']),
        ('echo over >o/one; cat o/one', 'over\n', {'l1/one': True}, ['up/one']),
        ('touch -d 2020-01-01 -c o/two', '', {'l2/two': True}, ['up/two']),
        ('rm o/both 2>&1 | sed s/.*:.*:/rm:/; cat l1/both', 'rm: Operation not permitted\nl1\n',
         {'l1/both': True}, []),
        ('echo t >o/t; mv o/t o/u; cat o/u', 't\n', {'l1/t': False, 'l1/u': False}, ['up/t', 'up/u']),
    ]
    for cmd, out, read, written in table:
        end = run(a, cmd, iso=OVERLAY, reset=lambda: overlay_repo(a))
        assert end.stdout == out, (cmd, end)
        assert writes(end) == written, (cmd, end.touched)
        for name, there in read.items():
            assert name in reads(end), (cmd, name, end.touched)
            assert end.touched[name][1] is there, (cmd, name, end.touched)
        assert not any(n.startswith('o/') for n in end.touched), (cmd, end.touched)


@test
def lower_dirs_are_never_changed(a):
    overlay_repo(a)
    before = {n: a.text(n) for n in ('l1/both', 'l1/one', 'l2/one', 'l2/two', 'l2/d/deep')}
    a.run('for f in both one two d/deep; do echo x >>o/$f; done; mkdir o/new; echo y >o/new/y; rm -rf o/d', iso=OVERLAY,
          autodep=1)
    assert {n: a.text(n) for n in before} == before
    assert a.text('up/d/deep') == 'deep\nx\n' and a.text('up/new/y') == 'y\n'


@test
def a_lower_file_may_not_be_removed_nor_renamed(a):
    for method in METHODS:
        for cmd in ('rm o/two', 'mv o/two o/three', 'rm -r o/d'):
            overlay_repo(a)
            end = a.run(cmd, iso=OVERLAY, autodep=method)
            assert end.outcome == REFUSED and 'is in a lower dir of a view' in end.messages[0], (cmd, method, end)
            assert sorted(os.listdir(a.path('up'))) == ['both'], os.listdir(a.path('up'))


@test
def a_view_may_lie_on_its_own_lower_dir(a):
    fill(a, lib__f='f\n')
    end = run(a, 'cat lib/f; echo g >lib/g', iso={'views': [('lib', ['gen', 'lib'])]}, reset=lambda: clear(a, 'gen'))
    assert end.stdout == 'f\n' and writes(end) == ['gen/g'], end
    assert {'gen/f', 'lib/f'} <= set(reads(end)), end.touched
    assert os.listdir(a.path('lib')) == ['f']


@test
def copy_up_copies_and_tells(a):
    for method in (0, 1, 2, 3):
        overlay_repo(a)
        os.chmod(a.path('l2/two'), 0o755)
        iso = {'views': [('o', ['up', 'l1', 'l2'], ['two', 'made/dir/', 'd/deep'])]}
        end = a.run('ls -d o/made/dir; cat o/two', iso=iso, autodep=method)
        assert end.stdout == 'o/made/dir\ntwo\n', end
        assert a.text('up/two') == 'two\n' and os.access(a.path('up/two'), os.X_OK) and a.text('up/d/deep') == 'deep\n'
        got = {n: v.bits for n, v in end.accesses.items()}
        assert got['l1/two'] & R and got['l2/two'] & R and got['up/two'] & WRITE and got['up/d/deep'] & WRITE, got
        assert end.accesses['l1/two'].sig == 0 and end.accesses['l2/two'].sig > 1
    end = a.run('true', iso={'views': [('o', ['up', 'l1'], ['nowhere'])]})
    assert end.outcome == CANNOT_START and 'nowhere' in end.messages[0], end


@test
def tmp_dir_is_seen_where_it_is_asked(a):
    tmp = a.path('LMAKE/auto_tmp/1')
    give(a)
    end = run(a, 'echo x >/tmp/f; cat /tmp/f; ls -A /tmp', tmp=tmp, iso={'repo_view': '/repo', 'tmp_view': '/tmp'})
    assert end.stdout == 'x\nf\n' and end.touched == {}, end
    assert not os.path.exists(tmp + '/f')


@test
def installation_that_a_view_would_hide_may_be_seen_elsewhere(a):
    fill(a, src='s\n')
    tmp = a.path('LMAKE/auto_tmp/1')
    above = os.path.dirname(a.install)
    end = run(a, 'cat src; ls -A ' + above, tmp=tmp, iso={'lmake_view': '/lm', 'tmp_view': above})
    assert (end.outcome, end.stdout) == (EXITED, 's\n') and end.touched['src'][0] & R, end


@test
def installation_is_seen_where_it_is_asked(a):
    fill(a, src='s\n')
    end = run(a, '/lm/bin/ldepend extra; cat src; echo "$LD_PRELOAD" >&2', iso={'lmake_view': '/lm'},
              env=['PATH=/usr/bin:/bin'])
    assert end.stdout == 's\n' and 'extra' in end.touched and 'src' in end.touched, end
    assert re.search(r'/lm/lib/(hybrid/\$PLATFORM/)?liblmake_preload\.so', end.stderr), end


@test
def another_installation_may_serve_the_job(a):
    other = tempfile.mkdtemp(prefix='lmake-agent-other-')
    try:
        os.chmod(other, 0o755)
        shutil.copytree(a.install + '/lib', other + '/lib')
        fill(a, src='s\n')
        use_installation(a, other)
    finally:
        shutil.rmtree(other)


def use_installation(a, other):
    for iso in ({'lmake_root': other}, {'lmake_root': other, 'lmake_view': '/lm'}):
        end = run(a, 'cat src; echo "$LD_PRELOAD" >&2', iso=iso)
        assert 'src' in end.touched and (iso.get('lmake_view') or other) + '/lib/' in end.stderr, end
    end = a.run('true', iso={'lmake_root': '/no/lmake'}, autodep=1)
    assert end.outcome == CANNOT_START and '/no/lmake' in end.messages[0] and 'consider' in end.messages[0], end


def make_chroot(base):
    """A root with a shell and little more."""
    root = os.path.join(base, 'root')
    for name in ('/bin/sh', '/bin/cat', '/bin/ls', '/usr/bin/id', '/bin/pwd'):
        files = [name] + [w for line in subprocess.check_output(['ldd', name]).decode().splitlines()
                          for w in line.split() if w.startswith('/')]
        for f in files:
            if not os.path.exists(root + f):
                os.makedirs(os.path.dirname(root + f), exist_ok=True)
                shutil.copy(os.path.realpath(f), root + f)
    os.makedirs(root + '/etc')
    with open(root + '/etc/here', 'w') as f:
        f.write('chroot\n')
    os.system('chmod -R a+rX ' + base)
    return root


@test
def root_is_that_which_is_asked(a):
    base = tempfile.mkdtemp(prefix='lmake-agent-root-')
    try:
        root = make_chroot(base)
        fill(a, src='text\n')
        before = sorted(os.listdir(root))
        for iso, where in (({'chroot': root}, a.root), ({'chroot': root, 'repo_view': '/repo'}, '/repo'),
                           ({'chroot': root, 'repo_view': '/repo', 'tmp_view': '/tmp', 'lmake_view': '/lm'}, '/repo')):
            end = run(a, 'pwd; cat /etc/here src; echo x >out; cat /proc/self/fd/0 <src', iso=iso,
                      reset=lambda: clear(a, 'out'), tmp=a.path('LMAKE/auto_tmp/1'), env=['PATH=/usr/bin:/bin'])
            assert end.stdout == where + '\nchroot\ntext\ntext\n' and end.status == 0, end
            assert reads(end) == ['src'] and writes(end) == ['out'], end.touched
        assert sorted(os.listdir(root)) == before, 'nothing is made in the chroot dir'
        end = a.run('pwd', iso={'chroot': '/'})
        assert end.stdout == a.root + '\n', end
        # Who we are is known where nothing tells it.
        iso = {'chroot': root, 'flags': USER_NAME | RESOLV_CONF}
        end = a.run('cat /etc/passwd; cat /etc/group; cat /etc/resolv.conf; cat /etc/here', iso=iso, autodep=1)
        assert end.status == 0 and 'root:x:0:0:' in end.stdout and end.stdout.endswith('chroot\n'), end
        if a.user:
            assert ':x:%d:%d:' % (a.user, a.user) in end.stdout, end
    finally:
        shutil.rmtree(base, ignore_errors=True)


@test
def nothing_is_lost_in_the_root_of_the_job(a):
    end = a.run('echo x >/file; mkdir /dir', iso={'repo_view': '/repo'})
    assert end.status and 'Read-only' in end.stderr, end


@test
def commands_in_the_job_name_what_it_sees(a):
    fill(a, phys__f='f\n')
    overlay_repo(a)
    iso = {'repo_view': '/repo', 'views': [('v', 'phys'), ('o', ['up', 'l1', 'l2'])]}
    end = a.run('ldepend v/f /repo/v/g o/two; ltarget o/made; cd v; ldepend f2; ldepend -l', iso=iso, autodep=1)
    got = set(end.accesses)
    assert {'phys/f', 'phys/g', 'l2/two', 'up/made', 'phys/f2'} <= got, end
    assert not any(n.startswith(('v/', 'o/')) for n in got), got
    py = ('import sys; sys.path.insert(0, %r)\nimport lmake\nlmake.depend("v/p"); print(lmake.repo_root)'
          % os.path.abspath('src/main/python'))
    end = a.run(['/usr/bin/env', 'python3', '-c', py], iso=iso, autodep=1)
    assert end.stdout == '/repo\n' and 'phys/p' in end.accesses, end


@test
def standard_files_are_those_of_the_repo(a):
    fill(a, src='in\n')
    for method in (1, 2, 3):
        end = a.run('cat', stdin='src', stdout='out', iso={'repo_view': '/repo'}, autodep=method)
        assert a.text('out') == 'in\n' and set(end.accesses) == {'src', 'out'}, end


# ---- what is not allowed ----

MOUNT = 'import ctypes, sys\nlibc = ctypes.CDLL(None)\nprint("before", flush=True)\n%s\nprint("after", flush=True)\n'
CALLS = {
    'mount': 'libc.mount(b"none", b"/mnt", b"tmpfs", 0, None)',
    'umount2': 'libc.umount2(b"/", 2)',
    'chroot': 'libc.chroot(b"/tmp")',
    'pivot_root': 'libc.syscall(155, b"/tmp", b"/tmp")',
    'setns': 'import os; libc.setns(os.open("/proc/self/ns/mnt", 0), 0)',
}


@test
def a_job_that_mounts_is_killed_at_once(a):
    for method in METHODS:
        for iso in ({}, {'flags': KILL_DAEMONS}, {'repo_view': '/repo'}):
            for name, call in CALLS.items():
                end = a.run(['/usr/bin/env', 'python3', '-c', MOUNT % call], iso=iso, autodep=method)
                assert end.outcome == REFUSED and end.stdout == 'before\n', (method, name, end)
                assert 'system call %s is not allowed' % name in end.messages[0], (method, name, end)
                assert 'mount_chroot_ok' in end.messages[0]
    for method in METHODS:
        end = a.run(['/usr/bin/env', 'python3', '-c', MOUNT % CALLS['chroot']], iso={'flags': MOUNT_OK}, autodep=method)
        assert end.outcome == EXITED and end.status == 0 and end.stdout == 'before\nafter\n', end
        # Another network is nobody's file.
        end = a.run(['/usr/bin/env', 'python3', '-c', MOUNT % CALLS['setns'].replace('ns/mnt', 'ns/net')], autodep=method)
        assert end.outcome == EXITED and end.status == 0 and end.stdout == 'before\nafter\n', end


@test
def names_of_the_repo_are_found_in_targets(a):
    root = a.root
    block = 256 << 10
    table = [  # how the target is made, is the name found
        ('open("t","w").write("nothing of the kind")', False),
        ('open("t","w").write(r)', True),
        ('open("t","w").write("x"+r+"/a\\n")', True),
        ('open("t","w").write(r+"sitory/a")', False),
        ('open("t","w").write(r+"2 "+r+" ")', True),
        ('os.symlink(r+"/src","t")', True),
        ('os.symlink("src","t")', False),
        ('open("t","wb").write(b"\\0"*100+r.encode()+b"\\0")', True),
    ]
    for edge in (block, 2 * block):
        for shift in list(range(0, len(root) + 3)):
            table.append(('open("t","w").write("y"*%d+r+"/z")' % (edge - shift), True))
        table.append(('open("t","w").write("y"*%d+r)' % (edge - len(root)), True))
        table.append(('open("t","w").write("y"*%d+r+"x"+"y"*10)' % (edge - len(root)), False))
    for make, found in table:
        clear(a, 't')
        end = a.run(['/usr/bin/env', 'python3', '-c', 'import os; r=%r; %s' % (root, make)], iso={'flags': CHECK_PATHS},
                    autodep=1)
        assert (end.outcome == REFUSED) == found, (make, end)
        assert not found or ' is in t,' in end.messages[0], (make, end)
    clear(a, 't')
    end = a.run('echo %s >t; exit 3' % root, iso={'flags': CHECK_PATHS}, autodep=1)
    assert end.outcome == EXITED, 'what fails by itself is told as such'


@test
def what_cannot_be_given_is_refused_with_its_reason(a):
    fill(a, d__f='f\n', file='x\n')
    os.symlink('d', a.path('link'))
    other = tempfile.mkdtemp(prefix='lmake-agent-ext-')
    os.chmod(other, 0o755)
    os.symlink(other, other + '/link')
    tmp = a.path('LMAKE/auto_tmp/1')
    table = [
        ({'views': [('v', '/no/dir')]}, "view %s/v : its dir /no/dir : No such file" % a.root),
        ({'views': [('v', 'link')]}, 'reached through a symbolic link'),
        ({'views': [('v', 'file')]}, 'view %s/v : its dir file : ' % a.root),
        ({'views': [('/no/place', other)]}, 'view /no/place : No such file'),
        ({'views': [(other + '/link', other)]}, 'is reached through a symbolic link'),
        ({'views': [('/seen', 'd')]}, 'view /seen is not in the repo, but its dir d is'),
        ({'views': [('/seen', tmp + '/x')]}, 'is not in the repo, but its dir'),
        ({'views': [(os.path.dirname(a.root), other)]}, 'would hide the repo'),
        ({'views': [('/dev', other)]}, 'would hide'),
        ({'views': [('/proc', other)]}, 'would hide'),
        ({'views': [(a.install, other)]}, 'view %s would hide the installation of lmake, %s,' % (a.install, a.install)),
        ({'views': [(a.install + '/lib', other)]}, 'would hide the installation of lmake'),
        ({'tmp_view': os.path.dirname(a.install)}, 'tmp_view %s would hide the installation' % os.path.dirname(a.install)),
        ({'tmp_view': a.install + '/bin'}, 'would hide the installation of lmake'),
        ({'repo_view': a.install}, 'repo_view %s would hide the installation of lmake' % a.install),
        ({'lmake_root': a.install, 'tmp_view': a.install}, 'would hide the installation of lmake'),
        ({'views': [('LMAKE', other)]}, 'would hide the tmp dir'),
        ({'views': [(tmp + '/v', other)]}, 'is in the tmp dir'),
        ({'views': [('v', 'd'), ('v', 'e')]}, 'two views on'),
        ({'repo_view': '/no/place'}, 'repo_view /no/place : No such file'),
        ({'tmp_view': '/no/place'}, 'tmp_view /no/place : No such file'),
        ({'lmake_view': '/no/place'}, 'lmake_view /no/place : No such file'),
        ({'repo_view': '/lmake_x', 'tmp_view': '/lmake_x'}, 'cover each other'),
        ({'repo_view': os.path.dirname(a.root)}, 'would hide the repo'),
        ({'chroot': '/no/root'}, 'chroot_dir /no/root : No such file'),
        ({'chroot': a.path('d')}, 'chroot_dir %s lies in the repo' % a.path('d')),
        ({'views': [('v', ['d', 'd/e'])]}, 'lie in each other'),
    ]
    try:
        for iso, sentence in table:
            end = a.run('true', iso=iso, tmp=tmp)
            assert end.outcome == CANNOT_START and sentence in end.messages[0], (iso, end)
            assert ', consider : ' in end.messages[0], (iso, end)
    finally:
        shutil.rmtree(other)


def forbidding(limit):
    """An agent in a user namespace that allows none, nor other ones."""
    script = 'echo 0 >/proc/sys/user/max_%s_namespaces; exec "$@"' % limit
    return ['unshare', '-Ur', 'sh', '-c', script, 'sh']


@made(wrap=forbidding('pid'))
def a_machine_that_forbids_is_named(a):
    for iso in ({'flags': KILL_DAEMONS}, {'repo_view': '/repo'}):
        end = a.run('true', iso=iso)
        assert end.outcome == CANNOT_START and 'user.max_pid_namespaces is 0 on this machine' in end.messages[0], end
        assert 'sysctl -w user.max_pid_namespaces=' in end.messages[0]
    assert a.run('true').outcome == EXITED, 'other jobs run'


@made(wrap=['setpriv', '--bounding-set', '-sys_admin'], root=True)
def root_without_rights_does_as_others(a):
    end = a.run('pwd; id -u', iso={'repo_view': '/repo'})
    assert end.stdout == '/repo\n0\n', end


# ---- what comes from elsewhere ----

HOLDER = r'''
import os, socket, subprocess, sys
subprocess.check_call(['mount', '--bind', sys.argv[1], '/mnt'])
fd = os.open('/mnt', os.O_RDONLY)
server = socket.socket(socket.AF_UNIX)
server.bind('\0' + sys.argv[2])
server.listen()
print('ready', flush=True)
while True:
    socket.send_fds(server.accept()[0], [b'x'], [fd])
'''

TAKER = r'''
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect('\0' + sys.argv[1])
fd = socket.recv_fds(s, 1, 1)[1][0]
print(os.read(os.open('f', os.O_RDONLY, dir_fd=fd), 10))
'''


@test
def dir_of_other_mounts_that_is_sent_to_a_job_is_refused(a):
    """It is one of the repo, seen at a place that is nowhere for the job, and for us: its name, as the kernel tells it, is that of the root."""
    fill(a, held__f='hidden', **{'t.py': TAKER})
    name = 'lmake-test.%d.%s' % (os.getpid(), os.path.basename(a.top))
    holder = subprocess.Popen(['unshare', '-m' if os.getuid() == 0 else '-Urm', sys.executable, '-c', HOLDER, a.path('held'), name],
                              stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == b'ready\n'
        for iso in (None, {'flags': KILL_DAEMONS}, {'repo_view': '/repo'}):
            for method in METHODS:
                end = a.run('/usr/bin/python3 t.py ' + name, autodep=method, **({'iso': iso} if iso else {}))
                assert end.outcome == REFUSED and any('cannot be followed' in m for m in end.messages), (iso, method, end)
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


# ---- nothing is left ----

def start_all(a):
    marks = [mark() for _ in range(3)]
    overlay_repo(a)
    seqs = [a.start('sleep %s & (setsid sleep %s &); sleep %s' % (m, m, m), iso=iso, autodep=k,
                    tmp=a.path('LMAKE/auto_tmp/%d' % k))
            for k, (m, iso) in enumerate(zip(marks, ({'flags': KILL_DAEMONS}, {'repo_view': '/repo'}, OVERLAY)), 1)]
    for m in marks:
        a.wait_for(lambda: len(alive(m)) >= 3, 10, 'start of ' + m)
    return marks, seqs


@test
def killed_agent_leaves_no_process_nor_mount(a):
    for victim in ('agent', 'guardian', 'both'):
        b = make(a.install, a.user)
        try:
            marks, _ = start_all(b)
            agent = children(b.process.pid if not a.user else b.process.pid)[0]
            assert not ours(), ours()
            if victim != 'guardian':
                os.kill(agent, signal.SIGKILL)
            if victim != 'agent':
                b.process.kill()
            for m in marks:
                assert gone(m, 5), (victim, m)
            assert not ours(), ours()
        finally:
            b.close()


def children(pid):
    with open('/proc/%d/task/%d/children' % (pid, pid)) as f:
        return [int(p) for p in f.read().split()]


@test
def killed_first_process_ends_the_job(a):
    marks, seqs = start_all(a)
    for seq in seqs:
        os.kill(a.pid_of(seq), signal.SIGKILL)
        end = a.wait(seq)
        assert end.outcome == SIGNALED and os.WTERMSIG(end.status) == 9, end
    assert not any(alive(m) for m in marks)
    assert not ours() and not os.path.exists(a.path('LMAKE/lmake/overlay/3.0'))


@test
def dirs_of_overlays_are_swept_by_the_next_agent(a):
    start_all(a)
    assert os.listdir(a.path('LMAKE/lmake/overlay'))
    os.kill(children(a.process.pid)[0], signal.SIGKILL)
    a.process.wait(10)
    b = Agent.__new__(Agent)
    again(b, a)
    assert b.run('true').outcome == EXITED
    assert not os.path.exists(a.path('LMAKE/lmake/overlay')), os.listdir(a.path('LMAKE/lmake/overlay'))
    b.close()


def again(b, a):
    """Another agent in the repo of one that is gone."""
    import queue
    import threading
    b.__dict__.update(a.__dict__)
    b.seq, b.ends, b.started, b.logs, b.live = 100, {}, {}, [], {}
    b.asks, b.stated, b.changed = queue.Queue(), queue.Queue(), threading.Condition()
    b.process = subprocess.Popen([*a.wrap, b.install + '/bin/lmake_agent'], cwd=b.root, stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE)
    b.reader = threading.Thread(target=b.read, daemon=True)
    b.reader.start()
    b.send(1, b.config)


@test
def many_jobs_are_set_up_at_once(a):
    fill(a, src='x\n')
    seqs = [a.start('cat src', iso={'repo_view': '/repo'}, autodep=1 + k % 3) for k in range(60)]
    for seq in seqs:
        end = a.wait(seq, 60)
        assert end.stdout == 'x\n' and 'src' in end.accesses, end
    assert not ours()


@test
def no_descriptor_of_the_agent_is_in_the_job(a):
    for method in (0, 1, 2, 3):
        for iso in ({'flags': KILL_DAEMONS}, {'repo_view': '/repo'}):
            end = a.run('ls /proc/self/fd | wc -l; ls /proc/1/fd | wc -l', iso=iso, autodep=method)
            own, first = end.stdout.split()
            assert own == '4' and first == '0', (method, end)


# ---- running ----

def make(install, user, how=None):
    how = dict(how or {})
    how.pop('root', None)
    wrap = list(how.pop('wrap', ()))
    if user:
        wrap = ['setpriv', '--reuid=%d' % user, '--regid=%d' % user, '--clear-groups'] + wrap

    def prepare(a):
        a.user = user
        a.wrap = wrap
        if user:
            os.chmod(a.top, 0o755)
        give(a)
    return Agent(install, wrap=wrap, prepare=prepare, **how)


def main():
    install = os.path.abspath(sys.argv[1])
    only = sys.argv[2:]
    passed = failed = 0
    users = [None, NOBODY] if os.getuid() == 0 else [None]
    for f, how in TESTS:
        for user in users:
            if only and not any(word in f.__name__ for word in only) or how.get('root') and (user or os.getuid()):
                continue
            name = f.__name__ + (' (without rights)' if user else '')
            a = make(install, user, how)
            try:
                f(a)
                passed += 1
                print('ok     ' + name, flush=True)
            except Exception:
                failed += 1
                print('FAILED ' + name, flush=True)
                traceback.print_exc(file=sys.stdout)
            finally:
                a.close()
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
