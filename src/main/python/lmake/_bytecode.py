"""Byte code of local modules that is believed for the content of its source, never for a date.

Python takes a .pyc for good when it records the second and the size of the source: an edit of the same size within that
second, or with its date put back, is not seen. In jobs, byte code of modules of the repo is written with the hash of the
source (PEP 552, checked) and what was written otherwise is made again. Modules of the system are left alone.

Byte code also outlives the dir it was written in: when all sources of a package are gone, its __pycache__ is left, and a
dir without __init__.py is a package for Python. In jobs, a dir of the repo that holds nothing else is none.
"""

import os as _os

_CHECKED_HASH = b'\x03\0\0\0'


def install(root, about_to_list=lambda directory: None):
    """Change what is found and loaded of modules below `root`; nothing before Python 3.7, which knows no hashes.

    `about_to_list` is called with a dir of the repo before it is listed; no dir is listed if it returns False.
    """
    try:
        from importlib import machinery, util
        loader, source_hash = machinery.SourceFileLoader, util.source_hash
    except (ImportError, AttributeError):
        return
    if getattr(loader, '_lmake_root', None) is not None:
        return
    path_stats, source_to_code, cache_bytecode = loader.path_stats, loader.source_to_code, loader._cache_bytecode

    def local(path):
        return not path.startswith('/') or path.startswith(root + '/')

    def dateless_stats(self, path):
        stats = path_stats(self, path)
        return dict(stats, mtime=-1) if local(path) else stats

    def hashed_code(self, data, path, **kwds):
        # The very bytes that are compiled: the file may be edited meanwhile.
        self._lmake_hash = source_hash(bytes(data)) if local(_os.fspath(path)) else None
        return source_to_code(self, data, path, **kwds)

    def cache_hashed(self, source_path, bytecode_path, data):
        if local(source_path) and bytes(data[4:8]) == b'\0\0\0\0':
            if getattr(self, '_lmake_hash', None) is None:
                return
            data = bytes(data[:4]) + _CHECKED_HASH + self._lmake_hash + bytes(data[16:])
        cache_bytecode(self, source_path, bytecode_path, data)

    find_spec = machinery.FileFinder.find_spec

    def find_live_spec(self, fullname, target=None):
        spec = find_spec(self, fullname, target)
        if spec is None or spec.loader is not None:
            return spec
        places = list(spec.submodule_search_locations or ())
        return None if places and all(local(d) and only_byte_code(d) for d in places) else spec

    def only_byte_code(directory):
        return about_to_list(directory) is not False and _os.listdir(directory) == ['__pycache__']

    machinery.FileFinder.find_spec = find_live_spec
    loader.path_stats, loader.source_to_code, loader._cache_bytecode = dateless_stats, hashed_code, cache_hashed
    loader._lmake_root = root
