#!/usr/bin/env python3
"""The matrix of the tracer: every way a program has to reach a file, on five kinds of file, by each method.

    python3 src/test/native/run_matrix_tests.py <OUT> [--update] [probe...]

The probes (src/test/native/matrix) say what they touched; lautodep must report exactly that, or the job must fail and name what it
refuses. A probe gives the same results as without tracer. What comes out is src/doc/tracer-matrix.md: --update writes it, else
the run must agree with it. Nothing may be silent but by the methods that live in the C library, and only where the page says so.
Programs of compilers that are not there are left out, aloud. Standard library only.
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(HERE, '..', '..', 'doc', 'tracer-matrix.md')
SOURCES = os.path.join(HERE, 'matrix')
OUT = os.path.abspath(sys.argv[1])
UPDATE = '--update' in sys.argv
ONLY = set(sys.argv[2:]) - {'--update'}
BIN = os.path.join(OUT, 'test', 'matrix')
LAUTODEP = os.path.join(OUT, 'bin', 'lautodep')
ALL_METHODS = ('ld_audit', 'ld_preload', 'ptrace', 'seccomp', 'hybrid')
IN_LIBC = ('ld_audit', 'ld_preload')         # methods that cannot see what does not go through the C library
KINDS = ('regular', 'link', 'absent', 'directory', 'through')
WAYS = {'regular': 'reg', 'link': 'lnk', 'absent': 'no', 'directory': 'dir', 'through': 'ld/in'}
LEAVES = {'regular': 'reg', 'link': 'lto', 'absent': 'no', 'directory': 'dir', 'through': 'real/in'}
SCRIPT = '#!/bin/sh\n:\n'

# ---- programs ----


def sh(*cmd, **kw):
    p = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, **kw)
    return p.returncode == 0, p.stdout


def stale(exe, *sources):
    return not os.path.exists(exe) or any(os.path.getmtime(s) > os.path.getmtime(exe) for s in sources)


def source(name):
    return os.path.join(SOURCES, name)


def runs(exe):
    """Whether the kernel starts it at all; what it is told to do is nothing."""
    try:
        subprocess.run([exe], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
        return True
    except OSError:
        return False


def build():
    """Compile what can be; {name: path}. What cannot is told."""
    os.makedirs(BIN, exist_ok=True)
    c = [source(n) for n in ('probe.c', 'process.c')]
    common = ['-std=gnu11', '-O1', '-w'] + c + ['-pthread', '-o']
    go = dict(os.environ, GOCACHE=os.path.join(BIN, 'go-cache'), GOFLAGS='-mod=mod', GO111MODULE='off', HOME=BIN)
    kernel = ['-idirafter', '/usr/include/x86_64-linux-gnu']     # its headers, the same for both sizes
    wanted = [
        ('probe', ['gcc', '-DSHARED_PROBE'] + common, c, {}),
        ('probe.so', ['gcc', '-shared', '-fPIC', source('library.c'), '-o'], [source('library.c')], {}),
        ('probe.static', ['gcc', '-static'] + common, c, {}),
        ('probe.static-pie', ['gcc', '-static-pie'] + common, c, {}),
        ('probe.musl', ['musl-gcc', '-static', '-idirafter', '/usr/include'] + kernel + common, c, {}),
        ('probe.32', ['gcc', '-m32'] + kernel + common, c, {}),
        ('probe.32.large', ['gcc', '-m32', '-D_FILE_OFFSET_BITS=64', '-D_TIME_BITS=64'] + kernel + common, c, {}),
        ('probe.32.static', ['gcc', '-m32', '-static'] + kernel + common, c, {}),
        ('foreign', ['gcc', '-O1', '-w', source('foreign.c'), '-o'], [source('foreign.c')], {}),
        ('foreign.32', ['gcc', '-m32'] + kernel + ['-O1', '-w', source('foreign.c'), '-o'], [source('foreign.c')], {}),
        ('other.go', ['go', 'build', '-o'], [source('other.go')], {'env': go}),
        ('other.rs', ['rustc', '-O', source('other.rs'), '-o'], [source('other.rs')], {}),
    ]
    found = {}
    for name, cmd, sources, kw in wanted:
        exe = os.path.join(BIN, name)
        after = [source('other.go')] if name == 'other.go' else []
        if stale(exe, *sources):
            ok, said = sh(*(cmd + [exe] + after), **kw) if shutil.which(cmd[0]) else (False, 'no %s here' % cmd[0])
            if not ok:
                print('left out %s: %s' % (name, (said.strip().splitlines() or ['?'])[-1]))
                continue
        if '.32' in name and not runs(exe):
            print('left out %s: this machine runs no programs of 32 bits' % name)
            continue
        found[name] = exe
    shutil.copy(found['probe.so'], os.path.join(BIN, 'probe.2.so'))
    if os.geteuid() == 0:
        suid = found['probe'] + '.suid'
        if stale(suid, found['probe']):
            shutil.copy(found['probe'], suid)
            os.chown(suid, 65534, 65534)
            os.chmod(suid, 0o4755)
    return found


def methods():
    def there(method):
        p = subprocess.run([LAUTODEP, '-o', '/dev/null', '-m', method, 'true'], stderr=subprocess.PIPE, universal_newlines=True,
                           cwd=BIN, timeout=60)
        if p.returncode:
            print('left out %s: %s' % (method, (p.stderr.splitlines() or ['?'])[0]))
        return p.returncode == 0
    return [m for m in ALL_METHODS if there(m)]

# ---- one run ----


def make_files(repo, name):
    top = os.path.join(repo, name)
    os.makedirs(top + '/dir')
    os.mkdir(top + '/real')
    for f in ('reg', 'lto', 'dir/in', 'real/in'):
        with open(os.path.join(top, f), 'w') as to:
            to.write(SCRIPT)
        os.chmod(os.path.join(top, f), 0o755)
    os.symlink('lto', top + '/lnk')
    os.symlink('real', top + '/ld')


class Outcome:
    """What one run has told: results and truth by (probe dir, kind), report by file, refusals."""

    def __init__(self, out, err, report, rc):
        self.results, self.truth, self.files, self.rc, self.err = {}, {}, {}, rc, err
        self.refused = [l[len('lautodep : '):] for l in err.splitlines()
                        if l.startswith('lautodep : ') and not l.startswith('lautodep : dir was listed')] if rc else []
        for line in out.splitlines():
            word, _, rest = line.partition(' ')
            if word == '=':
                name, kind, result = rest.split(' ')
                self.results[name, kind] = result
            elif word == '>':
                name, kind, bits, path = rest.split(' ', 3)
                self.say(name, kind, bits, path)
            elif word in ('read', 'wrote', 'opened', 'failed', 'n/a'):
                self.of_path(word, rest)
        for line in report.splitlines():
            if not line.endswith(' :'):
                bits, _, path = line.partition(' ')
                self.files[path] = bits

    def say(self, name, kind, bits, path):
        must, _, may = bits.partition('+')
        had = self.truth.setdefault((name, kind), {}).get(path, ('', ''))
        self.truth[name, kind][path] = (had[0] + must, had[1] + may)

    def of_path(self, word, path):
        """A program that only says what it read or wrote, by the name it was given."""
        name, _, way = path.partition('/')
        if word == 'wrote':
            self.results[name, 'absent'] = '0'
            self.say(name, 'absent', 'W+LRT', path)
            return
        kind = next(k for k in KINDS if WAYS[k] == way)
        self.results[name, kind] = 'n/a' if word == 'n/a' else '0'
        self.say(name, kind, 'R+LTDE', name + '/' + LEAVES[kind])
        if kind in ('link', 'through'):
            self.say(name, kind, 'L+RT', name + ('/lnk' if kind == 'link' else '/ld'))

    def kind_of(self, path):
        """Whose is a file nobody owned to?"""
        name, _, rest = path.partition('/')
        first = re.split(r'[/.]', rest)[0]
        kind = {'reg': 'regular', 'lnk': 'link', 'lto': 'link', 'no': 'absent', 'dir': 'directory'}.get(first[:3], 'through')
        return name, 'absent' if first.startswith('no') else kind


def run(method, cmd, names, opts=()):
    top = os.path.realpath(tempfile.mkdtemp(prefix='lmmatrix.'))
    try:
        repo = os.path.join(top, 'repo')
        os.mkdir(repo)
        os.chmod(top, 0o755)        # for probes that become another user
        os.chmod(repo, 0o755)
        for name in names:
            make_files(repo, name)
        p = subprocess.run([LAUTODEP, '-A', '-D', '-t', top + '/tmp', '-o', top + '/report', '-m', method] + list(opts) + ['--'] + cmd,
                           cwd=repo, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        with open(top + '/report', errors='surrogateescape') as f:
            report = f.read()
        return Outcome(p.stdout.decode('utf-8', 'surrogateescape'), p.stderr.decode('utf-8', 'replace'), report, p.returncode)
    finally:
        shutil.rmtree(top, ignore_errors=True)

# ---- verdict on one cell ----


def faults(o, key):
    """(silent, wrong): truths that are not reported; what is reported and no truth."""
    silent, wrong = [], []
    truth = o.truth.get(key, {})
    for path, (must, may) in truth.items():
        got = o.files.get(path, '')
        if set(must) - set(got):
            silent.append('%s %s reported as %s' % (must, path, got or 'nothing'))
        extra = set(got) - set(must) - set(may)
        if extra and got:
            wrong.append('%s of %s is not so, only %s+%s' % (''.join(sorted(extra)), path, must, may))
    for path in set(o.files) - set(truth):
        if o.files[path] == 'L' and path in (key[0], key[0] + '/real'):
            continue    # dirs on the way, by realpath of old
        if o.kind_of(path) == key and not any(path in o.truth.get((key[0], k), {}) for k in KINDS):
            wrong.append('%s %s is not so' % (o.files[path], path))
    return silent, wrong


def cell(o, base, key):
    """One of: recorded, not seen, refused, absent, n/a, or None with the reasons for a failure."""
    if base.results.get(key, 'n/a') == 'n/a':
        return 'n/a', []
    if o.refused or DEATH in o.err:
        return 'refused', []
    if o.results.get(key) == 'n/a':
        return 'absent', []         # said not to exist: programs do otherwise
    if key not in o.results:
        return None, ['no result; status %d; %s' % (o.rc, o.err.strip()[-300:])]
    silent, wrong = faults(o, key)
    if o.results[key] != base.results[key]:
        wrong.append('gives %s, and %s without tracer' % (o.results[key], base.results[key]))
    if wrong:
        return None, silent + wrong
    return ('not seen', silent) if silent else ('recorded', [])


DEATH = 'lmake: accesses cannot be recorded'      # last words of a process that the preload library could not follow
WORDS = {'recorded': 'yes', 'refused': 'refused', 'absent': 'ENOSYS', 'not seen': '**no**', 'n/a': '–'}


def summary(cells):
    """The text of a cell of the page, out of those of the five kinds."""
    told = {k: c for k, c in cells.items() if c != 'n/a'}
    if not told:
        return '–'
    words = [WORDS[told[k]] if k in told else None for k in KINDS]
    if len({w for w in words if w}) == 1:
        return next(w for w in words if w)
    parts = {}
    for kind, word in zip(KINDS, words):
        if word:
            parts.setdefault(word, []).append(kind)
    return '; '.join('%s: %s' % (', '.join(kinds), word) for word, kinds in parts.items())

# ---- all of them ----


class Matrix:
    def __init__(self):
        self.passed = self.failed = 0
        self.rows, self.refusals = [], {}

    def verdict(self, name, problems):
        if problems:
            self.failed += 1
            print('FAIL ' + name)
            for p in problems:
                print('     ' + p)
        else:
            self.passed += 1
        sys.stdout.flush()

    def row(self, group, name, base, outcomes, names):
        texts = {}
        for method, o in outcomes.items():
            problems, cells = [], {}
            for kind in KINDS:
                found = [cell(o, base, (n, kind)) for n in names]
                problems += ['%s: %s' % (kind, t) for c, why in found if c is None for t in why]
                seen = [c for c, _ in found if c and c != 'n/a']
                silent = [t for c, why in found if c == 'not seen' for t in why]
                if silent and method not in IN_LIBC:
                    problems += ['%s: silent: %s' % (kind, t) for t in silent]
                cells[kind] = 'not seen' if silent else seen[0] if seen else 'n/a'
            if o.refused:
                self.refusals.setdefault(re.sub(r'/\S*/', '', o.refused[0]), []).append(name)
            self.verdict('%s, %s' % (name, method), problems)
            texts[method] = summary(cells)
        self.rows.append((group, name, texts))


def probes_of(exe):
    ok, text = sh(exe, '-l')
    return [line.split('\t') for line in text.splitlines()] if ok else []


# Each by itself only: one refusal fails the job.
REFUSED_SOMEWHERE = ('limit on memory', 'other user', 'set-user-id program', 'debugged child')


def plan(found):
    """(group, row, command, dirs, options of lautodep)."""
    rows = [(g, n, [found['probe'], 'p', n], ['p'], ()) for _, g, n in probes_of(found['probe'])]
    kinds = [('probe.static', 'static, glibc'), ('probe.static-pie', 'static and position independent, glibc'),
             ('probe.musl', 'static, musl'), ('probe.32', '32 bit'), ('probe.32.large', '32 bit, files and dates of 64'),
             ('probe.32.static', '32 bit, static')]
    for exe, name in kinds:
        if exe in found:
            some = [p for where, g, p in probes_of(found[exe]) if where == 'call' and 'cannot be followed' not in g]
            dirs = ['p%d' % i for i in range(len(some))]
            rows.append(('programs', '%s: all calls above' % name, [found[exe]] + [x for pair in zip(dirs, some) for x in pair], dirs, ()))
    if 'probe.32' in found:
        some = [p for where, _, p in probes_of(found['probe.32']) if where != 'call' and p not in REFUSED_SOMEWHERE]
        dirs = ['p%d' % i for i in range(len(some))]
        each = 'while [ $# -gt 0 ]; do "%s" "$1" "$2"; shift 2; done' % found['probe.32']
        rows.append(('programs', '32 bit: all processes and names above', ['/bin/sh', '-c', each, 'sh'] +
                     [x for pair in zip(dirs, some) for x in pair], dirs, ()))
        rows.append(('programs', '32 bit: debugged child', [found['probe.32'], 'p', 'debugged child'], ['p'], ()))
    for exe, way in (('foreign', 'int80'), ('foreign', 'x32'), ('foreign.32', 'int80'), ('foreign.32', 'call'), ('foreign.32', 'sysenter')):
        if exe in found:
            name = 'open by %s in a %s bit program' % (way, '32' if '32' in exe else '64')
            rows.append(('programs', name, [found[exe], way, 'p/reg'], ['p'], ()))
    files = ['p/' + WAYS[k] for k in KINDS]
    for exe, name in (('other.go', 'Go'), ('other.rs', 'Rust')):
        if exe in found:
            rows.append(('programs', name, [found[exe]] + files + ['p/no2'], ['p'], ()))
    return rows + scripts(files)


def scripts(files):
    """Programs of other languages: each reads the five files and says so, then writes one."""
    last = 'p/no2'
    shell = 'for f; do cat "$f" >/dev/null 2>&1; echo "read $f"; done; echo x > %s && echo "wrote %s"' % (last, last)
    texts = [
        ('sh', ['/bin/sh', '-c', shell, 'sh']), ('bash', ['/bin/bash', '-c', shell, 'bash']),
        ('busybox', ['/bin/busybox', 'sh', '-c', shell.replace('cat', '/bin/busybox cat'), 'sh']),
        ('python3', ['/usr/bin/python3', '-ISc', 'import sys\nfor f in sys.argv[1:]:\n try: open(f).read()\n except OSError: pass\n'
                     ' print("read", f)\nopen("%s", "w"); print("wrote %s")' % (last, last)]),
        ('perl', ['/usr/bin/perl', '-e', 'for $f (@ARGV) { open(F, "<", $f) and <F>; print "read $f\\n" } '
                  'open(F, ">", "%s") and print "wrote %s\\n"' % (last, last)]),
        ('awk', ['/usr/bin/awk', 'BEGIN { for (i = 1; i < ARGC; i++) { getline x < ARGV[i]; print "read " ARGV[i] } '
                 'print "x" > "%s"; print "wrote %s" }' % (last, last)]),
        ('node', ['/usr/bin/node', '-e', 'const fs = require("fs"); for (const f of process.argv.slice(1)) '
                  '{ try { fs.readFileSync(f) } catch (e) {} console.log("read " + f) } '
                  'fs.writeFileSync("%s", "x"); console.log("wrote %s")' % (last, last)]),
    ]
    return [('programs', name, cmd + [f for f in files if name != 'awk' or f != 'p/dir'], ['p'], ())     # awk stops at a dir
            for name, cmd in texts if shutil.which(cmd[0])]


HEAD = '''# What the tracer sees

Made by `src/test/native/run_matrix_tests.py <OUT> --update`, which runs each of these programs on a regular file, a link, a missing
file, a directory and a file through a linked directory, has it say what it touched, and compares with what `lautodep -A` reports;
the same run without `--update` must agree with this page.

*yes*: recorded, exactly, and the call gives what it gives without tracer. *refused*: the job fails, or at least the process (exit code
125), and says why. *ENOSYS*: the call is
said not to exist, so that programs do otherwise. ***no***: not seen; only methods that live in the C library have such cells.
*–*: not to be had on the machine where the page was made. A cell that is not the same for all five says which.
'''


def page(rows, methods_run):
    lines = [HEAD]
    group = None
    for g, name, texts in rows:
        if g != group:
            group = g
            lines += ['## ' + g, '', '| | %s |' % ' | '.join(methods_run), '|---' * (len(methods_run) + 1) + '|']
        lines.append('| %s | %s |' % (name, ' | '.join(texts[m] for m in methods_run)))
        nxt = rows.index((g, name, texts)) + 1
        if nxt == len(rows) or rows[nxt][0] != g:
            lines.append('')
    return '\n'.join(lines).rstrip() + '\n'


def rows_of(text):
    """What a page is made of: [(group, row, {method: text})]."""
    rows, group, heads = [], '', []
    for line in text.splitlines():
        parts = [p.strip() for p in line.strip().strip('|').split('|')]
        if line.startswith('## '):
            group = line[3:]
        elif line.startswith('| |'):
            heads = parts[1:]
        elif line.startswith('| '):
            rows.append((group, parts[0], dict(zip(heads, parts[1:]))))
    return rows


def kept(rows, old, run_methods):
    """The rows of a run, and what the page says of programs this machine cannot run: those of 32 bits, other languages."""
    rows = [(g[0].upper() + g[1:], n.replace('<', '&lt;'), t) for g, n, t in rows]
    for i, (group, name, texts) in enumerate(old):
        at = next((k for k, r in enumerate(rows) if r[:2] == (group, name)), None)
        if group == 'Programs' and at is None:
            before = [k for k, r in enumerate(rows) if r[:2] in [o[:2] for o in old[:i]]]
            rows.insert(max(before) + 1 if before else len(rows), (group, name, {m: texts.get(m, '–') for m in run_methods}))
        elif at is not None:
            rows[at][2].update({m: texts[m] for m in run_methods if rows[at][2][m] == '–' and m in texts})
    return rows


def cells_of(text):
    """{(row, method): text} of a page."""
    found, heads = {}, []
    for line in text.splitlines():
        parts = [p.strip() for p in line.strip().strip('|').split(' | ')] if line.startswith('|') and not line.startswith('|---') else []
        if line.startswith('| |'):
            heads = [p.strip() for p in line.strip().strip('|').split('|')][1:]
        elif parts:
            found.update({(parts[0], m): t for m, t in zip(heads, parts[1:])})
    return found


def disagreements(said, now):
    """Where page and run both have a cell, and not the same. What one machine cannot run, another may."""
    return ['%s, %s: the page says %s, the run %s' % (row, method, text, now[row, method])
            for (row, method), text in said.items()
            if (row, method) in now and text != now[row, method] and '–' not in (text, now[row, method])]


def main():
    found = build()
    if 'probe' not in found or not os.path.exists(LAUTODEP):
        print('FAIL neither probe nor lautodep in %s' % OUT)
        print('0 passed, 1 failed')
        return 1
    run_methods = methods()
    m = Matrix()
    rows = [r for r in plan(found) if not ONLY or r[1] in ONLY]
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        jobs = [(r, {x: pool.submit(run, x, r[2], r[3], r[4]) for x in ['none'] + run_methods}) for r in rows]
        for (group, name, _, dirs, _), futures in jobs:
            outcomes = {x: f.result() for x, f in futures.items()}
            base = outcomes.pop('none')
            if not base.results:
                m.verdict(name + ' without tracer', ['status %d: %s' % (base.rc, base.err.strip())])
            m.row(group, name, base, outcomes, dirs)
    with open(PAGE) as f:
        old = rows_of(f.read())
    text = page(kept(m.rows, old if UPDATE else [], run_methods), run_methods)
    if UPDATE and not ONLY:
        with open(PAGE, 'w') as f:
            f.write(text)
    elif not UPDATE:
        with open(PAGE) as f:
            said = cells_of(f.read())
        now = cells_of(text)
        problems = disagreements(said, now)
        if not ONLY:
            problems += ['%s, %s: not in the page' % k for k in now if k not in said and now[k] != '–']
        m.verdict('the page tells what happens', problems + (['consider: --update'] if problems else []))
    for why, names in sorted(m.refusals.items()):
        print('refused: %s (%s)' % (why, ', '.join(sorted(set(names)))))
    print('%d passed, %d failed' % (m.passed, m.failed))
    return 1 if m.failed else 0


if __name__ == '__main__':
    sys.exit(main())
