"""From Python regular expressions to those of java.util.regex.

CPython's own parser gives the tree, which is written again in a subset of Java's syntax that means the same thing:
groups are numbers, classes are spelt out, anchors are look-arounds. The result is meant to be compiled with DOTALL
and to match a whole name, as re.fullmatch(..., re.DOTALL) does. What has no faithful translation is refused by name.
"""

import sys
import warnings

try:
    from re import _parser as _sre, _constants as _c
except ImportError:
    import sre_parse as _sre
    import sre_constants as _c

try:
    _chr = unichr
except NameError:
    _chr = chr

_DOTALL, _IGNORE, _ASCII, _MULTILINE = 16, 2, 256, 8
_MAX_REPEAT = 0x7fffffff  # the largest count Java takes
_LAST_CHAR = 0x10ffff

_WORD = {True: 'a-zA-Z0-9_', False: r'\p{L}\p{N}_'}
_SPACE = {True: r'\x09-\x0d\x20',
          False: r'\x09-\x0d\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000'}
_DIGIT = {True: '0-9', False: r'\p{Nd}'}
_CATEGORIES = {
    'CATEGORY_DIGIT': (_DIGIT, False), 'CATEGORY_NOT_DIGIT': (_DIGIT, True),
    'CATEGORY_SPACE': (_SPACE, False), 'CATEGORY_NOT_SPACE': (_SPACE, True),
    'CATEGORY_WORD': (_WORD, False), 'CATEGORY_NOT_WORD': (_WORD, True),
}


class Untranslatable(Exception):
    """The regular expression uses a construct, named by the message, that cannot be had in Java."""


def escape(char):
    """Return `char` (a code point) as it is written in a Java pattern, in or out of a class."""
    c = _chr(char)
    if char < 128 and not c.isalnum():
        return '\\' + c if 0x20 < char < 0x7f and c not in '_/' else c if c in '_ /' else '\\x%02x' % char
    if 0xd800 <= char <= 0xdfff:
        return '\\x{%x}' % char
    return c


def escape_text(text):
    """Return a Java pattern that matches exactly `text`."""
    return ''.join(escape(ord(c)) if c not in '/-_ ' else c for c in text)


class _Fold(object):
    """Which characters Python takes for one another under IGNORECASE. Built on first use, by scanning them all."""

    _classes = None

    @classmethod
    def _build(cls):
        import _sre
        lower = getattr(_sre, 'unicode_tolower', None) or (lambda i: _sre.getlower(i, 32))
        same = {}
        for i in range(0x1ffff if sys.maxunicode > 0xffff else 0xffff):
            low = lower(i)
            if low != i:
                same.setdefault(low, {low}).add(i)
        for group in cls._equivalences():
            merged = set()
            for c in group:
                merged |= same.get(c, {c})
            for c in group:
                same[c] = merged
        cls._classes = {}
        for group in same.values():
            for c in group:
                cls._classes[c] = cls._classes.get(c, set()) | group

    @staticmethod
    def _equivalences():
        try:
            from re import _casefix
            return [(k,) + tuple(v) for k, v in _casefix._EXTRA_CASES.items()]
        except ImportError:
            import sre_compile
            return getattr(sre_compile, '_equivalences', ())

    @classmethod
    def of(cls, char, ascii_only):
        if ascii_only:
            c = _chr(char)
            return {char, ord(c.swapcase())} if char < 128 and c.isalpha() else {char}
        if cls._classes is None:
            cls._build()
        return cls._classes.get(char, {char})


