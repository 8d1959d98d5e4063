"""Patterns of targets, side targets, side deps and job names: literal text and stems.

    pattern := ( char | '{{' | '}}' | '{' [ name ['*'] | '*' ] [ ':' regex ] '}' )*

`parse` cuts the text; a `Stems` table gives each stem of a rule its index and regex; `compile_pattern` makes the Java
regex of the whole name.
"""

import re

from lmake._read.errors import ReadError, show
from lmake._read.regex import Untranslatable, escape_text, translate

_HEAD = re.compile(r'\s*([^\W\d]\w*(\*?)|\*|)\s*$', re.UNICODE)


class Stem(object):
    """One occurrence of a stem in a pattern; `regex` is None unless given there."""

    def __init__(self, name, star, regex):
        self.name = name  # '' for unnamed ones until a table numbers them
        self.star = star
        self.regex = regex

    def show(self):
        return '{%s%s}' % (self.name, '*' if self.star else '')


def _closing(text, start):
    """Return the index of the brace that closes the one before `start`."""
    depth = 1
    for i in range(start, len(text)):
        depth += {'{': 1, '}': -1}.get(text[i], 0)
        if not depth:
            return i
    raise ReadError("pattern %s: a { is never closed" % show(text), 'write {{ for a brace, or use the stems attribute')


def _stem(text, body):
    head, colon, regex = body.partition(':')
    found = _HEAD.match(head)
    if not found:
        raise ReadError(
            'pattern %s: {%s} is not a stem' % (show(text), body), 'name, name*, or name:regex between braces')
    name = found.group(1)
    star = name.endswith('*')
    return Stem(name.rstrip('*'), star, regex if colon else None)


def parse(text):
    """Return the list of str and Stem a pattern is made of; adjacent text is one str."""
    if not isinstance(text, str):
        raise ReadError('pattern %s is not a str' % show(text))
    parts, literal, i = [], '', 0
    while i < len(text):
        c = text[i]
        if text[i:i + 2] in ('{{', '}}'):
            literal, i = literal + c, i + 2
        elif c == '}':
            raise ReadError("pattern %s: a lone }" % show(text), "write }} for a brace")
        elif c == '{':
            end = _closing(text, i + 1)
            if literal:
                parts.append(literal)
            parts.append(_stem(text, text[i + 1:end]))
            literal, i = '', end + 1
        else:
            literal, i = literal + c, i + 1
    if literal:
        parts.append(literal)
    return parts


def check_local(text, parts, what, dot_ok=False):
    """Check that the constant parts of a pattern are canonical and inside the repo."""
    if not parts:
        raise ReadError('%s is empty' % what)
    if dot_ok and parts == ['.']:
        return
    shape = ''.join(p if isinstance(p, str) else '\0' for p in parts)
    if shape.startswith('/'):
        raise ReadError('%s %s is not in the repo: it starts with /' % (what, show(text)))
    if shape.endswith('/'):
        raise ReadError('%s %s ends with /' % (what, show(text)), text.rstrip('/'))
    for component in shape.split('/'):
        if component in ('', '.', '..'):
            why = "it has a '%s' component" % component if component else 'it has an empty component'
            import posixpath
            better = posixpath.normpath(text)
            consider = None if better.startswith('..') or component == '..' else better
            raise ReadError('%s %s is not canonical: %s' % (what, show(text), why), consider)


class Stems(object):
    """The stems of one rule. Static ones first, in order of first use in the job name, then star ones."""

    def __init__(self, given):
        self.given = given  # name -> regex, from the stems attribute
        self.inline = {}
        self.index = {}  # (name, star) -> index
        self.list = []  # [name, regex, star]
        self.n_unnamed_star = 0

    def define(self, parts):
        """Note the regexes given inline in `parts`, and number the unnamed stems."""
        rank = 0
        for stem in parts:
            if isinstance(stem, str):
                continue
            if not stem.name and stem.star:
                self.n_unnamed_star += 1
                stem.name = '<star_stem%d>' % self.n_unnamed_star
                if stem.regex is None:
                    raise ReadError('an unnamed star stem has no regex', '{*:.*}')
            elif not stem.name:
                rank += 1
                stem.name = '<stem%d>' % rank
            if stem.regex is not None:
                self._define(stem.name, stem.regex)

    def _define(self, name, regex):
        known = self.inline.get(name, self.given.get(name))
        if known is not None and known != regex:
            raise ReadError('stem %s has two different definitions: %s and %s' % (name, show(known), show(regex)))
        self.inline[name] = regex

    def add(self, parts, text, what):
        """Give an index to the stems of `parts`, all of which must be defined by now."""
        for stem in parts:
            if isinstance(stem, str) or (stem.name, stem.star) in self.index:
                continue
            regex = self.inline.get(stem.name, self.given.get(stem.name))
            if regex is None:
                if stem.name.startswith('<'):
                    raise ReadError('%s %s uses an unnamed stem that no pattern defines' % (what, show(text)), '{:.*}')
                raise ReadError(
                    '%s %s uses stem %s, which stems does not define' % (what, show(text), stem.name),
                    "stems = {'%s': r'.*'}" % stem.name)
            self.index[stem.name, stem.star] = len(self.list)
            self.list.append([stem.name, regex, stem.star])

    def parts(self, parts):
        """Return `parts` as the digest has them: text and indexes."""
        return [p if isinstance(p, str) else self.index[p.name, p.star] for p in parts]


def compile_pattern(parts, stems, what):
    """Return (java regex of the whole name, [[stem index, group number], ...])."""
    out, numbers, n_groups = [], {}, 0
    for part in parts:
        if isinstance(part, str):
            if out and part[:1].isdigit() and out[-1].startswith('\\') and out[-1][1:].isdigit():
                out.append('(?:)')
            out.append(escape_text(part))
            continue
        index = stems.index[part.name, part.star]
        if index in numbers:
            out.append('\\%d' % numbers[index])
            continue
        n_groups += 1
        numbers[index] = n_groups
        regex = stems.list[index][1]
        try:
            java, inner = translate(regex, n_groups)
        except re.error as e:
            raise ReadError('%s: stem %s: bad regex %s: %s' % (what, part.name, show(regex), e))
        except Untranslatable as e:
            raise ReadError('%s: stem %s: regex %s uses %s, which is not supported' % (what, part.name, show(regex), e))
        n_groups += inner
        out.append('(' + java + ')')
    return ''.join(out), sorted([i, n] for i, n in numbers.items())


def fixed_ends(parts):
    """Return the literal (prefix, suffix) of a pattern."""
    if len(parts) == 1 and isinstance(parts[0], str):
        return parts[0], parts[0]
    return tuple(p if isinstance(p, str) else '' for p in (parts[0], parts[-1]))


def re_escape(text):
    """Escape `text` for a Python regex; the same on all versions."""
    return re.sub(r'([][(){}?*+|^$\\.&~# \t\n\r\v\f-])', r'\\\1', text)


def regex_parts(parts, stems):
    """Return the pieces of the Python regex of a pattern: text, or the index of a static stem to be escaped."""
    out, seen = [], set()
    for part in parts:
        if isinstance(part, str):
            piece = re_escape(part)
        elif not part.star:
            piece = stems.index[part.name, False]
        elif part.name in seen:
            piece = '(?P=%s)' % part.name
        else:
            seen.add(part.name)
            regex = stems.list[stems.index[part.name, True]][1]
            piece = '(%s)' % regex if part.name.startswith('<') else '(?P<%s>%s)' % (part.name, regex)
        if out and isinstance(piece, str) and isinstance(out[-1], str):
            out[-1] += piece
        else:
            out.append(piece)
    return out
