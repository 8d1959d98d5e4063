"""Rules as the digest has them: patterns, inheritance, names, f-strings, attributes."""

import os
import unittest

import reading
from lmake._read import fstring, patterns
from lmake._read.errors import ReadError


class InheritanceTest(reading.RepoTest):
    # base attributes, derived attributes, expression on the digest of rule A, value
    TABLE = [
        ("environ={'A':'1','B':'2'}", "environ={'B':'3','C':'4'}", "list(env(A))[:3]", ['B', 'C', 'A']),
        ("environ={'A':'1'}", "environ={'A':None}", "'A' in A['environ']", False),
        ("environ={'PATH':'/b'}", "environ={'PATH':'/a:...:/c'}", "env(A)['PATH']", '/a:/b:/c'),
        ("pass", "environ={'PATH':'/a:...'}", "env(A)['PATH']", '/a:$LMAKE_ROOT/bin:$STD_PATH'),
        ("pass", "environ={'MANPATH':'/a:...'}", "env(A)['MANPATH']", '/a:...'),
        ("paths={'environ.X':';'}; environ={'X':'b'}", "environ={'X':'a;...'}", "env(A)['X']", 'a;b'),
        ("paths={'environ.PATH':None}", "environ={'PATH':'...:a'}", "env(A)['PATH']", '...:a'),
        ("environ={'A':'1'}", "environ={'A':...}", "A['environ']['A']", {'backend': True}),
        ("environ={'A':'1'}; combine='-environ'", "environ={'B':'2'}", "env(A)", {'B': '2'}),
        ("combine={'l'}; l=[1]", "l=[2,3]; environ={'L':'{l!r}'}", "text(A['environ']['L'])", 'l = [2, 3, 1]'),
        ("combine={'l'}; l=[1]", "l=2; environ={'L':'{l!r}'}", "text(A['environ']['L'])", 'l = [2, 1]'),
        ("combine={'s'}; s={'a','b'}", "s={'-a','c'}; environ={'L':'{s!r}'}", "text(A['environ']['L'])", "s = {'b', 'c'}"),
        ("targets={'X':'x'}", "targets={'Y':'y'}", "[t['key'] for t in A['targets']]", ['target', 'Y', 'X']),
        ("targets={'X':'x','Z':'{N*:1}'}", "targets={'Y':'y'}", "[t['key'] for t in A['targets']]",
         ['target', 'Y', 'X', 'Z']),
        ("timeout=3", "timeout=None", "A['attrs']['timeout']", 0.0),
        ("deps={'D':'d'}", "deps={'E':('e','critical','-essential')}", "[(d['key'],d['flags']) for d in A['deps']]",
         [['E', 161], ['D', 162]]),
        ("shell=('/bin/sh',)", "shell=Base.shell+('-e',)", "A['shell']", [{'const': '/bin/sh'}, {'const': '-e'}]),
        ("resources={'mem':'2G'}", "resources={'cpu':None}", "A['resources']", {'mem': {'const': '2G'}}),
        ("cmd='umask 22'", "cmd='x'", "A['cmd']['const']", 'umask 22\nx'),
        ("prio=3", "pass", "A['prio']", 3), ("prio=float('-inf')", "pass", "A['prio']", '-inf'),
        ("max_runs=20", "pass", "A['attrs']['max_submits']", 20),
        ("compression='zlib'", "pass", "A['attrs']['compression']", ['zlib', 1]),
        ("compression=0", "pass", "'compression' in A['attrs']", False),
        ("retried_errors=('-job_error','panic')", "pass", "A['attrs']['retried_errors']",
         ['panic', 'termination_error', 'timeout']),
        ("kill_sigs=15", "pass", "A['attrs']['kill_sigs']", [15]),
        ("autodep='LdPreload'", "pass", "A['attrs']['autodep']", 'ld_preload'),
    ]

    def test_each_kind_of_attribute_is_merged_its_way(self):
        for base, derived, expression, value in self.TABLE:
            with self.subTest(base + ' | ' + derived):
                digest = self.rules(
                    "class Base(Rule):\n    cmd = ''\n    %s\nclass A(Base):\n    target = 'a'\n    %s\n" % (base, derived)
                    if 'cmd' not in base else
                    "class Base(Rule): %s\nclass A(Base):\n    target = 'a'\n    %s\n" % (base, derived))
                rule = digest.rule('A')
                rule['cmd'] = dict(rule['cmd'], const=rule['cmd'].get('const', '').lstrip('\n'))
                names = {
                    'A': rule, 'env': lambda r: dict((k, v.get('const')) for k, v in r['environ'].items()),
                    'text': lambda e: digest.code(e['code'])['text'].splitlines()[0]}
                found = eval(expression, names)
                self.assertEqual(value, [list(f) if isinstance(f, tuple) else f for f in found]
                                 if isinstance(found, list) else found)

    def test_names_of_homonyms_get_the_module_as_prefix(self):
        for module in ('pk/m1', 'pk/m2'):
            self.write(module + '.py', "from lmake.rules import Rule\nclass A(Rule): target, cmd = '%s', ''\n" % module)
        self.write('pk/__init__.py', '')
        digest = self.rules('import pk.m1, pk.m2\n')
        self.assertEqual(['m1.A', 'm2.A'], digest.names())
        digest = self.rules("import pk.m1, pk.m2\nclass A(Rule): target, cmd = 'c', ''\n")
        self.assertEqual(['pk.m1.A', 'pk.m2.A', 'Lmakefile.A'], digest.names())

    def test_what_is_no_rule_is_left_out(self):
        digest = self.rules(
            "class NoCmd(Rule): target = 'a'\nclass NoTarget(Rule): cmd = ''\n"
            "class Virtual(Rule): virtual, target, cmd = True, 'b', ''\nclass Real(Virtual): pass\n"
            "class D(DirRule): pass\nclass E(DirRule): marker = '{{'\n"
            "for i in range(2):\n    class L(Rule):\n        name = 'loop %d' % i\n        target, cmd = str(i), ''\n")
        self.assertEqual(['Real', 'D', 'E', 'loop 0', 'loop 1'], digest.names())
        self.assertEqual('/...', digest.rule('D')['targets'][0]['suffix'])
        self.assertEqual('/{{', digest.rule('E')['targets'][0]['suffix'])

    def test_identity_ignores_names_and_command_does_not(self):
        text = "class A(Rule):\n    stems = {'F': 'a+'}\n    targets = {'T': '{F}.o'}\n    deps = {'D': '{F}.c'}\n    cmd = 'x {T}'\n"
        before = self.rules(text).rule('A')
        same = self.rules(text.replace('class A', 'class B').replace('F}', 'G}').replace("'F'", "'G'")).rule('B')
        self.assertEqual([before[k] for k in ('match_crc', 'cmd_crc', 'rsrc_crc')],
                         [same[k] for k in ('match_crc', 'cmd_crc', 'rsrc_crc')])
        # what is added, and which digests it changes
        table = [
            ("prio = 3", ''), ("start_delay = 1", ''), ("environ_ancillary = {'X': 'y'}", ''), ("ete = 3", ''),
            ("environ = {'X': 'y'}", 'cmd'), ("force = True", 'cmd'), ("auto_mkdir = True", 'cmd'),
            ("side_targets = {'S': 's'}", 'cmd'), ("views = {'/v/': 'w/'}", 'cmd'), ("shell = ('/bin/sh',)", 'cmd'),
            ("views = {'v': 'w'}", 'cmd'), ("views = {'code': 'w'}", 'cmd'),
            ("repo_view = '/r'", 'cmd'), ("tmp_view = '/t'", 'cmd'), ("lmake_view = '/l'", 'cmd'),
            ("chroot_dir = '/'", 'cmd'), ("mount_chroot_ok = True", 'cmd'), ("kill_daemons = True", ''),
            ("chroot_actions = ('user_name',)", 'rsrc'),
            ("lmake_root = '/l'", 'rsrc'), ("check_abs_paths = True", 'rsrc'),
            ("timeout = 3", 'rsrc'), ("resources = {'mem': 1}", 'rsrc'), ("environ_resources = {'X': 'y'}", 'rsrc'),
            ("use_script = True", 'rsrc'), ("autodep = 'seccomp'", 'rsrc'),
            ("job_name = 'x{F}'", 'match cmd'), ("deps = {'E': 'e'}", 'match cmd')]
        for line, changed in table:
            with self.subTest(line):
                after = self.rules(text + '    ' + line + '\n').rule('A')
                found = [k for k in ('match', 'cmd', 'rsrc') if after[k + '_crc'] != before[k + '_crc']]
                self.assertEqual(changed.split(), found)

    def test_special_rules(self):
        digest = self.rules("class A(AntiRule): target = 'a{*:b}'[:1]\nclass S(SourceRule):\n    targets = {'T': '{F:x}'}\n    prio = 2\n")
        self.assertEqual(('anti', 'inf'), (digest.rule('A')['special'], digest.rule('A')['prio']))
        self.assertEqual(('source', 2), (digest.rule('S')['special'], digest.rule('S')['prio']))

    def test_alias_rule_in_python_and_in_shell(self):
        digest = self.rules(
            "class A(AliasRule):\n    target = 'all'\n    deps = {'X': 'x'}\n"
            "class S(AliasRule):\n    targets = {'T': 'all2'}\n    deps = {'X': \"x y\"}\n    cmd = 'echo'\n")
        self.assertEqual(['deps'], digest.rule('A')['cmd']['vars'])
        self.assertIn('lmake.depend', digest.rule('A')['cmd']['text'])
        code = digest.code(digest.rule('S')['cmd']['code'])
        space = {'deps': {'X': "x y'z"}}
        exec(code['text'], space)
        self.assertEqual("ldepend -vR 'x y'\\''z'\necho", space['f']())
        self.assertEqual(8, digest.rule('S')['targets'][0]['flags'] & 8)


