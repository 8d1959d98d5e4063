#!/usr/bin/env python3
"""Tests of the tracer: each tracee prints the accesses it made, each method must report exactly that.

    python3 src/test/native/run_tracer_tests.py <OUT> [case...]

<OUT> is where `make -C native OUT=<OUT>` put liblmake_preload.so; it is completed if needed. Standard library only.
"""

import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
NATIVE = os.path.join(HERE, '..', '..', '..', 'native')
OUT = os.path.abspath(sys.argv[1])
ONLY = set(sys.argv[2:])
LIB = os.path.join(OUT, 'liblmake_preload.so')
AUDIT = os.path.join(OUT, 'liblmake_audit.so')
RUN = os.path.join(OUT, 'test', 'tracerun')
TRACEE = os.path.join(OUT, 'test', 'tracee')
STATIC = os.path.join(OUT, 'test', 'tracee.static')
LOW = os.path.join(OUT, 'test', 'tracee.low')
METHODS = ('preload', 'seccomp', 'hybrid', 'ptrace', 'allcalls', 'audit', 'jemalloc')
KERNEL = ('seccomp', 'hybrid', 'ptrace', 'allcalls')     # those that see system calls
LIBC = ('preload', 'audit', 'jemalloc')
ORDER = 'LRTEWUDX!'

passed = failed = 0


def build():
    subprocess.check_call(['make', '-s', '-C', NATIVE, 'OUT=' + OUT, 'all', 'tracerun'])
    source = os.path.join(HERE, 'tracee.c')
    for exe, opts in ((TRACEE, []), (STATIC, ['-static']),
                      (LOW, ['-DBIG', '-no-pie', '-Wl,-Ttext-segment=0x100000'])):
        if not os.path.exists(exe) or os.path.getmtime(exe) < os.path.getmtime(source):
            subprocess.check_call(['gcc', '-std=gnu11', '-O1', '-o', exe, source]
                                  + opts + ['-pthread', '-w'], stderr=subprocess.DEVNULL)


def make_repo(top):
    """The repo the tracee expects."""
    repo = os.path.join(top, 'repo')
    os.makedirs(repo + '/d')
    for name, text in (('a', 'A\n'), ('d/f', 'F\n'), ('d/g', 'G\n'), ('x.sh', '#!/bin/sh\nexec cat "$@" < /dev/null\n')):
        with open(os.path.join(repo, name), 'w') as f:
            f.write(text)
    os.chmod(repo + '/x.sh', 0o755)
    for link, text in (('l', 'a'), ('ld', 'd'), ('dangling', 'nowhere'), ('p', 'q'), ('q', 'p')):
        os.symlink(text, os.path.join(repo, link))
    return repo


class Result:
    def __init__(self, report, out, err):
        self.out, self.err, self.files, self.refused = out, err, {}, []
        with open(report, 'rb') as f:
            for line in f.read().decode('utf-8', 'surrogateescape').splitlines():
                word, _, rest = line.partition(' ')
                if word in ('status', 'records', 'overflow', 'notified'):
                    setattr(self, word, int(rest))
                elif word == '!':
                    self.refused.append(rest)
                else:
                    self.files[rest] = norm(word)


def norm(bits):
    return ''.join(c for c in ORDER if c in bits)


def run(method, cmd, setup=None, opts=(), env=None):
    top = os.path.realpath(tempfile.mkdtemp(prefix='lmtrace.'))
    try:
        repo = make_repo(top)
        if setup:
            setup(repo)
        report = os.path.join(top, 'report')
        argv = [RUN, '-o', report] + [o.replace('{top}', top) for o in opts] + [LIB, method, repo] + \
            [c.replace('{top}', top).replace('{repo}', repo) for c in cmd]
        environ = dict(os.environ)
        environ.pop('LD_PRELOAD', None)
        environ['AUDIT_LIB'] = AUDIT
        environ.update({k: v.replace('{repo}', repo) for k, v in (env or {}).items()})
        p = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                           env=environ)
        if p.returncode:
            raise RuntimeError('tracerun: %s' % p.stderr.decode())
        return Result(report, p.stdout.decode('utf-8', 'surrogateescape'), p.stderr.decode('utf-8', 'replace'))
    finally:
        shutil.rmtree(top)


