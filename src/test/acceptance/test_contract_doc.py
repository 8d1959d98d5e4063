"""Each line of src/doc/contract.md names what holds it, and that exists."""

import re
import unittest

from repo import TOP

TESTS = TOP / 'src/test'


class ContractDocTest(unittest.TestCase):
    def test_each_line_names_a_test_that_exists(self):
        texts = {path.name: path.read_text(errors='replace')
                 for path in TESTS.rglob('*') if path.suffix in ('.py', '.txt', '.java', '.c')}
        numbers = []
        for line in (TOP / 'src/doc/contract.md').read_text().splitlines():
            cells = re.match(r'\| (\d+) \| .* \| (.*) \|$', line)
            if not cells:
                continue
            numbers.append(int(cells[1]))
            with self.subTest(line):
                named = re.findall(r'`([^`]*)`', cells[2])
                self.assertTrue(named or 'in this version' in cells[2], 'no test')
                for name in named:
                    file, _, test = name.partition(':')
                    if not _ and not file.endswith(('.py', '.txt')):
                        file, _, test = name.partition('.')
                        file += '.java' if f'{file}.java' in texts else '.py'
                    self.assertIn(file, texts)
                    self.assertIn(test, texts[file] + texts.get('tracee.c', ''))
        self.assertEqual(list(range(1, len(numbers) + 1)), numbers)
