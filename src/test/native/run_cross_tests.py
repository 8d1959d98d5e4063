#!/usr/bin/env python3
"""That the native parts compile for aarch64, and that nothing there is a leftover of x86. Usage: run_cross_tests.py <OUT>

Only compiled and looked at: what they do is tested where they run. Without the compiler (Debian: gcc-aarch64-linux-gnu) says so.
"""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
NATIVE = os.path.join(HERE, '..', '..', '..', 'native')
COMPILER = 'aarch64-linux-gnu-gcc'
PARTS = ('liblmake_preload.so', 'liblmake_audit.so', 'bin/lmake_agent', 'bin/lautodep', 'lib/liblmake.so')
AARCH64 = 183       # e_machine


def machine(name):
    with open(name, 'rb') as f:
        head = f.read(20)
    assert head[:4] == b'\x7fELF', name
    return int.from_bytes(head[18:20], 'little')


def symbols(name):
    text = subprocess.run(['nm', '-D', '--defined-only', name], stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout
    return {line.split()[-1].partition('@')[0] for line in text.splitlines()}


def faults(out):
    """What is wrong, in sentences."""
    # xxhash is headers alone; those of the host are as good, but must not bring its others along.
    headers = os.path.join(out, 'include')
    os.mkdir(headers)
    for name in ('xxhash.h', 'xxh3.h'):
        if os.path.exists('/usr/include/' + name):
            shutil.copy('/usr/include/' + name, headers)
    parts = [os.path.join(out, part) for part in PARTS]
    p = subprocess.run(['make', '-s', '-C', NATIVE, 'OUT=' + out, 'CC=' + COMPILER, 'OPT=-O1 -Werror -I' + headers] + parts,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, timeout=600)
    if p.returncode:
        return ['it does not compile: ' + '\n'.join(line for line in p.stdout.splitlines() if 'rror' in line)[:2000]]
    found = ['%s is for machine %d' % (part, machine(part)) for part in parts if machine(part) != AARCH64]
    # The same shims, or what is not replaced is not seen.
    here = os.path.join(os.path.abspath(sys.argv[1]), PARTS[0])
    missing = symbols(here) - symbols(parts[0]) if os.path.exists(here) else ()
    return found + ['%s is replaced here and not there' % name for name in sorted(missing)]


def main():
    if not shutil.which(COMPILER):
        print('left out: no %s here' % COMPILER)
        print('0 passed, 0 failed')
        return 0
    out = tempfile.mkdtemp(prefix='lmcross.')
    try:
        found = faults(out)
    finally:
        shutil.rmtree(out)
    for line in found:
        print('FAIL   ' + line)
    print('%d passed, %d failed' % (not found, bool(found)))
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
