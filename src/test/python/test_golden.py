"""The digest of golden/Lmakefile.py, line for line. `python3 test_golden.py --update` writes it again.

What depends on the machine is masked. The Java tests may read the same file.
"""

import json
import os
import sys
import unittest

import reading

GOLDEN = os.path.join(reading.HERE, 'golden')


def masked(line):
    """Return a line of the digest without what depends on the machine."""
    line = dict(line)
    if line['kind'] == 'head':
        line.update(python='/usr/bin/python3', sys_path=['/usr/lib/python3'])
    elif line['kind'] == 'config':
        line['backends'] = {'local': {'environ': {}, 'cpu': '2', 'mem': '1000M', 'tmp': '1000M'}}
    elif line['kind'] == 'rule' and 'environ_ancillary' in line:
        line['environ_ancillary'] = {'UID': {'const': '1000'}, 'USER': {'const': 'user'}}
    return line


class GoldenTest(reading.RepoTest):
    def lines(self):
        with open(os.path.join(GOLDEN, 'Lmakefile.py')) as file:
            digest = self.read(file.read())
        self.assertEqual((0, ''), (digest.status, digest.shown))
        return [json.dumps(masked(line)) + '\n' for line in digest.lines]

    def test_digest(self):
        self.maxDiff = None
        with open(os.path.join(GOLDEN, 'digest.jsonl')) as file:
            expected = file.readlines()
        for before, now in zip(expected, self.lines()):
            self.assertEqual(json.loads(before), json.loads(now))
        self.assertEqual(expected, self.lines())


if __name__ == '__main__':
    if sys.argv[1:] == ['--update']:
        test = GoldenTest('test_digest')
        test.setUp()
        with open(os.path.join(GOLDEN, 'digest.jsonl'), 'w') as out:
            out.writelines(test.lines())
        test.tearDown()
    else:
        unittest.main()
