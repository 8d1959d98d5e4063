#!/usr/bin/env python3
"""A second opinion: real commands under strace, then under the tracer; all that strace saw of the repo must be reported.

    python3 src/test/native/run_strace_tests.py <OUT> [--all] [command...]

Each command runs three times in a repo of its own: under strace, by hybrid, by seccomp. A name seen by strace that lautodep does
not report is a failure, unless it is a dir; calls that tell nothing of contents (PATHS has the others) are left out. A sample of the
commands, all with --all or LMAKE_LONG. Commands that are not on this machine are left out, aloud.
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.abspath(sys.argv[1])
ALL = '--all' in sys.argv or bool(os.environ.get('LMAKE_LONG'))
ONLY = [a for a in sys.argv[2:] if a != '--all']
LAUTODEP = os.path.join(OUT, 'bin', 'lautodep')
METHODS = ('hybrid', 'seccomp')
SAMPLE = 6      # one in so many

# ---- commands ----


def commands():
    """(program that must be there or None, shell, command)."""
    with open(os.path.join(HERE, 'matrix', 'commands.txt')) as f:
        rows = [line.rstrip('\n').split('\t') for line in f if not line.startswith('#')]
    unescaped = lambda text: re.sub(r'\\(.)', lambda m: '\n' if m.group(1) == 'n' else m.group(1), text)
    return [(None if program == '-' else program, shell, unescaped(text)) for program, shell, text in rows]


# ---- a repo ----


FILES = {
    'a': 'A\nline\n',
    'b': 'B\nline\n',
    'c': 'C\n',
    'd/f': 'F\n',
    'd/g': 'G\n',
    'e/h': 'H\n',
    'x.sh': '#!/bin/sh\ncat a\n',
    'd/prog': '#!/bin/sh\necho prog\n',
    'lib.sh': 'f() { cat a; }\n',
    'lib.pl': '1;\n',
    'Mod.pm': 'package Mod; 1;\n',
    'mod.py': 'import os\nX = 1\n',
    'pkg/__init__.py': '',
    'pkg/sub.py': 'X = 2\n',
    'm.c': '#include "h.h"\n#include <stdio.h>\nint n(void);\nint main(void) { return n() * H; }\n',
    'n.c': 'int n(void) { return 0; }\n',
    'n2.c': 'int main(void) { return 0; }\n',
    'h.h': '#define H 0\n',
    'd/h.h': '#define H 0\n',
    'args': '-c n.c -o args.o\n',
    'cc.cc': '#include <vector>\nint main() { std::vector<int> v; return (int)v.size(); }\n',
    'script.sed': 's/A/X/\n',
    'prog.awk': '{ print }\n',
    'calc.bc': '1+1\nquit\n',
    'ed.in': '1p\nq\n',
    'a.patch': '--- a\n+++ a\n@@ -1,2 +1,2 @@\n-A\n+X\n line\n',
    'text.m4': "include(`b')\n",
    'Hello.java': 'class Hello { public static void main(String[] a) { System.out.println("hi"); } }\n',
    'hello.rs': 'fn main() { println!("hi"); }\n',
    'hello.go': 'package main\nfunc main() { println("hi") }\n',
    'script.cmake': 'file(READ a X)\nfile(WRITE new "${X}")\n',
    'lib.js': 'exports.x = 1\n',
    'script.js': 'require("./lib.js"); require("fs").writeFileSync("new", "x")\n',
    'script.tcl': 'set f [open a]\nputs [read $f]\nsource lib.tcl\nset g [open new w]\nclose $g\n',
    'lib.tcl': 'set x 1\n',
    'c.ini': '[x]\ny=1\n',
    'list': 'a\nd\n',
    'Makefile': '-include none.mk\n'
                'include inc.mk\n'
                'all: m.o n.o\n'
                '\tcat m.o n.o > all.out\n'
                '%.o: %.c h.h\n'
                '\tgcc -c $< -o $@\n',
    'inc.mk': 'X = 1\n',
    'other.mk': 'all:\n\tcat a\n',
    'sub/Makefile': 'all:\n\tcat ../a\n',
}
DIRS = {d for name in FILES for d in (name.rpartition('/')[0],) if d} | {'empty'}     # told file by file, when they are moved


def make_repo(repo):
    for name, text in FILES.items():
        path = os.path.join(repo, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as f:
            f.write(text)
    os.mkdir(repo + '/empty')
    for link, text in (('l', 'a'), ('ld', 'd'), ('dangling', 'nowhere')):
        os.symlink(text, os.path.join(repo, link))
    os.chmod(repo + '/x.sh', 0o755)
    os.chmod(repo + '/d/prog', 0o755)
    subprocess.check_call(['tar', 'cf', 't.tar', 'a', 'd'], cwd=repo)
    subprocess.check_call('gzip -c c > t.gz; cp n2.c p2.c; gcc -o prog p2.c; rm p2.c', shell=True, cwd=repo)


ENV = {'PATH': os.environ.get('PATH', '') + ':/usr/local/bin:/usr/bin:/bin', 'LANG': 'C', 'GOFLAGS': '-mod=mod', 'GO111MODULE': 'off'}

# ---- what strace saw ----

CALL = re.compile(r'^(\d+) +(?:<\.\.\. )?(\w+)(?: resumed>)?\((.*)$')
STRING = re.compile(r'(?:(AT_FDCWD|\d+)<((?:[^<>\\]|\\.)*)>, )?"((?:[^"\\]|\\.)*)"(\.\.\.)?')
PATHS = {     # how many of its first strings are names
    'open': 1,
    'openat': 1,
    'openat2': 1,
    'creat': 1,
    'stat': 1,
    'lstat': 1,
    'newfstatat': 1,
    'statx': 1,
    'access': 1,
    'faccessat': 1,
    'faccessat2': 1,
    'readlink': 1,
    'readlinkat': 1,
    'mkdir': 1,
    'mkdirat': 1,
    'unlink': 1,
    'unlinkat': 1,
    'rename': 2,
    'renameat': 2,
    'renameat2': 2,
    'link': 2,
    'linkat': 2,
    'truncate': 1,
    'execve': 1,
    'execveat': 1,
    'chdir': 1,
    'mknod': 1,
    'mknodat': 1,
}
LAST = {'symlink', 'symlinkat'}         # the second string is the name
def unescape(text):
    return text.encode('latin-1', 'replace').decode('unicode_escape').encode('latin-1', 'replace').decode('utf-8', 'surrogateescape')


def join_resumed(lines):
    """Calls that strace cut in two, as one line."""
    waiting = {}
    for line in lines:
        pid = line.split(' ', 1)[0]
        if line.endswith('<unfinished ...>'):
            waiting[pid] = line[:-len('<unfinished ...>')]
            continue
        m = re.match(r'^\d+ +<\.\.\. \w+ resumed>(.*)$', line)
        yield waiting.pop(pid, '') + m.group(1) if m else line


def seen_by_strace(log, repo):
    """{(absolute name, call)}: every name below the repo, and what is done with it."""
    cwds, first, seen = {}, None, set()
    with open(log, errors='surrogateescape') as f:
        for line in join_resumed(f.read().splitlines()):
            m = CALL.match(line)
            if not m:
                continue
            pid, call, rest = m.groups()
            if first is None:
                first = pid
            cwd = cwds.setdefault(pid, repo)
            result = rest.rpartition(' = ')[2]
            ok = result[:1].isdigit()
            if call in ('clone', 'clone3', 'fork', 'vfork') and ok:
                cwds[re.match(r'\d+', result).group()] = cwd
            if call == 'fchdir' and ok:
                cwds[pid] = re.search(r'<(.*)>', rest).group(1)
            found = STRING.findall(rest.rpartition(' = ')[0])
            if 'O_DIRECTORY' in rest or 'O_TMPFILE' in rest:
                continue
            if call in PATHS:
                found = found[:PATHS[call]]
            elif call in LAST:
                found = found[1:2]
            else:
                continue
            for at, where, text, cut in found:
                if cut or not text:
                    continue
                base = where if at and where.startswith('/') else cwd
                if at == 'AT_FDCWD' and where.startswith('/'):
                    cwds[pid] = where
                path = os.path.join(base, unescape(text))
                seen.add((path, call))
                if call == 'chdir' and ok:
                    cwds[pid] = os.path.normpath(path)
    return seen


def in_repo(path, repo):
    return path == repo or path.startswith(repo + '/')


def names_of(path, repo):
    """What a name may be reported as: links are resolved as the repo is now, or not at all."""
    found = {os.path.normpath(path)}
    head, tail = os.path.split(path.rstrip('/'))
    if tail in ('.', '..', ''):
        return found | {os.path.realpath(path)}
    found.add(os.path.join(os.path.realpath(head), tail))
    found.add(os.path.realpath(path))
    return found

# ---- one command ----


def own_repo(top, name):
    repo = os.path.join(top, name, 'repo')       # names are compared below it
    os.makedirs(repo)
    make_repo(repo)
    return repo


def with_tmp(top, name):
    tmp = os.path.join(top, name, 'tmp')
    os.makedirs(tmp, exist_ok=True)
    return tmp


def run_strace(top, cmd):
    repo = own_repo(top, 'strace')
    env = dict(ENV, TMPDIR=with_tmp(top, 'strace'), HOME=top)
    log = os.path.join(top, 'log')
    subprocess.run(['strace', '-f', '-y', '-s', '4096', '-e', 'trace=%file,%process,fchdir', '-o', log] + cmd, cwd=repo, env=env,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
    needed = {}
    for path, call in seen_by_strace(log, repo):
        if not in_repo(os.path.normpath(path), repo) and not in_repo(os.path.realpath(path), repo):
            continue
        names = frozenset(os.path.relpath(n, repo) for n in names_of(path, repo) if in_repo(n, repo))
        is_dir = lambda n: n in DIRS or os.path.isdir(os.path.join(repo, n)) and not os.path.islink(os.path.join(repo, n))
        if names and not any(map(is_dir, names)):
            needed.setdefault(names, set()).add(call)
    return needed


def run_traced(top, method, cmd):
    repo = own_repo(top, method)
    keep = "(%s)" % ''.join('"%s",' % pair for pair in ['%s=%s' % kv for kv in ENV.items()] + ['HOME=' + top])
    report = os.path.join(top, method, 'report')
    p = subprocess.run([LAUTODEP, '-A', '-D', '-m', method, '-t', with_tmp(top, method), '-e', keep, '-o', report, '--'] + cmd, cwd=repo,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=300)
    with open(report, errors='surrogateescape') as f:
        names = {line.partition(' ')[2] for line in f.read().splitlines() if not line.endswith(' :')}
    said = [l for l in p.stderr.decode('utf-8', 'replace').splitlines() if l.startswith('lautodep : ')]
    return names, said


def alike(names, reported):
    """Temporary names are never the same twice: compare their shapes."""
    shape = lambda n: re.sub(r'[A-Za-z0-9_]', 'x', os.path.basename(n))
    return any(os.path.dirname(n) == os.path.dirname(r) and shape(n) == shape(r) and len(os.path.basename(n)) >= 6
               for n in names for r in reported)


def one(row):
    _, shell, text = row
    cmd = shell.split() + ['-c', text]
    top = os.path.realpath(tempfile.mkdtemp(prefix='lmstrace.'))
    try:
        needed = run_strace(top, cmd)
        problems = []
        for method in METHODS:
            reported, said = run_traced(top, method, cmd)
            left = [l for l in said if 'left behind' not in l]
            problems += ['%s: %s' % (method, l) for l in left]
            for names, calls in sorted(needed.items(), key=lambda kv: sorted(kv[0])):
                names = {n.replace(top + '/strace/', top + '/%s/' % method) for n in names}
                if not names & reported and not alike(names, reported):
                    problems.append('%s: %s of %s not reported' % (method, ', '.join(sorted(calls)), ' or '.join(sorted(names))))
        return len(needed), problems
    except subprocess.TimeoutExpired as e:
        return 0, ['timeout: %s' % e.cmd[0]]
    finally:
        shutil.rmtree(top, ignore_errors=True)


def main():
    if not shutil.which('strace'):
        print('left out, no strace here')
        print('0 passed, 0 failed')
        return 0
    rows, missing = [], set()
    for row in commands():
        if row[0] and not shutil.which(row[0], path=ENV['PATH']):
            missing.add(row[0])
        else:
            rows.append(row)
    if missing:
        print('left out, not on this machine: ' + ' '.join(sorted(missing)))
    total = len(rows)
    if ONLY:
        rows = [r for r in rows if r[2] in ONLY]
    elif not ALL:
        rows = rows[::SAMPLE]
    passed = failed = names = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        for row, (n, problems) in zip(rows, pool.map(one, rows)):
            names += n
            passed += not problems
            failed += bool(problems)
            if problems:
                print('FAIL %s -c %s' % row[1:])
                print('\n'.join('     ' + p for p in problems))
                sys.stdout.flush()
    print('%d of %d commands, %d names seen by strace' % (len(rows), total, names))
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed or not (names or ONLY) else 0


if __name__ == '__main__':
    sys.exit(main())
