#!/usr/bin/env python3
"""Tests of liblmake.so, called as the server calls it (by ctypes here). Usage: run_lib_tests.py <install>"""
import ctypes
import errno
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import traceback

TESTS = []
ACCESS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../../native/access')
ABSENT, REGULAR, EXE, LINK, DIR, SPECIAL, THROUGH_LINK = range(7)


def test(f):
    TESTS.append(f)
    return f


def batch(lib, names, threads=2, known=None, flags=None):
    n = len(names)
    u64, i64, u8 = ctypes.c_uint64 * n, ctypes.c_int64 * n, ctypes.c_uint8 * n
    sigs, crcs, dates, kinds = u64(), u64(), i64(), u8()
    rc = lib.lmake_stat_batch(b''.join(os.fsencode(x) + b'\0' for x in names), n, threads, u64(*known) if known else None,
                              u8(*flags) if flags else None, sigs, crcs, dates, kinds)
    assert rc == 0, rc
    return [dict(sig=s, crc=c, date=d, kind=k) for s, c, d, k in zip(sigs, crcs, dates, kinds)]


def write(name, text):
    if os.path.dirname(name):
        os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name, 'w') as f:
        f.write(text)


@test
def kinds_are_told(lib):
    write('d/reg', 'x')
    write('d/exe', 'x')
    os.chmod('d/exe', 0o755)
    os.symlink('reg', 'd/link')
    os.symlink('d', 'dlink')
    os.mkfifo('d/fifo')
    names = ['d/reg', 'd/exe', 'd/link', 'd', 'd/fifo', 'd/none', 'none/none', 'd/reg/x', 'dlink/reg', 'dlink', 'none']
    got = batch(lib, names)
    assert [g['kind'] for g in got] == [REGULAR, EXE, LINK, DIR, SPECIAL, ABSENT, ABSENT, ABSENT, THROUGH_LINK, LINK, ABSENT]
    assert [g['sig'] > 1 for g in got] == [k in (0, 1, 2, 9) for k in range(11)], got
    assert got[0]['crc'] > 15 and not got[0]['crc'] & 1 and got[2]['crc'] & 1 and got[0]['crc'] != got[1]['crc']
    assert abs(got[0]['date'] / 1e9 - time.time()) < 60
    for name, g in (('d/reg', got[0]), ('d/link', got[2])):
        out = subprocess.check_output([lib.install + '/bin/xxhsum', name], universal_newlines=True).strip()
        assert out[:16] == '%016x' % g['crc'], (out, g)


@test
def crc_only_when_needed(lib):
    for n in 'abc':
        write(n, n)
    first = batch(lib, list('abc'))
    second = batch(lib, list('abc'), known=[first[0]['sig'], 5, 5], flags=[0, 0, 1])
    assert [s['crc'] for s in second] == [0, first[1]['crc'], 0]
    write('a', 'other')
    assert batch(lib, ['a'], known=[first[0]['sig']])[0]['crc'] not in (0, first[0]['crc'])


@test
def content_put_back_to_its_date_has_another_sig(lib):
    write('a', 'one')
    before = os.stat('a')
    sig = batch(lib, ['a'])[0]['sig']
    time.sleep(0.02)        # so that the kernel's clock has moved
    write('a', 'two')
    os.utime('a', ns=(before.st_atime_ns, before.st_mtime_ns))
    after = os.stat('a')
    assert (after.st_mtime_ns, after.st_size, after.st_ino) == (before.st_mtime_ns, before.st_size, before.st_ino)
    assert batch(lib, ['a'])[0]['sig'] != sig


@test
def each_attribute_is_part_of_the_sig(lib):
    write('sig.c', """
        #include <sys/stat.h>
        #include "crc.h"
        __attribute__((visibility("default")))
        uint64_t sig_of(unsigned ino, unsigned mtime, unsigned ctime, unsigned size, unsigned mode) {
            struct stat st = {.st_ino = ino, .st_size = size, .st_mode = mode};
            st.st_mtim.tv_nsec = mtime;
            st.st_ctim.tv_nsec = ctime;
            return lm_sig_of(&st);
        }""")
    subprocess.check_call(['gcc', '-shared', '-fPIC', '-fvisibility=hidden', '-ffunction-sections', '-Wl,--gc-sections', '-I', ACCESS,
                           '-o', 'sig.so', 'sig.c', os.path.join(ACCESS, 'crc.c')])
    sig_of = ctypes.CDLL(os.path.abspath('sig.so')).sig_of
    sig_of.restype = ctypes.c_uint64
    file = (1, 2, 3, 4, stat.S_IFREG | 0o644)
    sigs = [sig_of(*file)]
    for i in range(4):
        sigs.append(sig_of(*(x + 1 if i == j else x for j, x in enumerate(file))))
    for mode in (stat.S_IFREG | 0o744, stat.S_IFLNK | 0o777):
        sigs.append(sig_of(1, 2, 3, 4, mode))
    assert len(set(sigs)) == len(sigs), sigs
    assert sig_of(1, 2, 3, 4, stat.S_IFREG | 0o664) == sigs[0], 'who else may read it does not matter'
    assert sig_of(1, 2, 3, 4, stat.S_IFDIR | 0o755) < 16, 'a dir is no file'