def verdict(name, problems):
    global passed, failed
    if problems:
        failed += 1
        print('FAIL ' + name)
        for p in problems:
            print('     ' + p)
    else:
        passed += 1
        print('ok   ' + name)
    sys.stdout.flush()


def compare(got, want):
    out = []
    for f in sorted(set(got) | set(want)):
        if got.get(f) != want.get(f):
            out.append('%s: reported %s, expected %s' % (f, got.get(f, 'nothing'), want.get(f, 'nothing')))
    return out


def case(name, method, cmd, want=None, status=0, refused=False, keep=None, also={}, by=None, said='', **kw):
    """One run. want: {file: bits}, or None: what the tracee prints, and `also`. keep: files to look at (others are free)."""
    full = '%s %s' % (name, method)
    if ONLY and name not in ONLY:
        return None
    try:
        r = run(method, cmd, **kw)
    except Exception as e:
        verdict(full, [repr(e)])
        return None
    if want is None:
        want = dict(also)
        for line in r.out.splitlines():
            mark, _, rest = line.partition(' ')
            if mark != '>':
                continue    # of a program it ran
            bits, _, f = rest.partition(' ')
            bits = by_method(bits, by or method)
            if bits:
                want[f] = norm(want.get(f, '') + bits)
    problems = compare({f: b for f, b in r.files.items() if not keep or f in keep}, want)
    if status is not None and r.status != status:
        problems.append('status %d, expected %d: %s' % (r.status, status, r.err.strip()))
    if bool(r.refused) != refused:
        problems.append('refused: %s, expected %s' % (r.refused, refused))
    if said not in r.err:
        problems.append('%s is not in %s' % (said, r.err))
    if r.overflow:
        problems.append('overflow %d' % r.overflow)
    verdict(full, problems)
    return r


# allcalls: ptrace as it is where a filter of another lmake is around us.
BY_PTRACE = ('ptrace', 'allcalls')
LIKE = {'ptrace': 'seccomp', 'allcalls': 'seccomp', 'audit': 'preload', 'jemalloc': 'preload'}

# Where a method legitimately differs: what the tracee prints in place of bits, and what each method must report.
BY_METHOD = {
    'mkstemp': {'preload': 'W', 'seccomp': 'RW', 'hybrid': 'RW'},       # libc: the name is known afterwards; a syscall says O_EXCL
    'euidaccess': {'preload': 'LT', 'seccomp': 'LRT', 'hybrid': 'LRT'},  # libc does it by stat
    'realpath_dir': {'preload': '', 'seccomp': 'L', 'hybrid': ''},    # libc does it by one readlink per component
    'inline': {'preload': '', 'seccomp': 'LR', 'hybrid': 'LR'},         # a hole of preload
    'filtered': {'preload': 'T', 'seccomp': '', 'hybrid': 'T', 'allcalls': 'T'},    # refused before the tracer hears of it
    'cancelled': {'preload': 'T', 'seccomp': 'LRT', 'hybrid': 'T'}, # a read is recorded once it is open
}


def by_method(bits, method):
    ways = BY_METHOD.get(bits, {})
    return ways.get(method, ways.get(LIKE.get(method), bits))


