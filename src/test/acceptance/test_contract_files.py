"""Files and names: what one file is, which of its changes are seen by whom, and where files may lie. Numbers: src/doc/contract.md."""

import os
import shutil
import unittest

from checklist import Checklist
from repo import Repo


class FilesTest(Checklist):
    makefile = r'''
class Spell(Rule):
    target = r'spell{N:\d}'
    cmd = """
        case {N} in
        1) cat d/../b ;;
        2) cat ./b ;;
        3) cat $REPO/b ;;
        4) cd d; cat ../b ;;
        5) cat d//..///b ;;
        esac
    """
    environ = {'REPO': '$REPO_ROOT'}
class Through(Rule):
    target = 'through'
    cmd = 'cat link'
class Cats(Rule):
    target = r'{F:\w+}.cat'
    cmd = 'cat {F} || echo none'
    stderr_ok = True
class Content(Rule):
    target = r'{F:\w+}.isexe'
    cmd = 'cat {F}; if [ -x {F} ]; then echo exe; fi'
class Stat(Rule):
    target = r'{F:\w+}.stat'
    cmd = 'if [ -e {F} ]; then echo there; else echo absent; fi'
class Out(Rule):
    target = 'outside'
    cmd = 'echo x >$OUTSIDE/lmake_contract_out; echo done'
    environ = {'OUTSIDE': '/var/tmp'}
class Admin(Rule):
    target = r'admin{N:\d}'
    cmd = 'case {N} in 1) cat LMAKE/rules || : ;; 2) cat LMAKE/lmake/nothing || echo none ;; esac'
    stderr_ok = True
class Endless(Rule):
    target = 'endless'
    cmd = 'cat $(printf "x%.0s" {{1..5000}}) $(printf "x/%.0s" {{1..2500}}) || echo none'
    stderr_ok = True
class Long(Rule):
    target = r'long_{X:.*}'
    cmd = 'echo long'
'''
    files = {'b': 'b\n', 'd/keep': '', 'f': 'f\n', 'g': 'g\n', 'h': '', 'v1': '1\n'}

    def test_001_each_spelling_of_a_name_is_the_same_dep(self):
        for n in range(1, 6):
            self.lmake(f'spell{n}')
            self.assertEqual({'b'}, {name for name, dep in self.deps(f'spell{n}').items() if dep[2] != 'none'}, n)

    def test_002_reading_through_a_link_depends_on_link_and_file(self):
        self.sh('ln -s v1 link; git add link')
        self.lmake('through')
        deps = self.deps('through')
        self.assertEqual({'link', 'v1'}, set(deps))
        self.assertEqual('L---', deps['link'][1])
        self.assertEqual('LR', deps['v1'][1][:2])

    def test_003_replacing_a_file_by_a_dir_is_removing_it(self):
        self.lmake('f.cat')
        self.assertEqual('f\n', self.read('f.cat'))
        self.sh('git rm -q --cached f; rm f; mkdir f; echo x >f/x; git add f/x')
        self.assertEqual(['done f.cat'], self.ran('f.cat'))
        self.assertEqual('none\n', self.read('f.cat'))
        self.sh('git rm -rqf f; rm -rf f')
        self.assert_idle('f.cat')

    def test_004_exe_bit_of_the_owner_is_content_and_other_mode_bits_are_not(self):
        self.lmake('g.isexe')
        for mode in ('g+w', 'o-r', 'g+x', 'o+x'):
            self.sh(f'chmod {mode} g')
            self.assertEqual([], self.ran('g.isexe'), mode)
        self.sh('chmod go-x,u+x g')
        self.assertEqual(['done g.isexe'], self.ran('g.isexe'))
        self.sh('chmod u-x g')
        self.assertEqual(['done g.isexe'], self.ran('g.isexe'))

    def test_001_dir_left_on_the_way_is_known_to_be_no_link(self):
        self.lmake('spell1')
        self.assertEqual(('L---', 'none'), self.deps('spell1')['d'][1:])

    def test_005_empty_executable_and_empty_plain_files_differ(self):
        self.lmake('h.isexe')
        self.assertEqual('empty-R', self.deps('h.isexe')['h'][2])
        self.sh('chmod +x h')
        self.assertEqual(['done h.isexe'], self.ran('h.isexe'))
        self.assertNotEqual('empty-R', self.deps('h.isexe')['h'][2])

    def test_006_fifo_counts_as_absent(self):
        self.lmake('fifo.stat')
        self.assertEqual('absent\n', self.read('fifo.stat'))
        self.sh('mkfifo fifo')
        self.assert_idle('fifo.stat')
        self.sh('rm fifo.stat')
        self.lmake('fifo.stat')
        self.assertEqual('none', self.deps('fifo.stat')['fifo'][2])
        self.sh('rm fifo')

    def test_010_writing_outside_the_repo_is_neither_target_nor_error(self):
        self.lmake('outside')
        self.assertTrue(os.path.exists('/var/tmp/lmake_contract_out'))
        os.unlink('/var/tmp/lmake_contract_out')

    def test_011_public_admin_files_must_be_sources_and_private_ones_are_not_seen(self):
        self.sh('touch LMAKE/rules')
        self.lmake('admin1', rc=1)
        self.assertIn('LMAKE/rules', self.said)
        self.lmake('admin2')
        self.assertEqual({}, self.deps('admin2'))

    def test_015_name_of_201_bytes_is_not_buildable(self):
        self.lmake('long_' + 195 * 'x')
        self.lmake('long_' + 196 * 'x', rc=1)
        self.assertIn('path_max', self.said)
        self.lmake('long_' + 98 * 'é', rc=1)
        self.assertIn('path_max', self.said)


    def test_129_path_longer_than_the_system_allows_is_no_dep(self):
        self.lmake('endless')
        self.assertEqual(['none\n', {}], [self.read('endless'), self.deps('endless')])


