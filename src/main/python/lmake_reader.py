"""Reads the makefiles of a repo: `python3 -I -S lmake_reader.py <root> <digest file> <pass>`.

Run as a job of its own, so that what the makefiles read is known. <pass> is `all`, or one of `config`, `sources` and
`rules` when they are read apart. See src/doc/protocols.md section 8 and src/doc/digest.md.
"""

import os
import sys


def _main():
    sys.dont_write_bytecode = True
    lib = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, lib)
    from lmake._read import main
    status = main.run(sys.argv[1:], lib)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # what user code left running does not keep us


if __name__ == '__main__':
    _main()
