"""Speak the agent's frames (src/doc/protocols.md, section 3) from Python: what the server does, for tests and benchmarks.

One Agent is one process in one temporary repo; a reader thread sorts its frames, so that tests may wait for any of them.
"""
import os
import queue
import shutil
import struct
import subprocess
import tempfile
import threading
import time

MAX_KEPT = 1 << 20


def u8(v):
    return struct.pack('<B', v)


def u32(v):
    return struct.pack('<I', v)


def u64(v):
    return struct.pack('<Q', v)


def string(s):
    raw = s if isinstance(s, bytes) else os.fsencode(s)
    return u32(len(raw)) + raw


def strings(items):
    return u32(len(items)) + b''.join(string(i) for i in items)


def frame(kind, payload):
    return u32(len(payload) + 1) + u8(kind) + payload


def isolation(flags=0, chroot='', repo_view='', tmp_view='', lmake_view='', lmake_root='', views=()):
    """The end of START. A view is (name, dir), or (name, [upper, lower...], [what to copy up...])."""
    names = (chroot, repo_view, tmp_view, lmake_view, lmake_root)
    out = u8(flags) + b''.join(string(s) for s in names) + u32(len(views))
    for view in views:
        overlay = not isinstance(view[1], str)
        dirs = list(view[1]) if overlay else [view[1]]
        out += string(view[0]) + u8(overlay) + strings(dirs) + strings(list(view[2]) if len(view) > 2 else [])
    return out


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        if self.at + n > len(self.data):
            raise ValueError('short frame')
        self.at += n
        return self.data[self.at - n:self.at]

    def u8(self):
        return self.take(1)[0]

    def u32(self):
        return struct.unpack('<I', self.take(4))[0]

    def u64(self):
        return struct.unpack('<Q', self.take(8))[0]

    def i64(self):
        return struct.unpack('<q', self.take(8))[0]

    def str(self):
        return os.fsdecode(self.take(self.u32()))


class Record(dict):
    __getattr__ = dict.__getitem__


def decode_end(r):
    end = Record(seq=r.u64(), outcome=r.u8(), status=struct.unpack('<i', r.take(4))[0], start=r.i64(), end=r.i64(),
                 user=r.u64(), system=r.u64(), rss=r.u64(), size=r.u64(), stdout=r.str(), stderr=r.str())
    end['messages'] = [r.str() for _ in range(r.u32())]
    end['done'] = [(r.u8(), r.str(), r.str()) for _ in range(r.u32())]
    end['accesses'] = {}
    for _ in range(r.u32()):
        a = Record(name=r.str(), bits=r.u32(), read=r.i64(), write=r.i64(), allowed=r.i64(), sig=r.u64(),
                   end_sig=r.u64(), mtime=r.i64(), crc=r.u64(), group=r.u32(), dep=r.u32(), target=r.u32())
        end['accesses'][a.name] = a
    end['patterns'] = [(r.str(), r.u8(), r.u32(), r.u32(), r.i64()) for _ in range(r.u32())]
    if r.at != len(r.data):
        raise ValueError('bytes after END')
    return end


