"""Helpers that run a program: checksums by the `xxhsum` of the installation, and compilers."""

import os
import subprocess

import lmake

_LIB = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # lib/python of the installation
_BIN = os.path.join(os.path.dirname(os.path.dirname(_LIB)), 'bin')
_DIR_OPTIONS = ('-iquote', '-isystem', '-dirafter', '-I', '-L')


def _xxhsum(args, data):
    process = subprocess.Popen(
        [os.path.join(_BIN, 'xxhsum')] + args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=True)
    out, _ = process.communicate(data)
    if process.returncode:
        raise RuntimeError('xxhsum failed with status %d' % process.returncode)
    return out.decode().strip()


def xxhsum(text):
    """See lmake.xxhsum."""
    return _xxhsum([], str(text).encode('utf8', 'surrogateescape') if str is not bytes else str(text))


def xxhsum_file(file):
    """See lmake.xxhsum_file."""
    name = str(file)
    return _xxhsum([name if not name.startswith('-') else './' + name], b'')


def _compiler_dirs(words):
    """Return the dirs given to a compiler by its options."""
    dirs, words = [], iter(words)
    for word in words:
        for option in _DIR_OPTIONS:
            if word.startswith(option):
                value = word[len(option):] or next(words, '')
                if value and not value.startswith(('=', '$SYSROOT')):
                    dirs.append(value)
                break
    return dirs


def run_cc(words, options):
    """See lmake.run_cc."""
    marker, stdin = options.pop('marker', '...'), options.pop('stdin', None)
    if options:
        raise TypeError('run_cc() got an unexpected keyword argument %r' % sorted(options)[0])
    words = [str(w) for w in words]
    markers = [os.path.join(d, marker) for d in _compiler_dirs(words)]
    if markers:
        lmake.depend(markers, read=True, required=False)
    lmake.check_deps()
    how = {'input': stdin} if isinstance(stdin, str) else {'stdin': stdin}
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, universal_newlines=True, **how)


def find_cc_ld_library_path(cc):
    """Return an $LD_LIBRARY_PATH for executables made by compiler `cc`: its library dirs that are not standard."""
    out = subprocess.check_output([cc, '-print-search-dirs']).decode()
    line = [l for l in out.splitlines() if l.startswith('libraries:')][0]
    dirs = []
    for name in line.split('=', 1)[1].split(':'):
        name = os.path.realpath(name)
        if os.path.isdir(name) and not name.startswith(('/lib', '/usr/lib')) and name not in dirs:
            dirs.append(name)
    return ':'.join(dirs)
