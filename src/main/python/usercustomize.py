"""Run by every python of a job that has this dir in its $PYTHONPATH: installs the import hooks of lmake.

Then gives way to the next usercustomize of sys.path, whose names become ours.
"""

import os as _os
import sys as _sys

_here = _os.path.dirname(_os.path.abspath(__file__))

if _os.environ.get('LMAKE_AUTODEP_ENV'):
    from lmake.import_machinery import fix_import as _fix_import
    _fix_import()


def _next():
    saved = _sys.path[:]
    mine = _sys.modules.pop('usercustomize', None)
    _sys.path[:] = [d for d in _sys.path if _os.path.abspath(d or '.') != _here]
    try:
        import usercustomize
        return vars(usercustomize)
    except ImportError as e:
        if getattr(e, 'name', 'usercustomize') != 'usercustomize':
            raise
        return {}
    finally:
        _sys.path[:] = saved
        if mine is not None:
            _sys.modules['usercustomize'] = mine


for _name, _value in _next().items():
    if not _name.startswith('__'):
        globals()[_name] = _value
