"""The evaluator of dynamic values, by its requests and answers."""

import json
import os
import subprocess
import sys
import unittest

import reading


class WorkerTest(reading.RepoTest):
    def ask(self, *requests, **options):
        """Send requests to a new worker and return its answers."""
        process = subprocess.Popen(
            [sys.executable, '-I', '-S', os.path.join(reading.LIB, 'lmake_worker.py'), self.repo] + options.get('path', []),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(''.join(json.dumps(r) + '\n' for r in requests).encode())
        self.assertEqual(0, process.returncode, err.decode())
        self.shown = err.decode()
        return [json.loads(line) for line in out.decode().splitlines()]

    def value(self, text, **values):
        """Evaluate one text; return the answer."""
        return self.ask({'id': 1, 'define': {'id': 0, 'text': text}, 'code': 0, 'vars': values, 'kind': 'full'})[0]

    def test_requests_are_answered_in_order_with_their_own_variables(self):
        text = 'def f(): return x + 1\n'
        answers = self.ask(
            {'id': 1, 'define': {'id': 5, 'text': text}, 'code': None}, {'id': 2, 'code': 5, 'vars': {'x': 1}},
            {'id': 3, 'code': 5, 'vars': {}}, {'id': 4, 'code': 5, 'vars': {'x': 2}}, {'id': 5, 'code': 9})
        self.assertEqual([1, 2, 3, 4, 5], [a['id'] for a in answers])
        self.assertEqual((None, 2, 3), (answers[0]['ok'], answers[1]['ok'], answers[3]['ok']))
        self.assertIn("NameError: name 'x' is not defined", answers[2]['err'])
        self.assertIn('KeyError', answers[4]['err'])

    # lmake_result, value returned, answer
    RESULTS = [
        ('str', '3', '3'), ('str', 'None', None), ('environ', '...', {'backend': True}), ('environ', 'None', None),
        ('environ', '1', '1'), ('environ_dict', '{"A": 1, "B": ..., "C": None}', {'A': '1', 'B': {'backend': True}, 'C': None}),
        ('bool', '[]', False), ('int', '3', 3), ('int', '"3"', TypeError), ('int', 'True', TypeError), ('float', '"3"', 3.0),
        ('float', '"x"', ValueError), ('seq', '(1, 2)', [1, 2]), ('seq', '"a"', ['a']),
        ('dep', '"x"', {'name': 'x', 'flags': 162}), ('dep', '("x", ["Critical", "-essential"])', {'name': 'x', 'flags': 161}),
        ('dep', 'None', None), ('deps', '{"A": "a", "B": None}', {'A': {'name': 'a', 'flags': 162}, 'B': None}),
        ('deps', 'None', TypeError), ('dep', '("x", "bad")', 'unknown flag bad'),
        ('resource_dict', '{"cpu": 2}', {'cpu': '2'}), ('raw', '{1: (2, {3})}', {'1': [2, [3]]}),
    ]

    def test_results_are_converted(self):
        for how, value, expected in self.RESULTS:
            with self.subTest(how + ' ' + value):
                answer = self.value('def f(): return %s\nlmake_result = %r\n' % (value, how))
                if isinstance(expected, type):
                    self.assertIn(expected.__name__, answer['err'])
                elif 'err' in answer:
                    self.assertIn(expected, answer['err'])
                else:
                    self.assertEqual(expected, answer['ok'])

    FORBIDDEN = [
        'os.chdir("/")', 'os.fork()', 'os.system("true")', 'subprocess.call(["true"])', 'open("x", "w")', 'open("x", "a")',
        'os.open("x", os.O_CREAT | os.O_WRONLY)', 'os.unlink("x")', 'os.mkdir("d")', 'os.rename("x", "y")',
        'os.symlink("x", "y")', 'os.environ.update(X="y")', 'os.execv("/bin/true", ["true"])', 'os.chmod("x", 0)']

    def test_changing_the_machine_is_refused(self):
        self.write('x', '')
        for what in self.FORBIDDEN:
            with self.subTest(what):
                answer = self.value('import os, subprocess\ndef f(): %s\n' % what)
                self.assertIn('dynamic values cannot do this', answer.get('err', 'it was done'))
        self.assertEqual(['x'], os.listdir(self.repo))
        self.assertIn('AttributeError', self.value('import sys\ndef f(): sys.path.append("x")\n')['err'])

    def test_what_is_looked_at_is_listed(self):
        self.write('d/x', 'content')
        answer = self.value(
            'import os\ndef f():\n    return [open("./d/../d/x").read(), os.path.exists(%r), os.path.exists("z")]\n'
            % (self.repo + '/y'))
        self.assertEqual(['content', False, False], answer['ok'])
        self.assertEqual(['d/x', 'y', 'z'], answer['reads'])
        missing = self.value('def f(): return open("none").read()\n')
        self.assertEqual(['none'], missing['reads'])

    def test_refusals_cannot_be_ignored(self):
        answer = self.value('def f():\n    try: open("x", "w")\n    except OSError: pass\n    return 1\n')
        self.assertIn('open x for writing', answer['err'])
        self.assertEqual(1, self.value('def f(): return 1\n')['ok'])

    def test_links_on_the_way_are_looked_at_too(self):
        self.write('d/x', 'content')
        os.symlink('d', os.path.join(self.repo, 'l'))
        os.symlink('loop', os.path.join(self.repo, 'loop'))
        answer = self.value('def f(): return open("l/x").read()\n')
        self.assertEqual(('content', ['l', 'd/x']), (answer['ok'], answer['reads']))
        self.assertEqual(['loop'], self.value('import os\ndef f(): return os.path.exists("loop/x")\n')['reads'][:1])

    def test_listing_a_dir_of_the_repo_is_refused(self):
        self.write('d/x', '')
        for what in ('os.listdir("d")', 'os.listdir()', 'list(os.scandir(%r))' % self.repo, 'glob.glob("d/*")'):
            with self.subTest(what):
                self.assertIn('list dir', self.value('import glob, os\ndef f(): %s\n' % what).get('err', 'it was done'))
        self.assertEqual([], self.value('import os\ndef f(): os.listdir("/")\n')['reads'])

    def test_reads_do_not_leak_into_the_next_answer(self):
        self.write('x', '')
        first, second = self.ask({'id': 1, 'define': {'id': 0, 'text': 'def f(): open("x")\n'}, 'code': 0},
                                 {'id': 2, 'define': {'id': 1, 'text': 'def f(): pass\n'}, 'code': 1})
        self.assertEqual((['x'], []), (first['reads'], second['reads']))

    def test_prints_do_not_disturb_answers(self):
        answer = self.value('import os\ndef f():\n    print("hello")\n    os.write(1, b"raw")\n    return 1\n')
        self.assertEqual(1, answer['ok'])
        self.assertIn('hello', self.shown)
        self.assertIn('raw', self.shown)

    def test_exit_is_an_error_like_another(self):
        self.assertIn('SystemExit', self.value('import sys\ndef f(): sys.exit(0)\n')['err'])
        self.assertIn('SyntaxError', self.value('def f(:\n')['err'])

    def test_local_modules_are_not_importable(self):
        self.write('mod.py', 'x = 1\n')
        self.assertIn('No module named', self.value('def f():\n    import mod\n')['err'])

    def test_code_of_the_reader_is_evaluated_and_shown_where_it_was_written(self):
        digest = self.rules(
            "import os\nextra = 'e'\ndef twice(x): return x * 2\nclass A(Rule):\n    targets = {'T': '{F:.*}.o', 'S': '{F}/{N*:x}'}\n"
            "    def timeout(): return 1/0\n    environ = {'A': '{twice(F)}-{T!r:>8}-{extra}-{S.reg_expr}'}\n    cmd = ''\n")
        rule = digest.rule('A')
        code = digest.code(rule['environ']['A']['code'])
        self.assertEqual(['F', 'T', 'stems'], code['vars'])
        answer = self.value(code['text'], F='f', T='f.o', stems={'F': 'f'})
        self.assertEqual("ff-   'f.o'-e-f/(?P<N>x)", answer['ok'])
        error = self.value(digest.code(rule['attrs']['timeout']['code'])['text'])['err']
        self.assertIn('ZeroDivisionError', error)
        self.assertNotIn('lmake_worker', error)
        if sys.version_info >= (3, 8):
            self.assertIn('File "%s/Lmakefile.py", line 9, in timeout\n    def timeout(): return 1/0' % self.repo, error)


if __name__ == '__main__':
    unittest.main()
