"""The phases of reading, spec section 1.3: config, sources, rules. Called by lmake_reader.py.

User code runs in `_user`, which turns what it raises into a traceback without our frames. All the rest checks what
user code left behind, and writes the digest, under a temporary name first.
"""

import os
import sys

from lmake._read import environ, imports
from lmake._read.errors import ReadError

VERSION = '1'
_PASSES = ('all', 'config', 'sources', 'rules')
_HERE = os.path.dirname(os.path.abspath(__file__))


class _UserFailure(Exception):
    """User code raised; its traceback was shown."""


def _show_traceback():
    """Print the current exception, from the first frame that is not ours."""
    import traceback
    kind, value, trace = sys.exc_info()
    lib = os.path.dirname(os.path.dirname(_HERE)) + '/'
    hidden = (lib + 'lmake/', lib + 'lmake_reader.py', '<frozen importlib')
    first = trace
    while first is not None and first.tb_frame.f_code.co_filename.startswith(hidden):
        first = first.tb_next
    frames = []
    while first is not None:
        name = first.tb_frame.f_code.co_filename
        if not name.startswith(hidden):
            frames.append((name, first.tb_lineno, first.tb_frame.f_code.co_name))
        first = first.tb_next
    sys.stdout.flush()
    out = sys.stderr
    if frames:
        out.write('Traceback (most recent call last):\n')
    import linecache
    for name, line, function in frames:
        out.write('  File "%s", line %d, in %s\n' % (name, line, function))
        text = linecache.getline(name, line).strip()
        if text:
            out.write('    %s\n' % text)
    for text in traceback.format_exception_only(kind, value):
        out.write(text)
    out.flush()


def _user(what, function, *args):
    """Run user code as part of phase `what`."""
    try:
        return imports.as_user(function, *args)
    except SystemExit as e:
        if e.code in (None, 0):
            raise ReadError('the Lmakefile called sys.exit')
        _show_traceback()
    except BaseException:
        _show_traceback()
    raise _UserFailure(what)


def _default_sources():
    from lmake.sources import auto_sources
    try:
        return auto_sources()
    except (RuntimeError, OSError) as e:
        raise ReadError(
            str(e), "lmake.manifest = ['Lmakefile.py', ...], or list sources in file Manifest, or git add them")


def _import(name):
    __import__(name)
    return sys.modules[name]


