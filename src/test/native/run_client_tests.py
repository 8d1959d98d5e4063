#!/usr/bin/env python3
"""Tests of the client against a server of our own. Usage: run_client_tests.py <install>

The install under test is copied, with a lib/server.args whose java is this very file, playing a server: what it must do is
told by the arguments of the command (`lmake say:hello exit:3`).
"""
import os
import pty
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

from agent_link import Reader, frame, string, u8

TESTS = []
PYTHON = '/usr/bin/python3' if os.path.exists('/usr/bin/python3') else sys.executable     # any user may run it
TOOLS = ('lshow', 'lforget', 'lmark', 'ldebug', 'lcollect')


def test(f):
    TESTS.append(f)
    return f


# ---- the server ----

def recv_frame(s):
    head = b''
    while len(head) < 4:
        got = s.recv(4 - len(head))
        if not got:
            return None, None
        head += got
    n = struct.unpack('<I', head)[0]
    data = b''
    while len(data) < n:
        got = s.recv(n - len(data))
        if not got:
            return None, None
        data += got
    return data[0], Reader(data[1:])


def hello(r):
    return dict(protocol=r.u32(), tool=r.str(), argv=[r.str() for _ in range(r.u32())], startup=r.str(),
                env=[r.str() for _ in range(r.u32())], tty=r.u8(), pid=r.u32())


def act(c, h, word, args):
    """Returns False when the conversation is over."""
    verb, _, what = word.partition(':')
    if verb == 'say':
        c.sendall(frame(1, what.encode() + b'\n'))
    elif verb == 'err':
        c.sendall(frame(2, what.encode() + b'\n'))
    elif verb == 'big':
        for _ in range(int(what)):
            c.sendall(frame(1, b'x' * (1 << 20)))
    elif verb == 'show':
        c.sendall(frame(1, repr(h[what]).encode() + b'\n'))
    elif verb == 'args':
        c.sendall(frame(1, ' '.join(args).encode() + b'\n'))
    elif verb == 'wait':
        kind, _ = recv_frame(c)
        c.sendall(frame(1, b'interrupt %d\n' % kind))
    elif verb == 'exit':
        c.sendall(frame(3, u8(int(what))))
    elif verb == 'garbage':
        c.sendall(b'\0\0\0\0\0')
    elif verb == 'die':
        os._exit(0)
    return True


def serve_one(c, args):
    kind, r = recv_frame(c)
    if kind == 1:
        h = hello(r)
        for word in h['argv']:
            act(c, h, word, args)
    c.close()


def serve(args):
    with open('LMAKE/lmake/starts' if os.access('LMAKE/lmake', os.W_OK) else '/dev/null', 'a') as f:
        f.write('start\n')
    if os.path.exists('LMAKE/lmake/die'):
        print('first words')
        print('last words', file=sys.stderr, flush=True)
        with open('LMAKE/lmake/die') as f:
            code = f.read().strip()
        os.kill(os.getpid(), 9) if code == 'kill' else sys.exit(int(code))
    name = args[args.index('--socket') + 1] if '--socket' in args else 'LMAKE/lmake/server.sock'
    time.sleep(0.2)
    s = socket.socket(socket.AF_UNIX)
    tmp = name + '.new'
    if os.path.exists(tmp):
        os.unlink(tmp)
    s.bind(tmp)
    s.listen(100)
    os.rename(tmp, name)
    s.settimeout(2)
    rude = os.path.exists('LMAKE/lmake/rude')          # leaves without reading the first command
    try:
        while True:
            c, _ = s.accept()
            if rude:
                os.unlink('LMAKE/lmake/rude')
                os._exit(0)
            if not os.fork():
                serve_one(c, args)
                os._exit(0)
            c.close()
    except socket.timeout:
        os.unlink(name)
        os._exit(0)


# ---- the tests ----

