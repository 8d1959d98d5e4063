"""Ways to list the sources of a repo: a file named Manifest, or git.

Runs in the reader, cwd = the repo root. Commands are given absolute or plain names and read nothing of the user's
environment but what git needs.
"""

import os as _os
import re as _re

_markers = ('Lmakefile.py', 'Lmakefile/__init__.py')
_private = ['LMAKE/environ', 'LMAKE/manifest']


def _manifest_line(line):
    return _re.sub(r'(^|\s)#.*', '', line.rstrip('\n')).strip()


def manifest_sources(manifest='Manifest', **kwds):
    """Return the files listed in file `manifest`, one per line.

    A comment goes from a # at the start of a line or after a blank to its end. Raises NotImplementedError if the file
    is missing or does not list the Lmakefile.
    """
    try:
        with open(manifest) as lines:
            files = [f for f in map(_manifest_line, lines) if f]
    except (IOError, OSError):
        raise NotImplementedError('cannot find ' + manifest)
    if not any(m in files for m in _markers):
        raise NotImplementedError('%s does not list %s' % (manifest, ' nor '.join(_markers)))
    return files + [f for f in _private if f not in files]


def _git(args, cwd=None):
    import subprocess
    env = dict(_os.environ, GIT_OPTIONAL_LOCKS='0', LC_ALL='C')
    # makefiles may belong to someone else, which git refuses unless told
    cmd = ['git', '-c', 'safe.directory=*', '-c', 'core.quotePath=false'] + args
    try:
        run = subprocess.Popen(cmd, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError:
        raise NotImplementedError('git is not installed')
    out, err = run.communicate()
    if run.returncode:
        raise NotImplementedError(err.decode('utf8', 'replace').strip())
    return _os.fsdecode(out) if hasattr(_os, 'fsdecode') else out


def _tracked(cwd):
    """Return the (mode, name) pairs of the files of the index that are below `cwd`."""
    out = _git(['ls-files', '-s', '-z'], cwd)
    entries = [e.split('\t', 1) for e in out.split('\0') if e]
    return sorted(set((info.split()[0], name) for info, name in entries))


def _walk(prefix, recurse, ignore_missing):
    files = []
    for mode, name in _tracked(prefix or '.'):
        if mode != '160000':
            files.append(prefix + name)
        elif recurse:
            sub = prefix + name + '/'
            if _os.path.lexists(sub + '.git'):
                if not _os.path.isdir(sub + '.git'):
                    files.append(sub + '.git')
                files += _walk(sub, recurse, ignore_missing)
            elif not ignore_missing:
                raise FileNotFoundError('cannot find sub-module ' + prefix + name)
    return files


def _up(root, top):
    """Return how `top`, a dir that encloses `root`, is called from it: '' or '../'..."""
    rel = _os.path.relpath(top, root)
    return '' if rel == '.' else rel + '/'


def _git_dirs(top):
    """Return the files and dirs where git keeps what it knows of the work tree whose root is `top`."""
    root = _os.getcwd()
    dot_git = _up(root, top) + '.git'
    if _os.path.isdir(dot_git):
        return [dot_git + '/']
    dirs = []
    for option in ('--git-dir', '--git-common-dir'):
        name = _os.path.abspath(_git(['rev-parse', option]).rstrip('\n')) + '/'
        if not any(name.startswith(d) for d in dirs):
            dirs = [d for d in dirs if not d.startswith(name)] + [name]
    return ([dot_git] if not dot_git.startswith('../') else []) + dirs


def git_sources(recurse=True, ignore_missing_submodules=False, **kwds):
    """Return the files git tracks below the repo root, and the git dir as a source dir.

    With `recurse`, also the files of sub-modules; an absent sub-module is a FileNotFoundError unless
    `ignore_missing_submodules`. Raises NotImplementedError if there is no git or no git repo, FileNotFoundError if
    git does not track the Lmakefile.
    """
    top = _git(['rev-parse', '--show-toplevel']).rstrip('\n')
    if not top:
        raise NotImplementedError('not in the work tree of a git repo')
    files = _walk('', recurse, ignore_missing_submodules)
    if not any(m in files for m in _markers):
        raise FileNotFoundError('git tracks neither %s' % ' nor '.join(_markers))
    return sorted(set(files + _git_dirs(_os.path.realpath(top)))) + _private


def auto_sources(**kwds):
    """Return manifest_sources(), or else git_sources(); RuntimeError if neither is possible."""
    reasons = []
    for find in (manifest_sources, git_sources):
        try:
            return find(**kwds)
        except NotImplementedError as e:
            reasons.append(str(e))
    raise RuntimeError('cannot tell what the sources are: ' + ', '.join(reasons))