@test
def many_names_on_threads_are_as_one_by_one(lib):
    names = ['t/%d/%d' % (i % 50, i) for i in range(6000)]
    for i, n in enumerate(names):
        if i % 3:
            write(n, str(i))
    for order in (names, sorted(names)):
        got = batch(lib, order, threads=2)
        assert got == batch(lib, order, threads=1)
        assert [g['kind'] for g in got] == [REGULAR if int(n.split('/')[2]) % 3 else ABSENT for n in order]
    assert batch(lib, [], 2) == []


@test
def lock_excludes_and_dies_with_its_holder(lib):
    fd = lib.lmake_lock(b'lock')
    assert fd >= 0
    code = 'import ctypes,sys; sys.exit(ctypes.CDLL(sys.argv[1]).lmake_lock(b"lock") < 0)'
    run = [sys.executable, '-c', code, lib.install + '/lib/liblmake.so']
    assert subprocess.call(run) == 1
    os.close(fd)
    assert subprocess.call(run) == 0
    assert lib.lmake_lock(b'no/dir/lock') == -errno.ENOENT


@test
def nothing_is_touched_through_a_link(lib):
    write('real/f', 'x')
    os.symlink('real', 'link')
    assert lib.lmake_unlink_at(b'link/f') == -errno.ELOOP
    assert lib.lmake_quarantine(b'link/f', b'') == -errno.ELOOP
    assert lib.lmake_mkdirs(b'link/x') == -errno.ELOOP
    assert lib.lmake_rmdir_at(b'link/x') == -errno.ELOOP
    assert os.listdir('real') == ['f']
    assert lib.lmake_unlink_at(b'link') == 0 and os.path.exists('real/f')
    assert lib.lmake_unlink_at(b'real') in (-errno.EISDIR, -errno.EPERM)
    assert lib.lmake_unlink_at(b'none') == -errno.ENOENT
    assert lib.lmake_unlink_at(b'..') == -errno.EINVAL
    assert lib.lmake_mkdirs(b'real/a/b/') == 0 and lib.lmake_rmdir_at(b'real/a/b') == 0 and os.path.isdir('real/a')


@test
def quarantine_keeps_the_last(lib):
    os.mkdir('LMAKE')
    write('d/f', '1')
    assert lib.lmake_quarantine(b'd/f', None) == 0
    write('d/f', '2')
    assert lib.lmake_quarantine(b'd/f', b'd/f') == 0
    with open('LMAKE/quarantine/d/f') as f:
        assert f.read() == '2'
    write('d', '') if not os.path.isdir('d') else os.rmdir('d')
    write('d', 'now a file')
    assert lib.lmake_quarantine(b'd', b'') == 0
    assert os.path.isfile('LMAKE/quarantine/d') and os.path.isfile('LMAKE/quarantine/d~1~/f')
    os.remove('LMAKE/quarantine/d')
    os.symlink('/tmp', 'LMAKE/quarantine/d')
    write('d/f', '3')
    assert lib.lmake_quarantine(b'd/f', b'') == 0
    assert not os.path.islink('LMAKE/quarantine/d') and os.path.isfile('LMAKE/quarantine/d/f')


@test
def dates_come_from_the_filesystem(lib):
    before = lib.lmake_fs_now(b'.')
    write('f', 'x')
    after = lib.lmake_fs_now(b'.')
    assert before <= os.stat('f').st_mtime_ns <= after and os.listdir('.') == ['f']
    assert lib.lmake_fs_now(b'none') == -errno.ENOENT
    os.mkdir('watched')
    os.utime('watched', (1, 1))
    lib.lmake_fs_now(b'watched')
    assert os.stat('watched').st_mtime == 1     # no name came nor went: none is left by a kill in between
    assert lib.lmake_fsync_file(b'f') == lib.lmake_fsync_file(b'.') == 0
    assert lib.lmake_fsync_file(b'none') == -errno.ENOENT


@test
def peer_is_known(lib):
    a, b = socket.socketpair()
    assert lib.lmake_peer_uid(a.fileno()) == os.getuid()
    assert lib.lmake_peer_uid(0) < 0 or stat.S_ISSOCK(os.fstat(0).st_mode)
    b.close()


@test
def stopped_child_is_sent_on(lib):
    child = subprocess.Popen(['sleep', '1'])
    assert lib.lmake_send_on(child.pid) == 0
    child.send_signal(signal.SIGSTOP)
    os.waitpid(child.pid, os.WUNTRACED)
    assert lib.lmake_send_on(child.pid) == 1 and child.wait(30) == 0
    assert lib.lmake_send_on(child.pid) == 0 and lib.lmake_send_on(0) < 0 and lib.lmake_send_on(-1) < 0


def main():
    install = os.path.abspath(sys.argv[1])
    lib = ctypes.CDLL(install + '/lib/liblmake.so')
    lib.install = install
    lib.lmake_fs_now.restype = ctypes.c_int64
    passed = failed = 0
    for f in TESTS:
        dir = tempfile.mkdtemp(prefix='lmake-lib-')
        os.chdir(dir)
        try:
            f(lib)
            passed += 1
            print('ok     ' + f.__name__, flush=True)
        except Exception:
            failed += 1
            print('FAILED ' + f.__name__, flush=True)
            traceback.print_exc(file=sys.stdout)
        finally:
            os.chdir('/')
            shutil.rmtree(dir, ignore_errors=True)
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