class Place:
    """A copy of the install, and a dir to work in."""

    def __init__(self, install):
        self.base = os.path.realpath(tempfile.mkdtemp(prefix='lmake-client-'))
        os.chmod(self.base, 0o755)
        self.bin = self.base + '/install/bin'
        shutil.copytree(install + '/bin', self.bin, symlinks=True)
        os.mkdir(self.base + '/install/lib')
        here = os.path.dirname(os.path.abspath(__file__))
        for name in (os.path.abspath(__file__), here + '/agent_link.py'):
            shutil.copy(name, self.base + '/install/lib')
        with open(self.base + '/install/lib/server.args', 'w') as f:
            f.write('%s\n-B\n${LIB}/run_client_tests.py\n' % PYTHON)
        self.repo = self.base + '/repo'
        os.mkdir(self.repo)

    def touch(self, name):
        path = os.path.join(self.base, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, 'w').close()

    def init(self):
        self.touch('repo/Lmakefile.py')

    def run(self, tool, *args, **how):
        how.setdefault('cwd', self.repo)
        p = subprocess.run([self.bin + '/' + tool] + list(args), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           universal_newlines=True, timeout=30, **how)
        return p.returncode, p.stdout, p.stderr

    def popen(self, tool, *args, **how):
        how.setdefault('stdout', subprocess.PIPE)
        return subprocess.Popen([self.bin + '/' + tool] + list(args), cwd=self.repo, stderr=subprocess.PIPE, **how)

    def starts(self):
        with open(self.repo + '/LMAKE/lmake/starts') as f:
            return len(f.readlines())

    def close(self):
        subprocess.call(['chmod', '-R', 'u+w', self.base])
        shutil.rmtree(self.base, ignore_errors=True)


@test
def bytes_and_code_come_through(p):
    p.init()
    assert p.run('lmake', 'say:hello', 'err:oops', 'say:bye', 'exit:3') == (3, 'hello\nbye\n', 'oops\n')
    with open(p.repo + '/LMAKE/version') as f:
        assert f.read() == '1\n1\n'
    assert os.stat(p.repo + '/LMAKE/lmake').st_mode & 0o777 == 0o700
    for tool in TOOLS:
        assert p.run(tool, 'show:tool', 'exit:0') == (0, repr(tool) + '\n', '')
    assert p.starts() == 1


@test
def facts_are_sent(p):
    p.init()
    os.makedirs(p.repo + '/sub/deep')
    assert p.run('lmake', 'show:startup', 'exit:0', cwd=p.repo + '/sub/deep')[1] == "'sub/deep'\n"
    assert p.run('lmake', 'show:startup', 'exit:0')[1] == "''\n"
    assert p.run('lmake', 'show:tty', 'exit:0', stdin=subprocess.DEVNULL)[1] == '0\n'
    assert p.run('lmake', 'show:env', 'exit:0', env={'A': '1', 'B': 'x=y'})[1] == "['A=1', 'B=x=y']\n"
    assert p.run('lmake', 'show:argv', '', '--', 'a b', 'exit:0')[1] == "['show:argv', '', '--', 'a b', 'exit:0']\n"
    assert p.run('lmake', 'args', 'exit:0')[1] == '--server --root %s\n' % p.repo


@test
def much_output_is_whole(p):
    p.init()
    code, out, _ = p.run('lmake', 'big:20', 'exit:0')
    assert code == 0 and len(out) == 20 << 20


@test
def version_and_help_need_no_repo(p):
    for tool in ('lmake',) + TOOLS:
        code, out, err = p.run(tool, '--version')
        assert (code, out) == (0, '') and err.startswith('version '), err
        code, out, err = p.run(tool, '-h')
        assert (code, out) == (11, '') and err.startswith(tool) and 'man ' + tool in err, err
    assert not os.path.exists(p.repo + '/LMAKE')


@test
def no_makefile_no_repo(p):
    code, out, err = p.run('lmake', 'a')
    assert (code, out, err) == (11, '', 'cannot find any of [Lmakefile.py,Lmakefile/__init__.py]\n'), err
    assert not os.path.exists(p.repo + '/LMAKE')


@test
def package_marks_a_repo_too(p):
    p.touch('repo/Lmakefile/__init__.py')
    assert p.run('lmake', 'exit:0')[0] == 0


@test
def nested_repos_are_told_apart(p):
    p.init()
    p.touch('repo/in/Lmakefile.py')
    inner = p.repo + '/in'
    code, _, err = p.run('lmake', 'exit:0', cwd=inner)
    assert code == 11 and 'mkdir %s/LMAKE' % inner in err and 'mkdir %s/LMAKE' % p.repo in err, err
    os.mkdir(p.repo + '/LMAKE')
    assert p.run('lmake', 'show:startup', 'exit:0', cwd=inner)[1] == "'in'\n"
    os.mkdir(inner + '/LMAKE')
    code, _, err = p.run('lmake', 'exit:0', cwd=inner)
    assert code == 11 and 'rm -r %s/LMAKE' % inner in err and 'rm -r %s/LMAKE' % p.repo in err, err
    os.rmdir(p.repo + '/LMAKE/lmake') if not os.listdir(p.repo + '/LMAKE/lmake') else None
    subprocess.call(['rm', '-r', p.repo + '/LMAKE'])
    assert p.run('lmake', 'show:startup', 'exit:0', cwd=inner)[1] == "''\n"