class SourceDirsTest(unittest.TestCase):
    """External source dirs, each in a repo of its own: the set of source dirs is for the life of a repo."""

    def setUp(self):
        self.repo = Repo()
        self.addCleanup(self.repo.close)
        self.ext = f'{self.repo.root}.ext'
        os.mkdir(self.ext)
        self.addCleanup(shutil.rmtree, self.ext)
        with open(f'{self.ext}/f', 'w') as f:
            f.write('f\n')

    def makefile(self, manifest: str, cmd: str, more: str = '') -> None:
        self.repo.write('Lmakefile.py', f'''
import lmake
from lmake.rules import Rule
lmake.manifest = ['Lmakefile.py', {manifest}]
class R(Rule):
    target = 'out'
    cmd = {cmd!r}
    stderr_ok = True
{more}
''')

    def test_007_name_of_an_external_file_is_that_of_the_declaration(self):
        relative = f'../{os.path.basename(self.ext)}'
        for entry, name in ((f'{relative}/', f'{relative}/f'), (f'{self.ext}/', f'{self.ext}/f')):
            with self.subTest(entry):
                for spelling in (f'{relative}/f', f'{self.ext}/f', f'../././/{os.path.basename(self.ext)}/f'):
                    self.repo.run('rm -rf LMAKE')
                    self.makefile(repr(entry), f'cat {spelling}')
                    self.assertEqual(0, self.repo.run('lmake out').rc)
                    self.assertIn(f' {name}\n', self.repo.run('lshow -d out').out)
                    self.repo.run('lmake --shutdown')

    def test_008_absent_external_file_is_a_dep_and_no_error(self):
        self.makefile(repr(f'{self.ext}/'), f'cat {self.ext}/absent || echo none')
        self.assertEqual(0, self.repo.run('lmake out').rc)
        self.assertRegex(self.repo.run('lshow -d -v out').out, rf'none +{self.ext}/absent')
        with open(f'{self.ext}/absent', 'w') as f:
            f.write('there\n')
        self.assertEqual(0, self.repo.run('lmake out').rc)
        self.assertEqual('there\n', self.repo.read('out'))

    def test_009_writing_below_an_external_source_dir_is_an_error(self):
        self.makefile(repr(f'{self.ext}/'), f'echo x >{self.ext}/new')
        self.assertEqual(1, self.repo.run('lmake out').rc)

    def test_012_entries_that_are_no_canonical_names_are_refused(self):
        os.symlink(self.ext, f'{self.repo.root}/ln')
        with open(f'{self.repo.root}/a', 'w') as f:
            f.write('a\n')
        for entry in ('x/../a', './a', 'x//a', 'ln/f', '/'):
            with self.subTest(entry):
                self.makefile(repr(entry), 'echo x')
                result = self.repo.run('rm -rf LMAKE; lmake out')
                self.assertNotEqual(0, result.rc)
                self.assertIn(entry, result.out + result.err)
                self.assertFalse(os.path.exists(f'{self.repo.root}/out'))

    def test_013_source_that_is_a_dir_of_another_is_refused(self):
        os.mkdir(f'{self.repo.root}/a')
        with open(f'{self.repo.root}/a/b', 'w') as f:
            f.write('b\n')
        self.makefile("'a', 'a/b'", 'echo x')
        result = self.repo.run('lmake out')
        self.assertEqual(8, result.rc, result)  # no server was there
        self.assertIn('a/b', result.out + result.err)

    def test_014_source_dir_added_to_a_used_repo_is_refused_with_advice_to_clean(self):
        self.makefile("'b/'", 'echo x')
        self.assertEqual(0, self.repo.run('mkdir b; lmake out').rc)
        self.makefile(f"'b/', {self.ext + '/'!r}", 'echo x')
        result = self.repo.run('lmake out')
        self.assertEqual(5, result.rc)
        self.assertIn('git clean -ffdx', result.err)
        self.assertIn(f'new source dir {self.ext}/', result.err)
