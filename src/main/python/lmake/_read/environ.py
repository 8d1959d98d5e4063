"""The environment of the reader: reset, and that of the user seen only through lmake.user_environ."""

import os
import sys

STD_PATH = '/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin:.'
_KEPT = ('LD_PRELOAD', 'LD_AUDIT', 'TMPDIR', 'LD_LIBRARY_PATH')


def make_user_environ(values):
    """Return (user_environ, used): the dict `used` gets each key that is read, with its value or None."""
    from lmake.utils import pdict
    used = {}

    class UserEnviron(pdict):
        """Environment of the lmake command. Reading a variable makes the makefiles depend on it."""

        def _record(self, key):
            used[key] = dict.get(self, key)

        def __getitem__(self, key):
            self._record(key)
            return dict.__getitem__(self, key)

        def get(self, key, default=None):
            self._record(key)
            return dict.get(self, key, default)

        def _read_only(self, *_, **__):
            raise TypeError('user_environ is read-only')

        def __iter__(self):
            raise TypeError('user_environ cannot be iterated: the variables that are used must be known')

        __setitem__ = __delitem__ = __setattr__ = __delattr__ = _read_only
        pop = popitem = setdefault = update = clear = _read_only

    return UserEnviron(values), used


def read_stdin():
    """Return the environment given on stdin, which is closed for user code."""
    import json
    data = b''
    try:
        while True:
            block = os.read(0, 1 << 20)
            if not block:
                break
            data += block
    except OSError:
        pass
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.stdin = None
    try:
        return dict((str(k), str(v)) for k, v in json.loads(data.decode('utf8') or '{}').items())
    except ValueError:
        raise SystemExit('lmake_reader.py: stdin is not the environment in JSON')


def reset(root, lib):
    """Leave in os.environ only what makefiles may see."""
    import pwd
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = str(os.getuid())
    values = dict((k, v) for k, v in os.environ.items() if k in _KEPT or k.startswith('LMAKE_'))
    bin_dir = os.path.dirname(os.path.dirname(lib)) + '/bin'
    values.update(
        HOME=root, PWD=root, PATH=bin_dir + ':' + STD_PATH, PYTHONPATH=lib + ':', SHLVL='1', UID=str(os.getuid()),
        USER=user, TOP_REPO_ROOT=root, REPO_ROOT=root)
    for key in set(os.environ) - set(values):
        del os.environ[key]
    for key, value in values.items():
        if os.environ.get(key) != value:
            os.environ[key] = value