@test
def version_gate(p):
    p.init()
    for tool in TOOLS:
        code, _, err = p.run(tool, 'exit:0')
        assert (code, err) == (12, 'repo not initialized, consider : lmake\n'), (tool, code, err)
    p.touch('repo/LMAKE/lmake/sync1')
    assert p.run('lmake', 'exit:0')[0] == 0 and os.path.exists(p.repo + '/LMAKE/lmake/sync1')
    with open(p.repo + '/LMAKE/version', 'w') as f:
        f.write('99\n3.9\n')
    for tool in ('lmake',) + TOOLS:
        code, _, err = p.run(tool, 'exit:0')
        assert code == 12 and '99' in err and 'git clean -ffdx' in err and 'lmake_root' in err, err


@test
def version_without_content_is_made_anew(p):
    """A power cut may leave the name of a file that was just made, and nothing in it."""
    p.init()
    for content in (b'', b'\0\0\0\0'):
        os.makedirs(p.repo + '/LMAKE', exist_ok=True)
        with open(p.repo + '/LMAKE/version', 'wb') as f:
            f.write(content)
        code, _, err = p.run('lshow', 'exit:0')
        assert (code, err) == (12, 'repo not initialized, consider : lmake\n'), (code, err)
        assert p.run('lmake', 'exit:0')[0] == 0
        assert open(p.repo + '/LMAKE/version').read() == '1\n1\n'


@test
def version_is_on_the_disk_before_it_has_its_name(p):
    """Else a power cut may leave in it what its block held before: a number of another version, as like as not."""
    if not shutil.which('strace'):
        return print('no strace here, not tested: version_is_on_the_disk_before_it_has_its_name')
    p.init()
    log = p.base + '/calls'
    subprocess.run(['strace', '-f', '-y', '-o', log, '-e', 'trace=fsync,fdatasync,rename,renameat,renameat2',
                    p.bin + '/lmake', 'exit:0'], cwd=p.repo, check=True, timeout=30)
    calls = [line.split(' ', 1)[1] for line in open(log) if 'LMAKE/version.' in line]
    assert len(calls) == 2 and 'sync(' in calls[0] and 'rename' in calls[1], calls


@test
def many_clients_start_one_server(p):
    p.init()
    clients = [p.popen('lmake', 'say:%d' % i, 'exit:%d' % i) for i in range(32)]
    for i, c in enumerate(clients):
        out, err = c.communicate(timeout=30)
        assert (c.returncode, out, err) == (i, b'%d\n' % i, b''), (i, c.returncode, out, err)
    assert p.starts() == 1


@test
def lost_server_is_8(p):
    p.init()
    assert p.run('lmake', 'say:begin', 'die')[:2] == (8, 'begin\n')
    assert p.run('lmake', 'die')[:2] == (8, '')
    assert p.run('lmake', 'garbage')[0] == 8


@test
def server_that_leaves_unread_is_started_again(p):
    p.init()
    p.touch('repo/LMAKE/lmake/rude')
    assert p.run('lmake', 'say:hello', 'exit:0') == (0, 'hello\n', '')
    assert p.starts() == 2


@test
def stale_socket_is_replaced(p):
    p.init()
    assert p.run('lmake', 'exit:0')[0] == 0
    s = socket.socket(socket.AF_UNIX)
    os.chdir(p.repo)
    os.unlink('LMAKE/lmake/server.sock')
    s.bind('LMAKE/lmake/server.sock')
    s.close()
    assert p.run('lmake', 'exit:0')[0] == 0 and p.starts() == 2


@test
def server_that_cannot_start_is_explained(p):
    p.init()
    os.makedirs(p.repo + '/LMAKE/lmake')
    for code, expected in (('1', 4), ('kill', 4), ('12', 12), ('3', 3), ('10', 10)):
        with open(p.repo + '/LMAKE/lmake/die', 'w') as f:
            f.write(code)
        got, _, err = p.run('lmake', 'exit:0')
        assert got == expected and err.count('last words') == 1 and 'first words' in err, (got, err)
    os.unlink(p.repo + '/LMAKE/lmake/die')
    code, _, err = p.run('lmake', 'exit:0', env={'LMAKE_JAVA': '/no/java'})
    assert code == 4 and '/no/java' in err and 'LMAKE_JAVA' in err, err
    begin = time.time()
    with open(p.repo + '/LMAKE/lmake/die', 'w') as f:
        f.write('0')
    code, _, err = p.run('lmake', 'exit:0')
    assert code == 4 and time.time() - begin < 15 and 'server.lock' in err, err


