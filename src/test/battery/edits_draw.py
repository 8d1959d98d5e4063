"""The edits of random_edits.py: which one comes next, drawn for the project as it is (edits_project.py carries it out).

Each way to edit takes a project and a source of chance, and returns an edit as plain data. It changes nothing.
"""
from __future__ import annotations

import random

from edits_model import Cycle, Model, fill
from edits_project import Project

REMOVABLE = ['Whole', 'NoData', 'OptElse', 'GenSearched', 'Over', 'GenHeader', 'Const', 'Deep']
WITH_EXTRA = ['Cat', 'Crit', 'Chain', 'GenHeader', 'Hit', 'Use', 'Whole', 'Through', 'Mode', 'GenSearched', 'Par',
              'Now', 'Data']
WITH_STATIC = ['Chain', 'Hit', 'Use', 'DeepRead', 'Through', 'Par', 'Fail']
BRANCHES = ['main', 'other', 'third']


def draw(project: Project, rand: random.Random) -> tuple:
    """One edit, and never one after which a file would need itself, or a job would write over a source."""
    while True:
        edit = rand.choices(*zip(*WAYS))[0](project, rand)
        trial = project.rehearsal()
        if edit[0] in ('set', 'sly', 'move', 'lose', 'knob', 'switch'):
            trial.apply(edit)
            model = trial.model()
            try:
                for name in project.targets:
                    model.node(name)
                if _writes_source(model, project.stems):
                    continue
            except Cycle:
                continue
        return edit


def _writes_source(model: Model, stems: list[str]) -> bool:
    """Whether a star job would: it is in error then, but what the user had written is gone."""
    runs = [model.job_named(r.name, fill(r.targets[0], {'F': n})) for n in stems for r in model.rules
            if any('*' in p for p in r.targets)]
    return any(name in model.files or name in model.missing for run in runs if run for name in run.out)


def _some(project: Project, rand: random.Random) -> str:
    return rand.choice(sorted(project.files))


def edit_source(p: Project, rand: random.Random) -> tuple:
    names = [n for n in sorted(p.files) if p.files[n][0] == 'file' and n not in ('mods/__init__.py', 'data/keep')]
    name = rand.choice([n for n in names if n.endswith(('.lst', '.num', '.h'))] if rand.random() < 0.6 else names)
    return 'set', {name: (*p.text_for(rand, name)[:2], p.files[name][2])}


def revert(p: Project, rand: random.Random) -> tuple:
    """A file becomes what it was before, what it is on another branch, or what another file is."""
    former = [n for n in sorted(p.former) if p.former[n] != p.files.get(n)]
    if former and rand.random() < 0.5:
        name = rand.choice(former[-8:] if rand.random() < 0.5 else former)
        return 'set', {name: p.former[name]}
    if p.branches:
        files = p.branches[rand.choice(sorted(p.branches))][0]
        differ = [n for n in sorted(files) if p.files.get(n) != files[n]]
        if differ:
            name = rand.choice(differ)
            return 'set', {name: files[name]}
    return 'set', {rand.choice(p.texts): p.files.get(rand.choice(p.texts), ('link', p.texts[-1]))}


def touch(p: Project, rand: random.Random) -> tuple:
    return 'touch', _some(p, rand) if rand.random() < 0.5 else rand.choice(p.targets)


def chmod(p: Project, rand: random.Random) -> tuple:
    names = [n for n in sorted(p.files) if p.files[n][0] == 'file' and not n.endswith('.py')]
    name = rand.choice(names)
    return 'set', {name: ('file', p.files[name][1], not p.files[name][2])}


def create(p: Project, rand: random.Random) -> tuple:
    """Often one that hides another: on a search path, a package before a module, a source in the place of a target."""
    n = rand.choice(p.stems)
    name = rand.choice([f'i0/{n}', f'i0/{n}', f'i1/{n}', f'i2/{n}', f'd1/{n}', f'd2/{n}', f'{n}.gi', f's/{n}.x',
                        f'data/{n}', f'data/sub/{n}', f'mods/{n}.py', f'mods/{n}/__init__.py', 't99',
                        rand.choice(p.texts), f'{n}.lst', f'{n}.num', f'{n}.h', f'{n}.hit', f'{n}.const', f'{n}.opt',
                        f'{n}.d/1', f'deep/{n}/l0/f'])
    special = name.startswith('mods') or name.partition('.')[2] in ('lst', 'num', 'h')
    return 'set', {name: p.text_for(rand, name if special else 't')}


def delete(p: Project, rand: random.Random) -> tuple:
    names = [n for n in sorted(p.files) if n not in ('mods/__init__.py', 'data/keep')]
    return ('set', {rand.choice(names): None}) if rand.random() < 0.85 else ('lose', rand.choice(names))


def rename(p: Project, rand: random.Random) -> tuple:
    names = [n for n in sorted(p.files) if p.files[n][0] == 'file' and n.startswith(('t', 'i', 'd1', 'd2'))]
    if not names:
        return 'nothing',
    old, n = rand.choice(names), rand.choice(p.stems)
    new = rand.choice([f'i0/{n}', f'i2/{n}', f'd1/{n}', f'd2/{n}', 't99', rand.choice(p.texts)])
    return 'set', {old: None, new: p.files[old]}