# semantics 5.4, row by row: flags, existing regular, absent, link to regular
OPEN_TABLE = [
    ('O_RDONLY',                     'a LR', 'n LR', 'l L, a LR'),
    ('O_RDONLY|O_PATH',              'a LR', 'n LR', 'l L, a LR'),
    ('O_RDONLY|O_CREAT',             'a LR', 'n LR', 'l L, a LR'),
    ('O_RDONLY|O_NOFOLLOW',          'a LR', 'n LR', 'l LR'),
    ('O_PATH|O_NOFOLLOW',            'a LR', 'n LR', 'l LR'),
    ('O_DIRECTORY',                  '',     '',     'l L'),
    ('O_TMPFILE|O_RDWR',             '',     '',     'l L'),
    ('O_RDWR',                       'a LRW', 'n LR', 'l L, a LRW'),
    ('O_RDWR|O_CREAT',               'a LRW', 'n LRW', 'l L, a LRW'),
    ('O_RDWR|O_TRUNC',               'a LW', 'n L', 'l L, a LW'),
    ('O_RDWR|O_CREAT|O_EXCL',        'a R', 'n RW', 'l R'),
    ('O_WRONLY',                     'a LW', 'n L', 'l L, a LW'),
    ('O_WRONLY|O_APPEND',            'a LW', 'n L', 'l L, a LW'),
    ('O_WRONLY|O_TRUNC',             'a LW', 'n L', 'l L, a LW'),
    ('O_WRONLY|O_CREAT',             'a LW', 'n LW', 'l L, a LW'),
    ('O_WRONLY|O_CREAT|O_TRUNC',     'a LW', 'n LW', 'l L, a LW'),
    ('O_WRONLY|O_CREAT|O_EXCL',      'a T', 'n TW', 'l T'),
]


def parse(text):
    return dict((p.split()[0], p.split()[1]) for p in text.split(',') if p)


def open_table():
    for method in METHODS:
        for row in OPEN_TABLE:
            flags = 0
            for f in row[0].split('|'):
                flags |= {'O_PATH': 0o10000000}.get(f) or getattr(os, f)
            for kind, name, want in zip(('regular', 'absent', 'link'), 'anl', row[1:]):
                case('open(%s) of %s' % (row[0], kind), method, [TRACEE, 'open', str(flags), name], parse(want))


PLAIN = ['open_ways', 'stdio', 'stat', 'access', 'readlink', 'realpath', 'dotdot', 'loop', 'procfd', 'cwd', 'rename',
         'rename_dir', 'links', 'unlink', 'dirs', 'attr', 'list', 'glob', 'nftw', 'mkstemp', 'exec', 'exec_chain',
         'exec_path', 'clean_env', 'vfork', 'spawn', 'shell', 'threads', 'closefrom', 'signals', 'errno', 'rewrite',
         'admin', 'inline', 'inline_exec', 'own_filter', 'ptrace', 'thread_exec', 'cancel', 'tmpfile', 'late_link', 'mknod',
         'small_stack', 'uring', 'thread_fork', 'walk', 'made_dir', 'reused_dir', 'deleted_name', 'bytes', 'moved_cwd',
         'dir_streams']


def slower(name, method):
    return ['2000'] if name == 'signals' and method in BY_PTRACE else []


def make_lib(repo):
    with open(repo + '/t.c', 'w') as f:
        f.write('int t(void) { return 0; }\n')
    subprocess.check_call(['gcc', '-shared', '-fPIC', '-o', repo + '/libt.so', repo + '/t.c'])


def make_linked(repo):
    """prog needs libt.so: RUNPATH $ORIGIN/d (not there) then $ORIGIN/lib."""
    make_lib(repo)
    os.mkdir(repo + '/lib')
    with open(repo + '/m.c', 'w') as f:
        f.write('int t(void);\nint main(void) { return t(); }\n')
    subprocess.check_call(['gcc', '-o', repo + '/prog', repo + '/m.c', '-L' + repo, '-lt',
                           '-Wl,--enable-new-dtags,-rpath,$ORIGIN/d:$ORIGIN/lib'])
    os.rename(repo + '/libt.so', repo + '/lib/libt.so')


def copy_static(repo):
    shutil.copy(STATIC, repo + '/st')


def fake_32bit(repo):
    """A file that has the header of a 32 bit program; it need not run."""
    with open(STATIC, 'rb') as f:
        data = bytearray(f.read(4096))
    data[4], data[18] = 1, 3
    with open(repo + '/e32', 'wb') as f:
        f.write(data)
    os.chmod(repo + '/e32', 0o755)