class _Writer(object):
    """Writes one tree; `base` is the number of groups already used in the pattern it goes into."""

    def __init__(self, base):
        self.base = base

    def sequence(self, items, flags, behind=False):
        out = []
        for item in items:
            text = self.item(item, flags, behind)
            if out and text[:1].isdigit() and item[0] is _c.LITERAL and self._ends_with_number(out[-1]):
                out.append('(?:)')  # \1 then a digit would be read as another group
            out.append(text)
        return ''.join(out)

    @staticmethod
    def _ends_with_number(text):
        return text.startswith('\\') and text[1:].isdigit()

    def item(self, item, flags, behind):
        op, arg = item
        name = str(op).upper()
        if name.startswith('AT_'):
            name = 'AT'
        write = getattr(self, '_' + name.lower(), None)
        if write is None:
            raise Untranslatable(name.lower().replace('_', ' '))
        return write(arg, flags, behind)

    # One method for each operation of the parser.

    def _literal(self, char, flags, _):
        if flags & _IGNORE:
            group = _Fold.of(char, flags & _ASCII)
            if len(group) > 1:
                return '[' + ''.join(escape(c) for c in sorted(group)) + ']'
        c = _chr(char)
        return c if c in '/-_ ' else escape(char)

    def _not_literal(self, char, flags, _):
        group = _Fold.of(char, flags & _ASCII) if flags & _IGNORE else {char}
        return '[^' + ''.join(escape(c) for c in sorted(group)) + ']'

    def _any(self, _arg, flags, _):
        return '.' if flags & _DOTALL else r'[^\n]'

    def _in(self, items, flags, _):
        negated = bool(items) and items[0][0] is _c.NEGATE
        body = self._class_body(items[1:] if negated else items, flags)
        return '[' + ('^' if negated else '') + body + ']'

    def _class_body(self, items, flags):
        out = []
        for op, arg in items:
            if op is _c.CATEGORY:
                out.append(self._category(str(arg).upper(), flags))
            elif op is _c.LITERAL or op is _c.RANGE:
                low, high = (arg, arg) if op is _c.LITERAL else arg
                out.append(self._range(low, high, flags))
            else:
                raise Untranslatable('%s in a class' % str(op).lower())
        return ''.join(out)

    @staticmethod
    def _category(name, flags):
        table, negated = _CATEGORIES[name]
        text = table[bool(flags & _ASCII)]
        # a nested class and not \W: its meaning does not depend on flags
        return '[^' + text + ']' if negated else text

    @staticmethod
    def _range(low, high, flags):
        if low == high and not flags & _IGNORE:
            return escape(low)
        text = escape(low) + ('-' + escape(high) if high > low else '')
        if not flags & _IGNORE:
            return text
        if high - low > 0x3000:
            raise Untranslatable('a wide range of characters where case is ignored')
        more = set()
        for c in range(low, high + 1):
            more |= _Fold.of(c, flags & _ASCII)
        return text + ''.join(escape(c) for c in sorted(more) if not low <= c <= high)

    def _branch(self, arg, flags, behind):
        return '(?:' + '|'.join(self.sequence(b, flags, behind) for b in arg[1]) + ')'

    def _subpattern(self, arg, flags, behind):
        if len(arg) == 2:  # python2
            group, body = arg
        else:
            group, add, remove, body = arg
            if add & _ASCII:
                remove |= 32
            if add & 32:  # (?u:..) undoes (?a)
                remove |= _ASCII
            flags = (flags | add) & ~remove
        return ('(' if group is not None else '(?:') + self.sequence(body, flags, behind) + ')'

    def _repeat(self, arg, flags, behind, mark):
        low, high, body = arg
        if low > _MAX_REPEAT:
            raise Untranslatable('a repetition of more than %d times' % _MAX_REPEAT)
        text = self.sequence(body, flags, behind)
        simple = len(body) == 1 and body[0][0] in (_c.LITERAL, _c.NOT_LITERAL, _c.ANY, _c.IN)
        if not simple and not (len(body) == 1 and body[0][0] is _c.SUBPATTERN):
            text = '(?:' + text + ')'
        unbounded = high is _c.MAXREPEAT or high > _MAX_REPEAT
        count = {(0, None): '*', (1, None): '+', (0, 1): '?'}.get((low, None if unbounded else high))
        if count is None:
            count = '{%d,}' % low if unbounded else '{%d}' % low if low == high else '{%d,%d}' % (low, high)
        return text + count + mark

    def _max_repeat(self, arg, flags, behind):
        return self._repeat(arg, flags, behind, '')

    def _min_repeat(self, arg, flags, behind):
        return self._repeat(arg, flags, behind, '?')

    def _possessive_repeat(self, arg, flags, behind):
        return self._repeat(arg, flags, behind, '+')

    def _atomic_group(self, body, flags, behind):
        return '(?>' + self.sequence(body, flags, behind) + ')'

    def _groupref(self, group, flags, behind):
        if behind:
            raise Untranslatable('a back-reference in a look-behind')
        text = '\\%d' % (group + self.base)
        return '(?iu:' + text + ')' if flags & _IGNORE else text

    def _groupref_exists(self, *_):
        raise Untranslatable('a conditional group, (?(1)..|..)')

    def _assert(self, arg, flags, _, mark='='):
        direction, body = arg
        return '(?' + ('<' if direction < 0 else '') + mark + self.sequence(body, flags, direction < 0) + ')'

    def _assert_not(self, arg, flags, behind):
        return self._assert(arg, flags, behind, '!')

    def _failure(self, *_):
        return '(?!)'

    def _at(self, where, flags, _):
        name = str(where).upper()
        if name == 'AT_BEGINNING':
            return r'(?<![^\n])' if flags & _MULTILINE else r'\A'
        if name == 'AT_END':
            return r'(?![^\n])' if flags & _MULTILINE else r'(?=\n?\z)'
        word = '[' + _WORD[bool(flags & _ASCII)] + ']'
        if name == 'AT_BOUNDARY':
            return '(?:(?<=%s)(?!%s)|(?<!%s)(?=%s))' % ((word,) * 4)
        if name == 'AT_NON_BOUNDARY':
            return '(?:(?<=%s)(?=%s)|(?<!%s)(?!%s))' % ((word,) * 4)
        return {'AT_BEGINNING_STRING': r'\A', 'AT_END_STRING': r'\z'}[name]


def _state(tree):
    return getattr(tree, 'state', None) or tree.pattern


def translate(regex, base=0):
    """Return (java pattern, number of groups) for a Python regex, whose groups will be numbered from base + 1.

    Raises re.error (its message is Python's own) for a bad regex, Untranslatable for what Java cannot do.
    """
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # Python warns of what may change one day; today's meaning is translated
        tree = _sre.parse(regex, _DOTALL)
    state = _state(tree)
    flags = state.flags | _DOTALL
    return _Writer(base).sequence(tree, flags), state.groups - 1

