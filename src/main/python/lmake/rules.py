"""The classes rules derive from. Deriving from one of them declares a rule, or a base of rules.

The metaclass only remembers each class and where it was written; everything is looked at once reading is over, so
that later changes to class attributes are seen. Attributes not given here have the default the documentation says.
"""

import os as _os
import sys as _sys

from lmake.utils import pdict

_classes = []  # every class ever derived, in order; strong references, loops rebind the same name


class _RuleMeta(type):
    """Remembers the classes made, and the file and line of their class statement."""

    def __init__(cls, name, bases, attributes):
        super(_RuleMeta, cls).__init__(name, bases, attributes)
        frame = _sys._getframe(1)
        cls._lmake_place = (frame.f_code.co_filename, frame.f_lineno)
        _classes.append(cls)


def _user_name():
    try:
        import pwd
        return pwd.getpwuid(_os.getuid()).pw_name
    except (ImportError, KeyError):
        return str(_os.getuid())


_combine = {
    'stems', 'targets', 'side_targets', 'deps', 'side_deps', 'environ', 'environ_resources', 'environ_ancillary',
    'resources', 'views'}

_RuleBase = _RuleMeta('_RuleBase', (object,), {
    'combine': _combine,
    'paths': pdict((('environ.' + k), ':') for k in ('PATH', 'LD_LIBRARY_PATH', 'MANPATH', 'PYTHONPATH')),
    'stems': pdict(),
    'targets': pdict(),
})


class Rule(_RuleBase):
    """A way to make targets: give `target` or `targets`, `cmd`, and usually `deps`."""

    virtual = True
    _lmake_special = 'plain'
    side_targets = pdict()
    deps = pdict()
    side_deps = pdict()
    shell = ('$SHELL',)
    python = ('$PYTHON',)
    environ = pdict(
        HOME='$REPO_ROOT',
        PATH='$LMAKE_ROOT/bin:$STD_PATH',
        PYTHONPATH='$LMAKE_ROOT/lib/python',
        LD_LIBRARY_PATH='$PYTHON_LD_LIBRARY_PATH')
    environ_resources = pdict()
    environ_ancillary = pdict(UID=str(_os.getuid()), USER=_user_name())
    resources = pdict(cpu=1)
    views = pdict()


class AntiRule(_RuleBase):
    """Files matching its targets are not buildable by rules of lower prio; `prio` defaults to +inf."""

    virtual = True
    _lmake_special = 'anti'
    prio = float('inf')


class SourceRule(_RuleBase):
    """Files matching its targets are sources; `prio` defaults to +inf."""

    virtual = True
    _lmake_special = 'source'
    prio = float('inf')


class PyRule(Rule):
    """For commands that import local modules: their byte code is neither dep nor target."""

    virtual = True
    side_targets = {
        '__PYC__': (r'{*:(.+/)?}__pycache__/{*:\w+}.{*:\w+-\d+}{*:(\.opt-\d+)?}.pyc', 'ignore', 'top'),
        '__PYC_TMP__': (r'{*:(.+/)?}__pycache__/{*:\w+}.{*:\w+-\d+}{*:(\.opt-\d+)?}.pyc.{*:\d+}', 'ignore', 'top'),
    }


Py3Rule = PyRule


class Py2Rule(Rule):
    """As PyRule, for python2."""

    virtual = True
    side_targets = {'__PYC__': (r'{*:(.+/)?}{*:\w+}.pyc', 'ignore', 'top')}
    python = ('$PYTHON2',)
    environ = {'LD_LIBRARY_PATH': '$PYTHON2_LD_LIBRARY_PATH'}


class AliasRule(Rule):
    """Building its target builds all its deps. A `target` changes when one of them does."""

    virtual = True
    force = True
    side_targets = {'__PHONY__': (r'{*:.*}', 'phony')}
    _lmake_phony = True

    def cmd():
        import lmake
        for dep, what in lmake.depend(*deps.values(), read=True, ignore_error=True, verbose=True).items():
            print(dep, what.get('checksum'), what.get('ok'))
    cmd.shell = "ldepend -vR {' '.join(\"'\" + d.replace(\"'\", \"'\\\\''\") + \"'\" for d in deps.values())}"


class HomelessRule(Rule):
    """$HOME is the tmp dir of the job."""

    virtual = True
    environ = {'HOME': '$TMPDIR'}


class TraceRule(Rule):
    """For shell commands: commands are shown in stdout as they run."""

    virtual = True
    cmd = 'exec 3>&1\nBASH_XTRACEFD=3\nset -x'


class DirtyRule(Rule):
    """Stray writes are allowed, except to sources."""

    virtual = True
    side_targets = {'__NO_MATCH__': (r'{*:.*}', 'incremental', 'no_warning')}


class RustRule(Rule):
    """For rust: spied by ld_preload, with the tools of $RUSTUP_HOME."""

    virtual = True
    autodep = 'ld_preload'
    if 'RUSTUP_HOME' in _os.environ:
        environ = {
            'RUSTUP_HOME': _os.environ['RUSTUP_HOME'],
            'PATH': _os.path.dirname(_os.environ['RUSTUP_HOME']) + '/.cargo/bin:...'}


class DirRule(Rule):
    """Gives a file named `marker` in any dir, hence a way to create dirs on demand; see lmake.run_cc."""

    virtual = True
    marker = '...'
    _lmake_target = '{Dir:.+}/%s'  # the marker of the derived class is used
    target = '{Dir:.+}/...'
    backend = 'local'
    cmd = ''


class ConfigRule(PyRule):
    """Spreads variable `config` of `<File>.py` over files, as read by lmake.config_dict."""

    virtual = True
    targets = {'MANIFEST': r'{File:.*}.val.py', 'DIR': r'{File}.config_dir/{*:.*}'}
    deps = {'CFG': '{File}.py'}

    def cmd():
        import lmake
        lmake.config_dict(File, create_from=CFG)


_library = tuple(_classes)
