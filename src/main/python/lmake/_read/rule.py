"""From the attributes of one rule class to its line of the digest."""

import keyword

from lmake._read import attributes as scalar
from lmake._read import flags, patterns
from lmake._read.classes import place_of
from lmake._read.command import command
from lmake._read.errors import ReadError, show
from lmake._read.fingerprint import fingerprints
from lmake._read.serialize import local_file
from lmake._read.values import FULL, SIMPLE, SUBMIT, Scope

_RESERVED = frozenset(
    ('dep', 'deps', 'job_name', 'python', 'resources', 'shell', 'stems', 'target', 'targets'))
_DEP_DEFAULT = flags.DEP['essential'] | flags.DEP_STATIC | flags.DEP_FULL


class _Entry(object):
    """One pattern of a rule: where it comes from, its parts and flags."""

    def __init__(self, field, key, value):
        self.field = field
        self.key = key
        self.text, self.words = flags.split_entry(value)
        self.what = 'target' if key == 'target' else '%s %s' % (field.rstrip('s').replace('_', ' '), key)
        if callable(self.text):
            raise ReadError('%s cannot be a function' % self.what)
        self.parts = patterns.parse(self.text)
        patterns.check_local(self.text, self.parts, self.what, dot_ok=field == 'side_deps')
        self.star = any(not isinstance(p, str) and p.star for p in self.parts)

    def statics(self):
        return [p.name for p in self.parts if not isinstance(p, str) and not p.star]


def rule_digest(name, attributes, modules, codes):
    """Return the line of the digest of one rule. ReadError says the rule, the place and the field."""
    builder = _Builder(name, attributes, modules, codes)
    try:
        return builder.build()
    except ReadError as e:
        field = e.field or builder.field
        origin = attributes.origin.get(field, attributes.cls)
        if origin is not attributes.cls and not origin.__module__.startswith('lmake.') and field:
            e.what = '%s (%s is given by %s)' % (e.what, field, origin.__name__)
        place = place_of(origin, field) if not origin.__module__.startswith('lmake.') else place_of(attributes.cls)
        raise e.at(rule=name, place=place)


