"""The phases of reading, sources, the environment: spec sections 1 to 3."""

import json
import os
import subprocess
import unittest

import reading

RULE = "from lmake.rules import Rule\nclass A(Rule): target, cmd = 'a', ''\n"
NOISY = "import lmake\nprint('top')\n"


class PhaseTest(reading.RepoTest):
    def test_package_wins_over_file(self):
        self.write('Lmakefile/__init__.py', "import lmake\nlmake.manifest = ['package']\n")
        digest = self.read("import lmake\nlmake.manifest = ['file']\n")
        self.assertEqual(['package'], digest.one('manifest')['files'])

    def test_callables_are_called_in_order_and_not_when_useless(self):
        digest = self.read(
            NOISY + "from lmake.rules import Rule\ndef config(): print('config')\n"
            "def sources():\n    print('sources')\n    lmake.manifest = ['Lmakefile.py']\n    lmake.config.nice = 19\n"
            "def rules():\n    print('rules')\n    class A(Rule): target, cmd = 'a', ''\n")
        self.assertEqual('top\nconfig\nsources\nrules\n', digest.shown)
        self.assertEqual({'kind': 'split', 'sources': 'function', 'rules': 'function'}, digest.one('split'))
        self.assertEqual((['A'], 0), (digest.names(), digest.one('config')['nice']))
        digest = self.read(
            NOISY + RULE + "lmake.manifest = ['x']\ndef sources(): print('sources')\ndef rules(): print('rules')\n")
        self.assertEqual('top\n', digest.shown)
        self.assertEqual((None, None), (digest.one('split')['sources'], digest.one('split')['rules']))

    def test_sub_modules_of_a_package(self):
        self.write('Lmakefile/__init__.py', NOISY + "config = 3\n")
        self.write('Lmakefile/config.py', "import lmake\nprint('config')\nlmake.extra_manifest = ['more']\n")
        self.write('Lmakefile/sources.py', "import lmake\nprint('sources')\nlmake.manifest = ['x']\n")
        self.write('Lmakefile/rules.py', "print('rules')\n" + RULE)
        digest = self.read()
        self.assertEqual('top\nconfig\nsources\nrules\n', digest.shown)
        self.assertEqual(['more', 'x'], digest.one('manifest')['files'])
        self.assertEqual({'kind': 'split', 'sources': 'module', 'rules': 'module'}, digest.one('split'))

    def test_passes_apart(self):
        text = (NOISY + "def config():\n    print('config')\n    lmake.extra_manifest = ['e']\n"
                "def sources():\n    print('sources')\n    lmake.manifest = ['x']\ndef rules():\n    print('rules')\n    "
                + RULE.replace('\n', '\n    '))
        kinds = lambda d: [l['kind'] for l in d.lines]
        digest = self.read(text, 'config')
        self.assertEqual(('top\nconfig\n', ['head', 'config', 'environ', 'split']), (digest.shown, kinds(digest)))
        digest = self.read(text, 'sources')
        self.assertEqual(('top\nsources\n', ['head', 'manifest', 'environ']), (digest.shown, kinds(digest)))
        digest = self.read(text, 'rules')
        self.assertEqual(('top\nrules\n', ['head', 'environ', 'rule']), (digest.shown, kinds(digest)))

    def test_what_the_process_looks_like(self):
        digest = self.read(
            "import lmake, os, sys\nlmake.manifest = ['x']\n"
            "print(os.getcwd() == lmake.repo_root == lmake.top_repo_root, sys.stdin, sys.path[1] == os.getcwd(), sys.path[-1])\n"
            "print(sorted(k for k in os.environ if k not in ('TMPDIR', 'LD_LIBRARY_PATH', 'LD_PRELOAD')))\n"
            "print(os.environ['HOME'] == os.getcwd(), 'FOO' in os.environ, lmake.sub_repo)\nimport mod\n"
            "print(os.path.exists('__pycache__'))\n" if self.write('mod.py', 'x = 1\n') is None else '',
            environ={'FOO': 'bar'})
        self.assertEqual(
            "True None True .\n"
            "['HOME', 'PATH', 'PWD', 'PYTHONPATH', 'REPO_ROOT', 'SHLVL', 'TOP_REPO_ROOT', 'UID', 'USER']\n"
            "True False .\nFalse\n", digest.shown)
        self.assertFalse(os.path.exists(os.path.join(self.repo, '__pycache__')))

    def test_byte_code_is_not_read(self):
        self.write('mod.py', "print('source')\n")
        subprocess.check_call(['python3', '-m', 'compileall', '-q', 'mod.py'], cwd=self.repo)
        file = os.path.join(self.repo, 'mod.py')
        stamp = os.stat(file)
        self.write('mod.py', "print('edited')\n")  # same size, and same date
        os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        self.assertEqual('edited\n', self.read(reading.HEAD + 'import mod\n').shown)

    def test_user_environ(self):
        digest = self.read(
            reading.HEAD + "e = lmake.user_environ\n"
            "print(e['A'], e.B, e.get('C', 'dflt'), 'D' in e, sorted(e.keys()))\n"
            "for what in ('e[\"no\"]', 'e.none', 'list(e)', 'e.__setitem__(\"x\", 1)', 'e.pop(\"A\")', 'e.update(x=1)'):\n"
            "    try: eval(what)\n    except Exception as x: print(type(x).__name__)\n",
            environ={'A': 'a', 'B': 'b', 'D': 'd'})
        self.assertEqual("a b dflt True ['A', 'B', 'D']\nKeyError\nAttributeError\nTypeError\nTypeError\nTypeError\nTypeError\n",
                         digest.shown)
        self.assertEqual({'A': 'a', 'B': 'b', 'C': None, 'no': None, 'none': None}, digest.one('environ')['used'])

    def test_config_is_converted(self):
        digest = self.rules(
            "c = lmake.config\nc.max_dep_depth = 3.7\nc.link_support = None\nc.file_sync = 'nfs'\nc.heartbeat = None\n"
            "c.console.host_len = None\nc.console.zzz = 1\nc.backends.local = {'cpu': 3, 'flag': True}\n"
            "c.caches.c = {'dir': '/c'}\nc.collect = {'stems': {'F': 'f'}, 'ignore': {'K': ['{F}.x', '{G:g}']}}\n"
            "import time\ndef hook(): return time.time()\nc.req_start_proc = hook\ndel c.system_tag_proc\n")
        config = digest.one('config')
        self.assertEqual((3, 'none', 'dir', None), tuple(
            config[k] for k in ('max_dep_depth', 'link_support', 'file_sync', 'heartbeat')))
        self.assertEqual((None, False), (config['console']['host_len'], 'zzz' in config['console']))
        self.assertEqual({'local': {'cpu': '3', 'flag': '1'}}, config['backends'])
        self.assertEqual('(f)\\.x', config['collect']['ignore']['K'][0]['regex'])
        self.assertIn('import time\ndef f()', digest.code(config['req_start_proc']['code'])['text'])

    def test_digest_is_ascii_and_keeps_bad_bytes(self):
        digest = self.rules("class A(Rule): target, cmd = '\\udc80\\u20ac', ''\n")
        self.assertEqual(['\udc80\u20ac'], digest.rule('A')['job_name'])
        with open(os.path.join(self.top, 'digest'), 'rb') as file:
            self.assertTrue(all(c < 128 for c in file.read()))


