"""Checks lmake.config and turns it into its line of the digest."""

from lmake._read.errors import ReadError, show

_COLORS = ('hidden_note', 'hidden_ok', 'note', 'ok', 'warning', 'err', 'speculate_err')
_SYNC = {
    'none': 'none', 'auto': 'auto', 'dir': 'dir', 'readdir': 'readdir', 'beegfs': 'dir', 'nfs': 'dir',
    'lustre': 'readdir', 'afs': 'none', 'ceph': 'none', 'gpfs': 'none', 'ocfs2': 'none'}
_LINKS = ('none', 'file', 'full', 'full_ext')
PROCS = ('req_start_proc', 'req_end_proc', 'server_start_proc', 'server_end_proc', 'system_tag_proc')


def _bad(field, value, expected):
    raise ReadError('config.%s is %s, %s is expected' % (field, show(value), expected))


def _number(field, value, kind, expected, ok):
    try:
        number = kind(value)
        if not ok(number):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        _bad(field, value, expected)
    return number


def _positive(field, value):
    return _number(field, value, float, 'a number of seconds above 0', lambda x: 0 < x < float('inf'))


def _positive_or_none(field, value):
    return None if value is None else _positive(field, value)


def _count(field, value):
    return _number(field, value, int, 'an int, 0 or more', lambda x: x >= 0)


def _count_or_none(field, value):
    return None if value is None else _count(field, value)


def _text(field, value):
    if not isinstance(value, str):
        _bad(field, value, 'a str')
    return value


def _dict(field, value):
    if not isinstance(value, dict):
        _bad(field, value, 'a dict')
    for key in value:
        if not isinstance(key, str):
            raise ReadError('config.%s: key %s is not a str' % (field, show(key)))
    return value


def _snake(word):
    return ''.join('_' + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(word))


def _link_support(field, value):
    if value is None or value is False or value == '':
        return 'none'
    if not isinstance(value, str) or _snake(value) not in _LINKS:
        _bad(field, value, 'one of ' + ' '.join(_LINKS))
    return _snake(value)


def _file_sync(field, value):
    if not value:
        return 'none'
    if not isinstance(value, str) or value not in _SYNC:
        _bad(field, value, 'one of ' + ' '.join(sorted(_SYNC)))
    return _SYNC[value]


def _colors(field, value):
    _dict(field, value)
    for name in _COLORS:
        if name not in value:
            raise ReadError('config.colors.%s is missing' % name)
    for name in value:
        if name not in _COLORS:
            raise ReadError('config.colors.%s: there is no such color' % name, 'one of ' + ' '.join(_COLORS))
    return dict((name, _color('colors.' + name, value[name])) for name in _COLORS)


def _color(field, value):
    try:
        pair = [[int(c) for c in rgb] for rgb in value]
    except (TypeError, ValueError):
        pair = []
    if len(pair) != 2 or any(len(rgb) != 3 or min(rgb) < 0 or max(rgb) > 255 for rgb in pair):
        _bad(field, value, '[[r,g,b] on light background, [r,g,b] on dark background] with ints from 0 to 255')
    return pair


def _console(field, value):
    _dict(field, value)
    out = {'date_precision': None, 'has_exec_time': True, 'history_days': None, 'host_len': 10,
           'show_eta': False, 'show_ete': True}
    for key in out:
        if key not in value:
            continue
        v = value[key]
        if isinstance(out[key], bool):
            out[key] = bool(v)
        elif key == 'date_precision' and v is not None:
            out[key] = _number('console.' + key, v, int, 'None or an int from 0 to 9', lambda x: 0 <= x <= 9)
        else:
            out[key] = _count_or_none('console.' + key, v)
    return out


def _backends(field, value):
    _dict(field, value)
    out = {}
    for name, backend in value.items():
        if backend is not None:
            _dict('backends.' + name, backend)
            out[name] = dict((k, _backend_value('backends.%s.%s' % (name, k), v)) for k, v in backend.items())
    return out


