"""Imports in jobs: makes each file an import could find a dep, in the order they are tried.

Python lists dirs and opens only files that exist, so a module still to be generated would never become a dep.
`fix_import` puts a finder that reports the candidates in front of the standard one.
"""

import os as _os
import sys as _sys

try:
    from importlib import machinery as _machinery
except ImportError:
    _machinery = None


def _standard_suffixes():
    if _machinery is None:
        return ['.so', 'module.so', '.py', '.pyc']
    return _machinery.EXTENSION_SUFFIXES + _machinery.SOURCE_SUFFIXES + _machinery.BYTECODE_SUFFIXES


_external_suffixes = ['/__init__' + s for s in _standard_suffixes()] + _standard_suffixes()

module_suffixes = list(_external_suffixes)
"""Suffixes tried for local modules, in order; may be shortened in place or replaced, as ['.py']."""

_start_path = list(_sys.path)
_listable = set()  # dirs already told to the agent


def _is_external(directory, root):
    return directory.startswith('/') and not (directory + '/').startswith(root + '/')


def report_import(module_name=None, path=None, module_suffixes=None):
    """See lmake.report_import."""
    import lmake
    if path is None:
        path = _sys.path
    elif not isinstance(path, (list, tuple)):
        raise TypeError('path is a %s, a list or tuple is expected' % type(path).__name__)
    path = [d or '.' for d in path if isinstance(d, str)]
    if _machinery is not None:
        _tell_listable([d for d in path if not _is_external(d, lmake.top_repo_root)])
    if module_name is None:
        return
    tail = module_name.split('.')[-1]
    for directory in path:
        external = _is_external(directory, lmake.top_repo_root)
        suffixes = _external_suffixes if external or module_suffixes is None else module_suffixes
        prefix = '' if directory == '.' else directory.rstrip('/') + '/'
        for suffix in suffixes:
            name = prefix + tail + suffix
            if external:
                if _os.path.exists(name):
                    return
            elif _can_open(name):
                return


def _tell_listable(dirs):
    """Tell the agent, once, that imports list these dirs."""
    import lmake
    new = [d for d in dirs if _os.path.abspath(d) not in _listable]
    if new:
        lmake.depend(new, readdir_ok=True, required=False)
        _listable.update(map(_os.path.abspath, new))


def _may_list(directory):
    """Whether a dir of the repo may be listed: not by a process that survives its job."""
    from lmake import _job
    try:
        _tell_listable([directory])
    except _job.Gone:
        return False
    return True


def _can_open(name):
    """Open `name` so that it becomes a dep, there or not."""
    try:
        _os.close(_os.open(name, _os.O_RDONLY))
        return True
    except OSError:
        return False


def _report_if_alive(*args):
    """Report, unless this process survives its job: there is nobody to report to then, and imports still work."""
    from lmake import _job
    try:
        report_import(*args)
    except _job.Gone:
        _listable.clear()


class _Finder(object):
    """Reports what an import may find, and leaves it to the next finder."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        cls._report(fullname, path)

    @classmethod
    def find_module(cls, fullname, path=None):
        cls._report(fullname, path)

    @staticmethod
    def _report(fullname, path):
        _late_script_dir()
        _report_if_alive(fullname, list(path) if path is not None else None, module_suffixes)


def _late_script_dir():
    """Once, move the dirs put in front of the start-up path to its end: system modules are then found first."""
    global _start_path
    start, _start_path = _start_path, None
    if start is None or len(_sys.path) <= len(start):
        return
    n = len(_sys.path) - len(start)
    if _sys.path[n:] == start and '' not in _sys.path[:n]:
        _sys.path[:] = start + _sys.path[:n]


def fix_import():
    """Make imports report their candidates as deps, and believe no byte code for its date. May be called several times."""
    if not _os.environ.get('LMAKE_AUTODEP_ENV') or _Finder in _sys.meta_path:
        return
    import lmake
    from lmake import _bytecode
    _bytecode.install(lmake.top_repo_root, _may_list)
    _report_if_alive()
    finders = _sys.meta_path
    where = len(finders)
    if _machinery is not None and _machinery.PathFinder in finders:
        where = finders.index(_machinery.PathFinder)
    finders.insert(where, _Finder)


def load_module(name, file=None):
    """Load and return module `name`, from `file` if given, without putting it in sys.modules; ImportError if absent."""
    if _machinery is None:
        import imp
        if file is not None:
            return imp.load_source(name, file)
        found = imp.find_module(name)
        return imp.load_module(name, *found)
    from importlib import util
    if file is not None:
        spec = util.spec_from_file_location(name, file)
    else:
        report_import(name, None, module_suffixes)
        spec = util.find_spec(name)
    if spec is None or file is not None and not _os.path.exists(file):
        raise ImportError('cannot find module %s' % name)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
