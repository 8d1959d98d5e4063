"""From classes to rules: which classes are rules, their names, and their attributes once inheritance is done.

Attributes named in `combine` are merged over the MRO, base first; `cmd` is chained; the others are plain Python
lookups. Each attribute keeps the class that gave it, for messages.
"""

from lmake._read.errors import ReadError

_MISSING = object()


def place_of(cls, field=None):
    """Return (file, line) of the class statement, or of the assignment of `field` in it when it can be found."""
    place = cls.__dict__.get('_lmake_place')
    if place and field:
        line = _attribute_line(place, cls.__name__, field)
        if line:
            return place[0], line
    return place


def _attribute_line(place, name, field):
    """Find by syntax tree the line where `field` is given in the class statement that is at `place`."""
    import ast
    try:
        with open(place[0]) as f:
            tree = ast.parse(f.read())
    except Exception:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == name and node.lineno == place[1]:
            return _line_in(node.body, field)
    return None


def _line_in(body, field):
    import ast
    found = None
    for statement in body:
        if isinstance(statement, (ast.If, ast.For, ast.While)):
            found = _line_in(statement.body + statement.orelse, field) or found
        targets = [statement] if isinstance(statement, ast.FunctionDef) else getattr(statement, 'targets', ())
        for target in targets:
            for node in ast.walk(target) if not isinstance(target, ast.FunctionDef) else [target]:
                if getattr(node, 'id', getattr(node, 'name', None)) == field:
                    found = statement.lineno
    return found


class Attributes(object):
    """The attributes of one class after combination. `values` maps a name to its value, `origin` to its class."""

    def __init__(self, cls):
        self.cls = cls
        self.mro = [c for c in cls.__mro__ if c is not object]
        self.values = {}
        self.origin = {}
        for base in reversed(self.mro):
            for name, value in base.__dict__.items():
                if not (name.startswith('__') and name.endswith('__')) and not name.startswith('_lmake_'):
                    self.values[name] = value
                    self.origin[name] = base
        self._forget_own('name')
        self._forget_own('virtual')
        combine = self._merged('combine', set())
        if not isinstance(combine, set):
            raise ReadError('combine is not a set', field='combine')
        paths = self._merged('paths', {})
        for name in sorted(combine):
            if name in self.values and name not in ('combine', 'paths'):
                self.values[name] = self._merged(name, None, paths)
        self.combine = combine
        self.values['combine'], self.values['paths'] = combine, paths

    def _forget_own(self, name):
        """`name` and `virtual` are never inherited."""
        if name in self.values and name not in self.cls.__dict__:
            del self.values[name], self.origin[name]

    def get(self, name, default=None):
        """Return the value of an attribute; None means as if not set."""
        value = self.values.get(name)
        return default if value is None else value

    def _merged(self, name, start, paths=None):
        value = start
        for base in reversed(self.mro):
            new = base.__dict__.get(name)
            if new is None:
                continue
            try:
                value = self._merge(name, value, new, paths or {})
            except ReadError as e:
                raise e.at(field=name, place=place_of(base, name))
        return value

    def _merge(self, name, value, new, paths):
        if value is None or callable(value) or callable(new):
            return self._first(name, new)
        if isinstance(value, dict):
            return self._merge_dict(name, value, new, paths)
        if isinstance(value, (set, frozenset)):
            value = set(value)
            for item in self._scalar_or_items(new):
                if isinstance(item, str) and item.startswith('-'):
                    value.discard(item[1:])
                else:
                    value.add(item)
            return value
        items = self._scalar_or_items(new)
        return items + [v for v in value]

    @staticmethod
    def _first(name, new):
        """Return the first value of a combined attribute, as a copy."""
        if callable(new):
            return new
        if isinstance(new, dict):
            return type(new)((k, v) for k, v in new.items() if v is not None)
        if isinstance(new, (set, frozenset)):
            return set(i for i in new if not (isinstance(i, str) and i.startswith('-')))
        if isinstance(new, list):
            return list(new)
        raise ReadError('%s cannot be combined: a %s is neither a dict, a set nor a list' % (name, type(new).__name__),
                        "combine = '-%s'" % name)

    @staticmethod
    def _scalar_or_items(new):
        return list(new) if isinstance(new, (set, frozenset, list, tuple)) else [new]

    @staticmethod
    def _merge_dict(name, value, new, paths):
        if not isinstance(new, dict):
            raise ReadError('%s is a %s, a dict is expected' % (name, type(new).__name__))
        out = type(value)()
        for k, v in new.items():
            separator = paths.get('%s.%s' % (name, k))
            if separator and k in value and v is not None:
                v = _join_path(name, k, v, value[k], separator)
            if v is not None:
                out[k] = v
        for k, v in value.items():
            if k not in new:
                out[k] = v
        return out

    def chain(self, name):
        """Return the (class, value) pairs that give `name`, base first."""
        return [(c, c.__dict__[name]) for c in reversed(self.mro) if c.__dict__.get(name) is not None]


