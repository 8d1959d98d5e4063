#!/usr/bin/env python3
"""A second opinion: real commands under strace, then under the tracer; all that strace saw of the repo must be reported.

    python3 src/test/native/run_strace_tests.py <OUT> [--all] [command...]

Each command runs three times in a repo of its own: under strace, by hybrid, by seccomp. A name seen by strace that lautodep does
not report is a failure, unless it is a dir, or the call is one of those that tell nothing of contents (ATTRIBUTES). A sample of the
commands, all with --all or LMAKE_LONG. Commands that are not on this machine are left out, aloud.
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

OUT = os.path.abspath(sys.argv[1])
ALL = '--all' in sys.argv or bool(os.environ.get('LMAKE_LONG'))
ONLY = [a for a in sys.argv[2:] if a != '--all']
LAUTODEP = os.path.join(OUT, 'bin', 'lautodep')
METHODS = ('hybrid', 'seccomp')
SAMPLE = 6      # one in so many

# ---- commands ----

READS = 'cat head tail wc sort uniq nl od md5sum sha1sum sha256sum sha512sum cksum sum b2sum base64 fold fmt pr expand unexpand tac rev ' \
    'shuf stat ls du file strings xxd hexdump colrm tsort'.split()
BOX = 'cat head tail wc sort uniq od md5sum sha1sum sha256sum cksum fold expand tac rev stat ls du xxd hexdump strings'.split()

TEXT = [
    'cut -c1-3 a', 'paste a b', 'comm a b', 'join a b', 'diff a b', 'diff -r d e', 'cmp a b', 'split -l 1 a part.', 'csplit -s a 2',
    'numfmt --to=si 1000', 'ptx a', 'tee out < a', 'tee -a b < a', 'dd if=a of=out', 'dd if=a of=b conv=notrunc', 'truncate -s 3 a',
    'truncate -s 0 new', 'touch new', 'touch -c none', 'touch a', 'touch -r a b', 'chmod +x a', 'chmod 600 a', 'chown 0 a', 'ln a hard',
    'ln -s a soft', 'ln -sf b l', 'ln -sfn e ld', 'cp a new', 'cp a e/', 'cp -a d d2', 'cp -r d d2', 'cp -R ld d2', 'cp -l a hard',
    'cp -s $PWD/a soft', 'cp -p a b', 'cp -u a b', 'cp -n a b', 'cp --parents d/f e', 'cp -L l new', 'cp -P l new', 'cp l new',
    'mv a new', 'mv d d2', 'mv -n a b', 'mv -f a b', 'mv l new', 'mv a ld/', 'mv -t e a b', 'rm a', 'rm -f none', 'rm -r d', 'rm l', 'rm -rf ld',
    'unlink a', 'link a hard', 'mkdir m', 'mkdir -p m/n/o', 'rmdir empty', 'mkdir m; rmdir m', 'install -m 755 a new', 'install -d m/n',
    'install -D a m/n/a', 'mktemp ./tXXXXXX', 'mktemp -d ./tXXXXXX', 'mkfifo fifo', 'readlink l', 'readlink -f ld/f', 'readlink -e none',
    'readlink -m none/x', 'realpath ld/f', 'realpath -s ld/f', 'test -e a', 'test -f none', 'test -L l', 'test a -nt b', 'test -d ld', 'stat -L l',
    'stat -f a', 'ls -l', 'ls -lR', 'ls -la d', 'ls -L l', 'ls -i d', 'ls none', 'du -a d', 'du -L ld', 'df a', 'sync a', 'shred -u b',
    'find . -name f', 'find d -type f -exec cat {} +', 'find d -type f -exec cat {} ;', 'find -L . -name f', 'find . -newer a',
    'find . -ls', 'find d -empty', 'find d -type f -delete', 'find . -type l', 'find . -xtype l', 'find d -print0 | xargs -0 ls -d',
    'echo a b | xargs cat', 'echo a | xargs -I X cp X X.copy', 'grep -r F d', 'grep -R F ld', 'grep -l A a b', 'grep -c A a', 'grep -f a b',
    'grep -q x none', 'grep A l', 'fgrep A a', 'egrep "A|B" a b', 'sed -n 1p a', 'sed -i s/A/X/ a', 'sed -i.bak s/A/X/ a', 'sed -f script.sed a',
    'sed "w out" a', 'sed -i s/A/X/ l', 'sed -i --follow-symlinks s/A/X/ l', 'sed r\\ b a', 'awk "{ print }" a', 'awk "{ print > \\"out\\" }" a',
    'awk -f prog.awk a', 'awk "BEGIN { while ((getline x < \\"b\\") > 0) print x }"', 'awk "BEGIN { system(\\"cat a\\") }"',
    'awk "BEGIN { \\"cat b\\" | getline x; print x }"', 'sort -o a a', 'sort -u a b', 'sort -m a b', 'sort -T . a', 'uniq a out', 'tr A B < a > out',
    'cat < a > out', 'cat a >> b', 'cat a b > out 2>&1', 'cat l ld/f', 'cat none', 'cat -', 'env cat a', 'env -i /bin/cat a',
    'timeout 9 cat a', 'nice cat a', 'nohup cat a', 'stdbuf -oL cat a', 'setsid -w cat a', 'flock a cat b', 'script -qc "cat a" out', 'xargs -a a echo',
    'bc -q calc.bc', 'ed -s a < ed.in', 'patch -p0 < a.patch', 'patch -R -p0 -b < a.patch', 'diff3 a b c', 'sdiff a b', 'm4 text.m4', 'cmp a none',
    'iconv -f utf8 -t latin1 a', 'look A a', 'column a', 'getopt a', 'logger -s --no-act x', 'namei -l ld/f', 'rename s/a/z/ a', 'tree d',
]
SHELL = [
    '. ./lib.sh; f', 'read x < a; echo $x', 'echo x > new', 'echo x >> a', ': > a', 'cat <<E > new\nx\nE', 'for f in d/*; do cat $f; done', 'ls d/*',
    '[ -e none ] || cat a', 'cd d && cat f', 'cd ld && cat ../a', 'cd -P ld && pwd', './x.sh', 'sh x.sh', 'exec cat a', '(cat a; cat b) > new',
    'cat a | cat > new', 'cat a & wait', 'echo $(cat a)', 'set -C; echo x > new', 'set -C; echo x > a', 'umask 077; echo x > new', 'type ls', 'PATH=d:$PATH prog',
    'command -v prog', 'test -x x.sh && ./x.sh', 'while read l; do echo $l; done < b', 'trap "cat b" EXIT; cat a', 'eval cat a', 'exec 3<a; cat <&3',
    'exec 3>new; echo x >&3', '{ cat a; } 2>/dev/null', 'ulimit -n 20; cat a', 'echo none*', 'cat d/../a', 'cat ./d//f', 'cat $PWD/a', 'kill -0 $$ && cat a',
]
BASH_ONLY = ['mapfile x < a; echo ${x[0]}', 'cat <(cat a)', 'cat > >(cat > new) < a', 'shopt -s globstar; ls **/f', 'source lib.sh; f', 'echo $(<a)', '[[ -e a && b -ot a ]]',
             'coproc cat a; cat <&${COPROC[0]}', 'compgen -f d/', 'printf x > new', 'echo a >| b', 'diff <(cat a) <(cat b)', 'hash -r; ./x.sh', 'exec {fd}<a; cat <&$fd']
PERL = ['open F, "<", "a"; print <F>', 'open F, ">", "new"; print F 1', 'require "./lib.pl"', 'do "./lib.pl"', 'use lib "."; eval "require Mod" or die', '-e "a" && print 1',
        'opendir D, "d"; print readdir D', 'unlink "a"', 'rename "a", "new"', 'symlink "a", "s"; print readlink "s"', 'mkdir "m"; rmdir "m"',
        'use File::Copy; copy("a", "new")', 'use File::Find; find(sub { -f and open F, $_ }, "d")', 'use File::Temp; File::Temp->new(DIR => ".")',
        'system "cat a"', 'print `cat a`', 'print glob("d/*")', 'stat "none"', 'truncate "a", 0', 'utime 1, 1, "a"', 'link "a", "h"', 'use File::Path; make_path("m/n"); remove_tree("m")']
PYTHON = ['open("a").read()', 'open("new", "w").write("x")', 'open("a", "r+").write("x")', 'open("new", "x")', 'import os; os.rename("a", "new")', 'import os; os.replace("a", "b")',
          'import os; os.remove("a")', 'import os; os.listdir("d")', 'import os; list(os.walk("."))', 'import os; list(os.scandir("d"))', 'import os; os.makedirs("m/n")', 'import os; os.stat("none")if 0 else os.path.exists("none")',
          'import os; os.symlink("a", "s"); os.readlink("s")', 'import os; os.link("a", "h")', 'import os; os.path.realpath("ld/f")', 'import os; os.chmod("a", 0o755)',
          'import os; os.truncate("a", 1)', 'import os; os.access("a", os.X_OK)', 'import shutil; shutil.copy("a", "new")', 'import shutil; shutil.copytree("d", "d2")', 'import shutil; shutil.rmtree("d")',
          'import shutil; shutil.move("a", "e")', 'import shutil; shutil.make_archive("x", "tar", "d")', 'import tempfile; tempfile.NamedTemporaryFile(dir=".")', 'import tempfile; tempfile.mkdtemp(dir=".")',
          'import glob; glob.glob("**/f", recursive=True)', 'import pathlib; pathlib.Path("d/f").read_text()', 'import pathlib; pathlib.Path("new").touch()', 'import sys; sys.path.insert(0, "."); import mod',
          'import sys; sys.path.insert(0, "."); import pkg.sub', 'import runpy; runpy.run_path("mod.py")', 'import json; json.dump(1, open("new", "w"))', 'import zipfile; zipfile.ZipFile("z.zip", "w").write("a")',
          'import tarfile; tarfile.open("t.tar", "w").add("d")', 'import gzip; gzip.open("new.gz", "w").write(b"x")', 'import sqlite3; sqlite3.connect("new.db").execute("create table t(x)")', 'import subprocess; subprocess.call(["cat", "a"])',
          'import subprocess; subprocess.call("cat a", shell=True, env={})', 'import os; os.system("cat a")', 'import os; os.spawnv(os.P_WAIT, "/bin/cat", ["cat", "a"])', 'import mmap; f = open("a", "r+b"); mmap.mmap(f.fileno(), 0)[0:1] = b"x"',
          'import os; d = os.open("d", os.O_RDONLY); os.close(os.open("f", os.O_RDONLY, dir_fd=d))', 'import os; os.chdir("d"); open("f")', 'import multiprocessing as m; m.get_context("fork").Process(target=open, args=("a",)).start()',
          'import threading; t = threading.Thread(target=open, args=("a",)); t.start(); t.join()', 'import filecmp; filecmp.cmp("a", "b")', 'import linecache; linecache.getlines("a")', 'import csv; list(csv.reader(open("a")))',
          'import configparser; configparser.ConfigParser().read(["none", "c.ini"])', 'import dbm.dumb; dbm.dumb.open("new", "c")', 'import py_compile; py_compile.compile("mod.py")', 'import compileall; compileall.compile_dir("pkg", quiet=1)',
          'import fileinput; list(fileinput.input("a", inplace=True))', 'import ctypes; ctypes.CDLL(None).access(b"a", 0)']
BUILD = [
    'gcc -c m.c', 'gcc -E m.c -o m.i', 'gcc -S m.c', 'gcc -Id -c m.c -o o.o', 'gcc -M m.c', 'gcc -MMD -c m.c', 'gcc m.c n.c -o prog2', 'gcc -g -O2 -c m.c', 'gcc -shared -fPIC n.c -o libn.so',
    'gcc -include h.h -c n.c', 'gcc -save-temps -c m.c', 'gcc @args', 'gcc -pipe -c m.c', 'gcc -flto m.c n.c -o prog2', 'gcc -c none.c', 'gcc -c m.c -o d/m.o', 'gcc -static m.c n.c -o prog2',
    'gcc -c n.c && ar rc libn.a n.o && gcc m.c -L. -ln -o prog2', 'g++ -c cc.cc', 'g++ cc.cc -o prog2', 'cpp m.c', 'cpp -I d -MM m.c', 'gcc -S n.c && as n.s -o n.o', 'gcc -c n.c && ld -r n.o -o r.o', 'gcc -c n.c && nm n.o',
    'gcc -c n.c && objdump -d n.o', 'gcc -c n.c && strip n.o', 'gcc -c n.c && objcopy --strip-debug n.o m.o', 'gcc -c n.c && readelf -a n.o', 'gcc -c n.c && size n.o', 'ar t none.a', 'gcc -c n.c && ar rcs l.a n.o && ar x l.a && ranlib l.a',
    'gcc m.c n.c -o p && ./p', 'gcc -fsyntax-only m.c', 'gcc -x c - -o p < n2.c && ./p', 'clang -c m.c', 'clang m.c n.c -o p',
    'make', 'make -n', 'make -B', 'make -C sub', 'make -f other.mk', 'make none', 'make -j2', 'make -p', 'make; make; touch m.c; make',
    'javac Hello.java', 'javac -d out Hello.java', 'javac Hello.java && java -Xshare:auto Hello', 'jar cf x.jar a d', 'jar tf none.jar',
    'rustc hello.rs', 'rustc --emit=metadata hello.rs', 'cmake -P script.cmake', 'cmake -E copy a new', 'cmake -E tar cf x.tar d',
    'node -e "require(\'fs\').readFileSync(\'a\')"', 'node -e "require(\'./lib.js\')"', 'node script.js', 'tclsh script.tcl', 'sqlite3 new.db "create table t(x); insert into t values(1)"',
    'sqlite3 :memory: ".import a t"', 'go run hello.go', 'gdb -nx -batch -ex "file prog" -ex "info files"', 'cargo --version',
]
ARCHIVES = [
    'tar cf x.tar d', 'tar czf x.tgz d a', 'tar cjf x.tbz d', 'tar cJf x.txz d', 'tar tf t.tar', 'tar xf t.tar', 'tar xf t.tar -C e', 'tar xf t.tar --keep-old-files', 'tar rf t.tar b', 'tar uf t.tar a', 'tar chf x.tar ld', 'tar cf - d | tar xf - -C e',
    'tar df t.tar', 'tar cf x.tar -T list', 'tar --delete -f t.tar a', 'gzip a', 'gzip -k a', 'gzip -c a > new.gz', 'gunzip t.gz', 'zcat t.gz', 'zgrep x t.gz', 'gzip -l t.gz', 'bzip2 a', 'bzip2 -k a', 'xz a', 'xz -k a', 'xz -dc none.xz', 'zip z.zip a d', 'unzip -l none.zip',
    'ls | cpio -o > x.cpio', 'find d | cpio -pdm e', 'rsync -a d/ e/', 'zstd a', 'split -b 1 a && cat x?? > new',
]
GIT = ['git init -q .', 'git init -q . && git add a && git -c user.name=x -c user.email=x commit -qm x', 'git init -q . && git status', 'git hash-object a', 'git init -q . && git add . && git ls-files', 'git diff --no-index a b',
       'git init -q . && git add a && git mv a new', 'git init -q . && git add a && git rm -qf a', 'git init -q . && git stash list', 'git init -q . && git config x.y z && git config -l', 'git init -q --bare g.git', 'git init -q . && git add a && git checkout -- a']


def commands():
    """(program that must be there, shell, command)."""
    rows = [(c, '/bin/sh', '%s %s' % (c, f)) for c in READS for f in ('a', 'ld/f none')]
    rows += [('busybox', '/bin/busybox sh', 'busybox %s %s' % (c, f)) for c in BOX for f in ('l d/f', 'none')]
    rows += [(c.split()[0], '/bin/sh', c) for c in TEXT + BUILD + ARCHIVES + GIT]
    rows += [(None, shell, c) for c in SHELL for shell in ('/bin/bash', '/bin/dash', '/bin/busybox sh')]
    rows += [(None, '/bin/bash', c) for c in BASH_ONLY]
    rows += [('perl', '/bin/sh', "perl -e '%s'" % c) for c in PERL] + [('perl', '/bin/sh', 'perl -ne print a'), ('perl', '/bin/sh', 'perl -pi -e s/A/X/ a')]
    rows += [('python3', '/bin/sh', "/usr/bin/python3 -c '%s'" % c.replace("'", '"')) for c in PYTHON] + \
        [('python3', '/bin/sh', '/usr/bin/python3 mod.py'), ('python3', '/bin/sh', '/usr/bin/python3 -m pkg.sub'), ('python3', '/bin/sh', '/usr/bin/python3 -B none.py')]
    return rows

# ---- a repo ----


FILES = {
    'a': 'A\nline\n', 'b': 'B\nline\n', 'c': 'C\n', 'd/f': 'F\n', 'd/g': 'G\n', 'e/h': 'H\n', 'x.sh': '#!/bin/sh\ncat a\n', 'd/prog': '#!/bin/sh\necho prog\n', 'lib.sh': 'f() { cat a; }\n', 'lib.pl': '1;\n',
    'Mod.pm': 'package Mod; 1;\n', 'mod.py': 'import os\nX = 1\n', 'pkg/__init__.py': '', 'pkg/sub.py': 'X = 2\n', 'm.c': '#include "h.h"\n#include <stdio.h>\nint n(void);\nint main(void) { return n() * H; }\n', 'n.c': 'int n(void) { return 0; }\n', 'n2.c': 'int main(void) { return 0; }\n',
    'h.h': '#define H 0\n', 'd/h.h': '#define H 0\n', 'args': '-c n.c -o args.o\n', 'cc.cc': '#include <vector>\nint main() { std::vector<int> v; return (int)v.size(); }\n', 'script.sed': 's/A/X/\n', 'prog.awk': '{ print }\n', 'calc.bc': '1+1\nquit\n', 'ed.in': '1p\nq\n',
    'a.patch': '--- a\n+++ a\n@@ -1,2 +1,2 @@\n-A\n+X\n line\n', 'text.m4': 'include(`b\')\n', 'Hello.java': 'class Hello { public static void main(String[] a) { System.out.println("hi"); } }\n', 'hello.rs': 'fn main() { println!("hi"); }\n', 'hello.go': 'package main\nfunc main() { println("hi") }\n',
    'script.cmake': 'file(READ a X)\nfile(WRITE new "${X}")\n', 'lib.js': 'exports.x = 1\n', 'script.js': 'require("./lib.js"); require("fs").writeFileSync("new", "x")\n', 'script.tcl': 'set f [open a]\nputs [read $f]\nsource lib.tcl\nset g [open new w]\nclose $g\n', 'lib.tcl': 'set x 1\n', 'c.ini': '[x]\ny=1\n', 'list': 'a\nd\n',
    'Makefile': '-include none.mk\ninclude inc.mk\nall: m.o n.o\n\tcat m.o n.o > all.out\n%.o: %.c h.h\n\tgcc -c $< -o $@\n', 'inc.mk': 'X = 1\n', 'other.mk': 'all:\n\tcat a\n', 'sub/Makefile': 'all:\n\tcat ../a\n',
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
    'open': 1, 'openat': 1, 'openat2': 1, 'creat': 1, 'stat': 1, 'lstat': 1, 'newfstatat': 1, 'statx': 1, 'access': 1, 'faccessat': 1, 'faccessat2': 1, 'readlink': 1, 'readlinkat': 1, 'mkdir': 1, 'mkdirat': 1,
    'unlink': 1, 'unlinkat': 1, 'rename': 2, 'renameat': 2, 'renameat2': 2, 'link': 2, 'linkat': 2, 'truncate': 1, 'execve': 1, 'execveat': 1, 'chdir': 1, 'mknod': 1, 'mknodat': 1,
}
LAST = {'symlink', 'symlinkat'}         # the second string is the name
ATTRIBUTES = {'utimensat', 'chmod', 'fchmodat', 'fchmodat2', 'chown', 'lchown', 'fchownat', 'rmdir', 'statfs', 'getxattr', 'lgetxattr', 'setxattr'}


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