class _Builder(object):
    """Works through the fields of one rule; `field` is the one being looked at, for messages."""

    def __init__(self, name, attributes, modules, codes):
        self.name = name
        self.attributes = attributes
        self.special = attributes.cls._lmake_special
        self.scope = Scope(attributes, modules, codes)
        self.codes = codes
        self.field = None

    def build(self):
        file, line = place_of(self.attributes.cls) or ('', 0)
        out = {
            'kind': 'rule', 'name': self.name, 'file': local_file(file, self.scope.modules.root), 'line': line,
            'special': self.special, 'prio': self._prio()}
        self._check_keys()
        targets = self._targets()
        sides, side_deps = [], []
        if self.special == 'plain':
            sides, side_deps = self._entries('side_targets'), self._entries('side_deps')
        job_name = self._job_name(targets)
        stems = self._stems(targets, sides + side_deps, job_name)
        out['stems'] = stems.list
        out['n_static'] = len([s for s in stems.list if not s[2]])
        out['job_name'] = stems.parts(job_name)
        out['targets'] = self._sorted([self._pattern(e, stems, True) for e in targets])
        out['side_targets'] = self._sorted([self._pattern(e, stems, False) for e in sides])
        out['side_deps'] = self._sorted([self._dep_pattern(e, stems) for e in side_deps])
        if self.special == 'plain':
            self._plain(out, stems, targets + sides + side_deps)
        else:
            out.update({'deps': [], 'attrs': {}})
        out.update(fingerprints(out, self.codes, out.pop('cmd_fingerprint', None)))
        return out

    def _plain(self, out, stems, entries):
        scope = self.scope
        scope.add_names(SIMPLE, [s[0] for s in stems.list if not s[2] and not s[0].startswith('<')])
        for entry in entries:
            if entry.star:
                scope.add_star(entry.key, _star_parts(entry.parts, stems))
            else:
                scope.add_names(SIMPLE, [entry.key])
        out['deps'] = self._deps()
        python = callable(self.attributes.get('cmd'))
        interpreter = self._interpreter('python' if python else 'shell', out)
        if isinstance(out['deps'], list):
            scope.add_names(SUBMIT, [d['key'] for d in out['deps']])
        resources = self.attributes.get('resources', {})
        if isinstance(resources, dict):
            scope.add_names(FULL, [k for k in resources if isinstance(k, str)])
        out['resources'] = self._values('resources', SUBMIT, 'resource')
        out['stdin'] = 'dep' if self.attributes.get('dep') is not None else None
        out['stdout'] = 'target' if self.attributes.get('target') is not None else None
        out['python' if python else 'shell'] = interpreter()
        for field in ('environ', 'environ_resources', 'environ_ancillary'):
            out[field] = self._values(field, FULL, 'environ')
        out['attrs'] = scalar.digest(self.attributes, scope)
        views = self._views()
        if views:
            out['attrs']['views'] = views
        self.field = 'cmd'
        out['cmd'], out['cmd_fingerprint'] = command(self.attributes, scope, python)

    # Identity and matching

    def _prio(self):
        self.field = 'prio'
        value = self.attributes.get('prio', 0)
        try:
            prio = float(value)
            if prio != prio:
                raise ValueError
        except (TypeError, ValueError):
            raise ReadError('prio is %s, a number is expected' % show(value))
        if prio in (float('inf'), -float('inf')):
            return 'inf' if prio > 0 else '-inf'
        return int(prio) if prio == int(prio) else prio

    def _dict(self, field):
        self.field = field
        value = self.attributes.get(field, {})
        if callable(value):
            raise ReadError('%s cannot be a function' % field)
        if not isinstance(value, dict):
            raise ReadError('%s is a %s, a dict is expected' % (field, type(value).__name__))
        return value

    def _check_keys(self):
        """Keys are identifiers, and all different over the fields."""
        plain = self.special == 'plain'
        fields = ('stems', 'targets', 'side_targets', 'side_deps', 'deps', 'resources') if plain else (
            'stems', 'targets')
        python = plain and callable(self.attributes.get('cmd'))
        seen = {}
        for field in fields:
            if callable(self.attributes.get(field)) and field in ('deps', 'resources'):
                continue
            for key in self._dict(field):
                if not isinstance(key, str):
                    raise ReadError('%s: key %s is not a str' % (field, show(key)))
                self._check_key(field, key, python)
                if key in seen:
                    raise ReadError('%s is a key of both %s and %s' % (key, seen[key], field))
                seen[key] = field

    @staticmethod
    def _check_key(field, key, python):
        from lmake._read.fstring import _is_identifier
        if field != 'resources' and not (_is_identifier(key) or keyword.iskeyword(key)):
            raise ReadError('%s: key %s is not an identifier' % (field, show(key)))
        if key in _RESERVED:
            raise ReadError('%s: key %s is reserved' % (field, key))
        if python and field != 'resources' and keyword.iskeyword(key):
            raise ReadError('%s: key %s is a Python keyword' % (field, key))

    def _targets(self):
        out = []
        target = self.attributes.get('target')
        if target is not None:
            self.field = 'target'
            marker = getattr(self.attributes.cls, '_lmake_target', None)
            if marker and self.attributes.origin['target'].__module__ == 'lmake.rules':
                target = marker % str(self.attributes.get('marker')).replace('{', '{{').replace('}', '}}')
            entry = _Entry('target', 'target', target)
            if entry.star:
                raise ReadError(
                    'target %s has a star stem' % show(entry.text), "targets = {'KEY': %s}" % show(entry.text))
            out.append(entry)
        out += self._entries('targets')
        for entry in out:
            if entry.star and self.special != 'plain':
                raise ReadError('%s %s has a star stem, which an %s rule cannot have' % (
                    entry.what, show(entry.text), self.special))
        return out

    def _entries(self, field):
        return [_Entry(field, key, value) for key, value in self._dict(field).items()]

    def _job_name(self, targets):
        self.field = 'job_name'
        given = self.attributes.get('job_name')
        if given is None:
            return targets[0].parts
        if callable(given):
            raise ReadError('job_name cannot be a function')
        parts = patterns.parse(given)
        if not parts:
            raise ReadError('job_name is empty')
        return parts

    def _stems(self, targets, sides, job_name):
        given = self._dict('stems')
        for key, regex in given.items():
            if not isinstance(regex, str):
                raise ReadError('stem %s is %s, a str is expected' % (key, show(regex)))
        stems = patterns.Stems(given)
        for entry in targets + sides:
            self.field = entry.field
            stems.define(entry.parts)
        self.field = 'job_name' if self.attributes.get('job_name') is not None else targets[0].field
        if job_name is not targets[0].parts:
            stems.define(job_name)
        what = 'job_name' if self.attributes.get('job_name') is not None else targets[0].what
        stems.add([p for p in job_name if not isinstance(p, str) and not p.star], self._show(job_name), what)
        statics = [s[0] for s in stems.list]
        for entry in targets + sides:
            self.field = entry.field
            self._check_statics(entry, statics, what, targets, stems)
        for entry in targets + sides:
            self.field = entry.field
            stems.add(entry.parts, entry.text, entry.what)
        stems.add(job_name, self._show(job_name), what)
        return stems

    @staticmethod
    def _show(parts):
        return ''.join(p if isinstance(p, str) else p.show() for p in parts)

    @staticmethod
    def _check_statics(entry, statics, what, targets, stems):
        used = entry.statics()
        extra = [n for n in used if n not in statics]
        if extra:
            stems.add([p for p in entry.parts if not isinstance(p, str)], entry.text, entry.what)
            raise ReadError('stem %s appears in %s but not in %s' % (extra[0], entry.what, what), '{%s*}' % extra[0])
        missing = [n for n in statics if n not in used]
        if missing and entry in targets:
            raise ReadError(
                'stem %s of %s cannot be derived from %s %s' % (missing[0], what, entry.what, show(entry.text)),
                '{%s*} in %s' % (missing[0], what))

    # Patterns of the digest

    @staticmethod
    def _sorted(entries):
        return [e for e in entries if not e['star']] + [e for e in entries if e['star']]

    def _common(self, entry, stems):
        self.field = entry.field
        regex, groups = patterns.compile_pattern(entry.parts, stems, entry.what)
        prefix, suffix = patterns.fixed_ends(entry.parts)
        out = {
            'key': entry.key, 'parts': stems.parts(entry.parts), 'star': entry.star, 'regex': regex,
            'groups': groups, 'prefix': prefix, 'suffix': suffix}
        if entry.star:
            out['reg_expr'] = patterns.regex_parts(entry.parts, stems)
        return out

    def _pattern(self, entry, stems, official):
        out = self._common(entry, stems)
        default = flags.TARGET['essential'] if official and not entry.star else 0
        target, dep = flags.target_flags(entry.words, default)
        bits = flags.TARGET
        if official and getattr(self.attributes.cls, '_lmake_phony', False) and entry.key != 'target':
            if not target & bits['optional']:
                target |= bits['phony']
        if entry.key == 'target':
            for word in ('incremental', 'optional'):
                if target & bits[word]:
                    raise ReadError('target cannot be %s' % word)
        if target & bits['optional'] and entry.star:
            raise ReadError('%s is a star target, which is always optional' % entry.what, "remove flag 'optional'")
        if target & bits['optional'] and target & bits['phony']:
            raise ReadError('%s is both optional and phony' % entry.what)
        target |= (0 if entry.star else flags.TARGET_STATIC) | (flags.TARGET_OFFICIAL if official else 0)
        out['flags'], out['dep_flags'] = target, dep
        return out

    def _dep_pattern(self, entry, stems):
        out = self._common(entry, stems)
        out['flags'] = flags.dep_flags(entry.words, 0)
        return out

    # Deps, environments and other values

    def _deps(self):
        self.field = 'deps'
        value = self.attributes.get('deps', {})
        if callable(value):
            if self.attributes.get('dep') is not None:
                raise ReadError('dep cannot be given when deps is a function')
            return self.scope.function(value, SIMPLE, 'deps')
        out = []
        dep = self.attributes.get('dep')
        if dep is not None:
            self.field = 'dep'
            out.append(self._dep('dep', dep))
        for key, entry in self._dict('deps').items():
            out.append(self._dep(key, entry))
        return out

    def _dep(self, key, entry):
        value, words = flags.split_entry(entry)
        what = 'dep' if key == 'dep' else 'dep ' + key
        if not isinstance(value, str) and not callable(value):
            raise ReadError('%s is %s, a str is expected' % (what, show(value)))
        expr = self.scope.value(value, SIMPLE, 'dep')
        _check_dep(what, value, expr)
        bits = flags.dep_flags(words, _DEP_DEFAULT) & ~flags.DEP['required']
        return {'key': key, 'expr': expr, 'flags': bits}

    def _interpreter(self, field, out):
        """Note the static dep on a local interpreter; return what gives the interpreter once all names are known."""
        self.field = field
        items = self.attributes.get(field)
        items = list(items) if isinstance(items, (list, tuple)) else [items]
        if callable(self.attributes.get(field)):
            return lambda: self.scope.function(self.attributes.get(field), FULL, 'seq')
        if not items or not isinstance(items[0], str) and not callable(items[0]) or items[0] == '':
            raise ReadError('%s is %s, an interpreter and its arguments are expected' % (field, show(items)))
        first = items[0]
        if isinstance(first, str) and '$' not in first and not first.startswith('/') and isinstance(out['deps'], list):
            expr = self.scope.expr(first, SIMPLE)
            if 'code' not in expr:
                bits = flags.DEP_STATIC | flags.DEP_FULL
                out['deps'].append({'key': field, 'expr': expr, 'flags': bits})

        def values():
            self.field = field
            return [self.scope.value(i, FULL) for i in items]
        return values

    def _values(self, field, kind, result):
        """Return the digest of a dict of f-strings."""
        self.field = field
        value = self.attributes.get(field, {})
        if callable(value):
            return self.scope.function(value, kind, result + '_dict')
        out = {}
        for key, item in self._dict(field).items():
            if not isinstance(key, str) or not key or '=' in key or '\0' in key:
                raise ReadError('%s: key %s is not a name' % (field, show(key)))
            if item is Ellipsis and result == 'environ':
                out[key] = {'backend': True}
            elif item is not None:
                try:
                    out[key] = self.scope.value(item, kind, result)
                except ReadError as e:
                    e.what = '%s.%s: %s' % (field, key, e.what)
                    raise
        return out

    def _views(self):
        self.field = 'views'
        value = self.attributes.get('views', {})
        if callable(value):
            return self.scope.function(value, FULL, 'raw')
        return dict((self._view_name(k), self._view(k, v)) for k, v in self._dict('views').items() if v is not None)

    @staticmethod
    def _view_name(key):
        if not isinstance(key, str) or not key.strip('/'):
            raise ReadError('views: %s is not a dir' % show(key))
        _check_canonical('views: %s' % key, key)
        return key

    def _view(self, key, value):
        if callable(value):
            return self.scope.function(value, FULL, 'raw')
        if isinstance(value, str):
            return self._view_dir(key, value, False)
        if not isinstance(value, dict) or not isinstance(value.get('upper'), str):
            raise ReadError("views: %s is %s, a dir or a dict with at least 'upper' is expected" % (key, show(value)))
        unknown = sorted(set(value) - {'upper', 'lower', 'copy_up'})
        if unknown:
            raise ReadError('views: %s: unknown key %s' % (key, unknown[0]), 'upper, lower or copy_up')
        if not value['upper'] or not value.get('lower'):
            raise ReadError("views: %s is %s, it needs both 'upper' and 'lower'" % (key, show(value)),
                            'a plain dir for a view without layers')
        out = {'upper': self._view_dir(key, value['upper'], True)}
        for word in ('lower', 'copy_up'):
            items = value.get(word, ())
            items = items if isinstance(items, (list, tuple)) else [items]
            for item in items:
                if not isinstance(item, str) and not callable(item) or item == '':
                    raise ReadError('views: %s: %s is %s, a str is expected' % (key, word, show(item)))
            out[word] = [self._view_dir(key, i, True) if word == 'lower' else self._copied(key, i) for i in items]
        return out

    def _copied(self, view, name):
        expr = self.scope.value(name, FULL)
        if 'const' in expr:
            _check_canonical('views: %s: copy_up %s' % (view, name), expr['const'])
            if expr['const'].startswith('/'):
                raise ReadError('views: %s: copy_up %s is not relative to the view' % (view, name))
        return expr

    def _view_dir(self, view, directory, overlay):
        """Return the expr of a physical dir of a view, with what can be seen of it checked."""
        expr = self.scope.value(directory, FULL)
        name = expr.get('const')
        if not name or name == '.':
            return expr
        what = 'views: %s: dir %s' % (view, name)
        _check_canonical(what, name)
        for bad in ',:\\' if overlay else '':
            if bad in name:
                raise ReadError('%s of an overlay holds %s' % (what, show(bad)), 'another name')
        return expr


