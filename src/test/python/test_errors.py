"""Wrong Lmakefiles and what the user is told: a table, read one after the other in one process each.

Each case: what follows the usual imports, then pieces that must be in the message, in order.
"""

import os
import re
import unittest

import reading

# The line numbers count from the top of the file: reading.HEAD is 3 lines.
CASES = [
    # config
    ('lmake.config.foo = 1', 'config.foo: there is no such field'),
    ('lmake.config.path_maxx = 1', 'config.path_maxx', 'consider: path_max'),
    ('lmake.config.heartbeat = 0', 'config.heartbeat is 0, a number of seconds above 0'),
    ('lmake.config.network_delay = 0', 'config.network_delay is 0'),
    ('lmake.config.disk_date_precision = 0', 'config.disk_date_precision is 0'),
    ('lmake.config.nice = -1', 'config.nice is -1, an int, 0 or more'),
    ('lmake.config.max_dep_depth = "x"', "config.max_dep_depth is 'x'"),
    ('lmake.config.console.date_precision = 10', 'config.console.date_precision is 10, None or an int from 0 to 9'),
    ('del lmake.config.colors.ok', 'config.colors.ok is missing'),
    ('lmake.config.colors.ok = [[0,0,0]]', 'config.colors.ok is [[0, 0, 0]], [[r,g,b]'),
    ('lmake.config.link_support = True', 'config.link_support is True, one of none file full full_ext'),
    ('lmake.config = {}', 'config.backends is missing'),
    ('lmake.config = 3', 'lmake.config was replaced by a int'),
    ('lmake.config.caches = {"c": {"dir": "x"}}', "config.caches.c.dir is 'x', an absolute dir"),
    ('lmake.config.req_start_proc = lambda: 1', 'config.req_start_proc: lambdas cannot be sent'),
    ('lmake.config.collect.ignore = {"K": "{X}"}', 'uses stem X, which stems does not define'),
    # sources
    ('lmake.manifest = "abc"', 'lmake.manifest is a str', "consider: ['abc']"),
    ('lmake.manifest = [3]', 'lmake.manifest: 3 is not a str'),
    ('lmake.extra_manifest = {"a"}', 'lmake.extra_manifest is a set, a list or tuple'),
    ('lmake.manifest = ["a//b"]', "manifest: 'a//b' is not canonical", 'consider: a/b'),
    ('lmake.manifest = ["./a"]', "manifest: './a' is not canonical", 'consider: a'),
    ('lmake.manifest = [""]', "manifest: '' is an empty name"),
    ('lmake.manifest = ["../a"]', "manifest: '../a' is a file out of the repo"),
    ('lmake.manifest = ["/etc/passwd"]', 'is a file out of the repo'),
    ('lmake.manifest = ["/proc/"]', 'cannot be a source dir'),
    ('lmake.manifest = ["../" * 40 + "x/"]', 'has too many ..'),
    ('lmake.manifest = ["a", "a/b"]', "manifest: 'a/b' is below 'a'"),
    ('lmake.manifest = ["a/", "a"]', "is in the manifest both as a file and as a dir"),
    ('lmake.manifest = ["LMAKE/lmake/x"]', 'is in the private dir of lmake'),
    ('lmake.manifest = ["link/x"]', "goes through 'link', which is a symbolic link"),
    ('lmake.manifest = []', 'cannot tell what the sources are'),
    # what is a rule, names, inheritance
    ('class A(Rule): target = None', 'Lmakefile.py:4: rule A: target is None'),
    ('class A(Rule):\n  virtual = False\n  target = "a"', 'Lmakefile.py:5: rule A: virtual is False, but it has no cmd'),
    ('class A(Rule):\n  virtual = False\n  cmd = ""', 'rule A: virtual is False, but it has no target'),
    ('class A(Rule): target, cmd = "a", ""\nclass A(Rule): target, cmd = "b", ""',
     'Lmakefile.py:5: rule A: another rule of module Lmakefile has the same name, line 4'),
    ('class A(Rule): target, cmd = "a", ""\nclass B(Rule): target, cmd = "a", ""',
     'Lmakefile.py:5: rule B: it matches identically to rule A, line 4'),
    ('class A(Rule):\n  combine = {"t"}\n  t = (1,)\n  target, cmd = "a", ""',
     "Lmakefile.py:6: rule A: t cannot be combined: a tuple", "consider: combine = '-t'"),
    ('class A(Rule):\n  targets = ["a"]\n  cmd = ""', 'rule A: targets is a list, a dict is expected'),
    ('class A(Rule):\n  environ = {"PATH": ...}\n  target, cmd = "a", ""', 'rule A: environ.PATH: ... cannot be used'),
    ('class A(Rule):\n  name = 3\n  target, cmd = "a", ""', 'Lmakefile.py:5: rule A: name is a int'),
    # patterns
    ('class A(Rule): target, cmd = "{X}", ""',
     "Lmakefile.py:4: rule A: target '{X}' uses stem X, which stems does not define", "consider: stems = {'X': r'.*'}"),
    ('class A(Rule): target, cmd = "a}", ""', "pattern 'a}': a lone }"),
    ('class A(Rule): target, cmd = "{a", ""', "pattern '{a': a { is never closed"),
    ('class A(Rule): target, cmd = "{a-b}", ""', "{a-b} is not a stem"),
    ('class A(Rule):\n  stems = {"X": "a"}\n  target, cmd = "{X:b}", ""', 'stem X has two different definitions'),
    ('class A(Rule): target, cmd = "{X:[}", ""', "target: stem X: bad regex '['"),
    ('class A(Rule): target, cmd = "{X:(a)(?(1)b|c)}", ""', 'uses a conditional group', 'not supported'),
    ('class A(Rule): targets, cmd = {"T": "{*}"}, ""', 'an unnamed star stem has no regex'),
    ('class A(Rule): target, cmd = "{}", ""', "unnamed stem that no pattern defines"),
    ('class A(Rule): target, cmd = "/a", ""', "target '/a' is not in the repo: it starts with /"),
    ('class A(Rule): target, cmd = "a/", ""', "target 'a/' ends with /", 'consider: a'),
    ('class A(Rule): target, cmd = "a//b", ""', "target 'a//b' is not canonical", 'consider: a/b'),
    ('class A(Rule): target, cmd = "../b", ""', "target '../b' is not canonical"),
    ('class A(Rule): target, cmd = "", ""', "target is empty"),
    ('class A(Rule): target, cmd = 3, ""', "pattern 3 is not a str"),
    ('class A(Rule):\n  targets = {"S": "a", "T": "{X:b}"}\n  cmd = ""',
     'Lmakefile.py:5: rule A: stem X appears in target T but not in target S', 'consider: {X*}'),
    ('class A(Rule):\n  targets = {"T": "{X:b}", "S": "a"}\n  cmd = ""',
     "rule A: stem X of target T cannot be derived from target S 'a'"),
    ('class A(Rule):\n  job_name = "{X:b}"\n  target, cmd = "a", ""', "stem X of job_name cannot be derived"),
    ('class A(Rule): target, cmd = "{X*:a}", ""', 'has a star stem', "consider: targets ="),
    ('class A(Rule): target, cmd = ("a", "incremental"), ""', 'target cannot be incremental'),
    ('class A(Rule): target, cmd = ("a", "Optional"), ""', 'target cannot be optional'),
    ('class A(Rule): targets, cmd = {"T": ("{X*:a}", "optional")}, ""', 'is a star target, which is always optional'),
    ('class A(Rule): targets, cmd = {"T": ("a", "optional", "phony")}, ""', 'both optional and phony'),
    ('class A(Rule): target, cmd = ("a", "phonny"), ""', 'unknown flag phonny', 'consider: phony'),
    ('class A(Rule): target, cmd = ("a", 3), ""', 'flag 3 is not a str'),
    ('class A(Rule):\n  deps = {"D": ("x", "phony")}\n  target, cmd = "a", ""', 'unknown flag phony', 'targets only'),
    ('class A(AntiRule): targets = {"T": "{X*:a}"}', 'has a star stem, which an anti rule cannot have'),
    ('class A(Rule):\n  def target(): return "a"\n  cmd = ""', 'target cannot be a function'),
    ('class A(Rule):\n  side_targets = {"T": len}\n  target, cmd = "a", ""', 'side target T cannot be a function'),
    # keys
    ('class A(Rule):\n  targets = {"T": "a"}\n  deps = {"T": "b"}\n  cmd = ""', 'T is a key of both targets and deps'),
    ('class A(Rule):\n  targets = {"cpu": "a"}\n  cmd = ""', 'cpu is a key of both targets and resources'),
    ('class A(Rule):\n  targets = {"deps": "a"}\n  cmd = ""', 'targets: key deps is reserved'),
    ('class A(Rule):\n  targets = {"a-b": "a"}\n  cmd = ""', "targets: key 'a-b' is not an identifier"),
    ('class A(Rule):\n  targets = {"if": "a"}\n  def cmd(): pass', 'targets: key if is a Python keyword'),
    # deps
    ('class A(Rule):\n  dep = ""\n  target, cmd = "a", ""', 'Lmakefile.py:5: rule A: dep is empty'),
    ('class A(Rule):\n  dep = "b/"\n  target, cmd = "a", ""', "dep 'b/' ends with /"),
    ('class A(Rule):\n  deps = {"D": "b//c"}\n  target, cmd = "a", ""', "dep D 'b//c' is not canonical"),
    ('class A(Rule):\n  deps = {"D": 3}\n  target, cmd = "a", ""', "dep D is 3, a str is expected"),
    ('class A(Rule):\n  deps = {"D": lambda: "x"}\n  target, cmd = "a", ""', 'lambdas cannot be sent to jobs'),
    # values
    ('class A(Rule):\n  timeout = -1\n  target, cmd = "a", ""', 'timeout is -1, a number of seconds'),
    ('class A(Rule):\n  timeout = "{T}"\n  target, cmd = "a", ""', "timeout is '{T}'", 'consider: a function'),
    ('class A(Rule):\n  prio = "x"\n  target, cmd = "a", ""', "prio is 'x', a number is expected"),
    ('class A(Rule):\n  autodep = "magic"\n  target, cmd = "a", ""', 'autodep magic is unknown'),
    ('class A(Rule):\n  backend = "cloud"\n  target, cmd = "a", ""', 'backend cloud is unknown'),
    ('class A(Rule):\n  compression = "zip"\n  target, cmd = "a", ""', "compression is 'zip'"),
    ('class A(Rule):\n  chroot_actions = "x"\n  target, cmd = "a", ""', "chroot_actions: unknown action 'x'"),
    ('class A(Rule):\n  retried_errors = ("x",)\n  target, cmd = "a", ""', "unknown kind of error 'x'"),
    ('class A(Rule):\n  kill_sigs = 1000\n  target, cmd = "a", ""', '1000 is not a signal'),
    ('class A(Rule):\n  views = {"v/": 3}\n  target, cmd = "a", ""', 'views: v/ is 3'),
    ('class A(Rule):\n  def force(): return True\n  target, cmd = "a", ""', 'force cannot be a function'),
    ('class A(Rule):\n  def timeout(x): return 1\n  target, cmd = "a", ""', 'function timeout has mandatory parameters'),
    ('class A(Rule):\n  timeout = int\n  target, cmd = "a", ""', 'is not a function defined by def'),
    ('class A(Rule):\n  environ = {"X": "{a b}"}\n  target, cmd = "a", ""', 'environ.X: f-string', '{a b}'),
    ('class A(Rule):\n  environ = {"X=": "a"}\n  target, cmd = "a", ""', "key 'X=' is not a name"),
    ('class A(Rule):\n  shell = ()\n  target, cmd = "a", ""', 'an interpreter and its arguments are expected'),
    # commands
    ('class A(Rule): target, cmd = "a", "{x"', "f-string '{x': a { is never closed"),
    ('class A(Rule): target, cmd = "a", "x}"', "f-string 'x}': a lone }"),
    ('class A(Rule): target, cmd = "a", "{}"', "an expression is empty", 'consider: write {{}}'),
    ('class A(Rule): target, cmd = "a", "{x!z}"', 'unknown conversion !z'),
    ('class A(Rule): target, cmd = "a", "echo ${x:-y}"', None),  # a format spec: known at evaluation only
    ('class A(Rule):\n  target, cmd = "a", 3', 'cmd of A is not a str for a shell rule'),
    ('class A(Rule):\n  target = "a"\n  cmd = lambda: 1', 'Lmakefile.py:6: rule A: lambdas cannot be sent'),
    ('class B(Rule):\n  cmd = "x"\nclass A(B):\n  target = "a"\n  def cmd(): pass',
     'Lmakefile.py:5: rule A: cmd of B is not callable for a python rule'),
    ('class B(Rule):\n  def cmd(): pass\nclass A(B):\n  target = "a"\n  cmd = ""',
     'rule A: cmd of B is not a str for a shell rule'),
    ('class B(Rule):\n  def cmd(): pass\nclass A(B):\n  target = "a"\n  def cmd(x, y): pass', '2 mandatory parameters'),
    ('def deco(f): return f\nclass A(Rule):\n  target = "a"\n  @deco\n  def cmd(): pass', 'function cmd is decorated'),
    ('class K: pass\nclass A(Rule):\n  target = "a"\n  def cmd(): K()',
     "don't know how to serialize class K of Lmakefile", 'needed as K', 'consider: define this value within a function'),
    ('class K: pass\nk = K()\nclass A(Rule):\n  target = "a"\n  def cmd(): print(k)', "don't know how to serialize"),
    ('l = []\nl.append(l)\nclass A(Rule):\n  target = "a"\n  def cmd(): print(l)', 'a container that contains itself'),
    ('class A(Rule):\n  target = "a"\n  def cmd(x=open): pass', 'default value', 'is not a literal'),
    ('import mod\nclass A(Rule):\n  environ = {"X": "{mod.x}"}\n  target, cmd = "a", ""',
     'module mod is local', 'consider: from mod import'),
    # exceptions of user code
    ('1/0', 'Traceback', 'Lmakefile.py", line 4', '1/0', 'ZeroDivisionError', 'cannot read config'),
    ('def config(): raise ValueError("no")', 'in config', 'ValueError: no', 'cannot read config'),
    ('def sources(): raise ValueError("no")\nlmake.manifest=[]', 'ValueError: no', 'cannot read sources'),
    ('def rules(): raise ValueError("no")', 'ValueError: no', 'cannot read rules'),
    ('x = (', 'SyntaxError', 'cannot read config'),
    ('import mod.nothing', 'ModuleNotFoundError', 'cannot read config'),
    ('raise KeyboardInterrupt', 'KeyboardInterrupt', 'cannot read config'),
    ('import sys; sys.exit(3)', 'SystemExit: 3', 'cannot read config'),
]