def nobody():
    os.setgid(65534)
    os.setuid(65534)


@test
def read_only_repo(p):
    if os.getuid():
        return
    p.init()
    assert p.run('lmake', 'exit:0')[0] == 0
    time.sleep(0.1)
    for dir, _, files in os.walk(p.repo):
        os.chmod(dir, 0o755)
        for f in files:
            os.chmod(os.path.join(dir, f), 0o644)
    for tool in ('lmake', 'lforget', 'lmark', 'ldebug', 'lcollect'):
        code, _, err = p.run(tool, 'exit:0', preexec_fn=nobody)
        assert (code, err) == (7, 'cannot run in read-only repository\n'), (tool, code, err)
    tmp = tempfile.mkdtemp()
    os.chmod(tmp, 0o777)
    code, out, err = p.run('lshow', 'args', 'show:tty', 'exit:0', preexec_fn=nobody, stdin=subprocess.DEVNULL,
                           env={'TMPDIR': tmp})
    assert code == 0 and '--readonly --socket %s/' % tmp in out and out.endswith('\n8\n'), (code, out, err)
    assert not os.listdir(tmp), os.listdir(tmp)
    os.rmdir(tmp)
    os.chmod(p.repo, 0o555)


@test
def interrupt_is_passed_on_then_kills(p):
    p.init()
    p.run('lmake', 'exit:0')
    for ignored in (False, True):
        c = p.popen('lmake', 'say:go', 'wait', 'exit:1',
                    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN if ignored else signal.SIG_DFL))
        assert c.stdout.readline() == b'go\n'
        c.send_signal(signal.SIGINT)
        out, _ = c.communicate(timeout=10)
        assert c.returncode == -2 and sorted(out.splitlines()) == [b'', b'interrupt 2'], (c.returncode, out)


@test
def query_tools_die_of_interrupt(p):
    p.init()
    p.run('lmake', 'exit:0')
    c = p.popen('lshow', 'say:go', 'wait', 'exit:1', preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    assert c.stdout.readline() == b'go\n'
    c.send_signal(signal.SIGINT)
    assert c.wait(10) == -2


@test
def closed_stdout_kills_by_sigpipe(p):
    p.init()
    for restore in (True, False):
        r, w = os.pipe()
        c = p.popen('lmake', 'big:2', 'exit:0', stdout=w, restore_signals=restore)
        os.close(w)
        os.close(r)
        assert c.wait(10) == -signal.SIGPIPE, c.returncode


@test
def terminal_is_described(p):
    p.init()
    p.run('lmake', 'exit:0')
    master, slave = pty.openpty()
    c = subprocess.Popen([p.bin + '/lmake', 'show:tty', 'exit:0'], cwd=p.repo, stdin=slave, stdout=slave, stderr=slave)
    assert c.wait(10) == 0
    assert os.read(master, 100).strip() == b'7'
    os.close(master)
    os.close(slave)


@test
def nothing_runs_inside_a_job_of_the_same_repo(p):
    p.init()
    head = struct.pack('<II QQQQ 35I', 3, 0, 77, 65536, 1 << 28, 0, 0, 0, 1, 1, 1, 0, 1, *([0] * 28))  # struct lm_log_header
    log = p.base + '/log'
    for root, token, expected in ((p.repo, 77, 5), (p.repo, 78, 0), (p.base, 77, 0), (p.repo + 'x', 77, 0)):
        with open(log, 'wb') as f:
            f.write(head + os.fsencode(root) + b'\0' * 65536)
        code, _, err = p.run('lmake', 'exit:0', env={'LMAKE_AUTODEP_ENV': '%s:%d' % (log, token)})
        assert code == expected, (root, token, code, err)
        assert not expected or 'inside a job' in err


def main():
    if '--server' in sys.argv:
        serve(sys.argv[1:])
    install = os.path.abspath(sys.argv[1])
    passed = failed = 0
    for f in TESTS:
        if sys.argv[2:] and not any(word in f.__name__ for word in sys.argv[2:]):
            continue
        p = Place(install)
        try:
            f(p)
            passed += 1
            print('ok     ' + f.__name__, flush=True)
        except Exception:
            failed += 1
            print('FAILED ' + f.__name__, flush=True)
            traceback.print_exc(file=sys.stdout)
        finally:
            p.close()
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