def move(p: Project, rand: random.Random) -> tuple:
    """A file, often over another, or a dir: with mv, so that dates and inodes are old ones."""
    if rand.random() < 0.4:
        a, b = rand.sample(['d1', 'd2', 'i0', 'i2'], 2)
        return 'move', rand.choice([[(a, 'aside'), (b, a), ('aside', b)], [(a, b)], [('sw', 'aside'), ('aside', 'sw')]])
    edit = rename(p, rand)
    return ('move', [tuple(edit[1])]) if edit[0] == 'set' and len(edit[1]) == 2 else edit


def sly(p: Project, rand: random.Random) -> tuple:
    """An edit that keeps size and date, most often of a file that many read."""
    def other(name: str) -> str:
        return p.files[name][1].translate(str.maketrans('012', '120') if name.endswith(('.num', '.py')) else
                                          str.maketrans('abc', 'bca') if name.startswith(('t', 'i', 'd', 's/')) or
                                          name.endswith('.gi') else {})
    names = [n for n in sorted(p.files) if p.files[n][0] == 'file' and other(n) != p.files[n][1]]
    read = [n for n in names if n in p.texts or n.endswith('.num')]
    name = rand.choice(read if read and rand.random() < 0.6 else names) if names else ''
    return ('sly', name, ('file', other(name), p.files[name][2])) if names else ('nothing',)


def make_link(p: Project, rand: random.Random) -> tuple:
    """A source becomes a link to another, or a dir that jobs go through leads elsewhere."""
    if rand.random() < 0.4:
        return 'set', {'ld': ('link', rand.choice(['d1', 'd2', 'nowhere', 'i1', 'data']))}
    a, b = rand.sample(range(len(p.texts)), 2)
    return 'set', {p.texts[min(a, b)]: ('link', rand.choice([p.texts[max(a, b)], 'ld/n0', 't99']))}


def file_or_dir(p: Project, rand: random.Random) -> tuple:
    text = p.text_for(rand, 't')
    return 'set', rand.choice([
        {'sw/x': text}, {'sw/x': None, 'sw': text}, {'sw/x': None, 'sw': ('link', 'data')},
        {'sw/x': None, 'sw': ('link', 't0')}, {'sw': None, 'sw/x': None}, {'sw': None, 'sw/x/y': text},
        {'ld': None, 'ld/n0': text}, {'ld/n0': None, 'ld': ('link', 'd2')},
        {'i0': text}, {'i0': None, 'i0/n0': text}, {'data/x': text}, {'data/x': None, 'data/x/y': text}])


def change_rule(p: Project, rand: random.Random) -> tuple:
    way = rand.randrange(5)
    if way == 4:
        return 'knob', 'static', p.knobs['static'] ^ {rand.choice(WITH_STATIC)}
    if way == 0:
        return 'knob', 'removed', p.knobs['removed'] ^ {rand.choice(REMOVABLE)}
    if way == 1:
        # No file of Split: a job that writes a hidden file is in error and leaves it.
        name = rand.choice(p.stems) + rand.choice(['.const', '.hit', '.opt', '.use', '.gh'])
        return 'knob', 'anti', p.knobs['anti'] ^ {name}
    if way == 2:
        name = rand.choice(['Whole', 'OptElse', 'NoData'])
        return 'knob', 'prios', {**p.knobs['prios'], name: rand.choice([-2, -1, 1])}
    name = rand.choice(WITH_EXTRA)
    return 'knob', 'extra', {**p.knobs['extra'], name: rand.choice(['', '; echo more', '; echo other'])}


def change_module(p: Project, rand: random.Random) -> tuple:
    if rand.random() < 0.5:
        return 'knob', 'deco', rand.choice('xyz')
    name = f'mods/{rand.choice([t.split(".")[0] for t in p.targets if t.endswith(".mod")])}.py'
    return 'set', {name: p.text_for(rand, name) if rand.random() < 0.8 else None}


def switch(p: Project, rand: random.Random) -> tuple:
    return 'switch', rand.choice([b for b in BRANCHES if b != p.branch])


def spoil(p: Project, rand: random.Random) -> tuple:
    """One that is there: the choice is made of what the model says."""
    model = p.model()
    names = sorted({*p.targets, *(n for run in model.closure(p.targets).values() for n in run.out)})
    name, how = rand.choice(names), rand.choice(['delete', 'truncate', 'edit', 'edit', 'mode', 'copy', 'link'])
    if how == 'mode' and name.endswith('.inc'):
        how = 'edit'  # an incremental target is left as it is found, and its job looks at the text alone
    return 'spoil', name, how


def clean(p: Project, rand: random.Random) -> tuple:
    return 'clean', rand.choice(['', '', 'deep/', 'i1/', rand.choice(p.stems)])


def nothing(p: Project, rand: random.Random) -> tuple:
    return 'nothing',


def restart(p: Project, rand: random.Random) -> tuple:
    return 'restart',


def forget(p: Project, rand: random.Random) -> tuple:
    return ('forget', rand.choice(p.targets)) if rand.random() < 0.6 else ('wipe',)


WAYS = [(edit_source, 20), (revert, 7), (touch, 5), (chmod, 5), (create, 12), (delete, 8), (rename, 4), (move, 5),
        (sly, 6), (make_link, 7), (file_or_dir, 8), (change_rule, 9), (change_module, 4), (switch, 6), (spoil, 10),
        (clean, 3), (nothing, 4), (restart, 1), (forget, 2)]
