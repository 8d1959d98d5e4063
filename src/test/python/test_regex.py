"""Python regexes against their Java translation: the table of regex_table.tsv.

Each line has 5 cells, JSON values separated by tabs: Python pattern, subject, "match" / "no match" / "refused", groups
(null when unset), Java pattern (the construct, when refused). What Python must answer is checked against `re` itself,
the Java pattern against the translation and, where there is a java, against java.util.regex.
`python3 test_regex.py --update` writes the table again from CASES.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import unittest
import warnings

import reading
from lmake._read.regex import Untranslatable, translate

TABLE = os.path.join(reading.HERE, 'regex_table.tsv')
BAD_BYTE = '\udc80'

CASES = [
    # groups and references
    ('(?P<n>a)(?P=n)', 'aa', 'ab'), ('(?P<n_x>a+)b(?P=n_x)', 'aabaa', 'aaba'), ('(?P<caf\xe9>a)', 'a'),
    ('(a)(b)?', 'a', 'ab'), ('(?:a|(b))c', 'ac', 'bc'), ('(a)|(b)', 'a', 'b'), (r'(a)\1', 'aa', 'a1'),
    (r'(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)\11', 'abcdefghijkk', 'abcdefghijka1'), (r'(a)\1(?:)1', 'aa1'),
    (r'(a)[1]\1', 'a1a'), (r'(.*)-\1', 'x-x', 'x-y', '\n-\n'), ('(?#note)a', 'a'), ('((a)(b))', 'ab'),
    # anchors and boundaries
    (r'a\Z', 'a', 'a\n'), ('a$', 'a', 'a\n'), ('a$\n', 'a\n'), ('a$\r', 'a\r'), ('a$\u2028', 'a\u2028'), ('^a', 'a'),
    (r'\Aa', 'a'), ('(?m)a$\nb', 'a\nb'), ('(?m)a\n^b', 'a\nb'), ('(?m)a$\r', 'a\r'), ('(?m)a\n^', 'a\n'),
    (r'a\b.b', 'a b', 'a_b', 'a\xe9b'), (r'a\Bb', 'ab'), (r'(?a)a\b.b', 'a\xe9b', 'a_b'), (r'.\B-', '--', 'a-'),
    # dot
    ('.', 'a', '\n', '\r', '\x85', '\u2028', BAD_BYTE, '\U0001f600'), ('.*', '', 'a\nb', 'a\r\n'), ('(?s).', '\n'),
    ('(?-s:.)', '\n', '\r', '\x85', 'a'), ('(?s:.)(?-s:.)', '\na', 'a\n'),
    # classes of characters
    (r'\d', '1', '\u0661', '\xb2', 'a'), (r'\D', '\u0661', 'a', '\n'), (r'(?a)\d', '1', '\u0661'),
    (r'\w', 'a', '_', '\xe9', '\u0301', '\u0661', '\xb2', '-', '\u4e00'), (r'\W', '\u0301', '-', 'a'),
    (r'(?a)\w', 'a', '\xe9'), (r'(?a:\w)\w', 'a\xe9', '\xe9a'), (r'\s', ' ', '\x1c', '\x85', '\u3000', '\u180e', 'a'),
    (r'\S', '\x1c', 'a'), (r'(?a)\s', '\x1c', '\x0b'), (r'[\w-]+', 'a-b'), (r'[^\w]', '-', 'a'), (r'[\W\d]', '1', '-', 'a'),
    (r'[^\W\d]+', 'ab_', 'a1'), (r'[\s\S]', '\n'), ('[a&&b]', 'a', '&', 'b', 'c'), ('[[]', '['), ('[a[]', '[', 'a'),
    ('[]a]', ']', 'a'), ('[^]a]', ']', 'b'), ('[a-]', '-'), (r'[\b]', '\b'), ('[a~~b]', '~'), ('[+--b]', ',', '-', 'b', '.'),
    ('[a||b]', '|', 'b'), (r'[\]\\^-]', '^', '\\', '-'), ('[^a]', 'b', 'a', '\n'), ('[ ]', ' '), ('[#]', '#'),
    ('[{}]', '{'), ('[$]', '$'), ('[^-a]', '-', 'b'), ('[\u4e00-\u9fff]', '\u4e2d'), ('[\U0001f600-\U0001f64f]', '\U0001f601', 'a'),
    # escapes
    (r'\101', 'A'), (r'\x41', 'A'), (r'\u0041', 'A'), (r'\U00000061', 'a'), (r'\N{LATIN SMALL LETTER A}', 'a'),
    (r'\07', '\x07'), (r'\0', '\0'), (r'\a\f\v', '\a\f\v'), (r'\.\*\+\?\(\)\[\]\{\}\|\^\$\\', '.*+?()[]{}|^$\\'),
    ('\xe9', '\xe9'), ('\u20ac', '\u20ac'), (BAD_BYTE, BAD_BYTE, '\x80'), ('\U0001f600', '\U0001f600'), ('a#b', 'a#b'),
    ("a'b\"c", "a'b\"c"), ('a b', 'a b'), ('a&b~c@d', 'a&b~c@d'), ('-/_', '-/_'), (r'\-\/', '-/'),
    # repetitions
    ('a{,3}', '', 'aaa', 'aaaa'), ('a{2,}', 'a', 'aaa'), ('a{2}', 'aa', 'aaa'), ('a{1,2}?b?', 'aab'), ('{x}', '{x}'),
    ('a{x', 'a{x'), ('a{', 'a{'), ('a{,}', 'aaaa', ''), ('(?:ab)*', '', 'abab'), ('(a|b)*', 'abba', ''), ('(ab)+?', 'abab'),
    ('a??b', 'ab', 'b'), ('(a*)*', 'aa', ''), ('(a*)+', 'aa'), ('(?:a|b|)*c', 'abc'), ('(a{2}){3}', 'aaaaaa'),
    ('a*+b', 'aab', 'aa'), ('a*+a', 'aa'), ('a++', 'aa'), ('a?+a', 'a', 'aa'), ('(?>a*)a', 'aa'), ('(?>a|ab)c', 'ac', 'abc'),
    ('a{1,2}+a', 'aa', 'aaa'),
    # look-around
    ('a(?=b).', 'ab', 'ac'), ('a(?!b).', 'ab', 'ac'), ('.(?<=a)b', 'ab', 'bb'), ('.(?<!a)b', 'ab', 'bb'),
    ('.(?<=[ab])c', 'ac', 'cc'), ('(?!)', ''), ('(?!.*bad).*', 'good', 'a bad'), ('.*(?<!x)', 'ax', 'ay'), ('(?=(a))a', 'a'),
    # flags
    ('(?i)abc', 'ABC', 'aBc', 'abd'), ('(?i:a)b', 'Ab', 'AB'), ('(?i)[a-c]+', 'AbC', 'd'), ('(?i)k', 'K', '\u212a'),
    ('(?i)[k]', '\u212a'), ('(?i)s', '\u017f', 'S'), ('(?ai)k', 'K', '\u212a'), ('(?i)\xe9', '\xc9'), ('(?i)i', 'I', '\u0131'),
    ('(?i)\u03c3', '\u03c2', '\u03a3'), ('(?i)[^a]', 'A', 'b'), ('(?i)(a)\\1', 'aA', 'ab'), ('(?i)\u0436', '\u0416'),
    ('(?i)a(?-i:b)', 'Ab', 'AB'), ('(?x) a  b # c', 'ab'), ('(?x)[ ]a', ' a'), ('(?x: a b)c', 'abc'), ('(?i)1-_', '1-_'),
    ('(?i)[\\w]', 'a', '-'), ('(?u)\\w', '\xe9'),
    # alternatives
    ('a|b', 'a', 'b', 'c'), ('a|', '', 'a'), ('(?:|a)', '', 'a'), ('ab|ac|ad', 'ac', 'ae'), ('(a|ab)(c|bcd)', 'abcd'),
    ('a|ab', 'ab'),
    # what is typical of rules
    (r'[^/]*', 'abc', 'a/b'), (r'(.+/)?', 'a/b/', '', 'a'), (r'[a-zA-Z_]\w*', 'a1', '1a'), (r'.*\.c(pp)?', 'x/y.cpp', 'x.c', 'x.cp'),
    # refused
    ('(a)(?(1)b|c)', None), ('(a)(?<=\\1)', None),
]


def python_answer(pattern, subject):
    """Return what Python says: "match" or "no match", and the groups."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        found = re.fullmatch(pattern, subject, re.DOTALL)
    return ('match', list(found.groups())) if found else ('no match', [])