def _check_canonical(what, name):
    if any(c in ('', '.', '..') for c in name.strip('/').split('/')) or name.startswith('//'):
        import posixpath
        raise ReadError('%s is not canonical' % what, show(posixpath.normpath(name)))


def _check_dep(what, value, expr):
    """Check what can be seen of a static dep before its job is known."""
    if 'code' in expr:
        return
    shape = expr['const'] if 'const' in expr else ''.join(p if isinstance(p, str) else '\0' for p in expr['tmpl'])
    if not shape:
        raise ReadError('%s is empty' % what)
    if shape.endswith('/'):
        raise ReadError('%s %s ends with /' % (what, show(value)), show(value.rstrip('/')))
    components = shape.split('/')[1 if shape.startswith('/') else 0:]
    while components[0] == '..':
        components = components[1:] or ['x']
    if any(c in ('', '.', '..') for c in components):
        import posixpath
        raise ReadError('%s %s is not canonical' % (what, show(value)), show(posixpath.normpath(value)))


def _star_parts(parts, stems):
    """Return the parts of a star target as _LmakeStar takes them."""
    out = []
    for part in parts:
        if isinstance(part, str):
            out.append(part)
        elif part.star:
            out.append((part.name, stems.list[stems.index[part.name, True]][1]))
        else:
            out.append((part.name,))
    return out
