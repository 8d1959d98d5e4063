"""Evaluates dynamic values for the server: `python3 -I -S lmake_worker.py <root> <sys.path dir>...`.

One JSON request a line on stdin, one JSON answer a line on what was stdout; prints of user code go to stderr.

    {"id":1,"define":{"id":0,"text":"..."},"code":0,"vars":{"File":"a"},"kind":"full"}
    {"id":1,"ok":"value","reads":["x/y"]}   or   {"id":1,"err":"text for people","reads":[]}

`define` alone (code null) only keeps the text. Each evaluation runs the text in a new namespace, the variables being
its globals, calls its `f` and converts the result as its `lmake_result` says. Changing the machine is refused.
"""

import errno
import json
import os
import sys

_HERE = os.path.abspath(__file__)

_FORBIDDEN = (
    'os.chdir', 'os.fork', 'os.forkpty', 'os.exec', 'os.posix_spawn', 'os.spawn', 'os.system', 'subprocess.Popen',
    'os.remove', 'os.rename', 'os.mkdir', 'os.rmdir', 'os.link', 'os.symlink', 'os.truncate', 'os.chmod', 'os.chown',
    'os.lchown', 'os.fchdir', 'os.putenv', 'os.unsetenv', 'os.utime', 'os.setxattr', 'os.removexattr', 'os.chflags',
    'pty.spawn', 'os.kill', 'shutil.move', 'shutil.copyfile', 'shutil.rmtree', 'tempfile.mkstemp', 'tempfile.mkdtemp')
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

# Python before 3.8 tells nothing of what is done: these functions are replaced.
_FUNCTIONS = (
    'chdir', 'fchdir', 'fork', 'forkpty', 'execv', 'execve', 'system', 'remove', 'unlink', 'rename', 'replace', 'mkdir',
    'rmdir', 'link', 'symlink', 'truncate', 'chmod', 'chown', 'lchown', 'putenv', 'unsetenv', 'utime', 'kill')


_readlink = os.readlink


def _looked_at(path):
    """Return the links met on the way to an absolute path, then what it leads to: absolute, without links."""
    names = []
    done = '/'
    left = path.split('/')
    while left and len(names) < 40:
        word = left.pop(0)
        if word == '..':
            done = os.path.dirname(done)
            continue
        if word in ('', '.'):
            continue
        name = os.path.join(done, word)
        try:
            link = _readlink(name)
        except (OSError, ValueError):
            done = name
            continue
        names.append(name)
        left = link.split('/') + left
        if link.startswith('/'):
            done = '/'
    return names + [done]


class _Guard(object):
    """While on, refuses what dynamic values may not do, and notes the files they look at."""

    def __init__(self, root):
        self.root = root + '/'
        self.on = False
        self.reads = []
        self.refused = None

    def refuse(self, what):
        self.refused = OSError(errno.ENOSYS, 'dynamic values cannot do this: ' + what)
        raise self.refused

    def note(self, path):
        if not isinstance(path, (str, bytes)):
            path = getattr(path, '__fspath__', lambda: None)()
        if path is None:
            return
        for name in _looked_at(os.path.join(self.root, os.fsdecode(path) if hasattr(os, 'fsdecode') else path)):
            if name.startswith(self.root):
                name = name[len(self.root):]
            if name not in self.reads:
                self.reads.append(name)

    def refuse_listing(self, path):
        name = self.root if path is None else os.path.join(self.root, os.fsdecode(path)) if not isinstance(path, int) else ''
        if (os.path.normpath(name) + '/').startswith(self.root):
            self.refuse('list dir %s, whose content depends on what was built' % (path or '.',))

    def audit(self, event, args):
        """The hook of sys.addaudithook."""
        if not self.on:
            return
        if event == 'open':
            path, mode, flags = args
            if isinstance(flags, int) and flags & _WRITES or mode and set(mode) & set('wax+'):
                self.refuse('open %s for writing' % (path,))
            self.note(path)
        elif event in ('os.listdir', 'os.scandir'):
            self.refuse_listing(args[0])
        elif event in _FORBIDDEN:
            self.refuse(event)

    def install(self):
        """Set the hooks up, for good."""
        if hasattr(sys, 'addaudithook'):
            sys.addaudithook(self.audit)
        else:
            self._replace_all()
        for name in ('stat', 'lstat', 'access', 'readlink'):
            setattr(os, name, self._noting(getattr(os, name)))

    def _noting(self, function):
        def looking(path, *args, **kwds):
            if self.on:
                self.note(path)
            return function(path, *args, **kwds)
        return looking

    def _replace_all(self):
        for name in _FUNCTIONS:
            if hasattr(os, name):
                setattr(os, name, self._refusing(name, getattr(os, name)))
        os.open = self._opening_fd(os.open)
        # taken by value by modules that are loaded already
        import _posixsubprocess
        _posixsubprocess.fork_exec = self._refusing('fork', _posixsubprocess.fork_exec)
        for name in ('putenv', 'unsetenv'):
            setattr(os.environ, name, self._refusing(name, getattr(os.environ, name)))
        import io
        io.open = self._opening(io.open)
        builtins = sys.modules.get('builtins') or sys.modules['__builtin__']
        builtins.open = io.open

    def _refusing(self, name, function):
        def refused(*args, **kwds):
            if self.on:
                self.refuse('os.' + name)
            return function(*args, **kwds)
        return refused

    def _opening_fd(self, function):
        def opening(path, flags, *args, **kwds):
            if self.on:
                self.audit('open', (path, None, flags))
            return function(path, flags, *args, **kwds)
        return opening

    def _opening(self, function):
        def opening(file, mode='r', *args, **kwds):
            if self.on:
                if set(mode) & set('wax+'):
                    self.refuse('open %s for writing' % (file,))
                self.note(file)
            return function(file, mode, *args, **kwds)
        return opening


