"""The rules of the projects of random_edits.py, each one twice: as lmake is told of it, and as a function on the model.

The two must say the same; a build from nothing is compared with the model to see that they do. What the edits may turn,
the knobs: `removed` (names of rules), `extra` (rule -> words put at the end of its command), `prios` (rule -> its
priority), `anti` (files an AntiRule hides), `static` (names of rules that have one static dep more, so that their
jobs are others), `deco` (what module tools puts in front).
"""
from __future__ import annotations

from collections.abc import Callable

from edits_model import Definition, Failed, Model, Run

HEAD = r'''
import lmake
from lmake.rules import Rule, AntiRule, PyRule, SourceRule
from lmake.sources import auto_sources
import tools
lmake.manifest = auto_sources() + ['data/']
SHOW = 'show() {{ local l; while IFS= read -r l; do echo "$l"; done <$1; }}; '
class Base(Rule):
    virtual = True
    stems = {'F': r'n\d+', 'N': r'\d', 'Q': r'.+'}
class Unlisted(SourceRule):
    target = r's/{F:n\d+}.x'
'''
RULES: list[Definition] = []


def rule(text: str, targets: str, deps: str = '', prio: int = 0, phony: bool = False, python: bool = False) -> Callable:
    def add(run: Callable[..., None]) -> Callable[..., None]:
        name = ''.join(word.capitalize() for word in run.__name__.split('_'))
        head = f'class {name}({"Base, PyRule" if python else "Base"}):'
        RULES.append(Definition(name, head + text.rstrip(), targets.split(), deps.split(), prio, phony, run))
        return run
    return add


def makefile(model: Model) -> str:
    text = HEAD
    for r in RULES:
        if r.name in model.texts:
            text += model.texts[r.name] + '\n' + (f'    prio = {model.prio(r)}\n' if model.prio(r) else '')
    for number, name in enumerate(sorted(model.knobs['anti'])):
        text += f'class Anti{number}(AntiRule):\n    target = {name!r}\n'
    return text


def extra(c: Run) -> None:
    """What knob `extra` adds: an echo of one word."""
    words = c.model.knobs['extra'].get(c.definition.name)
    if words:
        c.echo(words.split()[-1])


# --- chains of files that lead to one another


@rule('''
    target = '{F}.cat'
    deps   = {'LST': '{F}.lst'}
    cmd    = SHOW + 'while read -r f; do if [ -f $f ]; then show $f; else echo absent $f; fi; done <{LST}@EXTRA@'
''', '{F}.cat', '{F}.lst')
def cat(c: Run, F: str) -> None:
    for f in c.text(f'{F}.lst').split():
        c.show(f) if c.is_file(f) else c.echo('absent', f)
    extra(c)


@rule('''
    target = '{F}.crit'
    deps   = {'LST': ('{F}.lst', 'critical')}
    cmd    = SHOW + 'while read -r f; do [ ! -f $f ] || show $f; done <{LST}; echo end@EXTRA@'
''', '{F}.crit', '{F}.lst')
def crit(c: Run, F: str) -> None:
    for f in c.text(f'{F}.lst').split():
        if c.is_file(f):
            c.show(f)
    c.echo('end')
    extra(c)


@rule(r"""
    target = '{F}.chain'
    cmd    = '''
        inc() {{
            local a b
            while read -r a b; do
                if [ "$a" != use ]; then echo "$a"; elif [ -f $b ]; then inc $b; else echo no $b; fi
            done <$1
        }}
        if [ -f {F}.h ]; then inc {F}.h; fi
        echo chain@EXTRA@
    '''
""", '{F}.chain')
def chain(c: Run, F: str) -> None:
    def include(name: str) -> None:
        for line in c.text(name).splitlines():
            word, _, other = line.partition(' ')
            if word != 'use':
                c.echo(word)
            elif c.is_file(other):
                include(other)
            else:
                c.echo('no', other)
    if c.is_file(f'{F}.h'):
        include(f'{F}.h')
    c.echo('chain')
    extra(c)


@rule('''
    target = '{F}.gh'
    deps   = {'LST': '{F}.lst'}
    cmd    = 'read -r a <{LST}; echo $a; echo use {F}.h@EXTRA@'
''', '{F}.gh', '{F}.lst')
def gen_header(c: Run, F: str) -> None:
    c.echo(c.first(f'{F}.lst'))
    c.echo(f'use {F}.h')
    extra(c)


@rule('''
    target = '{F}.const'
    deps   = {'C': '{F}.cat'}
    cmd    = 'read -r l <{C}; echo "${{l:0:1}}"@EXTRA@'
''', '{F}.const', '{F}.cat')
def const(c: Run, F: str) -> None:
    c.echo(c.first(f'{F}.cat')[:1])
    extra(c)


# --- search paths, priorities, stars