class _Reading(object):
    """One run of the reader. `phase` is what is being read, for messages."""

    def __init__(self, root, lib, which):
        self.root, self.lib, self.which = root, lib, which
        self.phase = 'config' if which == 'all' else which
        self.used = {}
        self.out = []
        self.codes = None

    def run(self):
        """Read, and return the lines of the digest."""
        self._prepare()
        module = _user(self.phase, _import, 'Lmakefile')
        split = {'kind': 'split', 'sources': None, 'rules': None}
        config = None
        if self.which in ('all', 'config'):
            config = self._config(module)
            split['sources'] = None if self._has_manifest() else self._way(module, 'sources') or 'default'
            split['rules'] = None if self._user_classes() else self._way(module, 'rules')
        manifest = self._sources(module, split['sources'])
        rules = self._rules(module, split['rules'])
        head = {'kind': 'head', 'version': 1, 'python': sys.executable, 'reader': VERSION, 'pass': self.which,
                'sys_path': [d for d in imports.user_path()
                             if d.startswith('/') and not (d + '/').startswith(self.root + '/')]}
        lines = [head] + [line for line in (config, manifest) if line]
        lines.append({'kind': 'environ', 'used': self.used})
        if config:
            lines.append(split)
        return lines + (self.codes.lines if self.codes else []) + rules

    def _prepare(self):
        import lmake
        values = environ.read_stdin()
        environ.reset(self.root, self.lib)
        standard = list(sys.path)
        imports.set_path(self.root, self.lib)
        imports.use_sources(standard)
        imports.probe(self.root)
        self.lmake = lmake
        lmake.user_environ, self.used = environ.make_user_environ(values)
        lmake.sub_repo = '.'

    @staticmethod
    def _way(module, name):
        """Return how `name` is provided by the Lmakefile: 'function', 'module' or None."""
        if callable(getattr(module, name, None)):
            return 'function'
        for directory in getattr(module, '__path__', ()):
            for form in ('%s/%s.py', '%s/%s/__init__.py'):
                if os.path.exists(form % (directory, name)):
                    return 'module'
        return None

    def _acquire(self, module, name, way):
        if way == 'function':
            _user(name, getattr(module, name))
        elif way == 'module':
            _user(name, _import, 'Lmakefile.' + name)

    def _config(self, module):
        self._acquire(module, 'config', self._way(module, 'config'))
        from lmake._read import config, manifest
        self.extra = manifest.extra_entries_of(self.lmake.extra_manifest)
        return config.digest(self.lmake.config, self._hook)

    def _hook(self, field, function):
        """Return the code number of a function of the config."""
        from lmake import _defaults
        if function is _defaults.system_tag:
            return None
        from lmake._read.serialize import Bundle
        from lmake._read.values import check_function
        try:
            check_function(function)
            bundle = Bundle(self._modules(), (), {}, {}, True)
            bundle.function('f', function)
        except ReadError as e:
            e.what = 'config.%s: %s' % (field, e.what)
            raise
        return self._code_table().add(bundle, "lmake_result = 'str'\n")

    def _code_table(self):
        if self.codes is None:
            from lmake._read.values import Codes
            self.codes = Codes()
        return self.codes

    def _modules(self):
        from lmake._read.serialize import Modules
        rules = sys.modules.get('lmake.rules')
        names = set(c.__module__ for c in rules._classes) if rules else ()
        return Modules(self.root, names)

    def _has_manifest(self):
        from lmake._read import manifest
        self.lmake.manifest = manifest.entries_of(self.lmake.manifest)  # once: it may be a generator
        return bool(self.lmake.manifest)

    def _sources(self, module, way):
        if self.which == 'rules' or self.which == 'config' and way:
            return None
        self.phase = 'sources'
        from lmake._read import manifest
        if self.which == 'sources':
            self.extra = manifest.extra_entries_of(self.lmake.extra_manifest)
            way = None if self._has_manifest() else self._way(module, 'sources') or 'default'
        self._acquire(module, 'sources', way)
        if way == 'default':
            self.lmake.manifest = _default_sources()
        entries = manifest.entries_of(self.lmake.manifest)
        if not entries:
            raise ReadError('manifest is empty', 'lmake.manifest = [<names of sources>]')
        return manifest.digest(entries + self.extra, self.root)

    def _user_classes(self):
        rules = sys.modules.get('lmake.rules')
        return [c for c in rules._classes if c not in rules._library] if rules else []

    def _rules(self, module, way):
        if self.which == 'sources' or self.which == 'config' and way:
            return []
        self.phase = 'rules'
        if self.which == 'rules':
            way = self._way(module, 'rules')
        self._acquire(module, 'rules', way)
        if not self._user_classes():
            return []
        from lmake import rules as library
        from lmake._read.classes import rules_of
        from lmake._read.rule import rule_digest
        modules, codes = self._modules(), self._code_table()
        found = rules_of(library._classes, library._library)
        out = [rule_digest(name, attributes, modules, codes) for name, attributes in found]
        _check_identities(out)
        return out


def _check_identities(rules):
    seen = {}
    for rule in rules:
        other = seen.setdefault(rule['match_crc'], rule)
        if other is not rule:
            raise ReadError('it matches identically to rule %s, line %d' % (other['name'], other['line']),
                            'remove one of them, or make their targets or deps differ',
                            rule=rule['name'], place=(rule['file'], rule['line']))


def _write(file, lines):
    """Write the digest, the whole of it or nothing; return the exit status."""
    import json
    temporary = '%s.%d' % (file, os.getpid())
    try:
        with open(temporary, 'w') as out:
            for line in lines:
                out.write(json.dumps(line, separators=(',', ':')) + '\n')
        os.rename(temporary, file)
    except (IOError, OSError) as e:
        sys.stderr.write('cannot write the digest: %s\n' % e)
        return 1
    return 0


def _bug(error):
    """Return one line for an exception that is our fault, or that of objects given by the user."""
    trace = sys.exc_info()[2]
    while trace.tb_next is not None:
        trace = trace.tb_next
    place = '%s:%d' % (os.path.basename(trace.tb_frame.f_code.co_filename), trace.tb_lineno)
    return 'internal error of lmake_reader at %s: %s: %s\n' % (place, type(error).__name__, error)


def run(args, lib):
    """Read the makefiles as told by the arguments of lmake_reader.py; return the exit status."""
    if len(args) != 3 or args[2] not in _PASSES:
        sys.stderr.write('usage: lmake_reader.py <root> <digest file> all|config|sources|rules\n')
        return 2
    file, which = os.path.abspath(args[1]), args[2]
    os.chdir(args[0])
    root = os.getcwd()  # without links, as all names of user modules will be
    sys.argv[1:] = []
    reading = _Reading(root, lib, which)
    try:
        lines = reading.run()
    except _UserFailure as e:
        reading.phase = str(e)
    except ReadError as e:
        sys.stdout.flush()
        sys.stderr.write(e.text() + '\n')
    except Exception as e:
        sys.stderr.write(_bug(e))
    else:
        return _write(file, lines)
    sys.stderr.write('cannot read %s\n' % reading.phase)
    return 1
