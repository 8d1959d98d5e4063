#!/usr/bin/env python3
"""Tests of lautodep, run as a user does, in dirs that are no repo. Usage: run_lautodep_tests.py <OUT>"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

OUT = os.path.abspath(sys.argv[1])
LAUTODEP = os.path.join(OUT, 'bin', 'lautodep')
METHODS = ('ld_preload', 'seccomp', 'hybrid')
TESTS = []


def test(f):
    TESTS.append(f)
    return f


class Run:
    """One run: rc, what the command printed (out), messages (err), targets and deps as [(mark, name)]."""

    def __init__(self, *args, stdin=subprocess.DEVNULL, env=None):
        report = os.path.join(os.path.dirname(os.getcwd()), 'report')
        p = subprocess.run([LAUTODEP, '-o', report] + list(args), stdin=stdin, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=300, universal_newlines=True, env=env)
        self.rc, self.out, self.err = p.returncode, p.stdout, p.stderr
        self.text = open(report).read() if os.path.exists(report) else ''
        head, _, tail = self.text.partition('deps :\n')
        assert not self.text or head.startswith('targets :\n'), self.text
        self.targets = head.splitlines()[1:]
        self.deps = [line[2:] for line in tail.splitlines()]
        self.marks = {line[2:]: line[:2] for line in tail.splitlines()}


def write(name, text):
    os.makedirs(os.path.dirname(os.path.abspath(name)), exist_ok=True)
    with open(name, 'w') as f:
        f.write(text)


@test
def reads_and_writes_are_told_in_order():
    write('a', 'A\n')
    write('d/f', 'F\n')
    os.symlink('d', 'ld')
    for method in METHODS:
        r = Run('-m', method, '--', 'sh', '-c', 'cat ld/f a; echo x > out; cat absent')
        assert r.rc == 1 and r.out == 'F\nA\n', vars(r)
        assert r.targets == ['out'], (method, r.text)
        assert r.deps == ['ld', 'd/f', 'a', 'absent'], (method, r.text)
        os.unlink('out')


@test
def what_a_write_looks_at_on_its_way_is_no_dep():
    for method in METHODS:
        r = Run('-m', method, '--', 'sh', '-c', ': > made; rm made; : > kept; cat kept')
        assert (r.targets, r.deps) == (['kept'], []), (method, r.text)
        write('old', '')
        r = Run('-m', method, '--', 'python3', '-c', 'import os; os.unlink("old"); os.symlink("x", "l"); os.mkdir("m")')
        assert 'old' in r.targets and 'l' in r.targets and not {'old', 'l'} & set(r.deps), (method, r.text)
        os.unlink('l')
        os.rmdir('m')
        os.unlink('kept')


@test
def file_left_by_dot_dot_is_told_and_nothing_behind_it():
    os.mkdir('d')
    for name in ('file', 'b', 'd/in'):
        write(name, 'x')
    for method in METHODS:
        r = Run('-m', method, '-A', '--', 'sh', '-c', 'cat file/../b; cat d/../b 2>&1; echo x > file/../new; ln file/../b d/link; mv file/../b c')
        assert r.out == 'x', (method, vars(r))
        told = dict(reversed(line.split(' ')) for line in r.text.splitlines() if ' ' in line and not line.endswith(' :'))
        assert {'L', 'R', 'T'} <= set(told['file']) and not {'W', 'U'} & set(told['file']), (method, r.text)
        assert 'R' in told['b'] and not {'W', 'U'} & set(told['b']), (method, r.text)
        assert 'new' not in told and not {'W', 'U'} & set(told.get('d/link', '')), (method, r.text)


@test
def read_then_written_is_both():
    write('a', 'A\n')
    for method in METHODS:
        r = Run('-m', method, '--', 'sh', '-c', 'cat a; echo B > a')
        assert (r.targets, r.deps) == (['a'], ['a']), (method, r.text)


@test
def exit_code_is_that_of_the_command():
    assert Run('true').rc == 0
    assert Run('--', 'sh', '-c', 'exit 7').rc == 7
    assert Run('--', 'sh', '-c', 'kill -9 $$').rc == 128 + 9
    r = Run('nosuchcommand')
    assert r.rc == 1 and 'nosuchcommand' in r.err
    write('noexec', 'x')
    assert Run('./noexec').rc == 1


@test
def standard_files_are_untouched():
    read, to = os.pipe()
    os.write(to, b'from a pipe\n')
    os.close(to)
    r = Run('--', 'sh', '-c', 'cat; echo err >&2', stdin=read)
    os.close(read)
    assert r.out == 'from a pipe\n' and r.err == 'err\n', vars(r)
    p = subprocess.run([LAUTODEP, 'echo', 'hi'], stdout=subprocess.PIPE, universal_newlines=True, timeout=60)
    assert p.stdout == 'hi\ntargets :\ndeps :\n', p.stdout
    with open('in', 'w') as f:
        f.write('one\ntwo\n')
    with open('in') as f:
        subprocess.run(['sh', '-c', 'read x; exec %s -o ../report -- cat' % LAUTODEP], stdin=f, timeout=60)
    p = subprocess.run('{ head -c 4 >/dev/null; %s -o ../report cat; } < in' % LAUTODEP, shell=True,
                       stdout=subprocess.PIPE, universal_newlines=True, timeout=60)
    assert p.stdout == 'two\n', p.stdout     # the offset is kept too


@test
def environment_is_empty_but_for_what_is_kept():
    env = dict(os.environ, KEPT='yes', OTHER='no', ROOT='<$REPO_ROOT ${TMPDIR}x $REPO_ROOTz $NONE>')
    got = lambda *args: dict(line.split('=', 1) for line in Run(*args, env=env).out.splitlines())
    assert set(got('env')) == {'TMPDIR', 'LMAKE_AUTODEP_ENV', 'LD_PRELOAD'}, got('env')
    assert set(got('-m', 'none', 'env')) - {'LMAKE_AUTODEP_ENV'} == {'TMPDIR'}
    for text in ("('KEPT','ABSENT')", '["KEPT"]', 'KEPT', " ( 'KEPT' , ) "):
        assert got('-e', text, 'env')['KEPT'] == 'yes'
        assert 'OTHER' not in got('-e', text, 'env')
    assert got('-e', "('A=b c',)", 'env')['A'] == 'b c'
    assert got('-e', 'ROOT', 'env')['ROOT'] == env['ROOT']
    e = got('-E', '-e', 'ROOT', 'env')
    assert e['ROOT'] == '<%s %sx $REPO_ROOTz $NONE>' % (os.getcwd(), e['TMPDIR']), e
    assert Run('-E', '--', '$SHELL', '-c', 'exit 3').rc == 3


@test
def bad_options_are_usage_errors():
    for args in (['-m', 'nosuch', 'true'], [], ['-t', 'relative', 'true'], ['-e', "('a'", 'true'], ['-e', "('a' 'b')", 'true'],
                 ['-l', 'deep', 'true'], ['--cwd', 'x', 'true'], ['-d', 'nosuch', 'true'], ['-V', '{', 'true'], ['-V', "{'a'}", 'true'],
                 ['-V', "{'a':('b','c')}", 'true'], ['-R', 'repo', 'true'], ['-T', '/', 'true'], ['-C', 'nosuch', 'true'],
                 ['-s', "('nosuch',)", 'true'], ['-h'], ['-q', 'true']):
        p = subprocess.run([LAUTODEP] + args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, timeout=60)
        assert p.returncode == 11 and p.stderr.startswith('lautodep ') and not p.stdout, (args, p)
    p = subprocess.run([LAUTODEP, '--version'], stderr=subprocess.PIPE, universal_newlines=True, timeout=60)
    assert p.returncode == 0 and p.stderr.startswith('version '), p
    p = subprocess.run([LAUTODEP, 'true'], cwd='/', stderr=subprocess.PIPE, universal_newlines=True, timeout=60)
    assert p.returncode == 11 and 'below /' in p.stderr, p


@test
def tmp_dir_is_wiped_and_its_files_are_no_accesses():
    tmp = os.path.join(os.path.dirname(os.getcwd()), 'tmp')
    write(tmp + '/left', '')
    r = Run('-t', tmp, '--', 'sh', '-c', 'ls $TMPDIR; echo x > $TMPDIR/f; cat $TMPDIR/f')
    assert (r.rc, r.out, r.targets, r.deps) == (0, 'x\n', [], []), vars(r)
    assert not os.path.exists(tmp)
    Run('-k', '-t', tmp, '--', 'sh', '-c', 'echo x > $TMPDIR/f')
    assert os.listdir(tmp) == ['f']
    r = Run('-k', '--', 'sh', '-c', 'echo x > $TMPDIR/f')
    own = re.search('tmp dir is (.*)', r.err).group(1)
    assert os.listdir(own) == ['f']
    shutil.rmtree(own)


@test
def nothing_is_left_behind():
    before = set(os.listdir('/dev/shm')) | set(os.listdir('/tmp'))
    own = lambda: {n for n in set(os.listdir('/dev/shm')) | set(os.listdir('/tmp')) if n.startswith('lautodep.')} - before
    env = dict(os.environ, TMPDIR=os.getcwd())
    p = subprocess.Popen([LAUTODEP, '-o', '../report', '--', 'sh', '-c', 'echo > up; exec sleep 50'], stderr=subprocess.PIPE,
                         env=env)
    while not os.path.exists('up'):
        time.sleep(0.01)
    p.send_signal(signal.SIGTERM)
    assert b'interrupted' in p.communicate(timeout=20)[1] and p.returncode == 1
    assert not [n for n in os.listdir('.') if n.startswith('lautodep.')], os.listdir('.')
    assert Run('true', env=env).rc == 0 and not [n for n in os.listdir('.') if n.startswith('lautodep.')]


@test
def daemons_are_not_left_without_their_tracer():
    for method in METHODS[1:]:
        r = Run('-m', method, '--', 'sh', '-c', '(sleep 1; echo > late) & echo $!')
        assert r.rc == 0 and 'left behind' in r.err, vars(r)
        pid = int(r.out)
        for _ in range(200):
            if not os.path.exists('/proc/%d' % pid):
                break
            time.sleep(0.01)
        assert not os.path.exists('late') and not os.path.exists('/proc/%d' % pid)
    assert not Run('--', 'sh', '-c', 'sleep 0.1 & wait').err


@test
def source_dirs_and_link_support():
    os.makedirs('../ext')
    write('../ext/f', 'x')
    write('d/f', 'x')
    os.symlink('d', 'ld')
    cmd = ['--', 'cat', '../ext/f', 'ld/f']
    for dirs in ("('../ext',)", '../ext/'):
        assert Run('-s', dirs, *cmd).deps == ['../ext/f', 'ld', 'd/f']
    absolute = os.path.realpath('../ext')
    assert Run('-s', absolute, *cmd).deps == [absolute + '/f', 'ld', 'd/f']
    assert Run('-l', 'none', *cmd).deps == ['ld/f']
    assert Run('-l', 'full_ext', *cmd).deps == ['ld', 'd/f']


@test
def names_are_from_the_root_of_the_repo():
    write('LMAKE/version', '1\n')
    write('sub/f', 'x')
    os.chdir('sub')
    r = subprocess.run([LAUTODEP, 'cat', 'f', '../g'], stdout=subprocess.PIPE, universal_newlines=True, timeout=60)
    os.chdir('..')
    assert r.stdout == 'xtargets :\ndeps :\n  sub/f\n  g\n', r.stdout
    assert Run('-d', 'sub', 'cat', 'f').deps == ['sub/f']


@test
def repo_may_lie_where_devices_and_leftovers_do():
    was = os.getcwd()
    for place in ('/dev/shm', '/var/tmp'):
        top = tempfile.mkdtemp(dir=place, prefix='lmautodep.')
        try:
            os.mkdir(top + '/repo')
            os.chdir(top + '/repo')
            write('a', 'x')
            os.symlink(top + '/repo/a', top + '/link')
            for method in METHODS:
                r = Run('-m', method, '--', 'sh', '-c', 'cat {0}/repo/a {0}/link; echo > {0}/repo/made'.format(top))
                assert r.out == 'xx' and r.deps == ['a'] and r.targets == ['made'], (method, place, vars(r))
                os.unlink('made')
        finally:
            os.chdir(was)
            shutil.rmtree(top)


@test
def listing_is_told_unless_allowed():
    write('d/f', '')
    r = Run('ls', 'd')
    assert 'lautodep : dir was listed : d' in r.err and r.rc == 0, r.err
    assert 'listed' not in Run('-D', 'ls', 'd').err


@test
def refused_calls_fail_aloud():
    r = Run('--', 'python3', '-c', 'import ctypes; exit(not ctypes.CDLL(None).chroot(b"."))')
    assert r.rc == 1 and 'chroot' in r.err, vars(r)
    code = 'import ctypes, os; exit(0 if ctypes.CDLL(None, use_errno=True).mount(b"none", b"/nosuch", b"nosuch", 0, 0) ' \
           'and ctypes.get_errno() != %d else 1)'
    if os.geteuid() == 0:
        assert Run('-M', '--', 'python3', '-c', code % 1).rc == 0


@test
def auto_mkdir_makes_dirs():
    assert Run('--', 'sh', '-c', 'cd a/b').rc != 0
    for method in METHODS:
        assert Run('-a', '-m', method, '--', 'sh', '-c', 'cd a/b && pwd').out == os.getcwd() + '/a/b\n'
        shutil.rmtree('a')


@test
def in_job_commands_are_heard():
    write('a', 'x')
    path = 'PATH=%s/bin:/usr/bin:/bin' % OUT
    r = Run('-e', path, '--', 'sh', '-c', 'ldepend -Rve a b; ldepend x y z; ldepend -d q; lcheck_deps -s; : > t; ltarget -W t')
    assert r.rc == 0 and re.match(r'ok [0-9a-f]{16}-R a\nok none  +b\n', r.out), vars(r)
    assert r.targets == ['t'] and {'a', 'b', 'x', 'y', 'z', 'q'} <= set(r.deps), r.text
    assert [r.marks[n] for n in 'xyz'] == ['/ ', '| ', '\\ '], r.text


@test
def accesses_tell_how():
    write('a', 'x')
    r = Run('-A', '--', 'sh', '-c', 'cat a; : > b; test -e c; ls . >/dev/null')
    lines = r.text.splitlines()
    assert {'LR a', 'D .'} <= set(lines) and any(re.match(r'L?W b$', n) for n in lines) and \
        any(re.match(r'L?R?T c$', n) for n in lines), r.text


MANY = r"""
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	struct stat st;
	char name[1200];
	long i, n = atol(argv[1]);

	if (argc > 3) {		/* children that are killed while they record */
		for (i = 0; i < n; i++) {
			pid_t pid = fork();

			if (!pid)
				for (long k = 0;; k++)
					sprintf(name, "%s%ld.%ld", argv[2], i, k), lstat(name, &st);
			usleep(1000 + i * 37 % 3000);
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			sprintf(name, "after%ld", i);
			lstat(name, &st);
		}
		return 0;
	}
	for (i = 0; i < n; i++)
		sprintf(name, "%s%ld", argv[2], i), lstat(name, &st);
	return 0;
}
"""


def many():
    write('../many.c', MANY)
    subprocess.check_call(['gcc', '-O1', '-w', '-o', '../many', '../many.c'])
    return '../many'


@test
def million_accesses_are_all_told():
    program = many()
    for method in ('ld_preload', 'hybrid'):
        r = Run('-m', method, '--', program, '1000000', 'n')
        assert r.rc == 0 and not r.err and len(set(r.deps)) == 1000000, (r.rc, r.err, len(r.deps))


@test
def full_log_is_an_error_and_says_so():
    r = Run('--', many(), '400000', 'x' * 200 + '/' + 'y' * 200 + '/' + 'z' * 220)
    assert r.rc == 1 and 'log of accesses is full' in r.err, (r.rc, r.err)


@test
def process_killed_while_it_records_hides_nothing_of_others():
    program = many()
    for method in METHODS:
        r = Run('-m', method, '--', program, '150', 'n', 'kill')
        told = {n for n in r.deps if n.startswith('after')}
        assert r.rc == 0 and len(told) == 150 and not r.err, (method, r.rc, len(told), r.err)
        for i in range(150):        # of each child, what it told has no gap
            of_child = sorted(int(n.split('.')[1]) for n in r.deps if n.startswith('n%d.' % i))
            assert of_child == list(range(len(of_child))), (method, i, of_child[:10])


@test
def debugger_and_sandbox_in_a_job_are_followed():
    write('a', 'x')
    for tool in (['gdb', '-nx', '-batch', '-ex', 'run', '--args', '/bin/cat', 'a'], ['strace', '-f', '-o', '/dev/null', '/bin/cat', 'a'],
                 ['setpriv', '--no-new-privs', '/bin/cat', 'a'], ['unshare', '-U', '/bin/cat', 'a'], ['prlimit', '--nofile=8', '/bin/cat', 'a']):
        if shutil.which(tool[0]):
            for method in METHODS:
                r = Run('-e', 'SHELL=/bin/sh', '-m', method, '--', *tool)
                assert 'a' in r.deps or r.rc, (method, tool, vars(r))


@test
def methods_do_not_nest_in_silence():
    write('a', 'x')
    for outer in METHODS:
        for inner in METHODS:
            r = Run('-m', outer, '--', LAUTODEP, '-m', inner, '-o', '../inner', 'cat', 'a')
            assert 'a' in r.deps and r.rc == 0 or r.rc == 1 and r.err.strip(), (outer, inner, vars(r))


@test
def views_show_other_places_and_names_stay_physical():
    here = os.getcwd()
    write('in', 'I\n')
    write('sub/in', 'S\n')
    write('real/f', 'F\n')
    write('../ext/f', 'E\n')
    ext = os.path.realpath('../ext')
    for method in METHODS:
        r = Run('-m', method, '-R', '/repo', '-e', 'REPO=$REPO_ROOT', '-E', '--', 'sh', '-c', 'pwd; echo $REPO; cat in; : > out')
        assert (r.rc, r.out, r.err, r.targets, r.deps) == (0, '/repo\n/repo\nI\n', '', ['out'], ['in']), (method, vars(r))
        write('LMAKE/version', '1\n')
        r = Run('-m', method, '-R', '/repo', '-d', 'sub', '--', 'sh', '-c', 'pwd; cat in')
        shutil.rmtree('LMAKE')
        assert (r.rc, r.out, r.deps) == (0, '/repo/sub\nS\n', ['sub/in']), (method, vars(r))
        r = Run('-m', method, '-T', '/tmp', '--', 'sh', '-c', 'echo $TMPDIR; echo x > /tmp/f; ls -A /tmp')
        assert (r.rc, r.out, r.targets, r.deps) == (0, '/tmp\nf\n', [], []) or 'would hide' in r.err, (method, vars(r))
        r = Run('-m', method, '-T', '/seen_tmp', '--', 'sh', '-c', 'echo $TMPDIR; echo x > $TMPDIR/f; ls -A /seen_tmp')
        assert (r.rc, r.out, r.targets, r.deps) == (0, '/seen_tmp\nf\n', [], []), (method, vars(r))
        r = Run('-m', method, '-V', "{'v' : 'real', '/seen':'%s',}" % ext, '--', 'sh', '-c', 'cat v/f /seen/f; : > v/made')
        assert (r.rc, r.out, r.targets, r.deps) == (0, 'F\nE\n', ['real/made'], ['real/f']), (method, vars(r))
        os.unlink('real/made')
        r = Run('-m', method, '-L', '/lm', '-e', 'HERE=$LMAKE_ROOT', '-E', '--', 'sh', '-c', 'echo $HERE; $HERE/bin/ldepend d; ls -d /lm')
        assert (r.rc, r.out) == (0, '/lm\n/lm\n') and 'd' in r.deps, (method, vars(r))
    assert os.getcwd() == here and not os.path.exists('LMAKE'), os.listdir('.')


@test
def root_may_be_another_and_what_cannot_be_given_is_said():
    write('in', 'I\n')
    r = Run('-c', '/', '-C', "('user_name', 'resolv_conf')", '--', 'sh', '-c', 'cat in')
    assert (r.rc, r.out, r.deps) == (0, 'I\n', ['in']), vars(r)
    os.makedirs('../root')
    for name in ('usr', 'etc', 'lib', 'lib64', 'bin'):
        if os.path.isdir('/' + name):
            os.symlink(os.readlink('/' + name), '../root/' + name) if os.path.islink('/' + name) else os.mkdir('../root/' + name)
    root = os.path.realpath('../root')
    r = Run('-c', root, '-V', "{'/usr':'/usr'}", '--', 'sh', '-c', 'cat in; ls -A /etc')
    assert (r.rc, r.out, r.deps) == (0, 'I\n', ['in']), vars(r)
    for args, said in ((['-c', '/no/root'], 'chroot_dir /no/root : No such file'), (['-V', "{'v':'/no/dir'}"], 'its dir /no/dir'),
                       (['-T', OUT], 'would hide the installation of lmake'), (['-c', os.getcwd()], 'contains the repo')):
        r = Run(*args, '--', 'true')
        assert r.rc == 1 and (said in r.err or 'lies in the repo' in r.err) and ', consider : ' in r.err, (args, vars(r))


# Reads what it is given, links of libc's struct stat and dates past 2038 included, then runs the rest with no environment.
NARROW = r"""
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	static char *const none[] = { NULL };
	struct stat st;
	char text[64] = "";
	int fd = open(argv[1], O_RDONLY), n = (int)read(fd, text, sizeof text - 1);
	printf("%d bits : %s", (int)sizeof(long) * 8, n > 0 ? text : "nothing\n");
	fflush(stdout);
	stat(argv[2], &st);
	if (argc > 4)
		execve(argv[4], argv + 4, none);
	return argc > 4;
}
"""


def runs(cmd):
    try:
        return subprocess.run(cmd, stdout=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def narrow_programs(where):
    """32 bit programs, dynamic and static; none where they cannot be made or the kernel does not run them, and that is said."""
    write(where + '/narrow.c', NARROW)
    found = []
    for kind in ('dynamic', 'static'):
        exe = os.path.join(os.getcwd(), where, kind)
        made = subprocess.run(['gcc', '-m32', '-idirafter', '/usr/include/x86_64-linux-gnu', where + '/narrow.c', '-o', exe] +
                              (['-static'] if kind == 'static' else []), stderr=subprocess.DEVNULL).returncode == 0
        if made and runs([exe, '/dev/null', '/']):
            found.append(exe)
        else:
            print('left out: %s programs of 32 bits, which %s' %
                  (kind, 'this machine does not run' if made else 'cannot be made here (gcc-multilib)'))
    subprocess.check_call(['gcc', where + '/narrow.c', '-o', where + '/wide'])
    return found + [os.path.join(os.getcwd(), where, 'wide')]


@test
def programs_of_32_and_64_bits_start_each_other():
    *narrow, wide = narrow_programs('../bin')
    for name in 'abcd':
        write(name, name + '\n')
    os.utime('b', (2 ** 32, 2 ** 32))        # later than 32 bits can tell
    os.symlink('d', 'l')
    for exe in narrow:
        for method in ('seccomp', 'hybrid', 'ptrace') + (('ld_preload',) if exe.endswith('dynamic') else ()):
            chain = [exe, 'a', 'n1', '--', wide, 'b', 'n2', '--', exe, 'c', 'n3', '--', wide, 'l', 'n4']
            r = Run('-A', '-m', method, '--', 'sh', '-c', 'exec "$@"', 'sh', *chain)
            out = ''.join('%d bits : %s\n' % (32 if i % 2 == 0 else 64, c) for i, c in enumerate('abcd'))
            if method == 'ld_preload' and 'is of 32 bits' in r.err:
                assert r.rc == 1 and not os.path.exists(OUT + '/lib/preload/i686/liblmake_preload.so'), r.err
                continue
            assert (r.rc, r.out, r.err) == (0, out, ''), (method, vars(r))      # no loader complains
            for name in 'abcd':
                assert re.search(r'^LR +%s$' % name, r.text, re.M), (method, name, r.text)
            for i in range(1, 5):
                assert re.search(r'^LRT +n%d$' % i, r.text, re.M), (method, i, r.text)
            assert re.search(r'^L +l$', r.text, re.M), (method, r.text)


@test
def programs_of_32_bits_that_cannot_be_followed_are_refused():
    *narrow, _ = narrow_programs('../bin')
    for exe in narrow:
        for method in ('ld_audit', 'ld_preload_jemalloc') + (('ld_preload',) if exe.endswith('static') else ()):
            r = Run('-m', method, '--', 'sh', '-c', '"$@"', 'sh', exe, 'a', 'b')
            assert r.rc == 1 and 'is not seen by ld_preload' in r.err.replace('it is', 'is') and "autodep = 'hybrid'" in r.err, (method, vars(r))


def main():
    failed = 0
    if not os.path.exists(LAUTODEP):
        print('FAIL no %s' % LAUTODEP)
        print('0 passed, 1 failed')
        return 1
    tests = [f for f in TESTS if not sys.argv[2:] or any(word in f.__name__ for word in sys.argv[2:])]
    for f in tests:
        top = os.path.realpath(tempfile.mkdtemp(prefix='lmauto.'))
        os.mkdir(top + '/work')
        os.chdir(top + '/work')
        try:
            f()
            print('ok     ' + f.__name__)
        except Exception:
            failed += 1
            print('FAIL   ' + f.__name__)
            traceback.print_exc(file=sys.stdout)
        os.chdir('/')
        shutil.rmtree(top)
        sys.stdout.flush()
    print('%d passed, %d failed' % (len(tests) - failed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