@rule('''
    target = '{F}.hit'
    cmd    = SHOW + 'for d in i0 i1 i2; do if [ -f $d/{F} ]; then show $d/{F}; break; fi; done; echo {F}@EXTRA@'
''', '{F}.hit')
def hit(c: Run, F: str) -> None:
    for d in ('i0', 'i1', 'i2'):
        if c.is_file(f'{d}/{F}'):
            c.show(f'{d}/{F}')
            break
    c.echo(F)
    extra(c)


@rule('''
    target = 'i1/{F}'
    deps   = {'G': '{F}.gi'}
    cmd    = SHOW + 'show {G}; echo generated@EXTRA@'
''', 'i1/{F}', '{F}.gi')
def gen_searched(c: Run, F: str) -> None:
    c.show(f'{F}.gi')
    c.echo('generated')
    extra(c)


@rule('''
    target = '{F}.use'
    cmd    = SHOW + 'show {F}.const; show {F}.hit@EXTRA@'
''', '{F}.use')
def use(c: Run, F: str) -> None:
    c.show(f'{F}.const')
    c.show(f'{F}.hit')
    extra(c)


@rule('''
    targets = {'D': '{F}.d/{N*}'}
    deps    = {'SRC': '{F}.num'}
    cmd     = """
        read -r n <{SRC}; i=0; [ $n = 0 ] || mkdir -p {F}.d
        while [ $i -lt $n ]; do echo part $i of $n >{F}.d/$i; i=$((i+1)); done@EXTRA@
    """
''', '{F}.d/{N*}', '{F}.num')
def split(c: Run, F: str) -> None:
    n = int(c.text(f'{F}.num'))
    for i in range(n):
        c.write(f'{F}.d/{i}', f'part {i} of {n}\n')


@rule('''
    target = '{F}.d/{N}'
    cmd    = 'echo whole {F} {N}@EXTRA@'
''', '{F}.d/{N}', prio=-1)
def whole(c: Run, F: str, N: str) -> None:
    c.echo('whole', F, N)
    extra(c)


@rule('''
    targets = {'M': '{F}.deep', 'D': 'deep/{F}/{Q*}'}
    deps    = {'SRC': '{F}.num'}
    cmd     = """
        read -r n <{SRC}; i=0; p=deep/{F}
        while [ $i -lt $n ]; do p=$p/l$i; i=$((i+1)); done
        [ $n = 0 ] || {{ mkdir -p $p; echo at $p >$p/f; }}
        echo $n >{M}@EXTRA@
    """
''', '{F}.deep deep/{F}/{Q*}', '{F}.num')
def deep(c: Run, F: str) -> None:
    n = int(c.text(f'{F}.num'))
    p = '/'.join([f'deep/{F}'] + [f'l{i}' for i in range(n)])
    if n:
        c.write(f'{p}/f', f'at {p}\n')
    c.write(f'{F}.deep', f'{n}\n')


@rule('''
    target = '{F}.dr'
    cmd    = SHOW + 'if [ -f deep/{F}/l0/l1/f ]; then show deep/{F}/l0/l1/f; else echo not so deep; fi@EXTRA@'
''', '{F}.dr')
def deep_read(c: Run, F: str) -> None:
    if c.is_file(f'deep/{F}/l0/l1/f'):
        c.show(f'deep/{F}/l0/l1/f')
    else:
        c.echo('not so deep')
    extra(c)


@rule('''
    target = 'n0.hit'
    prio   = 2
    cmd    = 'echo over@EXTRA@'
''', 'n0.hit', prio=2)
def over(c: Run) -> None:
    c.echo('over')
    extra(c)


# --- links, modes, dirs


@rule('''
    targets = {'L': '{F}.ln'}
    deps    = {'LST': '{F}.lst'}
    cmd     = 'read -r l <{LST}; ln -s $l {L}'
''', '{F}.ln', '{F}.lst')
def link(c: Run, F: str) -> None:
    c.out[f'{F}.ln'] = 'link', c.first(f'{F}.lst')


@rule('''
    targets = {'X': '{F}.exe'}
    deps    = {'C': '{F}.cat'}
    cmd     = SHOW + 'show {C} >{X}; read -r l <{C}; case $l in a*) chmod +x {X};; esac@EXTRA@'
''', '{F}.exe', '{F}.cat')
def exe(c: Run, F: str) -> None:
    text = c.text(f'{F}.cat')
    c.write(f'{F}.exe', text, text.startswith('a'))


@rule('''
    target = '{F}.mode'
    cmd    = SHOW + """
        if [ -x {F}.exe ]; then echo exe; else echo plain; fi
        readlink {F}.ln
        if [ -f {F}.ln ]; then show {F}.ln; fi@EXTRA@
    """
''', '{F}.mode')
def mode(c: Run, F: str) -> None:
    content = c.get(f'{F}.exe')
    c.echo('exe' if content and content[2] else 'plain')
    text = c.read_link(f'{F}.ln')
    if text is not None:  # else readlink fails, and says nothing
        c.echo(text)
    if c.is_file(f'{F}.ln'):
        c.show(f'{F}.ln')
    extra(c)