def programs():
    for method in METHODS:
        case('dlopen', method, [TRACEE, 'dlopen'], setup=make_lib)
        case('killed', method, [TRACEE, 'killed'], status=9)
        case('library by RUNPATH', method, ['{repo}/prog'], {'prog': 'LRX', 'd/libt.so': 'LR', 'd/libc.so.6': 'LR',
             'lib/libt.so': 'LR', 'lib/libc.so.6': 'LR'}, setup=make_linked,
             keep=('prog', 'd/libt.so', 'lib/libt.so', 'd/libc.so.6', 'lib/libc.so.6'))
        case('library by LD_LIBRARY_PATH', method, [TRACEE, 'run', './prog'],
             {'prog': 'LRX', 'lib/libt.so': 'LR', 'lib/libc.so.6': 'LR', 'd/libc.so.6': 'LR'}, setup=make_linked,
             env={'LD_LIBRARY_PATH': '{repo}/lib'},
             keep=('prog', 'd/libt.so', 'lib/libt.so', 'd/libc.so.6', 'lib/libc.so.6'))
        py = ['/usr/bin/python3' if os.path.exists('/usr/bin/python3') else sys.executable, '-I', '-S', '-c']
        case('python3', method, py + ['import os\nopen("a").read()\nos.stat("d/f")\nos.listdir("d")\n'
                                      'open("w","w").write("x")\nos.replace("w","v")\n'
                                      'import subprocess\nsubprocess.check_call(["/bin/cat","d/g"],env={})'],
             {'a': 'LR', 'd/f': 'LRT', 'd': 'D', 'w': 'LRWU', 'v': 'W', 'd/g': 'LR'})
        case('bash', method, ['/bin/bash', '-c', 'read x < a; [ -e d/f ]; echo d/*; echo > w; cat l >> w; ./x.sh d/g'],
             {'a': 'LR', 'd/f': 'LRT', 'd': 'D', 'w': 'LW', 'l': 'L', 'x.sh': 'LRX', 'd/g': 'LR'})
        case('gcc', method, ['/usr/bin/gcc', '-c', '-Id', 'm.c', '-o', 'm.o'],
             {'m.c': 'LR', 'm.o': 'LRTW', 'd/h.h': 'LR', 'h.h': 'LR'}, setup=make_c, keep=('m.c', 'm.o', 'd/h.h', 'h.h'))