def rows():
    """Return the lines of the table as CASES and this Python would write them."""
    out = []
    for case in CASES:
        for subject in case[1:]:
            if subject is None:
                try:
                    out.append([case[0], '', 'refused', [], translate(case[0])[0]])
                except Untranslatable as e:
                    out.append([case[0], '', 'refused', [], str(e)])
                continue
            answer, groups = python_answer(case[0], subject)
            out.append([case[0], subject, answer, groups, translate(case[0])[0]])
    return out


def encode(row):
    return '\t'.join(json.dumps(cell) for cell in row) + '\n'


def table():
    with open(TABLE) as lines:
        return [[json.loads(cell) for cell in line.rstrip('\n').split('\t')] for line in lines if line.strip()]


def _units(text):
    return ''.join('%04x' % unit for c in text for unit in _utf16(ord(c)))


def _utf16(c):
    return [c] if c < 0x10000 else [0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff)]


class RegexTest(unittest.TestCase):
    @unittest.skipIf(sys.version_info < (3, 11), 'possessive repetitions came with Python 3.11')
    def test_table_is_what_python_answers_and_what_is_translated(self):
        self.assertEqual([encode(r) for r in rows()], [encode(r) for r in table()])

    @unittest.skipUnless(shutil.which('java'), 'there is no java')
    def test_java_answers_the_same(self):
        cases = [r for r in table() if r[2] != 'refused']
        given = ''.join('%s\n%s\n' % (_units(r[4]), _units(r[1])) for r in cases)
        run = subprocess.run(
            ['java', '-XX:TieredStopAtLevel=1', os.path.join(reading.HERE, 'RegexCheck.java')],
            input=given, stdout=subprocess.PIPE, universal_newlines=True, check=True)
        answers = run.stdout.splitlines()
        self.assertEqual(len(cases), len(answers))
        for row, answer in zip(cases, answers):
            groups = ''.join(' ' + ('-' if g is None else 'x' + _units(g)) for g in row[3])
            self.assertEqual('yes' + groups if row[2] == 'match' else 'no', answer, row)

    def test_groups_are_numbered_from_the_base(self):
        self.assertEqual((r'(a)\3', 1), translate(r'(a)\1', 2))


if __name__ == '__main__':
    if sys.argv[1:] == ['--update']:
        with open(TABLE, 'w') as file:
            file.writelines(encode(r) for r in rows())
    else:
        unittest.main()