class PatternTest(unittest.TestCase):
    # pattern, stems, Java regex, groups, prefix, suffix
    TABLE = [
        ('{F}.o', {'F': '.*'}, r'(.*)\.o', [[0, 1]], '', '.o'),
        ('a', {}, 'a', [], 'a', 'a'),
        ('{{x}}{F:a}', {}, r'\{x\}(a)', [[0, 1]], '{x}', ''),
        ('{A:(x)(y)}-{B:z}', {}, r'((x)(y))-(z)', [[0, 1], [1, 4]], '', ''),
        ('{A:x+}/{A}', {}, r'(x+)/\1', [[0, 1]], '', ''),
        ('{A:x+}{A}1', {}, r'(x+)\1(?:)1', [[0, 1]], '', '1'),
        (r'{A:(x)\1}{B:(y)\1}', {}, r'((x)\2)((y)\4)', [[0, 1], [1, 3]], '', ''),
        ('{ F :a}', {}, '(a)', [[0, 1]], '', ''), ('{F: a}', {}, '( a)', [[0, 1]], '', ''),
        ('{:a}{:b}', {}, '(a)(b)', [[0, 1], [1, 2]], '', ''),
        ('{*:a}{*:b}', {}, '(a)(b)', [[0, 1], [1, 2]], '', ''),
        ('{A:[a-z]{2,3}}', {}, '([a-z]{2,3})', [[0, 1]], '', ''),
        ('{A:x}{A*}', {}, '(x)(x)', [[0, 1], [1, 2]], '', ''),
        ('a+b\n.c', {}, 'a\\+b\\x0a\\.c', [], 'a+b\n.c', 'a+b\n.c'),
    ]

    def test_patterns_become_regexes_of_the_whole_name(self):
        for text, given, regex, groups, prefix, suffix in self.TABLE:
            with self.subTest(text):
                parts = patterns.parse(text)
                stems = patterns.Stems(given)
                stems.define(parts)
                stems.add(parts, text, 'target')
                self.assertEqual((regex, groups), patterns.compile_pattern(parts, stems, 'target'))
                self.assertEqual((prefix, suffix), patterns.fixed_ends(parts))

    def test_python_regex_of_a_star_target(self):
        parts = patterns.parse('{F:x}.d/{N*:[0-9]+}-{N*}{*:y}')
        stems = patterns.Stems({})
        stems.define(parts)
        stems.add(parts, '', '')
        self.assertEqual([0, r'\.d/(?P<N>[0-9]+)\-(?P=N)(y)'], patterns.regex_parts(parts, stems))