class SourceTest(reading.RepoTest):
    def git(self, *args):
        return subprocess.check_output(
            ['git', '-c', 'user.name=x', '-c', 'user.email=x@y', '-c', 'protocol.file.allow=always'] + list(args),
            cwd=self.repo, stderr=subprocess.STDOUT, env=dict(os.environ, HOME=self.top))

    def manifest(self, text=''):
        digest = self.read('import lmake\n' + text)
        self.assertEqual((0, ''), (digest.status, digest.shown))
        return digest.one('manifest')['files'], digest.one('manifest')['dirs']

    PRIVATE = ['LMAKE/environ', 'LMAKE/manifest']

    def test_given_manifests(self):
        for value in ("['b', 'a', 'a', 'd/']", "('a', 'b', 'd/')", "{'a', 'b', 'd/'}", "(x for x in ('a', 'b', 'd/'))"):
            self.assertEqual((['a', 'b'], ['d/']), self.manifest('lmake.manifest = %s\n' % value))
        os.symlink('a', os.path.join(self.repo, 'l'))
        self.assertEqual((['l', 'no/file'], ['../x/', '/usr/']),
                         self.manifest("lmake.manifest = ['l', '/usr/', '../x/', 'no/file']\n"))

    def test_file_manifest(self):
        self.write('Manifest', '# comment\nLmakefile.py \n  a#b\nc d  # x\n\n\t#\nManifest\n')
        self.assertEqual((self.PRIVATE + ['Lmakefile.py', 'Manifest', 'a#b', 'c d'], []), self.manifest())
        self.assertEqual((self.PRIVATE + ['Lmakefile.py', 'Manifest', 'a#b', 'c d'], []),
                         self.manifest('import lmake.auto_sources\n'))

    def test_git(self):
        self.git('init', '-q')
        self.write('Manifest', 'nothing\n')  # does not list the Lmakefile: not used
        self.write('d/\u20ac x', '')
        self.write('untracked', '')
        self.write('Lmakefile.py', '')
        self.git('add', 'Lmakefile.py', 'd')
        self.assertEqual((self.PRIVATE + ['Lmakefile.py', 'd/\u20ac x'], ['.git/']), self.manifest())

    def test_git_of_an_enclosing_dir(self):
        top, self.repo = self.repo, os.path.join(self.repo, 'sub')
        os.mkdir(self.repo)
        self.write('Lmakefile.py', '')
        self.write('../other', '')
        self.git('init', '-q', top)
        self.git('add', '-A', top)
        self.assertEqual((self.PRIVATE + ['Lmakefile.py'], ['../.git/']), self.manifest())

    def test_git_work_tree(self):
        main = self.repo
        self.write('Lmakefile.py', 'import lmake\n')
        self.git('init', '-q')
        self.git('add', '-A')
        self.git('commit', '-qm', 'x')
        self.git('worktree', 'add', '-q', '../tree')
        self.repo = os.path.join(self.top, 'tree')
        files, dirs = self.manifest()
        self.assertEqual(['.git'] + self.PRIVATE + ['Lmakefile.py'], sorted(files, key=str.lower))
        self.assertEqual([main + '/.git/'], dirs)

    def test_git_sub_modules(self):
        main, self.repo = self.repo, os.path.join(self.top, 'module')
        os.mkdir(self.repo)
        self.write('inner', '')
        self.git('init', '-q')
        self.git('add', '-A')
        self.git('commit', '-qm', 'x')
        self.repo = main
        self.write('Lmakefile.py', '')
        self.git('init', '-q')
        self.git('submodule', '--quiet', 'add', '../module', 'm')
        self.git('add', '-A')
        self.assertEqual((['.gitmodules'] + self.PRIVATE + ['Lmakefile.py', 'm/.git', 'm/inner'], ['.git/']), self.manifest())
        text = 'from lmake.sources import git_sources\nlmake.manifest = git_sources(%s)\n'
        self.assertNotIn('m/inner', self.manifest(text % 'recurse=False')[0])
        self.git('submodule', '--quiet', 'deinit', '-f', 'm')
        self.assertIn('FileNotFoundError: cannot find sub-module m', self.read('import lmake\n' + text % '').shown)
        self.assertNotIn('m/inner', self.manifest(text % 'ignore_missing_submodules=True')[0])

    def test_lmakefile_must_be_tracked(self):
        self.git('init', '-q')
        digest = self.read('')
        self.assertIn('git tracks neither Lmakefile.py nor Lmakefile/__init__.py\n  consider: ', digest.shown)


if __name__ == '__main__':
    unittest.main()