def _backend_value(field, value):
    if isinstance(value, dict):
        return dict((k, str(v)) for k, v in _dict(field, value).items())
    if value is None:
        return None
    if isinstance(value, (bool, int, float, str)):
        return str(int(value)) if isinstance(value, bool) else str(value)
    if isinstance(value, (list, tuple)):
        return [str(v) for v in value]
    _bad(field, value, 'a str or a number')


def _caches(field, value):
    out = {}
    for name, cache in _dict(field, value).items():
        _dict('caches.' + name, cache)
        if not str(cache.get('dir', '')).startswith('/'):
            _bad('caches.%s.dir' % name, cache.get('dir'), 'an absolute dir')
        out[name] = dict((k, str(v)) for k, v in cache.items() if v is not None)
    return out


def _codecs(field, value):
    out = {}
    for name, file in _dict(field, value).items():
        if not name or '/' in name:
            raise ReadError('config.codecs: %s is not a name for a table' % show(name))
        out[name] = _text('codecs.' + name, file)
    return out


def _collect(field, value):
    _dict(field, value)
    stems = dict(_dict('collect.stems', value.get('stems') or {}))
    ignore = {}
    for key, patterns in _dict('collect.ignore', value.get('ignore') or {}).items():
        patterns = [patterns] if isinstance(patterns, str) else patterns
        if not isinstance(patterns, (list, tuple)) or not all(isinstance(p, str) for p in patterns):
            _bad('collect.ignore.' + key, patterns, 'a pattern or a list of patterns')
        ignore[key] = [_collect_entry(key, p, stems) for p in patterns]
    return {'stems': stems, 'ignore': ignore}


def _collect_entry(key, text, stems):
    from lmake._read import patterns
    what = 'config.collect.ignore.' + key
    table = patterns.Stems(stems)
    parts = patterns.parse(text)
    patterns.check_local(text, parts, what)
    table.define(parts)
    table.add(parts, text, what)
    return {'pattern': text, 'regex': patterns.compile_pattern(parts, table, what)[0]}


def _debug(field, value):
    for key, text in _dict(field, value).items():
        _text('debug.' + key, text)
    return dict(value)


def _trace(field, value):
    _dict(field, value)
    out = {}
    for key, v in value.items():
        out[key] = list(v) if isinstance(v, (list, tuple, set)) else v if isinstance(v, (int, float, str)) else str(v)
    return out


def _sub_repos(field, value):
    if isinstance(value, str) or not isinstance(value, (list, tuple, set)):
        _bad(field, value, 'a list or tuple of dirs')
    if value:
        raise ReadError('config.sub_repos: sub-repos are not available in this version')
    return []


_FIELDS = {
    'backends': _backends, 'caches': _caches, 'codecs': _codecs, 'collect': _collect, 'colors': _colors,
    'console': _console, 'debug': _debug, 'disk_date_precision': _positive, 'file_sync': _file_sync,
    'heartbeat': _positive_or_none, 'heartbeat_tick': _positive_or_none, 'link_support': _link_support,
    'local_admin_dir': _text, 'max_dep_depth': _count, 'max_error_lines': _count, 'network_delay': _positive,
    'nice': _count, 'path_max': _count_or_none, 'sub_repos': _sub_repos, 'trace': _trace,
}


def digest(config, code_of):
    """Return the line of the digest. `code_of(field, function)` gives the number of the code line of a hook."""
    if not isinstance(config, dict):
        raise ReadError('lmake.config was replaced by a %s' % type(config).__name__, 'lmake.config.<field> = <value>')
    out = {'kind': 'config'}
    for name in config:
        if name not in _FIELDS and name not in PROCS:
            import difflib
            close = difflib.get_close_matches(str(name), sorted(_FIELDS) + list(PROCS), 1)
            raise ReadError('config.%s: there is no such field' % name, close[0] if close else None)
    if 'backends' not in config:
        raise ReadError('config.backends is missing')
    for name, value in config.items():
        if name in PROCS:
            if not callable(value):
                _bad(name, value, 'a function')
            code = code_of(name, value)
            if code is not None:
                out[name] = {'code': code}
        elif value is not None or name not in ('local_admin_dir',):
            out[name] = _FIELDS[name](name, value)
    return out