# What a result must be for the server, by the `lmake_result` of the code.

def _dep(value):
    from lmake._read import flags
    if value is None:
        return None
    name, words = flags.split_entry(value)
    if name is None:
        return None
    bits = flags.dep_flags(words, flags.DEP['essential'] | flags.DEP_STATIC | flags.DEP_FULL)
    return {'name': str(name), 'flags': bits & ~flags.DEP['required']}


def _environ(value):
    return {'backend': True} if value is Ellipsis else None if value is None else str(value)


def _int(value):
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError('an int is expected, not %r' % (value,))
    return value


def _sequence(value):
    return [_plain(v) for v in value] if isinstance(value, (list, tuple, set, frozenset)) else [_plain(value)]


def _plain(value):
    if isinstance(value, dict):
        return dict((str(k), _plain(v)) for k, v in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(v) for v in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _each(convert):
    def converted(value):
        if not isinstance(value, dict):
            raise TypeError('a dict is expected, not %r' % (value,))
        return dict((str(k), convert(v)) for k, v in value.items())
    return converted


_CONVERT = {
    'bool': bool, 'dep': _dep, 'deps': _each(_dep), 'environ': _environ, 'environ_dict': _each(_environ),
    'float': float, 'int': _int, 'raw': _plain, 'resource': str, 'resource_dict': _each(
        lambda v: None if v is None else str(v)), 'seq': _sequence, 'str': str}
_NONE_IS_VALUE = ('deps', 'environ_dict', 'resource_dict')


def _explain():
    """Return the current exception as text, without our frames."""
    import traceback
    kind, value, trace = sys.exc_info()
    frames = [f for f in traceback.extract_tb(trace) if os.path.abspath(f[0]) != _HERE and f[0] != __file__]
    out = ['Traceback (most recent call last):\n'] + traceback.format_list(frames) if frames else []
    return ''.join(out + traceback.format_exception_only(kind, value)).rstrip('\n')


class Worker(object):
    """Keeps the texts it was given, and evaluates them."""

    def __init__(self, root):
        self.guard = _Guard(root)
        self.codes = {}

    def answer(self, request):
        """Return the answer to a request, both as dicts."""
        define = request.get('define')
        out = {'id': request.get('id')}
        try:
            if define:
                self.codes[define['id']] = compile(define['text'], '<lmake>', 'exec')
            value = None
            if request.get('code') is not None:
                value = self._evaluate(self.codes[request['code']], request.get('vars') or {})
            if self.guard.refused:
                raise self.guard.refused  # the code went on as if nothing had been
            out['ok'] = value
        except BaseException:
            self.guard.on = False
            out['err'] = _explain()
        self.guard.refused = None
        out['reads'] = [r for r in self.guard.reads if not r.startswith('<')]
        self.guard.reads = []
        return out

    def _evaluate(self, code, values):
        import builtins
        space = {'__name__': 'Lmakefile', '__builtins__': builtins}
        space.update(values)
        self.guard.on = True
        try:
            exec(code, space)
            value = space['f']()
            result = space.get('lmake_result', 'raw')
            if value is None and result not in _NONE_IS_VALUE:
                return None
            self.guard.on = False
            return _CONVERT[result](value)
        finally:
            self.guard.on = False


def main(args):
    """Answer requests until the end of stdin."""
    sys.dont_write_bytecode = True
    lib = os.path.dirname(_HERE)
    os.chdir(args[0])
    root = os.getcwd()
    # a tuple: a dynamic value that changes sys.path changes what others would find
    sys.path = tuple([lib] + [d for d in args[1:] or sys.path if d != lib])
    import lmake._read.flags
    import linecache
    import traceback
    answers = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)
    requests = os.fdopen(os.dup(0))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.stdin = None
    worker = Worker(root)
    worker.guard.install()
    for line in iter(requests.readline, ''):
        if line.strip():
            answers.write(json.dumps(worker.answer(json.loads(line)), separators=(',', ':')) + '\n')
            answers.flush()


if __name__ == '__main__':
    main(sys.argv[1:])
