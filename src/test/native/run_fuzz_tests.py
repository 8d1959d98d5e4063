#!/usr/bin/env python3
"""Fuzzing of the readers of logs and frames (fuzz.c), 3 s each, 60 with LMAKE_LONG. Usage: run_fuzz_tests.py <OUT> [seed]"""
import glob
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
NATIVE = os.path.join(HERE, '..', '..', '..', 'native')
LONG = bool(os.environ.get('LMAKE_LONG'))


def main():
    exe = os.path.join(os.path.abspath(sys.argv[1]), 'test', 'fuzz')
    seed = sys.argv[2] if len(sys.argv) > 2 else str(int(time.time())) if LONG else '1'
    os.makedirs(os.path.dirname(exe), exist_ok=True)
    sources = [os.path.join(HERE, 'fuzz.c')] + glob.glob(NATIVE + '/access/*.c') + glob.glob(NATIVE + '/wire/*.c')
    if not os.path.exists(exe) or any(os.path.getmtime(s) > os.path.getmtime(exe) for s in sources):
        subprocess.check_call(['gcc', '-std=gnu11', '-O1', '-g', '-w', '-fsanitize=address,undefined', '-fno-sanitize-recover=all',
                               '-o', exe] + sources)
    passed = failed = 0
    for what, files in (('log', []), ('wire', sorted(glob.glob(NATIVE + '/wire/vectors/*.bin')))):
        p = subprocess.run([exe, what, '60' if LONG else '3', seed] + files, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           universal_newlines=True, timeout=300)
        ok = p.returncode == 0
        passed, failed = passed + ok, failed + (not ok)
        print('%s fuzzed, seed %s: %s' % (what, seed, p.stdout.strip() if ok else 'FAIL\n' + p.stderr[:3000]))
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
