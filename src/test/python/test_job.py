"""The job's side of lmake: harmless out of a job, right frames to the agent in a job."""

import os
import socket
import struct
import subprocess
import sys
import threading
import unittest

import reading

import lmake
from lmake import _job, import_machinery
from lmake.utils import pdict


class FakeAgent(threading.Thread):
    """Listens like an agent and keeps the calls it gets, as tuples; answers what `answers` says, by verb."""

    def __init__(self, directory, root, token=77):
        threading.Thread.__init__(self)
        self.daemon = True
        self.calls, self.answers, self.token = [], {}, token
        self.listener = socket.socket(socket.AF_UNIX)
        name = os.path.join(directory, 's')
        self.listener.bind(name)
        self.listener.listen(5)
        self.log = os.path.join(directory, 'log.0')
        texts, offsets = b'', []
        for text in (root, '/tmp', name, ''):
            offsets.append(len(texts))
            texts += os.fsencode(text) + b'\0'
        # version, flags, token, head, size, overflow, link support, root, tmp, socket, preload, n source dirs,
        # source dirs, size, gen, processes that are off, audit, root as seen
        offsets += [0, 0, len(texts), 0] + 18 * [0] + [0, offsets[0]]
        header = struct.pack('<II QQQQ 29I', 3, 0, token, 65536, 1 << 28, 0, 2, *offsets)
        with open(self.log, 'wb') as log:
            log.write(header.ljust(180, b'\0') + texts)

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return  # the test is over
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        while True:
            head = connection.recv(5)
            if not head:
                return
            size, kind = struct.unpack('<IB', head)
            data = b''
            while len(data) < size - 1:
                data += connection.recv(size - 1 - len(data))
            fields = struct.unpack_from('<QBIIII', data)
            strings, at = [], struct.calcsize('<QBIIII')
            for _ in range(1):
                at = self._string(data, at, strings)
            n, = struct.unpack_from('<I', data, at)
            at += 4
            for _ in range(n):
                at = self._string(data, at, strings)
            assert at == len(data) and kind == 1 and fields[0] == self.token
            self.calls.append(fields[1:] + (strings[1:],))
            rc, lines = self.answers.get(fields[1], (0, []))
            body = struct.pack('<BI', rc, len(lines))
            for line in lines:
                body += struct.pack('<I', len(os.fsencode(line))) + os.fsencode(line)
            connection.sendall(struct.pack('<IB', len(body) + 1, 1) + body)

    @staticmethod
    def _string(data, at, out):
        size, = struct.unpack_from('<I', data, at)
        out.append(os.fsdecode(data[at + 4:at + 4 + size]))
        return at + 4 + size


class OutOfJobTest(unittest.TestCase):
    def test_stubs(self):
        self.assertNotIn('LMAKE_AUTODEP_ENV', os.environ)
        self.assertIsNone(lmake.depend('a', critical=True))
        self.assertEqual({'a': {'checksum': 'none'}}, lmake.depend(['a', ''], read=True, verbose=True))
        self.assertIs(True, lmake.depend('a', direct=True))
        self.assertIsNone(lmake.target('a', source_ok=True, top=True))
        self.assertEqual((None, True), (lmake.check_deps(), lmake.check_deps(delay=1.5, sync=True)))
        self.assertEqual(((), ()), (lmake.list_deps(), lmake.list_targets('d', '.*')))
        self.assertEqual(os.getcwd(), lmake.repo_root)
        with lmake.Autodep(False):
            lmake.report_import('nothing', ['.'])
        self.assertRaises(RuntimeError, lmake.encode, 't', 'c', 'v')
        self.assertRaises(RuntimeError, lmake.decode, 't', 'c', 'v')

    def test_bad_arguments(self):
        bad = [
            (ValueError, dict(verbose=True)), (ValueError, dict(regexpr=True, read=True)),
            (ValueError, dict(direct=True, verbose=True, read=True)), (ValueError, dict(regexpr=True, follow_symlinks=True)),
            (TypeError, dict(foo=1))]
        for error, options in bad:
            self.assertRaises(error, lmake.depend, 'a', **options)
        self.assertRaises(ValueError, lmake.depend, 'a' * 5000)
        self.assertRaises(TypeError, lmake.target, 'a', phony=True)
        self.assertRaises(TypeError, lmake.check_deps, verbose=True)
        self.assertRaises(TypeError, lmake.report_import, 'a', 'path')
        self.assertRaises(AssertionError, lmake.rm_target_tree, '../x')

    def test_version(self):
        major, minor = lmake.version
        lmake.check_version(major)
        self.assertRaises(RuntimeError, lmake.check_version, 'other')
        self.assertRaises(RuntimeError, lmake.check_version, major, minor + 1)

    def test_pdict(self):
        d = pdict(a=1)
        d.b = {'c': [{'d': 2}]}
        self.assertEqual((1, 2), (d['a'], pdict.mk_deep(d).b.c[0].d))
        del d.a
        self.assertRaises(AttributeError, lambda: d.a)
        self.assertRaises(AttributeError, d.__delattr__, 'a')