class Agent:
    def __init__(self, install, configure=True, source_dirs=(), logs='/dev/shm', preexec=None, wrap=(), prepare=None,
                 inside=''):
        """wrap: words before the agent's name; prepare: called with us before it starts; inside: root is so deep."""
        self.install = os.path.abspath(install)
        self.top = os.path.realpath(tempfile.mkdtemp(prefix='lmake-agent-'))
        self.root = os.path.join(self.top, inside) if inside else self.top
        os.makedirs(self.root + '/LMAKE/lmake')
        if prepare:
            prepare(self)
        self.seq = 0
        self.ends, self.started, self.logs, self.live, self.warnings = {}, {}, [], {}, []
        self.asks, self.stated = queue.Queue(), queue.Queue()
        self.changed = threading.Condition()
        argv = [*wrap, self.install + '/bin/lmake_agent']
        self.process = subprocess.Popen(argv, cwd=self.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        preexec_fn=preexec)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        if configure:
            self.config = (string(self.root) + string(self.install) + strings(list(source_dirs)) + u8(1) + u32(MAX_KEPT)
                           + string(logs))
            self.send(1, self.config)

    def send(self, kind, payload):
        self.process.stdin.write(frame(kind, payload))
        self.process.stdin.flush()

    def read(self):
        out = self.process.stdout
        while True:
            head = out.read(4)
            if len(head) < 4:
                break
            data = out.read(struct.unpack('<I', head)[0])
            self.dispatch(data[0], Reader(data[1:]))
        with self.changed:
            self.changed.notify_all()

    def dispatch(self, kind, r):
        with self.changed:
            if kind == 1:
                seq = r.u64()
                self.started[seq] = (r.i64(), r.u32(), r.u8())
            elif kind == 2:
                end = decode_end(r)
                self.ends[end.seq] = end
            elif kind == 3:
                ask = Record(seq=r.u64(), id=r.u64(), what=r.u8(), flags=r.u32())
                ask['names'] = [r.str() for _ in range(r.u32())]
                ask['reads'] = [(r.str(), r.u64(), r.u32()) for _ in range(r.u32())] if ask.what in (3, 4) else []
                self.asks.put(ask)
            elif kind == 4:
                self.live.setdefault(r.u64(), []).append(r.data[r.at:])
            elif kind == 5:
                self.logs.append(r.str())
            elif kind == 7:
                self.warnings.append(r.str())
            elif kind == 6:
                self.stated.put((r.u64(), [(r.u64(), r.u64(), r.i64(), r.u8()) for _ in range(r.u32())]))
            self.changed.notify_all()

    def start(self, argv, env=None, cwd='', stdin='', stdout='', tmp='', flags=0, autodep=0, timeout=0, kill_sigs=(),
              pre=(), wanted=(), iso=None):
        self.seq += 1
        if isinstance(argv, str):
            argv = ['/bin/sh', '-c', argv]
        if env is None:
            env = ['PATH=' + self.install + '/bin:/usr/bin:/bin']
        self.send(2, u64(self.seq) + u64(self.seq) + strings(argv) + strings(env) + string(cwd) + string(stdin)
                  + string(stdout) + string(tmp) + u8(flags) + u8(autodep) + u32(timeout) + u32(len(kill_sigs))
                  + bytes(kill_sigs) + u32(len(pre))
                  + b''.join(u8(w) + string(n) + u64(s) + string(note) for w, n, s, note in pre)
                  + strings(list(wanted)) + isolation(**(iso or {})))
        return self.seq

    def wait(self, seq, timeout=30):
        return self.wait_for(lambda: self.ends.pop(seq, None), timeout, 'END of job %d' % seq)

    def wait_for(self, what, timeout, name):
        until = time.time() + timeout
        with self.changed:
            while True:
                found = what()
                if found:
                    return found
                if self.process.poll() is not None and not self.reader.is_alive():
                    raise AssertionError('the agent left with %s, waiting for %s; it said %s'
                                         % (self.process.returncode, name, self.logs))
                if time.time() > until:
                    raise AssertionError('no %s after %g s; log: %s' % (name, timeout, self.logs))
                self.changed.wait(0.05)

    def run(self, argv, **how):
        limit = how.pop('limit', 30)
        return self.wait(self.start(argv, **how), limit)

    def pid_of(self, seq):
        return self.wait_for(lambda: self.started.get(seq), 10, 'STARTED')[1]

    def kill(self, seq, why=1):
        self.send(3, u64(seq) + u8(why))

    def answer(self, ask, ok, lines=()):
        self.send(4, u64(ask.seq) + u64(ask.id) + u8(ok) + strings(list(lines)))

    def path(self, name):
        return os.path.join(self.root, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), 'w') as f:
            f.write(text)

    def text(self, name):
        with open(self.path(name)) as f:
            return f.read()

    def close(self):
        """End of stdin; returns the exit code."""
        try:
            self.process.stdin.close()
        except OSError:
            pass
        try:
            code = self.process.wait(20)
        finally:
            self.process.kill()
        self.reader.join(5)
        shutil.rmtree(self.top, ignore_errors=True)
        return code
