"""Byte code of local modules follows the content of the source, whatever the dates say."""

import os
import subprocess
import sys
import tempfile
import unittest

LIB = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'main', 'python')
PROGRAM = "import sys; sys.path[:0] = [%r]; from lmake import _bytecode; _bytecode.install(%r); import mod; print(mod.X)"


@unittest.skipIf(sys.version_info < (3, 7), 'byte code knows no hashes before 3.7')
class BytecodeTest(unittest.TestCase):

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = os.path.realpath(directory.name)
        self.source = os.path.join(self.root, 'mod.py')

    def write(self, x, date=1000000000):
        with open(self.source, 'w') as f:
            f.write('X = %d\n' % x)
        os.utime(self.source, (date, date))

    def run_python(self, program):
        env = {k: v for k, v in os.environ.items() if k != 'PYTHONDONTWRITEBYTECODE'}
        return subprocess.check_output([sys.executable, '-c', program], cwd=self.root, env=env, universal_newlines=True).strip()

    def run_job(self):
        return self.run_python(PROGRAM % (LIB, self.root))

    def pyc(self):
        cache = os.path.join(self.root, '__pycache__')
        with open(os.path.join(cache, [f for f in os.listdir(cache) if f.startswith('mod.')][0]), 'rb') as f:
            return f.read()

    def test_same_size_same_date_edit_is_seen(self):
        for x in (1, 2, 3):
            self.write(x)
            self.assertEqual(str(x), self.run_job())
            self.assertEqual(b'\x03\0\0\0', self.pyc()[4:8])

    def test_byte_code_written_by_a_plain_python_is_not_believed(self):
        self.write(1)
        self.assertEqual('1', self.run_python('import mod; print(mod.X)'))
        self.assertEqual(b'\0\0\0\0', self.pyc()[4:8])
        self.write(2)
        self.assertEqual('1', self.run_python('import mod; print(mod.X)'), 'plain Python is fooled, or the test shows nothing')
        self.assertEqual('2', self.run_job())

    def test_unchanged_module_uses_its_byte_code(self):
        self.write(1)
        self.run_job()
        before = self.pyc()
        self.write(1, date=1234567890)
        self.assertEqual('1', self.run_job())
        self.assertEqual(before, self.pyc())

    def test_dir_that_only_byte_code_is_left_in_is_no_package(self):
        program = ("import sys; sys.path[:0] = [%r]; from lmake import _bytecode; _bytecode.install(%r, %s); "
                   "import importlib.util as u; print(u.find_spec('pk') is not None)")
        os.makedirs(os.path.join(self.root, 'pk', '__pycache__'))
        listed = program % (LIB, self.root, 'lambda d: None')
        self.assertEqual('True', self.run_python("import importlib.util as u; print(u.find_spec('pk') is not None)"))
        self.assertEqual('False', self.run_python(listed))
        self.assertEqual('True', self.run_python(program % (LIB, self.root, 'lambda d: False')))
        self.assertEqual('True', self.run_python(program % (LIB, self.root + '/elsewhere', 'lambda d: None')))
        open(os.path.join(self.root, 'pk', 'part.py'), 'w').close()
        self.assertEqual('True', self.run_python(listed))


if __name__ == '__main__':
    unittest.main()
