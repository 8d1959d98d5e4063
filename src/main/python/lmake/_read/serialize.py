"""Python commands and dynamic values by value: self-contained text that recreates what a function needs.

A `Bundle` collects, for one command or value, the names it references: those of the job are left to the server
(`vars`), the others are written as literals, imports or functions. The text with `_lmake_at` lines is the one to run;
without them it is the one to fingerprint, so that moving a function in its file changes nothing.
"""

import re
import symtable
import sys

from lmake._read.errors import ReadError, show
from lmake._read.source import Function, default_values

try:
    import builtins
except ImportError:
    import __builtin__ as builtins

_ATOMS = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), type(u''))

_AT = '''\
def _lmake_at(function, name, file, line):
    """Have tracebacks show where the user wrote this function."""
    shift = line - function.__code__.co_firstlineno
    path = file if file.startswith('/') else __import__('os').getcwd() + '/' + file
    def move(code):
        consts = tuple(move(c) if hasattr(c, 'co_code') else c for c in code.co_consts)
        return code.replace(co_consts=consts, co_filename=path, co_firstlineno=code.co_firstlineno + shift)
    if hasattr(function.__code__, 'replace'):
        function.__code__ = move(function.__code__).replace(co_name=name)
        function.__name__ = name
'''

_STAR = '''\
class _LmakeStar(object):
    """A star target: a file name when called with its star stems, as text its regular expression."""
    def __init__(self, *parts):
        self.parts = parts
        self.names = []
        for p in parts:
            if isinstance(p, tuple) and len(p) == 2 and p[0] not in self.names: self.names.append(p[0])
    def __call__(self, *args, **kwds):
        if len(args) > len(self.names): raise TypeError('too many stems, expected: ' + ', '.join(self.names))
        given = dict(zip(self.names, args))
        for k, v in kwds.items():
            if k in given or k not in self.names: raise TypeError('unexpected stem ' + k)
            given[k] = v
        for k in self.names:
            if k not in given: raise TypeError('missing stem ' + k)
        return ''.join(p if isinstance(p, str) else str(given[p[0]]) if len(p) == 2 else stems[p[0]] for p in self.parts)
    @property
    def reg_expr(self):
        out, seen = [], set()
        escape = lambda text: ''.join('\\\\' + c if c in '[](){}?*+|^$\\\\.&~# \\t\\n\\r\\v\\f-' else c for c in text)
        for p in self.parts:
            if isinstance(p, str): out.append(escape(p))
            elif len(p) == 1: out.append(escape(stems[p[0]]))
            elif p[0] in seen: out.append('(?P=%s)' % p[0])
            elif p[0].startswith('<'): out.append('(%s)' % p[1])
            else:
                seen.add(p[0])
                out.append('(?P<%s>%s)' % p)
        return ''.join(out)
    def __str__(self): return self.reg_expr
    def __format__(self, spec): return format(self.reg_expr, spec)
'''


def referenced(source, mode='exec'):
    """Return the sorted global names that `source` reads, nested functions included."""
    names = set()

    def walk(table, top):
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (symbol.is_global() or top):
                names.add(symbol.get_name())
        for child in table.get_children():
            walk(child, False)

    walk(symtable.symtable(source, '<lmake>', mode), True)
    return sorted(names)


class Modules(object):
    """Which modules are local, and which define rules: the functions of the latter are sent by value."""

    def __init__(self, root, rule_modules):
        self.root = root
        self.rule_modules = frozenset(rule_modules)

    def is_local(self, name):
        module = sys.modules.get(name)
        files = [getattr(module, '__file__', None) or '']
        files += [str(d) for d in getattr(module, '__path__', ())]  # all there is of a package without __init__
        below = any(f.startswith(self.root + '/') for f in files)
        return name == 'Lmakefile' or name.startswith('Lmakefile.') or below

    def by_value(self, name, dynamic):
        if name in self.rule_modules or name == 'Lmakefile' or name.startswith('Lmakefile.') or name is None:
            return True
        return dynamic and self.is_local(name)


