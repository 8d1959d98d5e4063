#!/usr/bin/env python3
"""Runs a command where seccomp(2) fails: all of it, as in a strict container, or only listeners, as on an old kernel.

    forbid_seccomp.py [--listeners] cmd arg...

For tests of what replaces the methods that need it. All that the command starts inherits it.
"""
import ctypes
import errno
import os
import struct
import sys

_LOAD, _IF_EQUAL, _IF_SET, _RETURN = 0x20, 0x15, 0x45, 0x06     # of classic BPF
_NR, _FLAGS = 0, 24                                             # offsets in struct seccomp_data
_ALLOW, _ERRNO = 0x7fff0000, 0x50000
_SECCOMP, _NEW_LISTENER = 317, 8


def forbid(listeners_only: bool) -> None:
    """Load the filter in this process. May be a preexec function."""
    if listeners_only:
        code = [(_LOAD, 0, 0, _NR), (_IF_EQUAL, 0, 3, _SECCOMP), (_LOAD, 0, 0, _FLAGS), (_IF_SET, 0, 1, _NEW_LISTENER),
                (_RETURN, 0, 0, _ERRNO | errno.EINVAL), (_RETURN, 0, 0, _ALLOW)]
    else:
        code = [(_LOAD, 0, 0, _NR), (_IF_EQUAL, 0, 1, _SECCOMP), (_RETURN, 0, 0, _ERRNO | errno.EPERM),
                (_RETURN, 0, 0, _ALLOW)]
    text = ctypes.create_string_buffer(b''.join(struct.pack('<HBBI', *c) for c in code))
    program = ctypes.create_string_buffer(struct.pack('<HxxxxxxQ', len(code), ctypes.addressof(text)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
        raise OSError(ctypes.get_errno(), 'cannot load the filter')


def main() -> None:
    only = sys.argv[1] == '--listeners'
    forbid(only)
    command = sys.argv[2 if only else 1:]
    os.execvp(command[0], command)


if __name__ == '__main__':
    main()
