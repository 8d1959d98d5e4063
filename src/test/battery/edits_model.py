"""A slow, obvious model of what random_edits.py tries lmake on: the tree that a build from nothing would leave.

It knows nothing of what was built before. Asked for a file, it looks which rule makes it, runs the function that stands
for that rule on a tree in memory, and keeps what was read, for the question whether a job had a reason to run. The
rules are in edits_rules.py. Nothing outside of this process is touched.
"""
from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Callable
from typing import NamedTuple

Content = tuple  # ('file', text, is executable) or ('link', text)
STEMS = {'F': r'n\d+', 'N': r'\d', 'Q': r'.+'}
ALL = 'LRT'  # looks at a file: its text as a link, its bytes and mode, whether it is there
# E: whether it is in error; Q: whether there is a source or a job for it


class Definition(NamedTuple):
    """A rule. `text`: as lmake reads it, but for knobs. `run`: the same as a function of a Run and the stems."""
    name: str
    text: str
    targets: list[str]
    deps: list[str]
    prio: int
    phony: bool
    run: Callable[..., None]

    @property
    def stdout(self) -> bool:
        return re.search(r'\n    target +=', self.text) is not None


class Failed(Exception):
    """The job fails: by itself, or since something it needs is in error."""


class Cycle(Exception):
    """The project is no test: a file would need itself."""


def fill(pattern: str, stems: dict[str, str]) -> str:
    return re.sub(r'\{(\w)\}', lambda m: stems[m[1]], pattern)


@functools.cache
def regex(pattern: str, shown: bool = False) -> re.Pattern:
    """Of the files of a pattern; or, if `shown`, of the names of jobs, where star stems stand for themselves."""
    out = ''
    for part in re.split(r'(\{\w\*?\})', pattern):
        if not part.startswith('{') or shown and part.endswith('*}'):
            out += re.escape(part)
        elif part.endswith('*}'):
            out += f'(?:{STEMS[part[1]]})'
        else:
            out += f'(?P={part[1]})' if f'(?P<{part[1]}>' in out else f'(?P<{part[1]}>{STEMS[part[1]]})'
    return re.compile(out)


class Run:
    """A job at work: what it looks at, in `seen` (name -> letters of LRTEQ), and what it writes, in `out`."""

    def __init__(self, model: Model, definition: Definition, stems: dict[str, str]):
        self.model, self.definition, self.stems = model, definition, stems
        self.shown = fill(definition.targets[0], stems)
        self.seen: dict[str, str] = {}
        self.out: dict[str, Content] = {}
        self.failed = False
        self.stdout = ''

    def go(self) -> None:
        try:
            for dep in self.model.deps(self.definition):
                self.note(fill(dep, self.stems), ALL)
            self.definition.run(self, **self.stems)
        except Failed:
            self.failed = True
        if self.definition.stdout:
            self.write(self.shown, self.stdout)

    # --- for the functions of the rules

    def echo(self, *words: object) -> None:
        self.stdout += ' '.join(map(str, words)) + '\n'

    def write(self, name: str, text: str, exe: bool = False) -> None:
        self.out[name] = ('file', text, exe)

    def is_file(self, path: str) -> bool:
        return self.get(path) is not None

    def text(self, path: str) -> str:
        content = self.get(path)
        if content is None:
            raise Failed
        return content[1]

    def show(self, path: str) -> None:
        """As the shell function: what cannot be shown is told on stderr, which is an error, and the job goes on."""
        try:
            self.stdout += self.text(path)
        except Failed:
            self.failed = True

    def first(self, path: str) -> str:
        return self.text(path).split('\n')[0]

    def read_link(self, path: str) -> str | None:
        content = self.note(self.resolve(path, False), 'L').content
        return content[1] if content and content[0] == 'link' else None

    def get(self, path: str) -> Content | None:
        """The regular file that `path` leads to."""
        content = self.note(self.resolve(path, True), ALL).content
        return content if content and content[0] == 'file' else None

    def require(self, name: str) -> None:
        """As ldepend: without it the job goes on, and is in error."""
        try:
            if self.note(name, 'Q').status == 'none':
                raise Failed
        except Failed:
            self.failed = True

    def told(self, name: str) -> Node:
        """As by ldepend -vRer: an error is a fact like another."""
        self.add(name, ALL + 'E')
        return self.model.node(name)

    # --- inside

    def add(self, name: str, kinds: str) -> None:
        self.seen[name] = ''.join(sorted(set(self.seen.get(name, '') + kinds)))

    def note(self, name: str, kinds: str) -> Node:
        self.add(name, kinds)
        node = self.model.node(name)
        if node.status == 'error' and 'E' not in self.seen[name]:
            raise Failed
        return node

    def resolve(self, path: str, follow: bool, hops: int = 0) -> str:
        parts, done = path.split('/'), ''
        for i, part in enumerate(parts):
            done = f'{done}/{part}' if done else part
            if i == len(parts) - 1 and not follow:
                break
            content = self.model.node(done).content
            if content and content[0] == 'link' and hops < 20:
                self.note(done, 'L')
                onward = posixpath.join(posixpath.dirname(done), content[1], *parts[i + 1:])
                return self.resolve(posixpath.normpath(onward), follow, hops + 1)
        return done


class Node(NamedTuple):
    """A file. `status`: source, made, none (nothing makes it) or error; `tried`: the jobs that were asked for it."""
    status: str
    content: Content | None = None
    tried: tuple[Run, ...] = ()