@rule('''
    target = '{F}.thr'
    cmd    = SHOW + """
        if [ -f ld/{F} ]; then show ld/{F}; else echo no; fi
        if [ -f sw/x ]; then show sw/x; elif [ -f sw ]; then show sw; else echo none; fi@EXTRA@
    """
''', '{F}.thr')
def through(c: Run, F: str) -> None:
    c.show(f'ld/{F}') if c.is_file(f'ld/{F}') else c.echo('no')
    for path in ('sw/x', 'sw'):
        if c.is_file(path):
            c.show(path)
            break
    else:
        c.echo('none')
    extra(c)


@rule('''
    targets = {'L': '{F}.gl'}
    deps    = {'SRC': '{F}.num'}
    cmd     = 'read -r n <{SRC}; ln -s d$n {L}'
''', '{F}.gl', '{F}.num')
def gen_dir_link(c: Run, F: str) -> None:
    c.out[f'{F}.gl'] = 'link', 'd' + c.first(f'{F}.num')


@rule('''
    target = '{F}.glr'
    cmd    = SHOW + 'if [ -f {F}.gl/n0 ]; then show {F}.gl/n0; else echo no n0; fi@EXTRA@'
''', '{F}.glr')
def through_gen_link(c: Run, F: str) -> None:
    c.show(f'{F}.gl/n0') if c.is_file(f'{F}.gl/n0') else c.echo('no n0')
    extra(c)


# --- python


@rule('''
    target = '{F}.py.out'
    deps   = {'H': '{F}.hit'}
    def cmd():
        print(tools.deco(open(H).read()))
''', '{F}.py.out', '{F}.hit', python=True)
def py(c: Run, F: str) -> None:
    c.get('tools.py')
    c.echo(c.model.knobs['deco'] + c.text(f'{F}.hit'))


@rule('''
    target = '{F}.mod'
    def cmd():
        import importlib
        try: print(importlib.import_module('mods.' + F).V)
        except ImportError: print('no module', F)
''', '{F}.mod', python=True)
def mod(c: Run, F: str) -> None:
    for name in (f'mods/{F}/__init__.py', f'mods/{F}.py'):
        if c.is_file(name):
            c.echo(c.text(name).split()[-1])
            break
    else:
        c.echo('no module', F)


@rule('''
    target = 'gen_{F}.py'
    deps   = {'LST': '{F}.lst'}
    cmd    = 'read -r l <{LST}; echo V = "\\'$l\\'"@EXTRA@'
''', 'gen_{F}.py', '{F}.lst')
def gen_module(c: Run, F: str) -> None:
    c.echo(f"V = '{c.first(F + '.lst')}'")
    extra(c)


@rule('''
    target = '{F}.gen'
    def cmd():
        import importlib
        print(importlib.import_module('gen_' + F).V)
''', '{F}.gen', python=True)
def use_gen_module(c: Run, F: str) -> None:
    if not c.is_file(f'gen_{F}.py'):
        c.get('Lmakefile.py')  # the line that failed is quoted
    c.echo(c.first(f'gen_{F}.py').split("'")[1])


# --- flags of targets and rules


@rule('''
    target = '{F}.dat'
    deps   = {'D': 'data/{F}'}
    cmd    = SHOW + 'show {D}; if [ -f data/sub/{F} ]; then show data/sub/{F}; fi@EXTRA@'
''', '{F}.dat', 'data/{F}')
def data(c: Run, F: str) -> None:
    c.show(f'data/{F}')
    if c.is_file(f'data/sub/{F}'):
        c.show(f'data/sub/{F}')
    extra(c)


@rule('''
    target = '{F}.dat'
    cmd    = 'echo no data@EXTRA@'
''', '{F}.dat', prio=-1)
def no_data(c: Run, F: str) -> None:
    c.echo('no data')
    extra(c)


@rule('''
    targets = {'O': ('{F}.inc', 'incremental')}
    deps    = {'LST': '{F}.lst'}
    cmd     = SHOW + 'if [ ! -f {O} ] || [ "$(<{O})" != "$(<{LST})" ]; then show {LST} >{O}; fi'
''', '{F}.inc', '{F}.lst')
def inc(c: Run, F: str) -> None:
    c.write(f'{F}.inc', c.text(f'{F}.lst'))


@rule('''
    targets = {'O': ('{F}.opt', 'optional')}
    deps    = {'LST': '{F}.lst'}
    cmd     = 'read -r l <{LST}; case $l in t*) echo opt $l >{O};; esac'
''', '{F}.opt', '{F}.lst')
def opt(c: Run, F: str) -> None:
    line = c.first(f'{F}.lst')
    if line.startswith('t'):
        c.write(f'{F}.opt', f'opt {line}\n')


