"""Python commands by value: the text that is sent to jobs, run here as a job would."""

import shutil
import subprocess
import sys
import unittest

import reading

RULE = "class A(%s):\n    target = '{F:.*}.o'\n    targets = {'S': '{F}.d/{N*:[0-9]+}'}\n    dep = '{F}.c'\n"


class CommandTest(reading.RepoTest):
    def run_cmd(self, rule, values=None, python=sys.executable):
        """Run the command of a rule as the server would; return (status, stdout and stderr)."""
        cmd = rule['cmd']
        values = values or {}
        self.assertEqual(sorted(values), cmd['vars'])
        text = ''.join('%s = %r\n' % item for item in sorted(values.items())) + cmd['text']
        process = subprocess.Popen(
            [python, '-c', text], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self.repo,
            env={'PYTHONPATH': reading.LIB, 'PYTHONDONTWRITEBYTECODE': '1'})
        shown = process.communicate()[0].decode('utf8')
        return process.returncode, shown

    def shown(self, text, values=None, base='Rule'):
        status, shown = self.run_cmd(self.rules(text).rule('A'), values)
        self.assertEqual(0, status, shown)
        return shown

    def test_context_travels_with_the_function(self):
        self.write('plain.py', "def there(): return 'there'\nVALUE = 7\n")
        self.write('withrules.py', "from lmake.rules import Rule\nK = 'k'\ndef local(): return K\nclass Base(Rule): virtual = True\n")
        shown = self.shown(
            "import os, re, xml.dom\nimport os.path as osp, sys as system\nfrom collections import OrderedDict\n"
            "import plain\nfrom plain import there, VALUE\nfrom withrules import local, Base\nfrom math import *\n"
            "word, table = 'w', {'a': [1, (2,), {3}], 'b': lmake.pdict(x=1)}\n"
            "regex, order, inf = re.compile('a+'), OrderedDict([('z', 1), ('y', 2)]), float('inf')\n"
            "def deep(n): return n and deep(n - 1) or word\n"
            "alias = deep\n"
            + RULE % 'Base' +
            "    attr = 'at'\n    def of_class(x): return x * 2\n"
            "    def cmd(a=word, *, b=(1,\n            2)):\n"
            "        def nested(): return [there() for i in range(1)]\n"
            "        print(F, dep, target, stems, deps, attr, of_class(2), word, table, table['b'].x, alias(2), local())\n"
            "        print(osp.join('x', 'y'), nested(), VALUE, plain.VALUE, regex.match('aa').group(), list(order), inf)\n"
            "        print(a, b, xml.dom.__name__, system.argv[0], sin(0), S(3), S(N=4), S.reg_expr, __name__, __file__)\n",
            {'F': 'f', 'dep': 'f.c', 'target': 'f.o', 'stems': {'F': 'f'}, 'deps': {'dep': 'f.c'}})
        self.assertEqual(
            "f f.c f.o {'F': 'f'} {'dep': 'f.c'} at 4 w {'a': [1, (2,), {3}], 'b': {'x': 1}} 1 w k\n"
            "x/y ['there'] 7 7 aa ['z', 'y'] inf\n"
            "w (1, 2) xml.dom -c 0.0 f.d/3 f.d/4 f\\.d/(?P<N>[0-9]+) Lmakefile " + self.repo + "/Lmakefile.py\n", shown)

    # functions that are hard to cut out: what comes after the class header, what it prints
    SHAPES = [
        ('    def cmd(): print(1)\n', '1'),
        ('    def cmd():\n        """a\nb\n  c"""\n        print("""x\n y\nz""")\n', 'x\n y\nz'),
        ('    def cmd(\n  a=1,\n        b = {"k": [1,\n  2]},\n    ):\n        print(a, b)\n', "1 {'k': [1, 2]}"),
        ('    def cmd():\n        # first\n\n# out\n        print(1)\n        # last\n    x = 2\n', '1'),
        ('    def cmd():\n    \tprint(1)\n', '1'),
        ('    def cmd():\n        if 1:\n            print(1)\n        else: print(2)\n    # end\n', '1'),
        ('    def cmd(): print(1); \\\n          print(2)\n', '1\n2'),
        ('    def cmd():\n        x = (1,\n2,\n    3)\n        print(x)\n', '(1, 2, 3)'),
        ('    def cmd() -> "a:b":\n        def g(y=2): return y\n        print(g())\n', '2'),
        ('    cmd = some_function\n', 'some'),
        ('    def cmd(x=(lambda: 3)()): print(x)\n', '3'),
        ('    def cmd(x=dict(a=1), y=[i for i in range(2)]): print(x, y)\n', "{'a': 1} [0, 1]"),
        ('    if True:\n        def cmd():\n            print(1)\n', '1'),
        ('    def cmd():\n        print(1)', '1'),
        ('    cmd = made[1]\n', 'made 1'),
        ('    def cmd():\n        global counter\n        counter = counter + 1\n        print(counter)\n', '6'),
        ('    def cmd():\n        print(f"{1}\\n"\n  f"""{2}\n  {3}""")\n', '1\n2\n  3'),
    ]

    def test_functions_of_any_shape_are_cut_out(self):
        head = ("counter = 5\ndef some_function():\n    print('some')\nmade = []\nfor word in 'ab':\n"
                "    def loop(w=len(made)):\n        print('made', w)\n    made.append(loop)\n")
        for body, expected in self.SHAPES:
            with self.subTest(body):
                self.assertEqual(expected + '\n', self.shown(head + "class A(Rule):\n    target = 'a'\n" + body))

    def test_chaining(self):
        shown = self.shown(
            "class B(Rule):\n    def cmd(x): print('B', x); return 1\n"
            "class C(B):\n    def cmd(x): print('C', x); return 2\n"
            "class D(C):\n    def cmd(x='d'): print('D', x)\n    cmd.shell = 'shell D'\n"
            "class A(D):\n    target = 'a'\n    def cmd(x, y='y'): print('A', x, y)\n")
        self.assertEqual('B None\nC 1\nD d\nA None y\n', shown)
        digest = self.rules(
            "class D(Rule):\n    def cmd(): pass\n    cmd.shell = 'shell D'\nclass A(D):\n    target = 'a'\n    cmd = 'x'\n")
        self.assertEqual({'const': 'shell D\nx'}, digest.rule('A')['cmd'])

    def test_traceback_shows_the_lines_of_the_user(self):
        digest = self.rules(
            "def fail():\n    return (lambda: 1/0)()\nclass A(Rule):\n    target = 'a'\n    def cmd():\n\n        fail()\n")
        status, shown = self.run_cmd(digest.rule('A'))
        self.assertEqual(1, status)
        if sys.version_info >= (3, 8):
            file = self.repo + '/Lmakefile.py'
            for line, name, text in ((10, 'cmd', 'fail()'), (5, 'fail', 'return (lambda: 1/0)()')):
                self.assertIn('File "%s", line %d, in %s\n    %s' % (file, line, name, text), shown)

    def test_exit_status_is_that_of_the_function(self):
        for text, status in (('sys.exit(0)', 0), ('sys.exit(3)', 3), ('1/0', 1)):
            rule = self.rules("import sys\nclass A(Rule):\n    target = 'a'\n    def cmd(): %s\n" % text).rule('A')
            self.assertEqual(status, self.run_cmd(rule)[0])

    TEXT = ("import os\nword, other = 'w', 'o'\ndef helper():\n    return word\n"
            "class A(Rule):\n    target = 'a'\n    def cmd():\n        print(helper())  # note\n")
    EDITS = [  # text replaced, by what, whether jobs run again
        ("import os\n", "import os\n\n# a comment\nimport re\n", False), ("'o'", "'O'", False),
        ("class A", "class B(Rule): target, cmd = 'b', ''\nclass A", False), ("'w'", "'W'", True),
        ("return word", "return word + ''", True), ("# note", "# other note", True),
        ("def helper():\n    return word\n", "def helper():\n        return word\n", True),
        ("class A", "if True:\n  pass\nclass A", False), ("    target = 'a'\n", "    target = 'a'\n    unused = 3\n", False),
        ("    target = 'a'\n", "    target = 'a'\n    word = 3\n", True)]

    def test_only_what_is_referenced_makes_jobs_run_again(self):
        before = self.rules(self.TEXT).rule('A')
        for old, new, reruns in self.EDITS:
            with self.subTest(new):
                self.assertIn(old, self.TEXT)
                after = self.rules(self.TEXT.replace(old, new, 1)).rule('A')
                self.assertEqual(before['match_crc'], after['match_crc'])
                self.assertEqual(reruns, before['cmd_crc'] != after['cmd_crc'])

    def test_rules_of_other_modules_and_their_globals(self):
        self.write('base.py', "from lmake.rules import Rule\nimport os as system\nname = 'base'\n"
                              "def who(): return name + system.sep\nclass Base(Rule):\n    def cmd(): print(who())\n")
        self.assertEqual('base/\n', self.shown("from base import Base\nclass A(Base): target = 'a'\n"))

    def test_two_modules_that_mean_different_things_by_a_name(self):
        self.write('base.py', "from lmake.rules import Rule\nname = 'base'\nclass Base(Rule):\n    def cmd(): print(name)\n")
        digest = self.read(reading.HEAD + "from base import Base\nname = 'mine'\nclass A(Base):\n    target = 'a'\n    def cmd(): print(name)\n")
        self.assertIn('name has two different values, in two modules', digest.shown)

    def test_python2_can_run_a_command(self):
        python2 = shutil.which('python2.7') or shutil.which('python2')
        if not python2 or subprocess.call([python2, '-c', ''], stderr=subprocess.DEVNULL):
            self.skipTest('there is no python2')
        rule = self.rules("word = 'w'\nclass A(Py2Rule):\n    target = 'a'\n    targets = {'S': 'b{N*:c}'}\n"
                          "    def cmd(): print(word + S('c'))\n").rule('A')
        self.assertEqual((0, 'wbc\n'), self.run_cmd(rule, {'stems': {}}, python2))


if __name__ == '__main__':
    unittest.main()
