"""What rm_target_tree, cp_target_tree and mv_target_tree do, on the targets the job wrote so far."""

import errno
import os

import lmake


def _check(directory):
    name = os.path.normpath(directory) if directory else ''
    assert name and not name.startswith('/') and name.split('/')[0] not in ('..', '.'), (
        'a relative dir inside the repo is expected, not %r' % (directory,))
    return name


def _remove_empty(dirs):
    """Remove the dirs left empty, and those that contain them, among `dirs`."""
    for name in sorted(dirs, key=len, reverse=True):
        try:
            os.rmdir(name)
        except OSError as e:
            if e.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR):
                raise


def _dirs(top, files):
    """Return the dirs from `top` down to each of `files`."""
    out = set([top])
    for file in files:
        name = os.path.dirname(file)
        while name.startswith(top + '/'):
            out.add(name)
            name = os.path.dirname(name)
    return out


def _below(directory, files):
    return [f for f in files if f.startswith(directory + '/')]


def remove(directory, regexpr):
    """See lmake.rm_target_tree."""
    directory = _check(directory)
    files = _below(directory, lmake.list_targets(directory, regexpr))
    for file in files:
        os.unlink(file)
    _remove_empty(_dirs(directory, files))


def _transfer(from_dir, to_dir, regexpr, act):
    from_dir, to_dir = _check(from_dir), _check(to_dir)
    files = _below(from_dir, lmake.list_targets(from_dir, regexpr))
    for file in files:
        new = to_dir + file[len(from_dir):]
        if not os.path.isdir(os.path.dirname(new)):
            os.makedirs(os.path.dirname(new))
        act(file, new)
    return from_dir, files


def copy(from_dir, to_dir, regexpr):
    """See lmake.cp_target_tree."""
    import shutil

    def act(old, new):
        if os.path.islink(old):
            os.symlink(os.readlink(old), new)
        else:
            shutil.copy2(old, new)
    _transfer(from_dir, to_dir, regexpr, act)


def move(from_dir, to_dir, regexpr):
    """See lmake.mv_target_tree."""
    from_dir, files = _transfer(from_dir, to_dir, regexpr, os.rename)
    _remove_empty(_dirs(from_dir, files))
