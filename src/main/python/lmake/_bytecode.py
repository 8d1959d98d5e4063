"""Byte code of local modules that is believed for the content of its source, never for a date.

Python takes a .pyc for good when it records the second and the size of the source: an edit of the same size within that
second, or with its date put back, is not seen. In jobs, byte code of modules of the repo is written with the hash of the
source (PEP 552, checked) and what was written otherwise is made again. Modules of the system are left alone.
"""

import os as _os

_CHECKED_HASH = b'\x03\0\0\0'


def install(root):
    """Change the loader of source files for modules below `root`; nothing before Python 3.7, which knows no hashes."""
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

    loader.path_stats, loader.source_to_code, loader._cache_bytecode = dateless_stats, hashed_code, cache_hashed
    loader._lmake_root = root
