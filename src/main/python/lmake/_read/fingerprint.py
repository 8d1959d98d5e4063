"""Digests of the parts of a rule: what makes it another rule, what makes all jobs rerun, what reruns failed jobs only.

Stems are taken by index and not by name, so that a new name for a stem or a target key changes no identity.
"""

from lmake._read.attributes import CMD, RSRC, TABLE
from lmake._read.flags import TARGET

try:
    from _blake2 import blake2b as _blake2b

    def _hex(text):
        return _blake2b(text.encode('utf8', 'backslashreplace'), digest_size=8).hexdigest()
except ImportError:
    import hashlib

    def _hex(text):
        return hashlib.sha1(text.encode('utf8', 'backslashreplace')).hexdigest()[:16]


def fingerprints(rule, codes, cmd):
    """Return match_crc, cmd_crc and rsrc_crc of a line of the digest; `cmd` is what stands for its command."""
    see = _Viewer(rule, codes)
    return {
        'match_crc': _hex(repr(see.match())),
        'cmd_crc': _hex(repr(see.command(cmd))),
        'rsrc_crc': _hex(repr(see.part(RSRC, ('resources', 'environ_resources'))))}


class _Viewer(object):
    def __init__(self, rule, codes):
        self.rule = rule
        self.codes = codes
        self.regexes = [(s[1], s[2]) for s in rule['stems']]
        self.names = {}
        for i, t in enumerate(rule['targets']):
            self.names[t['key']] = ('target', i)
        for i, s in enumerate(rule['stems'][:rule['n_static']]):
            self.names[s[0]] = ('stem', i)

    def parts(self, parts):
        return [p if isinstance(p, str) else (p, self.regexes[p]) for p in parts]

    def plain(self, value):
        """Return `value` with numbers of code replaced by their text, and names by what they stand for."""
        if isinstance(value, dict):
            # Keys may be the user's own, as names of views: then what they have is an expr, a dict.
            if len(value) == 1 and isinstance(value.get('code'), int):
                return self.codes.fingerprints[value['code']]
            if len(value) == 1 and isinstance(value.get('v'), str):
                return self.names.get(value['v'], value['v'])
            return sorted((k, self.plain(v)) for k, v in value.items())
        if isinstance(value, (list, tuple)):
            return [self.plain(v) for v in value]
        return value

    def match(self):
        rule = self.rule
        kept = TARGET['optional'] | TARGET['phony']
        deps = rule['deps']
        if isinstance(deps, list):
            deps = [(self.plain(d['expr']), d['flags']) for d in deps]
        else:
            deps = self.plain(deps)
        targets = [(self.parts(t['parts']), t.get('flags', 0) & kept) for t in rule['targets']]
        return rule['special'], targets, deps, self.parts(rule['job_name'])

    def entries(self, field):
        return [(e['key'], self.parts(e['parts']), e['flags'], e.get('dep_flags')) for e in self.rule[field]]

    def command(self, cmd):
        rule = self.rule
        keys = [d['key'] for d in rule['deps']] if isinstance(rule['deps'], list) else None
        patterns = [self.entries(f) for f in ('targets', 'side_targets', 'side_deps')]
        fields = self.part(CMD, ('shell', 'python', 'environ', 'stdin', 'stdout'))
        return patterns, keys, self.parts(rule['job_name']), self.plain(cmd), fields

    def part(self, kind, fields):
        """Return the values of `fields` of the rule, and of the scalar attributes that belong to part `kind`."""
        rule, attrs = self.rule, self.rule['attrs']
        out = [(f, self.plain(rule.get(f))) for f in fields]
        names = sorted(n for n in attrs if TABLE.get(n, (0, 0, 0, CMD))[3] == kind)
        return out + [(n, self.plain(attrs[n])) for n in names]
