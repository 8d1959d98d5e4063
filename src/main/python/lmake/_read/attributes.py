"""The scalar attributes of rules: type, default, when they are evaluated, what a change entails.

A table, then the conversions it names. Attributes not in the table belong to the user.
"""

import signal

from lmake._read.errors import ReadError, show
from lmake._read.values import FULL, SUBMIT

CMD, RSRC, NONE = 'cmd', 'rsrc', None
NEVER = -1  # not dynamic

AUTODEPS = ('none', 'hybrid', 'ld_audit', 'ld_preload', 'ld_preload_jemalloc', 'ptrace', 'seccomp')
BACKENDS = ('local', 'sge', 'slurm')
_RETRIED = ('job_error', 'termination_error', 'timeout')
_ERRORS = ('early_error', 'forbidden', 'job_error', 'panic', 'termination_error', 'timeout')

# name: (type, default, evaluation, part whose change makes jobs run again)
TABLE = {
    'auto_mkdir': ('bool', False, FULL, CMD),
    'autodep': ('autodep', 'hybrid', FULL, RSRC),
    'backend': ('str', 'local', SUBMIT, RSRC),
    'cache': ('str', None, SUBMIT, NONE),
    'check_abs_paths': ('bool', False, FULL, RSRC),
    'chroot_actions': ('actions', (), FULL, RSRC),
    'chroot_dir': ('path', None, FULL, CMD),
    'compression': ('compression', None, FULL, NONE),
    'ete': ('duration', 0.0, NEVER, NONE),
    'force': ('bool', False, NEVER, CMD),
    'ignore_stat': ('bool', False, FULL, CMD),
    'keep_tmp': ('bool', False, FULL, NONE),
    'kill_daemons': ('bool', False, FULL, NONE),
    'kill_sigs': ('signals', (), FULL, NONE),
    'lmake_root': ('path', None, FULL, RSRC),
    'lmake_view': ('path', None, FULL, CMD),
    'max_retries_on_lost': ('count', 1, NEVER, NONE),
    'max_runs': ('count', 0, NEVER, NONE),
    'max_stderr_len': ('count', 100, FULL, NONE),
    'max_submits': ('count', 10, NEVER, NONE),
    'mount_chroot_ok': ('bool', False, FULL, CMD),
    'readdir_ok': ('bool', False, FULL, RSRC),
    'repo_view': ('path', None, FULL, CMD),
    'retried_errors': ('retried', (), NEVER, NONE),
    'start_delay': ('duration', 3.0, FULL, NONE),
    'stderr_ok': ('bool', False, FULL, RSRC),
    'timeout': ('duration', 0.0, SUBMIT, RSRC),
    'tmp_view': ('path', None, FULL, CMD),
    'use_script': ('bool', False, FULL, RSRC),
}

_RESULTS = {
    'bool': 'bool', 'count': 'int', 'duration': 'float', 'signals': 'seq', 'actions': 'seq', 'compression': 'raw'}


def digest(attributes, scope):
    """Return the `attrs` of the digest."""
    out = {}
    for name in sorted(TABLE):
        kind, default, when, _ = TABLE[name]
        value = attributes.get(name, default)
        try:
            if callable(value):
                out[name] = _dynamic(name, value, kind, when, scope)
            elif value is not None or name in attributes.values:
                out[name] = _static(name, value, kind, when, scope)
        except ReadError as e:
            raise e.at(field=name)
    out['max_submits'] = max(out['max_submits'], out['max_runs'])
    return dict((k, v) for k, v in out.items() if v is not None)


def _dynamic(name, value, kind, when, scope):
    if when == NEVER:
        raise ReadError('%s cannot be a function' % name)
    return scope.function(value, when, _RESULTS.get(kind, 'str'))


def _static(name, value, kind, when, scope):
    if value is None:
        value = TABLE[name][1]
    if kind in ('str', 'path', 'autodep'):
        return _text(name, value, kind, when, scope)
    return _CONVERT[kind](name, value)


def _text(name, value, kind, when, scope):
    if value is None or value == '':
        return None
    if not isinstance(value, str):
        raise ReadError('%s is %s, a str is expected' % (name, show(value)))
    expr = scope.expr(value, when)
    const = expr.get('const')
    if const is None:
        return expr
    if kind == 'path' and not const.startswith('/'):
        raise ReadError('%s is %s, an absolute dir is expected' % (name, show(const)))
    if name == 'backend' and const not in BACKENDS:
        raise ReadError('backend %s is unknown' % const, 'one of ' + ' '.join(BACKENDS))
    if kind == 'autodep':
        method = ''.join('_' + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(const))
        if method not in AUTODEPS:
            raise ReadError('autodep %s is unknown' % const, 'one of ' + ' '.join(AUTODEPS))
        return method
    return expr


def _bool(_, value):
    return bool(value)


def _count(name, value):
    try:
        number = int(value)
        if number < 0:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise ReadError('%s is %s, an int, 0 or more, is expected' % (name, show(value)), _function_hint(value))
    return number


def _duration(name, value):
    try:
        number = float(value)
        if not 0 <= number < float('inf'):
            raise ValueError
    except (TypeError, ValueError):
        raise ReadError('%s is %s, a number of seconds, 0 or more, is expected' % (name, show(value)),
                        _function_hint(value))
    return number


def _function_hint(value):
    return 'a function: only str attributes are f-strings' if isinstance(value, str) and '{' in value else None


def _items(value):
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]


def _signals(name, value):
    out = []
    for item in _items(value):
        number = _count(name, item)
        if number >= signal.NSIG:
            raise ReadError('%s: %d is not a signal' % (name, number))
        out.append(number)
    return out


def _actions(name, value):
    out = _items(value)
    for action in out:
        if action not in ('user_name', 'resolv_conf'):
            raise ReadError('%s: unknown action %s' % (name, show(action)), 'user_name or resolv_conf')
    return out


def _retried(name, value):
    kinds = set(_RETRIED)
    for item in _items(value):
        kind = item.lstrip('-') if isinstance(item, str) else item
        if kind not in _ERRORS:
            raise ReadError('%s: unknown kind of error %s' % (name, show(item)), 'one of ' + ' '.join(_ERRORS))
        (kinds.discard if item.startswith('-') else kinds.add)(kind)
    return sorted(kinds)


def _compression(name, value):
    """Return [method, level], or None for none."""
    if value is None:
        return None
    method, level = value if isinstance(value, (list, tuple)) and len(value) == 2 else (
        (value, 1) if isinstance(value, str) else ('zstd', value))
    if method not in ('zlib', 'zstd') or isinstance(level, bool) or not isinstance(level, int) or not 0 <= level <= 9:
        raise ReadError('%s is %s' % (name, show(value)), "'zlib' or 'zstd', a level from 0 to 9, or a pair of them")
    return [method, level] if level else None


_CONVERT = {
    'bool': _bool, 'count': _count, 'duration': _duration, 'signals': _signals, 'actions': _actions,
    'retried': _retried, 'compression': _compression}
