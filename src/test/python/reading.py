"""What the tests of the reader share: a repo in a temporary dir, read in a process of its own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
LIB = os.path.join(os.path.dirname(os.path.dirname(HERE)), 'main', 'python')
sys.dont_write_bytecode = True
if LIB not in sys.path:
    sys.path.insert(0, LIB)

HEAD = "import lmake\nfrom lmake.rules import *\nlmake.manifest = ['Lmakefile.py']\n"


class Digest(object):
    """The lines of a digest, by kind, with the status and the text shown to the user."""

    def __init__(self, status, shown, lines):
        self.status, self.shown, self.lines = status, shown, lines

    def one(self, kind):
        found = [l for l in self.lines if l['kind'] == kind]
        assert len(found) == 1, '%d lines of kind %s' % (len(found), kind)
        return found[0]

    def rule(self, name):
        return [l for l in self.lines if l['kind'] == 'rule' and l['name'] == name][0]

    def names(self):
        return [l['name'] for l in self.lines if l['kind'] == 'rule']

    def code(self, number):
        return [l for l in self.lines if l['kind'] == 'code' and l['id'] == number][0]


class RepoTest(unittest.TestCase):
    """A test with a repo of its own."""

    def setUp(self):
        self.top = os.path.realpath(tempfile.mkdtemp())
        self.repo = os.path.join(self.top, 'repo')
        os.mkdir(self.repo)

    def tearDown(self):
        shutil.rmtree(self.top)

    def write(self, name, text):
        file = os.path.join(self.repo, name)
        if not os.path.isdir(os.path.dirname(file)):
            os.makedirs(os.path.dirname(file))
        with open(file, 'w') as out:
            out.write(text)

    def read(self, text=None, which='all', environ=None):
        """Write Lmakefile.py with `text`, if given, and read it."""
        if text is not None:
            self.write('Lmakefile.py', text)
        file = os.path.join(self.top, 'digest')
        if os.path.exists(file):
            os.unlink(file)
        process = subprocess.Popen(
            [sys.executable, '-I', '-S', os.path.join(LIB, 'lmake_reader.py'), self.repo, file, which],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self.repo)
        shown = process.communicate(json.dumps(environ or {}).encode())[0].decode('utf8')
        lines = []
        if os.path.exists(file):
            with open(file) as digest:
                lines = [json.loads(line) for line in digest]
        return Digest(process.returncode, shown, lines)

    def rules(self, text):
        """Read rules given after the usual imports; they must be right."""
        digest = self.read(HEAD + text)
        self.assertEqual((0, ''), (digest.status, digest.shown))
        return digest