@rule('''
    target = '{F}.opt'
    cmd    = 'echo else {F}@EXTRA@'
''', '{F}.opt', prio=-1)
def opt_else(c: Run, F: str) -> None:
    c.echo('else', F)
    extra(c)


@rule('''
    targets = {'P': ('{F}.ph', 'phony')}
    deps    = {'SRC': '{F}.num'}
    cmd     = 'read -r n <{SRC}; if [ $n -gt 1 ]; then echo $n >{P}; fi'
''', '{F}.ph', '{F}.num', phony=True)
def perhaps(c: Run, F: str) -> None:
    n = c.first(f'{F}.num')
    if int(n) > 1:
        c.write(f'{F}.ph', f'{n}\n')


@rule('''
    target = '{F}.phu'
    deps   = {'P': '{F}.ph'}
    cmd    = SHOW + 'if [ -f {P} ]; then show {P}; else echo none; fi@EXTRA@'
''', '{F}.phu', '{F}.ph')
def perhaps_used(c: Run, F: str) -> None:
    c.show(f'{F}.ph') if c.is_file(f'{F}.ph') else c.echo('none')
    extra(c)


@rule('''
    targets      = {'M': '{F}.main'}
    side_targets = {'S': '{F}.side'}
    deps         = {'SRC': '{F}.num'}
    cmd          = 'read -r n <{SRC}; echo $n >{M}; if [ $n -gt 1 ]; then echo side $n >{S}; fi'
''', '{F}.main', '{F}.num')
def side(c: Run, F: str) -> None:
    n = c.first(f'{F}.num')
    c.write(f'{F}.main', f'{n}\n')
    if int(n) > 1:
        c.write(f'{F}.side', f'side {n}\n')


@rule('''
    target = '{F}.su'
    cmd    = SHOW + 'show s/{F}.x@EXTRA@'
''', '{F}.su')
def unlisted_used(c: Run, F: str) -> None:
    c.show(f's/{F}.x')
    extra(c)


@rule('''
    target = '{F}.fail'
    cmd    = SHOW + 'show t2; read -r l <t2; case $l in a*) exit 1;; esac@EXTRA@'
''', '{F}.fail')
def fail(c: Run, F: str) -> None:
    c.show('t2')
    if c.first('t2').startswith('a'):
        raise Failed
    extra(c)


@rule('''
    target = '{F}.fu'
    deps   = {'LST': '{F}.lst', 'X': '{F}.fail'}
    cmd    = SHOW + 'show {LST}; show {X}@EXTRA@'
''', '{F}.fu', '{F}.lst {F}.fail')
def fail_used(c: Run, F: str) -> None:
    c.show(f'{F}.lst')
    c.show(f'{F}.fail')
    extra(c)


# --- calls from inside jobs


@rule('''
    target = '{F}.par'
    cmd    = SHOW + 'ldepend -Rr {F}.const {F}.hit t1; show {F}.const; show {F}.hit; [ ! -f t1 ] || show t1@EXTRA@'
''', '{F}.par')
def par(c: Run, F: str) -> None:
    for name in (f'{F}.const', f'{F}.hit', 't1'):
        c.get(name)
    c.show(f'{F}.const')
    c.show(f'{F}.hit')
    if c.is_file('t1'):
        c.show('t1')
    extra(c)


@rule('''
    target = '{F}.told'
    cmd    = """
        ldepend -vRer {F}.const {F}.exe t0 t99 | while read -r s c n; do
            case $s-$c in error*) echo error $n;; ok-none) echo none $n;; *) echo $s $n;; esac
        done@EXTRA@
    """
''', '{F}.told')
def told(c: Run, F: str) -> None:
    for name in (f'{F}.const', f'{F}.exe', 't0', 't99'):
        node = c.told(name)
        c.echo('error' if node.status == 'error' else 'ok' if node.content else 'none', name)
    extra(c)


@rule('''
    target = '{F}.now'
    cmd    = SHOW + 'ldepend -d {F}.hit {F}.d/1; show {F}.hit; show {F}.d/1@EXTRA@'
''', '{F}.now')
def now(c: Run, F: str) -> None:
    c.require(f'{F}.hit')
    c.require(f'{F}.d/1')
    c.show(f'{F}.hit')
    c.show(f'{F}.d/1')
    extra(c)


@rule('''
    target = '{F}.ck'
    cmd    = SHOW + 'show {F}.use; lcheck_deps -s; show {F}.use >{F}.tmp; mv {F}.tmp $TMPDIR/x@EXTRA@'
''', '{F}.ck')
def checked(c: Run, F: str) -> None:
    c.show(f'{F}.use')
    extra(c)
