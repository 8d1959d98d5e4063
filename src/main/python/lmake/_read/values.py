"""Values of attributes: constants, templates the server expands alone, and code evaluated later.

A `Scope` knows, for one rule, which names exist at each kind of evaluation (spec section 6.3). `Codes` numbers the
pieces of Python code of a digest.
"""

import sys

from lmake._read import fstring
from lmake._read.errors import ReadError, show
from lmake._read.serialize import Bundle, referenced
from lmake._read.source import n_mandatory

SIMPLE, SUBMIT, FULL = 0, 1, 2
_SCALARS = (bool, int, float, str)


class Codes(object):
    """The `code` lines of a digest; equal ones are shared."""

    def __init__(self):
        self.lines = []
        self.fingerprints = []
        self._known = {}

    def add(self, bundle, body):
        """Return the number of the code made of `bundle` and `body`, which defines f."""
        text = bundle.text(body)
        names = sorted(bundle.vars)
        key = (text, tuple(names))
        if key not in self._known:
            self._known[key] = len(self.lines)
            self.lines.append({'kind': 'code', 'id': len(self.lines), 'text': text, 'vars': names})
            self.fingerprints.append([bundle.text(body, fingerprint=True), names])
        return self._known[key]


class Scope(object):
    """The names one rule gives to its dynamic values and command."""

    def __init__(self, attributes, modules, codes):
        self.attributes = attributes.values
        self.globals = getattr(sys.modules.get(attributes.cls.__module__), '__dict__', {})
        self.modules = modules
        self.codes = codes
        self.names = [set(['stems', 'targets', 'job_name']), set(['deps']), set(['resources'])]
        self.stars = {}

    def add_names(self, kind, names):
        """Make `names` known from this kind of evaluation on."""
        self.names[kind].update(names)

    def add_star(self, key, parts):
        self.stars[key] = parts

    def known(self, kind):
        """Return the per-job names known at this kind of evaluation."""
        return set().union(*self.names[:kind + 1])

    def bundle(self, kind, dynamic=True):
        hidden = ('deps',) if kind == SIMPLE else ()
        attributes = dict((k, v) for k, v in self.attributes.items() if k not in hidden)
        return Bundle(self.modules, self.known(kind), self.stars, attributes, dynamic)

    def expr(self, text, kind, result='str'):
        """Return the expr of the digest for the text of an f-string."""
        parts = fstring.parse(text)
        template = self._template(parts, self.known(kind))
        if template is None:
            bundle = self.bundle(kind)
            for part in parts:
                for source in part.sources() if isinstance(part, fstring.Field) else ():
                    bundle.need(referenced('(' + source + '\n)', 'eval'), self.globals, source)
            body = 'def f():\n    return %s\nlmake_result = %r\n' % (fstring.code(parts), result)
            return {'code': self.codes.add(bundle, body)}
        if all(isinstance(p, str) for p in template):
            return {'const': ''.join(template)}
        return {'tmpl': template}

    def _template(self, parts, known):
        """Return the items of a template, or None if Python is needed."""
        out = []
        for part in parts:
            item = part if isinstance(part, str) else self._variable(part.name(), known)
            if item is None:
                return None
            if out and isinstance(item, str) and isinstance(out[-1], str):
                out[-1] += item
            else:
                out.append(item)
        return out

    def _variable(self, name, known):
        if name is None:
            return None
        if name in self.stars:
            return {'v': name}
        if name in known:
            return {'v': name} if name not in ('stems', 'targets', 'deps', 'resources') else None
        values = self.attributes if name in self.attributes else self.globals
        value = values.get(name)
        return format(value, '') if type(value) in _SCALARS else None

    def function(self, function, kind, result):
        """Return the expr of the digest for a function given as a value."""
        check_function(function)
        bundle = self.bundle(kind)
        bundle.function('f', function)
        return {'code': self.codes.add(bundle, 'lmake_result = %r\n' % result)}

    def value(self, value, kind, result='str'):
        """Return the expr of any value of an f-string attribute."""
        if callable(value):
            return self.function(value, kind, result)
        return self.expr(value, kind, result) if isinstance(value, str) else {'const': str(value)}


def check_function(function):
    """Refuse what cannot be called later without argument."""
    if type(function) is not type(check_function):
        raise ReadError('%s is not a function defined by def' % show(function), 'def f(): return ...')
    if n_mandatory(function):
        raise ReadError('function %s has mandatory parameters' % function.__name__,
                        'stems, targets and deps are global variables of the function')