# A library whose own symbols come first: what it binds in libc is bound past preload.
DEEP = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
int main(void)
{
	void *deep = dlopen("./deep.so", RTLD_NOW | RTLD_DEEPBIND | RTLD_LOCAL), *libc = dlopen("libc.so.6", RTLD_LAZY);
	int (*opener)(const char *, int) = (int (*)(const char *, int))dlsym(libc, "open");
	if (!deep || ((int (*)(void))dlsym(deep, "deep"))() < 0)
		return 1;
	return opener("d/f", O_RDONLY) < 0;
}
"""


def make_deep(repo):
    with open(repo + '/deep.c', 'w') as f:
        f.write('#include <fcntl.h>\nint deep(void) { return open("a", O_RDONLY); }\n')
    with open(repo + '/main.c', 'w') as f:
        f.write(DEEP)
    subprocess.check_call(['gcc', '-shared', '-fPIC', '-o', repo + '/deep.so', repo + '/deep.c', '-lc'])
    subprocess.check_call(['gcc', '-o', repo + '/deep', repo + '/main.c', '-ldl'])


# An allocator that reads files when it is first asked for memory, and cannot be asked again meanwhile.
ALLOCATOR = r"""
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
static char room[64 << 20] __attribute__((aligned(16)));
static size_t used;
static int state;
static void begin(void)
{
	char text[64];
	struct stat st;
	int fd;
	if (state == 1) {
		write(2, "asked again", 11);
		_exit(3);
	}
	if (state)
		return;
	state = 1;
	readlink("l", text, sizeof(text));
	stat("d/f", &st);
	access("d/g", R_OK);
	fd = open("conf", O_RDONLY);
	if (fd >= 0)
		close(fd);
	state = 2;
}
void *malloc(size_t n)
{
	begin();
	n = (n + 31) & ~15ul;
	used += n;
	if (used > sizeof(room))
		return 0;
	*(size_t *)(room + used - n) = n - 16;
	return room + used - n + 16;
}
void free(void *p) { (void)p; begin(); }
void *calloc(size_t a, size_t b) { return malloc(a * b); }
void *realloc(void *p, size_t n)
{
	void *to = malloc(n);
	if (p && to)
		memcpy(to, p, ((size_t *)p)[-2] < n ? ((size_t *)p)[-2] : n);
	return to;
}
__attribute__((constructor)) static void early(void) { free(malloc(100)); }
int main(void) { return open("a", O_RDONLY) < 0; }
"""


def make_allocator(repo):
    with open(repo + '/alloc.c', 'w') as f:
        f.write(ALLOCATOR)
    subprocess.check_call(['gcc', '-w', '-O1', '-fno-builtin', '-o', repo + '/alloc', repo + '/alloc.c'])
    subprocess.check_call(['gcc', '-w', '-O1', '-fno-builtin', '-shared', '-fPIC', '-Dmain=unused', '-o', repo + '/liballoc.so',
                           repo + '/alloc.c'])


def special():
    """What one method has beyond the others."""
    for method, deep in (('preload', {}), ('audit', {'a': 'LR', 'd/f': 'LR'}), ('hybrid', {'a': 'LR', 'd/f': 'LR'}),
                         ('ptrace', {'a': 'LR', 'd/f': 'LR'})):
        case('functions bound past preload', method, ['{repo}/deep'], deep, setup=make_deep, keep=('a', 'd/f'))
    tried = ('lib/libt.so', 'lib/glibc-hwcaps/x86-64-v2/libt.so')
    for method in METHODS:
        case('each name the loader tries', method, [TRACEE, 'run', './prog'], {t: 'LR' for t in tried}, setup=make_linked,
             env={'LD_LIBRARY_PATH': '{repo}/lib'}, keep=tried)
    global AUDIT
    was, AUDIT = AUDIT, '/nowhere/liblmake_audit.so'
    case('a loader that cannot be audited', 'audit', ['{repo}/prog'], {'prog': 'LRX', 'd/libt.so': 'LR', 'lib/libt.so': 'LR',
         'the loader of a program does not let itself be audited; what libraries it looks for was worked out from the program '
         'instead': ''}, setup=make_linked,
         keep=('prog', 'd/libt.so', 'lib/libt.so', 'the loader of a program does not let itself be audited; what libraries it '
               'looks for was worked out from the program instead'))
    AUDIT = was
    early = {'l': 'L', 'd/f': 'LRT', 'd/g': 'LT', 'conf': 'LR'}
    for method in METHODS:
        for how, cmd in (('program', ['{repo}/alloc']), ('library', ['/usr/bin/env', 'LD_PRELOAD={repo}/liballoc.so', '/bin/cat', 'a'])):
            want = dict({'a': 'LR'}, **({} if method == 'jemalloc' else early))
            case('allocator that reads files, as a ' + how, method, cmd, want, setup=make_allocator,
                 keep=('a', 'l', 'd/f', 'd/g', 'conf'))


def make_c(repo):
    with open(repo + '/m.c', 'w') as f:
        f.write('#include "h.h"\n#include <stdio.h>\nint main(void) { return H; }\n')
    with open(repo + '/d/h.h', 'w') as f:
        f.write('#define H 0\n')


def escapes():
    for method in LIBC:
        case('static executable', method, [TRACEE, 'run', './st', 'open_ways'], {'st': 'LRX'}, refused=True, setup=copy_static)
        case('static executable as command', method, ['{repo}/st', 'open_ways'], {'st': 'LRX'}, refused=True,
             setup=copy_static)
        case('32 bit executable', method, [TRACEE, 'run', './e32'], {'e32': 'LRX'}, refused=True, status=None,
             setup=fake_32bit)
    for method in KERNEL:
        case('x32', method, [TRACEE, 'x32'], {}, refused=True)
        case('names moved by inline calls', method, [TRACEE, 'moved_inline'])
        case('cwd changed by inline calls', method, [TRACEE, 'cwd_inline'], keep=('g', 'd/g', 'h', 'd/h'))
        case('int 0x80', method, [TRACEE, 'int80'])
        case('static executable as command', method, ['{repo}/st', 'open_ways'], also={'st': 'LRX'}, setup=copy_static)
        case('static, dynamic, no environment, static', method,
             [STATIC, 'run', '/bin/sh', '-c', '/usr/bin/env -i /bin/sh -c "./st open_ways; read x < d/absent; :"'],
             also={'st': 'LRX', 'd/absent': 'LR'}, setup=copy_static)
        case('code where the gate would be', method, [STATIC, 'low_code'], {}, refused=True)
        case('code where the gate would be, by a wish', method, [STATIC, 'low_hint'], {}, refused=True)
        case('memory made code where the gate would be', method, [STATIC, 'low_protect'], {}, refused=True)
        case('child that is not to be traced', method, [TRACEE, 'untraced'], refused=method in BY_PTRACE)
        if method not in BY_PTRACE:
            case('calls of a later kernel', method, [TRACEE, 'later'])
        for name in PLAIN:
            if name not in ('clean_env', 'closefrom'):
                case('static ' + name, method, [STATIC, name] + slower(name, method), by='seccomp' if method == 'hybrid' else method,
                     refused=name == 'ptrace' and method in BY_PTRACE)
    case('map over the gate', 'hybrid', [TRACEE, 'low_map'], refused=True)
    case('map where the gate would be', 'seccomp', [TRACEE, 'low_map'])
    for name in ('open_ways', 'clean_env', 'spawn', 'threads', 'list', 'realpath'):
        case('no place for the gate: ' + name, 'hybrid', [LOW, name], by='seccomp')
    for method in METHODS:
        if method not in BY_PTRACE:
            case('calls skipped by a debugger', method, [TRACEE, 'skipped'])
        case('mount', method, [TRACEE, 'mount'], {}, refused=True, status=None if method == 'seccomp' else 0)
        case('mount allowed', method, [TRACEE, 'mount_ok'], {}, opts=['-f', '8'])
        case('open by handle', method, [TRACEE, 'handle'], {}, refused=True)
        case('mount without a place', method, [TRACEE, 'tree'], {}, refused=True, status=None if method == 'seccomp' else 0)
        case('dir of many levels renamed', method, [TRACEE, 'deep_rename'], {}, refused=True, keep=('f',))
        if method in LIBC or method == 'hybrid':
            case('exec with no descriptor left', method, [TRACEE, 'exec_no_fds'], refused=True, keep=('y.sh',), want={'y.sh': 'LRWX'})
        else:
            case('exec with no descriptor left', method, [TRACEE, 'exec_no_fds'], keep=('y.sh', 'x.sh'))
        case('file below a dir whose name is too long', method, [TRACEE, 'deep', 'f'], {}, refused=True, keep=('f',))
        case('dirs whose name is too long', method, [TRACEE, 'deep'], {}, keep=('f',))
        case('another library in between', method, ['/usr/bin/env', 'LD_PRELOAD={repo}/libbetween.so', TRACEE, 'access'],
             keep=('a',), want={'a': 'LT'}, setup=make_between, said='between')
        if shutil.which('gdb') and method in BY_PTRACE:
            case('gdb', method, ['/usr/bin/gdb', '-nx', '-batch', '-ex', 'run', '--args', '/bin/cat', 'd/f'], {}, keep=('d/f',),
                 env={'SHELL': '/bin/sh'}, status=None, refused=True)
        elif shutil.which('gdb'):
            case('gdb', method, ['/usr/bin/gdb', '-nx', '-batch', '-ex', 'run', '--args', '/bin/cat', 'd/f'], {'d/f': 'LR'},
                 keep=('d/f',), env={'SHELL': '/bin/sh'})


def make_between(repo):
    with open(repo + '/b.c', 'w') as f:
        f.write('#include <unistd.h>\n#include <sys/syscall.h>\n'
                'int access(const char *p, int m) { write(2, "between\\n", 8); return syscall(SYS_access, p, m); }\n')
    subprocess.check_call(['gcc', '-shared', '-fPIC', '-o', repo + '/libbetween.so', repo + '/b.c'])


def areas():
    for method in METHODS:
        for support, want in ((0, {'ld/f': 'LR', 'l': 'LR'}), (1, {'ld/f': 'LR', 'l': 'L', 'a': 'LR'}),
                              (2, {'ld': 'L', 'd/f': 'LR', 'l': 'L', 'a': 'LR'}), (3, {'ld': 'L', 'd/f': 'LR', 'l': 'L', 'a': 'LR'})):
            case('link_support %s' % ('none', 'file', 'full', 'full_ext')[support], method,
                 ['/bin/sh', '-c', 'read x < ld/f; read x < l'], want, opts=['-l', str(support)])

        def source(repo):
            os.mkdir(repo + '/../ext')
            os.symlink('real', repo + '/../ext/link')
            with open(repo + '/../ext/real', 'w') as f:
                f.write('R\n')
        case('source dir', method, ['/bin/sh', '-c', 'read x < ../ext/link; read x < {top}/ext/none; read x < ../other; :'],
             {'../ext/link': 'L', '../ext/real': 'LR', '../ext/none': 'LR'}, setup=source,
             opts=['-s', '{top}/ext/', '-n', '../ext/'])
        case('tmp dir', method, ['/bin/sh', '-c', 'echo > t/x; read x < t/x; ln -s {repo}/a t/y; read x < t/y'],
             {'a': 'LR'}, setup=lambda repo: os.mkdir(repo + '/t'), opts=['-t', '{top}/repo/t'])
        case('out of the repo', method, ['/bin/sh', '-c', 'cd {top}; echo > x; cat x; ln -s {repo}/d y; cat y/f'],
             {'d/f': 'LR'})
        case('from out of the repo by a link, full_ext', method, ['/bin/sh', '-c', 'ln -s {repo}/d {top}/y; read x < {top}/y/f'],
             {'d/f': 'LR'}, opts=['-l', '3'])


def listings():
    """By the hybrid method dirs are read without a word to the tracer: else 200 of them cost 400 notifications."""
    for method, most in (('preload', 0), ('hybrid', 100)):
        r = case('many_dirs', method, [TRACEE, 'many_dirs'], {})
        if r:
            verdict('many_dirs %s, calls told' % method, [] if r.notified <= most else ['%d, not %d at most' % (r.notified, most)])


def volume():
    for method, n in (('preload', 1000000), ('seccomp', 20000), ('hybrid', 1000000), ('ptrace', 10000)):
        r = case('%d records' % n, method, [TRACEE, 'many', str(n), 'n'], {}, opts=['-c'])
        if r and r.records != n:
            verdict('%d records, all there, %s' % (n, method), ['found %d' % r.records])
    name = 'overflow'
    if not ONLY or name in ONLY:
        r = run('preload', [TRACEE, 'many', '400000', 'x' * 200 + '/' + 'y' * 200 + '/' + 'z' * 220], opts=['-c'])
        lost = r.overflow
        verdict('overflow preload', [] if lost > 0 and r.records + lost == 400000 and not r.status else
                ['records %d, lost %d, status %d' % (r.records, lost, r.status)])


def unit():
    p = subprocess.run([os.path.join(OUT, 'test', 'slot_test')], stdout=subprocess.PIPE)
    verdict('slots and checksums', p.stdout.decode().splitlines() + (['status %d' % p.returncode] if p.returncode else []))


def main():
    build()
    if not ONLY:
        unit()
    open_table()
    for method in METHODS:
        for name in PLAIN:
            case(name, method, [TRACEE, name] + slower(name, method), refused=name == 'ptrace' and method in BY_PTRACE)
    programs()
    special()
    escapes()
    areas()
    listings()
    volume()
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