class Bundle(object):
    """What one command or dynamic value needs. `scope` tells job names and class attributes; see rule.Scope."""

    def __init__(self, modules, job_names, stars, attributes, dynamic):
        self.modules = modules
        self.job_names = job_names  # names whose value the server gives
        self.stars = stars  # name -> parts of a star target
        self.attributes = attributes  # class attributes
        self.dynamic = dynamic
        self.vars = set()
        self.bound = {}  # name -> value
        self.lines = []  # (text, counted in the fingerprint)
        self.has_function = False

    def text(self, body, fingerprint=False):
        """Return the whole text, ended by `body`."""
        helpers = [_AT] if self.has_function and not fingerprint else []
        if any(name in self.bound for name in self.stars):
            helpers.append(_STAR)
        return ''.join(helpers) + ''.join(t for t, counted in self.lines if counted or not fingerprint) + body

    def need(self, names, module_globals, source=''):
        """Define `names` as seen from a module."""
        for name in names:
            if name in self.stars:
                self._star(name)
            elif name in self.job_names:
                self.vars.add(name)
            elif name in self.attributes:
                self._bind(name, self.attributes[name], source)
            elif name in module_globals and not self._implicit(name):
                self._bind(name, module_globals[name], source)

    @staticmethod
    def _implicit(name):
        return name.startswith('__') and name not in ('__name__', '__file__')

    def _star(self, name):
        if name not in self.bound:
            self.bound[name] = self.stars[name]
            self.vars.add('stems')
            self._emit('%s = _LmakeStar(%s)\n' % (name, ', '.join(repr(p) for p in self.stars[name])))

    def _emit(self, text, counted=True):
        self.lines.append((text, counted))

    def _bind(self, name, value, source):
        if isinstance(value, staticmethod):
            value = value.__func__
        if name in self.bound:
            if self.bound[name] is not value and not _same(self.bound[name], value):
                raise ReadError('%s has two different values, in two modules that this rule uses' % name)
            self._sub_modules(name, value, source)
            return
        self.bound[name] = value
        try:
            self._define(name, value)
        except ReadError as e:
            e.what = '%s (needed as %s)' % (e.what, name) if 'needed as' not in e.what else e.what
            raise
        self._sub_modules(name, value, source)

    def _define(self, name, value):
        if isinstance(value, type(sys)):
            self._module(name, value)
        elif _is_function(value) and self.modules.by_value(value.__module__, self.dynamic):
            self.function(name, value)
        elif _is_named(value):
            self._import(name, value)
        else:
            self._emit('%s = %s\n' % (name, self.literal(value)))

    def _module(self, name, module):
        full = module.__name__
        if self.modules.by_value(full, False) or self.dynamic and self.modules.is_local(full):
            raise ReadError('module %s is local, it cannot be imported here' % full,
                            'from %s import what is used' % full)
        self._emit('import %s\n' % full if full == name else 'import %s as %s\n' % (full, name))

    def _sub_modules(self, name, value, source):
        """Import the sub-modules of package `value` that `source` reaches by attribute."""
        if not isinstance(value, type(sys)) or not hasattr(value, '__path__'):
            return
        for chain in re.findall(r'(?<![\w.])%s((?:\.\w+)+)' % re.escape(name), source):
            words = chain[1:].split('.')
            for n in range(len(words), 0, -1):
                full = value.__name__ + '.' + '.'.join(words[:n])
                line = 'import %s\n' % full if value.__name__ == name else '__import__(%r)\n' % full
                if full in sys.modules and (line, True) not in self.lines:
                    self._emit(line)
                    break

    def _import(self, name, value):
        module, real = value.__module__, getattr(value, '__qualname__', value.__name__)
        if module == builtins.__name__:
            if name != real:
                self._emit('%s = %s\n' % (name, real))
            return
        self._emit('from %s import %s%s\n' % (module, self._importable(value), '' if real == name else ' as ' + name))

    def _importable(self, value):
        """Return the name under which `value` can be imported from its module, or refuse."""
        module, real = value.__module__, getattr(value, '__qualname__', value.__name__)
        if self.modules.by_value(module, self.dynamic):
            what = 'class %s' % real if isinstance(value, type) else show(value)
            raise ReadError("don't know how to serialize %s of %s" % (what, module),
                            'define this value within a function, or in a module that defines no rule')
        if '.' in real or getattr(sys.modules.get(module), real, None) is not value:
            raise ReadError("don't know how to serialize %s: it cannot be imported from %s" % (show(value), module))
        return real

    def function(self, name, function):
        """Write `function`, with all it needs, under this name."""
        try:
            source = Function(function)
            defaults = [self._default(v) for v in default_values(function)]
        except ReadError as e:
            raise e.at(place=(function.__code__.co_filename, function.__code__.co_firstlineno))
        text = source.render(name, defaults)
        self.bound.setdefault(name, function)
        self.need([n for n in referenced(text) if n != name], _globals_of(function), text)
        if name in referenced(text) and self.bound[name] is not function:
            raise ReadError('function %s calls another function of the same name' % name)
        self._emit(text)
        if function.__module__.startswith('lmake.'):
            return  # ours: where it is installed is of no interest
        self.has_function = True
        mark = (name, function.__name__, local_file(source.file, self.modules.root), source.line)
        self._emit('_lmake_at(%s, %r, %r, %d)\n' % mark, False)

    def _default(self, value):
        try:
            return self.literal(value, plain=True)
        except ReadError:
            raise ReadError('default value %s is not a literal' % show(value))

    def literal(self, value, plain=False, inside=()):
        """Return an expression that gives `value`; with `plain`, made of literals only."""
        kind = type(value)
        if kind is float and (value != value or value in (float('inf'), -float('inf'))):
            return "float('%r')" % value
        if kind in _ATOMS:
            return repr(value)
        if id(value) in inside:
            raise ReadError('a container that contains itself cannot be serialized')
        deeper = inside + (id(value),)
        item = lambda v: self.literal(v, plain, deeper)
        if kind is list:
            return '[%s]' % ', '.join(map(item, value))
        if kind is tuple:
            return '(%s%s)' % (', '.join(map(item, value)), ',' if len(value) == 1 else '')
        if kind is dict:
            return '{%s}' % ', '.join('%s: %s' % (item(k), item(v)) for k, v in value.items())
        if kind in (set, frozenset):
            items = '{%s}' % ', '.join(sorted(map(item, value))) if value else 'set()'
            return items if kind is set else 'frozenset(%s)' % (items if value else '')
        if plain:
            raise ReadError('not a literal')
        return self._object(value, item)

    def _object(self, value, item):
        """Return an expression for what is no literal: functions and classes in containers, sub-classes, objects."""
        kind = type(value)
        if isinstance(value, type(sys)):
            return '__import__(%r, fromlist=[\'\'])' % value.__name__
        if _is_function(value) and self.modules.by_value(value.__module__, self.dynamic):
            if self.bound.get(value.__name__, value) is not value:
                raise ReadError('function %s has the name of another value' % value.__name__)
            if value.__name__ not in self.bound:
                self.function(value.__name__, value)
            return value.__name__
        if _is_named(value):
            return '__import__(%r, fromlist=[\'\']).%s' % (value.__module__, self._importable(value))
        if isinstance(value, type(re.compile(''))):
            return '__import__(\'re\').compile(%r, %d)' % (value.pattern, value.flags)
        maker = '__import__(%r, fromlist=[\'\']).%s' % (kind.__module__, self._importable(kind))
        for base, plain in ((dict, dict), (list, list), (tuple, tuple), (set, set)):
            if isinstance(value, base) and kind.__reduce_ex__ is object.__reduce_ex__ and base is not tuple:
                content = list(value.items()) if base is dict else plain(value)
                return '%s(%s)' % (maker, item(content))
        import pickle
        try:
            return '__import__(\'pickle\').loads(%r)' % (pickle.dumps(value, 2),)
        except Exception:
            raise ReadError("don't know how to serialize %s" % show(value), 'define this value within a function')


def _same(a, b):
    try:
        return type(a) is type(b) and not _is_function(a) and bool(a == b)
    except Exception:
        return False


def _is_function(value):
    return type(value) is type(_same)


def _is_named(value):
    """Functions, compiled ones included, and classes: things imported by name."""
    return isinstance(value, type) or _is_function(value) or (
        type(value) is type(len) and isinstance(getattr(value, '__module__', None), str))


def _globals_of(function):
    return function.__globals__


def local_file(file, root):
    """Return `file` relative to `root` if it is below."""
    return file[len(root) + 1:] if file.startswith(root + '/') else file