class FStringTest(unittest.TestCase):
    # text, value of the code with x = 3, n = 'ab', w = 6
    TABLE = [
        ('a', 'a'), ('', ''), ('{x}', '3'), ('{ x }', '3'), ('{{x}}', '{x}'), ('{n!r:>5}', " 'ab'"), ('{x:{w}}|', '     3|'),
        ('{x:0{w}}', '000003'), ('{n.upper()}', 'AB'), ("{'}'}", '}'), ('{"a" + n}', 'aab'), ("{'''a'b'''}", "a'b"),
        ('{ {1: 2}[1] }', '2'), ('{(lambda a: a)(x)}', '3'), ('{n[0:1]}', 'a'), ('{x!=4}', 'True'), ('{x==3}', 'True'),
        ('{x=}', 'x=3'), ('{x =:>2}', 'x = 3'), (r'\n{x}\t', r'\n3\t'), (r"{'\n'}", '\n'), ("{x:{'>'}{w}}", '     3'),
        ('{[i for i in n]}', "['a', 'b']"), ('{x if x else n}', '3'), ('a"b\'c"""{x}\'\'\'', 'a"b\'c"""3\'\'\''),
        ('{x:}', '3'), ('{x,}', '(3,)'), ('{\nx}', '3'),
    ]

    def test_text_is_evaluated_as_by_an_f_string(self):
        for text, value in self.TABLE:
            with self.subTest(text):
                code = fstring.code(fstring.parse(text))
                self.assertEqual(value, eval(code, {'x': 3, 'n': 'ab', 'w': 6}))

    def test_bad_syntax(self):
        for text in ('{', '}', '{}', '{x', '{x!z}', '{a b}', '{x:{y}', "{'}", '{!r}', '{x)}'):
            with self.subTest(text):
                self.assertRaises(ReadError, fstring.parse, text)