class InJobTest(reading.RepoTest):
    def setUp(self):
        reading.RepoTest.setUp(self)
        self.agent = FakeAgent(self.top, self.repo)
        self.agent.start()
        self.saved, self.cwd = dict(os.environ), os.getcwd()
        os.environ['LMAKE_AUTODEP_ENV'] = '%s:%d' % (self.agent.log, self.agent.token)
        _job._job = _job._connection = None
        os.chdir(self.repo)

    def tearDown(self):
        os.chdir(self.cwd)
        os.environ.clear()
        os.environ.update(self.saved)
        if _job._connection is not None:
            _job._connection.close()
        _job._job = _job._connection = None
        reading.RepoTest.tearDown(self)

    def call(self, function, *args, **options):
        """Make one call; return what the agent got: verb, options, dep flags, target flags, delay, args."""
        del self.agent.calls[:]
        self.result = function(*args, **options)
        return self.agent.calls[0] if self.agent.calls else None

    def test_each_option_has_its_bit(self):
        depend, target, check = lmake.depend, lmake.target, lmake.check_deps
        table = [
            (depend, ('a', 'b'), {}, (1, 0, 0, 0, 0, ['a', 'b'])), (depend, (['a', None],), {}, (1, 0, 0, 0, 0, ['a'])),
            (depend, ('a',), dict(read=True), (1, 1, 0, 0, 0, ['a'])),
            (depend, ('a',), dict(direct=True), (1, 4, 0, 0, 0, ['a'])),
            (depend, ('a',), dict(read=True, verbose=True), (1, 9, 0, 0, 0, ['a'])),
            (depend, ('a',), dict(regexpr=True, ignore=True), (1, 16 + 512, 0, 0, 0, ['a'])),
            (depend, ('a',), dict(follow_symlinks=True, required=False), (1, 32 + 128, 0, 0, 0, ['a'])),
            (depend, ('a',), dict(critical=True, essential=True, ignore_error=True), (1, 0, 7, 0, 0, ['a'])),
            (depend, ('a',), dict(readdir_ok=True), (1, 128, 8, 0, 0, ['a'])),
            (depend, (), {}, None), (depend, ('',), {}, None),
            (target, ('a',), {}, (2, 0, 0, 0, 0, ['a'])),
            (target, ('a',), dict(write=True, allow=False), (2, 2 + 64, 0, 0, 0, ['a'])),
            (target, ('a',), dict(essential=True, incremental=True, source_ok=True, no_warning=True), (2, 0, 0, 51, 0, ['a'])),
            (target, ('a',), dict(critical=True, required=True), (2, 0, 17, 0, 0, ['a'])),
            (check, (), {}, (3, 0, 0, 0, 0, [])), (check, (1.5,), dict(sync=True), (3, 256, 0, 0, 1500, [])),
            (lmake.list_deps, (), {}, (4, 0, 0, 0, 0, [])), (lmake.list_targets, ('d',), {}, (5, 0, 0, 0, 0, ['d'])),
        ]
        for function, args, options, expected in table:
            with self.subTest(function=function.__name__, options=options):
                self.assertEqual(expected, self.call(function, *args, **options))

    def test_answers(self):
        self.agent.answers[1] = (0, ['ok 0123456789abcdef-R a', 'error none b c', '- - ?'])
        self.assertEqual(
            {'a': {'checksum': '0123456789abcdef-R', 'ok': True}, 'b c': {'checksum': 'none', 'ok': False},
             'z': {'checksum': 'none'}},
            lmake.depend('a', 'b c', 'z', verbose=True, read=True, ignore_error=True))
        self.agent.answers[1] = (1, [])
        self.assertIs(False, lmake.depend('a', direct=True))
        self.agent.answers[3] = (1, [])
        self.assertIs(False, lmake.check_deps(sync=True))
        self.agent.answers[4] = (0, ['a', 'b/c', '\udc80'])
        self.assertEqual(('a', 'b/c', '\udc80'), lmake.list_deps())
        self.assertEqual(('b/c',), lmake.list_deps(regexpr='b/.'))

    def test_target_trees(self):
        for name in ('t/a', 't/d/b', 't/d/e/c', 'u/x'):
            self.write(name, name)
        os.symlink('a', 't/l')
        files = ['t/a', 't/d/b', 't/d/e/c', 't/l']
        self.agent.answers[5] = (0, files)
        lmake.cp_target_tree('t', 'v')
        self.assertEqual('a', os.readlink('v/l'))
        lmake.mv_target_tree('t', 'w')
        self.assertEqual((False, True), (os.path.exists('t'), os.path.exists('w/d/e/c')))
        self.agent.answers[5] = (0, [f.replace('t/', 'w/', 1) for f in files])
        lmake.rm_target_tree('w/')
        self.assertFalse(os.path.exists('w'))

    def test_root_is_that_of_the_log(self):
        self.assertEqual(self.repo, _job.repo_root())
        self.assertEqual(('d', self.repo), (lmake.list_root('d'), lmake.list_root('.')))

    def python(self, text, *args):
        return subprocess.check_output([sys.executable] + list(args) + ['-c', text], env=dict(
            os.environ, PYTHONPATH=reading.LIB, PYTHONDONTWRITEBYTECODE='1')).decode()

    def test_usercustomize_installs_the_hooks_and_gives_way(self):
        self.write('usercustomize.py', "print('mine')\nvalue = 3\n")
        text = ("import sys, usercustomize\nprint([f.__name__ for f in sys.meta_path if 'lmake' in f.__module__], "
                "getattr(usercustomize, 'value', None))\nimport gen\nprint(gen.x)\n")
        self.write('gen.py', 'x = 1\n')
        env = dict(os.environ, PYTHONPATH=reading.LIB + ':' + self.repo, PYTHONDONTWRITEBYTECODE='1')
        run = subprocess.run([sys.executable, '-c', text], env=env, stdout=subprocess.PIPE, check=True)
        out = run.stdout.decode()
        if 'mine' in out:  # site may be told to ignore usercustomize
            self.assertEqual("mine\n['_Finder'] 3\n1\n", out)
        self.assertTrue(any(call[0] == 1 and call[2] == 8 for call in self.agent.calls))

    def test_candidates_of_an_import_are_opened_in_order(self):
        self.write('pk.py', '')
        opened = []
        real, import_machinery._can_open = import_machinery._can_open, lambda name: opened.append(name) or name == 'd/pk.py'
        try:
            lmake.report_import('a.pk', ['', 'd', '/nowhere'], ['/__init__.py', '.py'])
        finally:
            import_machinery._can_open = real
        self.assertEqual(['pk/__init__.py', 'pk.py', 'd/pk/__init__.py', 'd/pk.py'], opened)

    def test_a_process_that_survives_its_job_still_starts(self):
        self.agent.listener.close()
        os.unlink(os.path.join(self.top, 's'))
        self.assertEqual('1\n', self.python('import lmake.import_machinery as m; m.fix_import(); print(1)'))
        self.assertRaises(RuntimeError, lmake.depend, 'a')

    def test_load_module(self):
        self.write('d/m.py', 'x = __name__\n')
        self.assertEqual('other', import_machinery.load_module('other', 'd/m.py').x)
        self.assertNotIn('other', sys.modules)
        self.assertRaises(ImportError, import_machinery.load_module, 'no_such_module')
        self.assertRaises(ImportError, import_machinery.load_module, 'x', 'd/none.py')

    def test_checksums_come_from_the_installed_program(self):
        from lmake import _tools
        self.write('bin/xxhsum', '#!/bin/sh\nif [ $# = 0 ]; then cat; else echo "$1-R"; fi\n')
        os.chmod('bin/xxhsum', 0o755)
        saved, _tools._BIN = _tools._BIN, self.repo + '/bin'
        try:
            self.assertEqual(('abc', './-x-R', 'y-R'), (lmake.xxhsum('abc'), lmake.xxhsum_file('-x'), lmake.xxhsum_file('y')))
        finally:
            _tools._BIN = saved

    def test_config_dict(self):
        value = {'a': 1, 'b': {'c': [1, {'d': 2}], 'e': (3,)}}
        lmake.config_dict('cfg', create=value)
        view = lmake.config_dict('cfg')
        self.assertEqual((value, 2, ['c', 'e']), (view(), view.b.c[1].d(), list(view['b'])))
        self.assertRaises(ValueError, iter, view.a)
        self.assertTrue(os.path.exists('cfg.config_dir/b.sub_dir/c.sub_dir/0.val.py'))
        self.write('src.py', 'config = {"x": 1}\n')
        self.assertEqual({'x': 1}, lmake.config_dict('o/cfg', create_from='src.py')())
        self.write('bad.py', '')
        self.assertRaises(NameError, lmake.config_dict, 'o', create_from='bad.py')

    def test_run_cc(self):
        out = lmake.run_cc('echo', '-Ia', '-isystem', 'b', '-I=c', '-L', 'd', marker='m').stdout
        self.assertEqual('-Ia -isystem b -I=c -L d\n', out)
        self.assertEqual(['a/m', 'b/m', 'd/m'], self.agent.calls[0][5])
        self.assertEqual(3, self.agent.calls[1][0])
        self.assertEqual('in', lmake.run_cc('cat', stdin='in').stdout)
        self.assertRaises(subprocess.CalledProcessError, lmake.run_cc, 'false')


if __name__ == '__main__':
    unittest.main()
