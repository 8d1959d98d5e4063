"""What an Lmakefile and the commands of jobs import from lmake.

While makefiles are read: `config`, `manifest`, `extra_manifest` and `user_environ`. In a job: `depend`, `target`,
`check_deps` and friends, which talk to the agent that watches the job; outside a job they do nothing and answer as if
all were well. Only cheap things happen at import: the code that talks to the agent is loaded on first use.
"""

import os as _os

from lmake.utils import pdict
from lmake._defaults import default_config as _default_config

version = ('26.07', 0)
"""(major, minor): major is a str, minor an int."""

autodeps = ('hybrid', 'ld_preload', 'ld_audit', 'ld_preload_jemalloc', 'seccomp', 'ptrace')
"""Methods by which accesses of jobs can be seen, best first; 'none' is always possible."""

backends = ('local', 'sge', 'slurm')
"""Names a rule may give to its `backend` attribute."""

config = _default_config()
"""Configuration of the repo, a pdict to be modified field by field while makefiles are read."""

manifest = []
"""Sources: an iterable of names relative to the root; a name ending with / is a source dir."""

extra_manifest = []
"""More sources, a list or tuple, added to `manifest` wherever that one comes from."""


def _find_root():
    if _os.environ.get('LMAKE_AUTODEP_ENV'):
        from lmake import _job
        return _job.repo_root()
    return _os.getcwd()


top_repo_root = _find_root()
repo_root = _os.environ.get('REPO_ROOT') if _os.environ.get('LMAKE_AUTODEP_ENV') else None
if not repo_root:
    repo_root = top_repo_root


def check_version(major, minor=0):
    """Raise RuntimeError unless this lmake has this `major` (str) and at least this `minor` (int)."""
    if version[0] != major or version[1] < minor:
        raise RuntimeError('this is lmake %s.%s, version %s.%s is needed' % (version + (major, minor)))


def depend(*deps, **options):
    """Declare `deps` (names seen from the current dir) as deps of this job; all those of one call are unordered.

    One list or tuple is the same as its items, empty items are skipped. Names outside the repo and its source dirs are
    ignored. Options, all bool: `read` (a real read, not only flags), `required` (default True: the dep must be
    buildable), `critical`, `essential`, `ignore`, `ignore_error`, `readdir_ok`, `follow_symlinks`, `regexpr` (args are
    regexes, flags apply to all deps matching them), `direct` (build them now, return True if all are ok),
    `verbose` (return {dep: {'checksum': text if read, 'ok': bool if ignore_error}}).
    `ignore_error` also holds for the links to dirs that lead to a dep.

    Raises ValueError for options that exclude each other, TypeError for unknown ones. Returns None but for `direct`
    and `verbose`.
    """
    from lmake import _job
    return _job.depend(deps, options)


def target(*targets, **options):
    """Declare that this job may write `targets` (names seen from the current dir); to be called before writing.

    Options, all bool: `write` (report a write), `allow` (default True; False: only set flags), `essential`, `ignore`,
    `incremental`, `no_warning`, `source_ok`, `follow_symlinks`, `regexpr`, and, in case it turns out to be a dep,
    `critical`, `ignore_error`, `readdir_ok`, `required`. Returns None.
    """
    from lmake import _job
    return _job.target(targets, options)


def check_deps(delay=None, sync=False):
    """Have the deps seen so far checked; if one is out of date the job is killed, its deps built, and it is rerun.

    `delay`: check that many seconds from now. With `sync`, wait for the answer: True if no dep is in error, else
    False; RuntimeError if the job was to be killed but survived. Without it, return None at once.
    """
    from lmake import _job
    return _job.check_deps(delay, sync)


def list_deps(dir=None, regexpr=None):
    """Return the deps seen so far, in order, as a tuple of names; only below `dir` and fully matching `regexpr`."""
    from lmake import _job
    return _job.list_files('deps', dir, regexpr)


def list_targets(dir=None, regexpr=None):
    """Return the existing files written so far as a tuple of names; only below `dir` and fully matching `regexpr`."""
    from lmake import _job
    return _job.list_files('targets', dir, regexpr)


