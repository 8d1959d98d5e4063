#!/usr/bin/env python3
"""Many jobs under one server and agent: their memory, descriptors, threads and the store stay as they are.

Usage: soak.py <dir of lmake's bin> [--jobs N]

Rebuilds the same 500 targets again and again and prints what server and agent hold after each turn. From the second third of
the turns on nothing may grow but by the little that garbage leaves. Of the store that is said of the pages in use: the file is
as long as the commits between two checkpoints have ever made it, and how many these are depends on the load of the machine. That
pages freed by older ones are used again is a bound of its own. Last line: `N passed, N failed`.
"""
import argparse, os, pathlib, struct, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'acceptance'))

WIDTH = 500
LMAKEFILE = rf'''
from lmake.rules import Rule
class Leaf(Rule):
    target = r'{{N:\d+}}.leaf'
    cmd    = 'read -r x <seed; echo $x {{N}}; [ -e {{N}}.absent ] || true'
class All(Rule):
    target = 'all'
    deps   = {{f'D{{n}}': f'{{n}}.leaf' for n in range({WIDTH})}}
    cmd    = 'cat *.leaf | wc -l'
    readdir_ok = True
'''
# What it may grow by, from the turn after a third to the last: kB of memory, counts, kB.
SLACK = {'server rss': 30_000, 'server fds': 4, 'server threads': 4, 'agent rss': 2_000, 'agent fds': 2, 'store pages': 12, 'store commits': 2500}
# Bounds of their own: two checkpoints are at most 500 jobs apart, a job takes two commits, a commit frees up to 14 pages of 4 kB.
MOST = {'store commits': 3000, 'store': 3000 * 14 * 4}
PAGE = 4096


def held(repo) -> dict[str, int]:
    found = {}
    for pid, command in repo.processes().items():
        who = 'server' if '--server' in command else 'agent' if 'lmake_agent' in command else ''
        if not who:
            continue
        status = dict(line.split(':', 1) for line in pathlib.Path(f'/proc/{pid}/status').read_text().splitlines())
        # Anonymous memory: the store is mapped. Of the two processes of the agent, the guardian holds less.
        for what, value in (('rss', status['RssAnon'].split()[0]), ('threads', status['Threads']), ('fds', len(os.listdir(f'/proc/{pid}/fd')))):
            found[f'{who} {what}'] = max(found.get(f'{who} {what}', 0), int(value))
    found['store'] = sum(file.stat().st_blocks // 2 for file in (repo.root / 'LMAKE/lmake/store').iterdir())
    return found | store(repo.root / 'LMAKE/lmake/store/data.mdb')


def store(path: pathlib.Path) -> dict[str, int]:
    """Pages in use, and how many commits ago the oldest pages were freed that were not used again; of a store at rest."""
    data = path.read_bytes()
    meta = max((0, PAGE), key=lambda page: struct.unpack_from('Q', data, page + 16 + 128)[0])
    last_page, last_txn = struct.unpack_from('QQ', data, meta + 16 + 120)
    free, oldest = 0, last_txn
    for txn, count in free_lists(data, *tree(data, meta + 16 + 24)):
        free, oldest = free + count, min(oldest, txn)
    return {'store pages': last_page + 1 - free, 'store commits': last_txn - oldest}


def tree(data: bytes, at: int) -> tuple[int, int]:
    """Depth and root page of a tree, from its description."""
    depth, root = struct.unpack_from('<H32xq', data, at + 6)
    return depth, root


def free_lists(data: bytes, depth: int, root: int):
    """Of each list of free pages, the commit that freed them and how many they are."""
    if root < 0:
        return
    at = root * PAGE
    for i in range((struct.unpack_from('H', data, at + 12)[0] - 16) // 2):
        node = at + struct.unpack_from('H', data, at + 16 + 2 * i)[0]
        low, high, flags, key = struct.unpack_from('HHHH', data, node)
        if depth > 1:
            yield from free_lists(data, depth - 1, low | high << 16 | flags << 32)
            continue
        value = node + 8 + key
        if flags & 1:
            value = struct.unpack_from('Q', data, value)[0] * PAGE + 16
        yield struct.unpack_from('Q', data, node + 8)[0], struct.unpack_from('Q', data, value)[0]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument('bindir')
    parser.add_argument('--jobs', type=int, default=20_000)
    args = parser.parse_args()
    os.environ['LMAKE_INSTALL'] = os.path.dirname(os.path.abspath(args.bindir))
    from repo import Repo
    turns, problems = max(6, args.jobs // WIDTH), []
    with Repo({'Lmakefile.py': LMAKEFILE, 'seed': '0\n'}) as repo:
        repo.env['LMAKE_ARGS'] = '-j4'
        before = {}
        for turn in range(turns):
            repo.write('seed', f'{turn}\n')
            result = repo.run('lmake all')
            if result.rc:
                problems.append(f'turn {turn}: {result}')
                break
            now = held(repo)
            if turn % max(1, turns // 10) == 0 or turn == turns - 1:
                print((turn + 1) * WIDTH, 'jobs', now, flush=True)
            if turn == turns // 3:
                before = now
        else:
            problems = [f'{what} grew from {before[what]} to {now[what]}' for what, slack in SLACK.items()
                        if now.get(what, 0) > before.get(what, 0) + slack]
            problems += [f'{what} is {now[what]}' for what, most in MOST.items() if now[what] > most]
    print('\n'.join(problems))
    print(f'{int(not problems)} passed, {int(bool(problems))} failed')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
