"""Calls from inside a job to the agent that watches it, src/doc/protocols.md section 7.

$LMAKE_AUTODEP_ENV names the access log of the job and its token; the header of the log (native/access/log.h) tells the
agent's socket. One connection per process, opened at the first call. Outside a job all calls succeed and do nothing.
"""

import os
import struct

import _socket  # the C part of socket: a job that only allows dirs to be listed starts 5 ms sooner

_ENV = 'LMAKE_AUTODEP_ENV'
_VERSION = 3
_TEXT = 180  # where the strings of the header begin
_HEADER = struct.Struct('<II QQQQ 29I')
_CALL, _REPLY = 1, 1
_DEPEND, _TARGET, _CHECK, _LIST_DEPS, _LIST_TARGETS, _AUTODEP = 1, 2, 3, 4, 5, 6
_READ, _WRITE, _DIRECT, _VERBOSE, _REGEXPR, _FOLLOW, _NO_ALLOW, _NO_REQUIRED, _SYNC, _IGNORE = (
    1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
_DEP_FLAGS = {'critical': 1, 'essential': 2, 'ignore_error': 4, 'readdir_ok': 8, 'required': 16}
_TARGET_FLAGS = {'essential': 1, 'incremental': 2, 'source_ok': 16, 'no_warning': 32}
_PATH_MAX = 4095


class Gone(RuntimeError):
    """The job is over, or its agent is: nobody wants to know any more."""


class _Job(object):
    """What the header of the log says of the job this process belongs to."""

    def __init__(self, value):
        name, _, token = value.rpartition(':')
        self.token = int(token)
        fd = os.open(name, os.O_RDONLY)
        try:
            data = os.read(fd, 65536)
        finally:
            os.close(fd)
        fields = _HEADER.unpack_from(data)
        if fields[0] != _VERSION:
            raise RuntimeError('the agent of this job has another version than this lmake')
        self.alive = fields[2] == self.token
        self.root = _string(data, fields[34])
        self.socket = _string(data, fields[9])


def _string(data, offset):
    start = _TEXT + offset
    return _fsdecode(data[start:data.index(b'\0', start)])


def _fsdecode(data):
    return os.fsdecode(data) if hasattr(os, 'fsdecode') else data


def _fsencode(text):
    return os.fsencode(text) if hasattr(os, 'fsencode') else text


_job = None
_connection = None
_connection_pid = None
_autodep = True


def _current():
    """Return the job of this process, or None outside a job."""
    global _job
    value = os.environ.get(_ENV)
    if _job is None and value:
        try:
            _job = _Job(value)
        except (ValueError, OSError, IOError, struct.error) as e:
            raise RuntimeError('$%s is %s: %s' % (_ENV, value, e))
    return _job if value else None


def repo_root():
    """Return the root of the repo, as the job sees it."""
    try:
        job = _current()
    except RuntimeError:
        job = None
    return job.root if job and job.root else os.getcwd()


def _str(text):
    data = _fsencode(text)
    return struct.pack('<I', len(data)) + data


def _receive(connection, size):
    data = b''
    while len(data) < size:
        block = connection.recv(size - len(data))
        if not block:
            raise Gone('the agent of this job is gone, or does not know it any more')
        data += block
    return data


def _call(verb, options, dep_flags, target_flags, args, delay_ms=0):
    """Make a call, return (rc, lines); (0, []) outside a job."""
    global _connection, _connection_pid
    job = _current()
    if job is None:
        return 0, []
    if _connection is None or _connection_pid != os.getpid():
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            connection.connect(job.socket)
        except (IOError, OSError) as e:
            connection.close()
            raise Gone('cannot reach the agent of this job by %s: %s' % (job.socket, e))
        _connection, _connection_pid = connection, os.getpid()
    body = struct.pack('<QBIIII', job.token, verb, options, dep_flags, target_flags, delay_ms)
    body += _str(os.getcwd()) + struct.pack('<I', len(args)) + b''.join(_str(a) for a in args)
    _connection.sendall(struct.pack('<IB', len(body) + 1, _CALL) + body)
    size, kind = struct.unpack('<IB', _receive(_connection, 5))
    data = _receive(_connection, size - 1)
    if kind != _REPLY:
        raise RuntimeError('unexpected answer from the agent of this job')
    return _parse_reply(data)


def _parse_reply(data):
    rc, n = struct.unpack_from('<BI', data)
    lines, at = [], 5
    for _ in range(n):
        size, = struct.unpack_from('<I', data, at)
        lines.append(_fsdecode(data[at + 4:at + 4 + size]))
        at += 4 + size
    return rc, lines


def _names(args):
    if len(args) == 1 and isinstance(args[0], (list, tuple)):
        args = args[0]
    names = [str(a) for a in args if a]
    for name in names:
        if len(_fsencode(name)) > _PATH_MAX:
            raise ValueError('name is too long (%d bytes)' % len(_fsencode(name)))
    return names


def _options(function, given, defaults):
    unknown = sorted(set(given) - set(defaults))
    if unknown:
        raise TypeError('%s() got an unexpected keyword argument %r' % (function, unknown[0]))
    return dict((k, bool(given.get(k, v))) for k, v in defaults.items())


def _bits(options, table):
    return sum(bit for name, bit in table.items() if options.get(name))


def _exclusive(function, options, *names):
    given = [n for n in names if options[n]]
    if len(given) > 1:
        raise ValueError('%s(): %s and %s exclude each other' % (function, given[0], given[1]))


def depend(deps, given):
    """See lmake.depend."""
    o = _options('depend', given, dict(
        follow_symlinks=False, read=False, direct=False, verbose=False, regexpr=False, critical=False, essential=False,
        ignore=False, ignore_error=False, readdir_ok=False, required=True))
    _exclusive('depend', o, 'regexpr', 'verbose', 'direct')
    _exclusive('depend', o, 'regexpr', 'read')
    _exclusive('depend', o, 'regexpr', 'follow_symlinks')
    if o['verbose'] and not (o['read'] or o['ignore_error']):
        raise ValueError('depend(): verbose needs read or ignore_error')
    names = _names(deps)
    required = o['required'] and not o['readdir_ok']
    options = _bits(o, {
        'read': _READ, 'direct': _DIRECT, 'verbose': _VERBOSE, 'regexpr': _REGEXPR, 'follow_symlinks': _FOLLOW,
        'ignore': _IGNORE}) | (0 if required else _NO_REQUIRED)
    flags = _bits(o, dict((k, v) for k, v in _DEP_FLAGS.items() if k != 'required'))
    rc, lines = _call(_DEPEND, options, flags, 0, names) if names else (0, [])
    if o['direct']:
        return rc == 0
    return _verbose(names, lines, o) if o['verbose'] else None


def _verbose(names, lines, options):
    out = {}
    for name, line in zip(names, lines or ['- none'] * len(names)):
        words = line.split(' ')
        what = out[name] = {}
        if options['read']:
            what['checksum'] = words[1] if words[1] != '-' else 'none'
        if options['ignore_error'] and words[0] != '-':
            what['ok'] = words[0] == 'ok'
    return out


def target(targets, given):
    """See lmake.target."""
    given = dict((k, v) for k, v in given.items() if k not in ('top', 'optional'))
    o = _options('target', given, dict(
        follow_symlinks=False, write=False, regexpr=False, allow=True, essential=False, ignore=False, incremental=False,
        no_warning=False, source_ok=False, critical=False, ignore_error=False, readdir_ok=False, required=False))
    _exclusive('target', o, 'regexpr', 'write')
    _exclusive('target', o, 'regexpr', 'follow_symlinks')
    names = _names(targets)
    options = _bits(o, {'write': _WRITE, 'regexpr': _REGEXPR, 'follow_symlinks': _FOLLOW, 'ignore': _IGNORE})
    options |= 0 if o['allow'] else _NO_ALLOW
    dep_flags = _bits(o, dict((k, v) for k, v in _DEP_FLAGS.items() if k != 'essential'))
    if names:
        _call(_TARGET, options, dep_flags, _bits(o, _TARGET_FLAGS), names)


def check_deps(delay, sync):
    """See lmake.check_deps."""
    delay_ms = int(round(float(delay or 0) * 1000))
    if not 0 <= delay_ms < 1 << 32:
        raise ValueError('check_deps(): delay is %s, a number of seconds from 0 is expected' % delay)
    rc, _ = _call(_CHECK, _SYNC if sync else 0, 0, 0, [], delay_ms)
    if rc > 1:
        raise RuntimeError('this job is to be killed')
    return rc == 0 if sync else None


def list_files(what, directory, regexpr):
    """See lmake.list_deps and lmake.list_targets."""
    import re
    pattern = re.compile(regexpr) if regexpr is not None else None
    verb = _LIST_DEPS if what == 'deps' else _LIST_TARGETS
    _, lines = _call(verb, 0, 0, 0, [directory] if directory else [])
    return tuple(f for f in lines if not pattern or re.match(r'(?:%s)\Z' % regexpr, f, re.DOTALL))


def list_root(directory):
    """See lmake.list_root."""
    if directory in ('', '.', './'):
        return repo_root()
    absolute = os.path.abspath(directory)
    root, cwd = repo_root(), os.getcwd()
    inside = (cwd + '/').startswith(root + '/') and (absolute + '/').startswith(root + '/')
    return os.path.relpath(absolute, cwd) if inside else absolute


def get_autodep():
    """See lmake.get_autodep."""
    return _autodep if _current() else False


def set_autodep(active):
    """See lmake.set_autodep."""
    global _autodep
    if bool(active) != _autodep and _current():
        rc, _ = _call(_AUTODEP, _READ if active else 0, 0, 0, [])
        if rc:
            raise RuntimeError('too many processes of this job have turned autodep off')
    _autodep = bool(active)