class ValueTest(reading.RepoTest):
    def test_kinds_of_values(self):
        self.write('Lmakefile.py', '')
        digest = self.rules(
            "const, number = 'c', 4\nimport os\ndef helper(x): return x + const\n"
            "class A(Rule):\n    attr = 'at'\n    targets = {'T': '{F:f}.o', 'S': '{F}/{N*:[0-9]+}'}\n"
            "    side_deps = {'SD': '{F}.h'}\n    deps = {'D': '{F}.c'}\n    resources = {'mem': '{number}M', 'n-x': 1}\n"
            "    environ = {'A': 'a{{', 'B': '{F}{T}{S}{D}{SD}{mem}{job_name}', 'C': '{attr}{const}{number}',\n"
            "        'D': '{F + D}', 'E': '{helper(F)}', 'F': '{deps}', 'G': '{undefined}', 'H': 3, 'I': '{S(1)}'}\n"
            "    cmd = 'x {S} {T}'\n")
        env = digest.rule('A')['environ']
        self.assertEqual({'const': 'a{'}, env['A'])
        self.assertEqual({'tmpl': [{'v': v} for v in ('F', 'T', 'S', 'D', 'SD', 'mem', 'job_name')]}, env['B'])
        self.assertEqual({'const': 'atc4'}, env['C'])
        self.assertEqual(['D', 'F'], digest.code(env['D']['code'])['vars'])
        self.assertIn("const = 'c'\ndef helper(x): return x + const\n", digest.code(env['E']['code'])['text'])
        self.assertEqual(['deps'], digest.code(env['F']['code'])['vars'])
        self.assertEqual([], digest.code(env['G']['code'])['vars'])
        self.assertEqual({'const': '3'}, env['H'])
        self.assertEqual({'const': '4M'}, digest.rule('A')['resources']['mem'])
        self.assertEqual({'tmpl': ['x ', {'v': 'S'}, ' ', {'v': 'T'}]}, digest.rule('A')['cmd'])
        star = digest.code(env['I']['code'])
        space = {'stems': {'F': 'f.g'}}
        exec(star['text'], space)
        self.assertEqual((['stems'], 'f.g/1'), (star['vars'], space['f']()))
        self.assertEqual(r'f\.g/(?P<N>[0-9]+)', str(space['S']))

    def test_functions_as_values(self):
        digest = self.rules(
            "def dd(): return {'X': F}\nclass A(Rule):\n    target = '{F:f}'\n    deps = dd\n    cmd = ''\n"
            "    def timeout(): return len(deps)\n    def environ(): return {'A': F}\n"
            "class B(Rule):\n    target = '{F:g}'\n    def backend(): return 'local'\n    cmd = ''\n")
        rule = digest.rule('A')
        code = digest.code(rule['deps']['code'])
        self.assertEqual((['F'], "lmake_result = 'deps'"), (code['vars'], code['text'].splitlines()[-1]))
        self.assertEqual(['deps'], digest.code(rule['attrs']['timeout']['code'])['vars'])
        self.assertIn("'environ_dict'", digest.code(rule['environ']['code'])['text'])
        self.assertIn('code', digest.rule('B')['attrs']['backend'])

    def test_local_interpreter_is_a_static_dep(self):
        digest = self.rules("class A(Rule):\n    target = 'a'\n    shell = ('bin/sh', '-e')\n    cmd = ''\n")
        self.assertEqual([{'key': 'shell', 'expr': {'const': 'bin/sh'}, 'flags': 160}], digest.rule('A')['deps'])


if __name__ == '__main__':
    unittest.main()
