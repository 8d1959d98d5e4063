"""The command of a rule: shell text joined over the MRO, or Python functions called one after the other."""

from lmake._read.classes import place_of
from lmake._read.errors import ReadError
from lmake._read.source import n_mandatory
from lmake._read.values import FULL

_HOOKS = '''\
try:
    from lmake.import_machinery import fix_import
except ImportError:
    pass
else:
    fix_import()
    del fix_import
'''


def command(attributes, scope, python):
    """Return (cmd of the digest, what is to be fingerprinted)."""
    chain = attributes.chain('cmd')
    return _python(chain, scope) if python else _shell(chain, scope)


def _refuse(cls, what):
    raise ReadError('cmd of %s is %s' % (cls.__name__, what), field='cmd', place=place_of(cls, 'cmd'))


def _shell(chain, scope):
    texts = []
    for cls, cmd in chain:
        if isinstance(cmd, staticmethod):
            cmd = cmd.__func__
        text = getattr(cmd, 'shell', None) if callable(cmd) else cmd
        if not isinstance(text, str):
            _refuse(cls, 'not a str for a shell rule')
        texts.append(text)
    expr = scope.expr('\n'.join(texts), FULL)
    return expr, expr


def _python(chain, scope):
    bundle = scope.bundle(FULL, dynamic=False)
    calls = []
    for rank, (cls, cmd) in enumerate(chain):
        if isinstance(cmd, staticmethod):
            cmd = cmd.__func__
        if not callable(cmd):
            _refuse(cls, 'not callable for a python rule')
        if type(cmd) is not type(_refuse):
            _refuse(cls, 'not a function defined by def')
        takes = n_mandatory(cmd)
        if len(chain) > 1 and takes > 1:
            _refuse(cls, 'a function with %d mandatory parameters, at most one is possible' % takes)
        name = 'cmd' if len(chain) == 1 else 'cmd_%s' % cls.__name__
        while name in bundle.bound:
            name += '_'
        bundle.function(name, cmd)
        one = takes == 1 and len(chain) > 1
        result = 'None' if rank == 0 else 'lmake_result'
        call = '%s(%s)' % (name, result if one else '')
        calls.append('lmake_result = %s\n' % call if rank < len(chain) - 1 else call + '\n')
    body = ''.join(calls)
    names = sorted(bundle.vars)
    cmd = {'text': _HOOKS + bundle.text(body), 'vars': names}
    return cmd, [bundle.text(body, fingerprint=True), names]