def list_root(dir):
    """Return `dir` as list_deps and list_targets show it in front of the names below it."""
    from lmake import _job
    return _job.list_root(dir)


def rm_target_tree(dir, regexpr=None):
    """Unlink the targets of this job that are below `dir`, and the dirs left empty, `dir` included."""
    from lmake import _trees
    return _trees.remove(dir, regexpr)


def cp_target_tree(from_dir, to_dir, regexpr=None):
    """Copy the targets of this job that are below `from_dir` to `to_dir`; links stay links."""
    from lmake import _trees
    return _trees.copy(from_dir, to_dir, regexpr)


def mv_target_tree(from_dir, to_dir, regexpr=None):
    """Rename the targets of this job that are below `from_dir` into `to_dir`, and remove dirs left empty."""
    from lmake import _trees
    return _trees.move(from_dir, to_dir, regexpr)


def encode(table, ctx, val, min_len=1, codec_version=0, min_length=None):
    """Not available in this version: raises RuntimeError."""
    raise RuntimeError('codec table %s: encode is not available in this version' % (table,))


def decode(table, ctx, code, codec_version=0):
    """Not available in this version: raises RuntimeError."""
    raise RuntimeError('codec table %s: decode is not available in this version' % (table,))


def xxhsum(text):
    """Return 16 hex digits: the checksum of str(text)."""
    from lmake import _tools
    return _tools.xxhsum(text)


def xxhsum_file(file):
    """Return the checksum of a file: 'none', 'empty-R', 16 hex digits and -R, or for a link 16 hex digits and -L."""
    from lmake import _tools
    return _tools.xxhsum_file(file)


def run_cc(*cmd_line, **options):
    """Run a compiler, after having made sure that its include and library dirs exist.

    For each -I, -iquote, -isystem, -dirafter and -L, depends on `<dir>/<marker>` (keyword `marker`, default '...'),
    then checks deps. `stdin`: a file, or a str to feed. Returns the CompletedProcess, with its stdout as text;
    raises CalledProcessError if the command fails.
    """
    from lmake import _tools
    return _tools.run_cc(cmd_line, options)


def _find_cc_ld_library_path(cc):
    from lmake import _tools
    return _tools.find_cc_ld_library_path(cc)


def report_import(module_name=None, path=None, module_suffixes=None):
    """Report the deps implied by importing `module_name` (one level of it) from `path` (default sys.path).

    `path` is a list or tuple, TypeError otherwise. Without a name, only allow that the dirs of the path be listed.
    """
    from lmake import import_machinery
    return import_machinery.report_import(module_name, path, module_suffixes)


def get_autodep():
    """Return True if accesses of this process are being recorded."""
    from lmake import _job
    return _job.get_autodep()


def set_autodep(active):
    """Start or stop recording the accesses of this process. In jobs with processes of their own nothing is left out."""
    from lmake import _job
    _job.set_autodep(active)


class Autodep(object):
    """Context in which accesses are recorded, or not, for this process and those it starts.

        with Autodep(False):
            open('not_a_dep')
    """

    _vars = ('LD_PRELOAD', 'LD_AUDIT')

    def __init__(self, active):
        self.active = bool(active)

    def __enter__(self):
        self._was = get_autodep()
        self._saved = dict((k, _os.environ[k]) for k in self._vars if k in _os.environ)
        if not self.active:
            for k in self._saved:
                del _os.environ[k]
        set_autodep(self.active)
        return self

    def __exit__(self, *_):
        set_autodep(self._was)
        _os.environ.update(self._saved)


def config_dict(base, *args, **options):
    """Return a lazy view of a nested value spread over files, so that a job depends only on the fields it reads.

    `config_dict(base, dir_ext=None, val_ext=None, create=..., create_from=..., list_ok=True)`: `create` writes a value,
    `create_from` executes a file and writes its variable `config` (NameError if it has none). `c.k` and `c['k']` walk
    without reading, `c()` gives the value, iter(c) its keys (ValueError on a leaf).
    """
    from lmake import _config_dict
    return _config_dict.ConfigDict.open(base, *args, **options)
