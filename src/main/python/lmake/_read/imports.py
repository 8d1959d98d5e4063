"""Imports of user modules while reading: from their source, never from byte code, so that sources are what is seen.

Modules of Python itself and of lmake keep using their byte code, which makes start-up short.
"""

import os
import sys

try:
    from importlib import machinery as _machinery
except ImportError:
    _machinery = None


_user_path = []


def set_path(root, lib):
    """Have makefiles see as sys.path: lmake, the repo, what Python comes with, then '.'."""
    standard = [d for d in sys.path if d not in ('', '.', root, lib)]
    _user_path[:] = [lib, root] + standard + _site_dirs(standard) + ['.']


def user_path():
    """Return sys.path as makefiles left it."""
    return list(_user_path)


def as_user(function, *args):
    """Call user code with its sys.path. Outside of it, a json.py of the repo is not taken for that of Python."""
    ours = sys.path
    sys.path = user_path()
    try:
        return function(*args)
    finally:
        _user_path[:] = sys.path
        sys.path = ours


def _site_dirs(standard):
    """Return the dirs of installed packages, which -S leaves out; nothing is read but their existence."""
    version = '%d.%d' % sys.version_info[:2]
    base = os.path.dirname(os.path.realpath(os.__file__))
    around = os.path.dirname(base)
    names = [base + '/site-packages', around + '/python3/dist-packages',
             around + '/python%s/dist-packages' % version, '/usr/local/lib/python%s/dist-packages' % version]
    return [d for d in names if d not in standard and os.path.isdir(d)]


def use_sources(standard):
    """Have modules that are not below the dirs `standard` compiled from their source at each reading."""
    if _machinery is None:
        return

    class Loader(_machinery.SourceFileLoader):
        def get_code(self, fullname):
            path = self.get_filename(fullname)
            return self.source_to_code(self.get_data(path), path)

    compiled = (_machinery.ExtensionFileLoader, _machinery.EXTENSION_SUFFIXES)
    make = _machinery.FileFinder.path_hook(compiled, (Loader, _machinery.SOURCE_SUFFIXES))
    prefixes = tuple(os.path.abspath(d) + '/' for d in standard)

    def hook(path):
        if (os.path.abspath(path) + '/').startswith(prefixes):
            raise ImportError('byte code may be used there')
        return make(path)

    sys.path_hooks.insert(0, hook)
    sys.path_importer_cache.clear()


def probe(root):
    """Have every import look at the files of the repo that would come first: they are noticed should they appear.

    Python lists dirs and opens only what exists, so that a module that is not there would leave no trace.
    """
    if _machinery is None:
        return

    class Probe(object):
        @classmethod
        def find_spec(cls, fullname, path=None, target=None):
            tail = '/' + fullname.rpartition('.')[2]
            for directory in sys.path if path is None else path:
                directory = os.path.abspath(directory) if isinstance(directory, str) else ''
                if (directory + '/').startswith(root + '/') and _look(directory + tail):
                    return None
            return None

    finders = sys.meta_path
    where = finders.index(_machinery.PathFinder) if _machinery.PathFinder in finders else len(finders)
    finders.insert(where, Probe)


def _look(base):
    """Look for a package or a module; True if found."""
    suffixes = _machinery.EXTENSION_SUFFIXES + _machinery.SOURCE_SUFFIXES
    package = ['/__init__' + s for s in suffixes] if os.path.exists(base) else []
    return any(os.path.exists(base + s) for s in package + suffixes)