class Model:
    """What sources and rules stand for. A new one for each state of them."""

    def __init__(self, rules: list[Definition], files: dict[str, Content], missing: set[str], knobs: dict[str, object]):
        """`files`: what the user keeps; `missing`: names that are listed but not there; `knobs`: see edits_rules."""
        self.files, self.missing, self.knobs = files, missing, knobs
        self.dirs = {name[:i] for name in [*files, *missing] for i, c in enumerate(name) if c == '/'}
        self.rules = sorted((r for r in rules if r.name not in knobs['removed']), key=lambda r: -self.prio(r))
        self.texts = {r.name: r.text.replace('@EXTRA@', knobs['extra'].get(r.name, '')) +
                      self.static_dep(r) for r in self.rules}
        self.nodes: dict[str, Node | None] = {}
        self.runs: dict[tuple[str, str], Run] = {}

    def prio(self, definition: Definition) -> int:
        return self.knobs['prios'].get(definition.name, definition.prio)

    def static_dep(self, definition: Definition) -> str:
        """The line that knob `static` adds to a rule that has no static deps."""
        return "\n    deps = {'XTRA': '{F}.lst'}" if definition.name in self.knobs['static'] else ''

    def deps(self, definition: Definition) -> list[str]:
        return ['{F}.lst'] if self.static_dep(definition) else definition.deps

    def node(self, name: str) -> Node:
        if name not in self.nodes:
            self.nodes[name] = None
            self.nodes[name] = self.find(name)
        node = self.nodes[name]
        if node is None:
            raise Cycle(name)
        return node

    def find(self, name: str) -> Node:
        if name in self.missing:
            return Node('error')
        if name in self.files:
            return Node('source', self.files[name])
        if name in self.dirs or name.startswith('data/') or name in self.knobs['anti']:
            return Node('none')
        if re.fullmatch(r's/n\d+\.x', name):
            return Node('error')  # rule Unlisted
        up = posixpath.dirname(name)
        above = self.node(up) if up else Node('none')
        if above.status == 'error':
            return Node('error')  # a job that failed, or a missing source: a link, or nothing, may have to be there
        if above.status == 'source' or above.content:
            return Node('none')
        tried: list[Run] = []
        for r in self.rules:
            made = self.make(r, name, tried)
            if made is not None:
                return made._replace(tried=tuple(tried))
        return Node('none', None, tuple(tried))

    def make(self, r: Definition, name: str, tried: list[Run]) -> Node | None:
        """What rule `r` makes of `name`, or None if it does not."""
        for number, pattern in enumerate(r.targets):
            match = regex(pattern).fullmatch(name)
            if match is None:
                continue
            stems = match.groupdict()
            if any(self.node(fill(d, stems)).status == 'none' for d in self.deps(r)):
                return None
            run = self.job(r, stems)
            tried.append(run)
            if run.failed:
                return Node('error')
            if name in run.out:
                return Node('made', run.out[name])
            return Node('made') if number == 0 and r.phony else None
        return None

    def job(self, r: Definition, stems: dict[str, str]) -> Run:
        run = Run(self, r, stems)
        key = r.name, run.shown
        if key not in self.runs:
            self.runs[key] = run
            run.go()
        return self.runs[key]

    def job_named(self, rule_name: str, shown: str) -> Run | None:
        """The job that lmake calls so, or None if it cannot be now."""
        for r in self.rules:
            if r.name == rule_name:
                match = regex(r.targets[0], shown=True).fullmatch(shown)
                if match and all(self.node(fill(d, match.groupdict())).status != 'none' for d in self.deps(r)):
                    return self.job(r, match.groupdict())
        return None

    def closure(self, names: list[str]) -> dict[tuple[str, str], Run]:
        """The jobs that stand behind these files, those included that were asked for them in vain."""
        found: dict[tuple[str, str], Run] = {}
        done: set[str] = set()
        todo = list(names)
        while todo:
            name = todo.pop()
            if name in done or not name:
                continue
            done.add(name)
            if self.node(name).status != 'source':
                todo.append(posixpath.dirname(name))
            for run in self.node(name).tried:
                found[run.definition.name, run.shown] = run
                todo += run.seen
        return found

    # --- was there a reason to run a job again?

    def value(self, name: str, kinds: str) -> tuple:
        """What a job that looks at `name` in these ways sees."""
        node = self.node(name)
        link = node.content is not None and node.content[0] == 'link'
        return (node.content if link and 'L' in kinds else None, node.content if not link and 'R' in kinds else None,
                'T' in kinds and node.content is not None, 'Q' in kinds and node.status == 'none',
                node.status == 'error', self.behind_link(name))

    def behind_link(self, name: str) -> bool:
        """Whether a dir of `name` is a link now, so that who looks there meets another file."""
        up = posixpath.dirname(name)
        content = self.node(up).content if up else None
        return bool(up) and (content is not None and content[0] == 'link' or self.behind_link(up))

    def record(self, run: Run) -> tuple:
        """What must stay as it is for `run` to stay right."""
        return self.texts[run.definition.name], frozenset((n, k, self.value(n, k)) for n, k in run.seen.items())

    def holds(self, rule_name: str, record: tuple) -> bool:
        text, seen = record
        return self.texts.get(rule_name) == text and all(self.value(n, k) == value for n, k, value in seen)
