"""Checks lmake.manifest and makes its line of the digest. Runs in the reader, cwd = the repo root; looks for links."""

import os
import posixpath

from lmake._read.errors import ReadError, show

_FORBIDDEN = ('/proc/', '/sys/', '/dev/', '/run/', '/var/')


def _bad(entry, why, consider=None):
    raise ReadError('manifest: %s %s' % (show(entry), why), consider)


def _canonical(entry):
    end = '/' if entry.endswith('/') else ''
    better = posixpath.normpath(entry) + end
    return None if better in ('.', './', '..', '../') else better


def _check_shape(entry, depth):
    """Check the name alone."""
    if not entry:
        _bad(entry, 'is an empty name')
    is_dir = entry.endswith('/')
    body = entry[:-1] if is_dir else entry
    components = body.lstrip('/').split('/') if not body.startswith('//') else ['']
    n_up = 0
    while n_up < len(components) and components[n_up] == '..' and not entry.startswith('/'):
        n_up += 1
    if entry == '/' or any(c in ('', '.', '..') for c in components[n_up:]) and components != ['..'] * n_up:
        _bad(entry, 'is not canonical', _canonical(entry))
    external = entry.startswith('/') or n_up
    if external and not is_dir:
        _bad(entry, 'is a file out of the repo', entry + '/ if it is a dir')
    if n_up > depth:
        _bad(entry, 'has too many ..')
    if n_up and n_up == depth:
        _bad(entry, 'goes up to /', 'an absolute name')
    if entry.startswith(_FORBIDDEN):
        _bad(entry, 'cannot be a source dir')
    if entry == 'LMAKE/lmake' or entry.startswith('LMAKE/lmake/'):
        _bad(entry, 'is in the private dir of lmake')


def _check_links(entry, links):
    """Check that no dir on the way is a link; `links` caches the answers."""
    body = entry.rstrip('/')
    parents = [body[:i] for i, c in enumerate(body) if c == '/' and i] + ([body] if entry.endswith('/') else [])
    for parent in parents:
        if parent.endswith('..'):
            continue
        if parent not in links:
            links[parent] = os.path.islink(parent)
        if links[parent]:
            _bad(entry, 'goes through %s, which is a symbolic link' % show(parent), 'the name without links')


def _check_nesting(entries):
    known = set(e.rstrip('/') for e in entries)
    for entry in entries:
        body = entry.rstrip('/')
        for i, c in enumerate(body):
            if c == '/' and i and body[:i] in known:
                other = body[:i] if body[:i] in entries else body[:i] + '/'
                _bad(entry, 'is below %s, which is also in the manifest' % show(other))
    twice = sorted(e for e in entries if e + '/' in entries)
    if twice:
        _bad(twice[0], 'is in the manifest both as a file and as a dir')


def entries_of(value, what='manifest'):
    """Return the entries of lmake.manifest as a list."""
    if isinstance(value, (str, bytes)):
        raise ReadError('lmake.%s is a str, a list of names is expected' % what, '[%s]' % show(value))
    try:
        entries = list(value)
    except TypeError:
        raise ReadError('lmake.%s is a %s, a list of names is expected' % (what, type(value).__name__))
    for entry in entries:
        if not isinstance(entry, str):
            raise ReadError('lmake.%s: %s is not a str' % (what, show(entry)))
    return entries


def extra_entries_of(value):
    """Return the entries of lmake.extra_manifest."""
    if not isinstance(value, (list, tuple)):
        raise ReadError('lmake.extra_manifest is a %s, a list or tuple is expected' % type(value).__name__)
    return entries_of(value, 'extra_manifest')


def digest(entries, root):
    """Return the line of the digest, or raise ReadError about an entry."""
    depth = len([c for c in root.split('/') if c])
    unique, links = sorted(set(entries)), {}
    for entry in unique:
        _check_shape(entry, depth)
    _check_nesting(set(unique))
    for entry in unique:
        _check_links(entry, links)
    return {
        'kind': 'manifest',
        'files': [e for e in unique if not e.endswith('/')],
        'dirs': [e for e in unique if e.endswith('/')]}