def _join_path(name, key, new, old, separator):
    if new is Ellipsis or old is Ellipsis:
        raise ReadError("%s.%s: ... cannot be used as a value of a path that has an inherited value" % (name, key),
                        "'...' within the text stands for the inherited value")
    if callable(new) or callable(old):
        return new
    return separator.join(str(old) if c == '...' else c for c in str(new).split(separator))


def rules_of(classes, library):
    """Return the (name, Attributes) pairs of the rules among `classes`, in order."""
    found = []
    for cls in classes:
        if cls in library:
            continue
        try:
            attributes = Attributes(cls)
            if _is_rule(cls, attributes):
                found.append(attributes)
        except ReadError as e:
            raise e.at(rule=cls.__name__, place=place_of(cls, e.field))
    names = _names(classes, [a.cls for a in found])
    return [(names[a.cls], a) for a in found]


def _own_name(cls):
    name = cls.__dict__.get('name')
    if name is None or not isinstance(name, str):
        return cls.__name__
    return name


def _is_rule(cls, attributes):
    virtual = cls.__dict__.get('virtual', _MISSING)
    if virtual is not _MISSING and virtual:
        return False
    special = getattr(cls, '_lmake_special', None)
    missing = None
    if 'name' in cls.__dict__ and cls.__dict__['name'] is not None and not isinstance(cls.__dict__['name'], str):
        raise ReadError('name is a %s, a str is expected' % type(cls.__dict__['name']).__name__, field='name')
    if 'target' in cls.__dict__ and cls.__dict__['target'] is None:
        raise ReadError('target is None', 'virtual = True if this is no rule', field='target')
    if not attributes.get('targets') and attributes.get('target') is None:
        missing = 'target'
    elif special == 'plain' and attributes.get('cmd') is None:
        missing = 'cmd'
    elif special is None:
        missing = 'base class'
    if missing and virtual is not _MISSING:
        raise ReadError('virtual is False, but it has no %s' % missing, field='virtual')
    return not missing


def _names(classes, rules):
    """Return the name of each rule: homonyms of several modules get a prefix, those of one module are refused."""
    homonyms, rules = {}, set(rules)
    for cls in classes:
        homonyms.setdefault(_own_name(cls), []).append(cls)
    names = {}
    for name, group in homonyms.items():
        real = [c for c in group if c in rules]
        if not real:
            continue
        seen = {}
        for cls in real:
            first = seen.setdefault(cls.__module__, cls)
            if first is not cls:
                raise ReadError(
                    'another rule of module %s has the same name%s' % (
                        cls.__module__, ', line %d' % place_of(first)[1] if place_of(first) else ''),
                    "name = '...', a different one for each", rule=name, place=place_of(cls))
        modules = sorted(set(c.__module__ for c in group))
        prefix = _common(modules) if len(modules) > 1 else None
        for cls in real:
            names[cls] = name if prefix is None else '.'.join(cls.__module__.split('.')[prefix:] + [name])
    return names


def _common(modules):
    """Return how many leading components the module names have in common."""
    split = [m.split('.') for m in modules]
    n = 0
    while all(len(s) > n for s in split) and len(set(s[n] for s in split)) == 1:
        n += 1
    return n
