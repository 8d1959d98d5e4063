"""Text of users that is the body of a raw f-string, evaluated later.

`parse` cuts it into literal text and fields; a field is written back as a call of format(), which any Python
understands and which needs no care about quotes.
"""

import ast

from lmake._read.errors import ReadError, show

_OPEN, _CLOSE = '([{', ')]}'


class Field(object):
    """`{expr!conv:spec}`: `spec` is a list as `parse` returns, or None."""

    def __init__(self, expr, conv, spec):
        self.expr = expr
        self.conv = conv
        self.spec = spec

    def name(self):
        """Return the name the field consists of, or None if it is more than a name."""
        expr = self.expr.strip()
        return expr if not self.conv and self.spec is None and _is_identifier(expr) else None

    def sources(self):
        """Return the expressions of this field and of its spec."""
        out = [self.expr]
        for part in self.spec or ():
            if isinstance(part, Field):
                out += part.sources()
        return out

    def code(self):
        """Return the Python expression that gives the text of this field."""
        value = '(' + self.expr + '\n)' if '#' in self.expr else '(' + self.expr.strip() + ')'
        if self.conv:
            value = {'r': 'repr', 's': 'str', 'a': 'ascii'}[self.conv] + value
        spec = "''" if self.spec is None else code(self.spec)
        return 'format(%s, %s)' % (value, spec)


def _is_identifier(text):
    import keyword
    if hasattr(text, 'isidentifier'):
        return text.isidentifier() and not keyword.iskeyword(text)
    import re
    return bool(re.match(r'[A-Za-z_]\w*$', text)) and not keyword.iskeyword(text)


def _skip_string(text, i):
    """Return the index after the string literal that starts at `i`."""
    quote = text[i:i + 3] if text[i:i + 3] in ('"""', "'''") else text[i]
    i += len(quote)
    while i < len(text):
        if text[i] == '\\':
            i += 2
        elif text.startswith(quote, i):
            return i + len(quote)
        else:
            i += 1
    raise ReadError('f-string %s: a string is never closed' % show(text))


def _end_of_expr(text, i):
    """Return the index of what ends the expression that starts at `i`: '!', ':' or '}'."""
    depth = 0
    while i < len(text):
        c = text[i]
        if c in '"\'':
            i = _skip_string(text, i)
            continue
        if depth == 0:
            if c == '!' and text[i + 1:i + 2] != '=':
                return i
            if c in ':}':
                return i
        if c in _OPEN:
            depth += 1
        elif c in _CLOSE:
            depth -= 1
        i += 2 if c == '!' else 1
    raise ReadError('f-string %s: a { is never closed' % show(text), 'write {{ for a brace')


def _field(text, i):
    """Parse the field whose expression starts at `i`; return (prefix text, field, index after the closing brace)."""
    end = _end_of_expr(text, i)
    expr, conv, spec, prefix = text[i:end], '', None, ''
    bare = expr.rstrip()
    if bare.endswith('=') and bare[-2:-1] not in ('=', '!', '<', '>'):
        prefix, expr = expr, bare[:-1]
    if text[end] == '!':
        conv, end = text[end + 1:end + 2], end + 2
        if conv not in ('r', 's', 'a'):
            raise ReadError('f-string %s: unknown conversion !%s' % (show(text), conv), '!r, !s or !a')
    if text[end:end + 1] == ':':
        spec, end = _parse(text, end + 1, True)
    if text[end:end + 1] != '}':
        raise ReadError('f-string %s: } is expected after %s' % (show(text), show(expr)))
    if prefix and not conv and spec is None:
        conv = 'r'
    _check(text, expr)
    return prefix, Field(expr, conv, spec), end + 1


def _check(text, expr):
    if not expr.strip():
        raise ReadError('f-string %s: an expression is empty' % show(text), 'write {{}} for braces')
    try:
        ast.parse('(' + expr + '\n)', mode='eval')
    except SyntaxError as e:
        raise ReadError('f-string %s: {%s}: %s' % (show(text), expr, e.msg), 'write {{ and }} for braces')
    except ValueError as e:
        raise ReadError('f-string %s: {%s}: %s' % (show(text), expr, e))


def _parse(text, i, in_spec):
    parts, literal = [], ''
    while i < len(text):
        c = text[i]
        if text[i:i + 2] in ('{{', '}}') and not (in_spec and c == '}'):
            literal, i = literal + c, i + 2
        elif c == '}':
            if in_spec:
                break
            raise ReadError('f-string %s: a lone }' % show(text), 'write }} for a brace')
        elif c == '{':
            prefix, field, i = _field(text, i + 1)
            literal += prefix
            if literal:
                parts.append(literal)
            parts.append(field)
            literal = ''
        else:
            literal, i = literal + c, i + 1
    if literal:
        parts.append(literal)
    return parts, i


def parse(text):
    """Return the list of str and Field the text is made of. Raises ReadError for bad syntax."""
    return _parse(text, 0, False)[0] if '{' in text or '}' in text else [text] if text else []


def code(parts):
    """Return the Python expression that gives the text of parsed `parts`."""
    items = [p.code() if isinstance(p, Field) else repr(p) for p in parts]
    if not items:
        return "''"
    return items[0] if len(items) == 1 else "''.join((%s))" % ', '.join(items)