# What isolates jobs: an attribute of a rule, and what must be said of it.
ISOLATION = [
    ('repo_view = "x"', "repo_view is 'x', an absolute dir"),
    ('views = {"v": {"upper": "u"}}', "rule A: views: v is {'upper': 'u'}, it needs both 'upper' and 'lower'"),
    ('views = {"v": {"lower": "u"}}', "views: v is {'lower': 'u'}, a dir or a dict with at least 'upper'"),
    ('views = {"v": {"upper": "u", "lower": "l", "x": 1}}', 'views: v: unknown key x'),
    ('views = {"v": {"upper": "a,b", "lower": "l"}}', "views: v: dir a,b of an overlay holds ','"),
    ('views = {"v": {"upper": "u", "lower": ["l", "c:d"]}}', "views: v: dir c:d of an overlay holds ':'"),
    ('views = {"v": {"upper": "u", "lower": 3}}', 'views: v: lower is 3, a str is expected'),
    ('views = {"v": {"upper": "u", "lower": "l", "copy_up": "/x"}}', 'copy_up /x is not relative to the view'),
    ('views = {"v": {"upper": "u", "lower": "l", "copy_up": "a/../x"}}', 'copy_up a/../x is not canonical'),
    ('views = {"a/../v": "u"}', 'views: a/../v is not canonical'),
    ('views = {"v": "u//w"}', 'views: v: dir u//w is not canonical'),
    ('views = {"/": "u"}', "views: '/' is not a dir"),
    ('views = ["v"]', 'views is a list, a dict is expected'),
    ('repo_view = "repo"', "rule A: repo_view is 'repo', an absolute dir is expected"),
    ('tmp_view = "tmp"', "tmp_view is 'tmp', an absolute dir"),
    ('lmake_view = 3', 'lmake_view is 3, a str is expected'),
    ('chroot_dir = "c"', "chroot_dir is 'c', an absolute dir"),
    ('lmake_root = "l"', "lmake_root is 'l', an absolute dir"),
]
CASES += [('class A(Rule):\n  %s\n  target, cmd = "a", ""' % line, said) for line, said in ISOLATION]


class ErrorTest(reading.RepoTest):
    def test_each_mistake_is_told_with_its_place(self):
        self.write('mod.py', 'x = 1\n')
        os.mkdir(os.path.join(self.repo, 'dir'))
        os.symlink('dir', os.path.join(self.repo, 'link'))
        for case in CASES:
            with self.subTest(case[0]):
                self._check(case[0], case[1:])

    def _check(self, text, pieces):
        digest = self.read(reading.HEAD + text + '\n')
        if pieces == (None,):
            self.assertEqual(0, digest.status, digest.shown)
            return
        self.assertEqual(1, digest.status, digest.shown)
        at = 0
        for piece in pieces:
            found = digest.shown.find(piece, at)
            self.assertNotEqual(-1, found, '%r is not in:\n%s' % (piece, digest.shown))
            at = found
        self.assertNotIn('lmake/_read', digest.shown)
        self.assertNotIn('lmake_reader', digest.shown)
        self.assertTrue(re.search(r'\ncannot read (config|sources|rules)\n\Z', digest.shown), digest.shown)


if __name__ == '__main__':
    unittest.main()
