"""Flags of targets and deps: from the words of users to the bits of src/doc/protocols.md section 5."""

from lmake._read.errors import ReadError, show

DEP = {'critical': 1, 'essential': 2, 'ignore_error': 4, 'readdir_ok': 8, 'required': 16, 'ignore': 64, 'top': 512}
TARGET = {
    'essential': 1, 'incremental': 2, 'optional': 4, 'phony': 8, 'source_ok': 16, 'no_warning': 32, 'ignore': 64,
    'top': 128}
DEP_STATIC, DEP_FULL = 32, 128
TARGET_STATIC, TARGET_OFFICIAL = 256, 512


def _snake(word):
    return ''.join('_' + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(word))


def _flatten(words, out):
    for word in words:
        if isinstance(word, (list, tuple)):
            _flatten(word, out)
        else:
            out.append(word)
    return out


def split_entry(entry):
    """Split a pattern or dep entry into (value, flag words)."""
    if not isinstance(entry, (list, tuple)):
        return entry, []
    if not entry:
        raise ReadError('empty entry')
    return entry[0], _flatten(entry[1:], [])


def dep_flags(words, default):
    """Return the dep bits, starting from `default`."""
    return _apply(words, default, 0, False)[0]


def target_flags(words, default):
    """Return (target bits, dep bits) of an entry of targets, starting from `default` target bits."""
    dep, target = _apply(words, 0, default, True)
    return target, dep


def _apply(words, dep, target, is_target):
    for word in words:
        if not isinstance(word, str):
            raise ReadError('flag %s is not a str' % show(word))
        off = word.startswith('-')
        name = _snake(word[1:] if off else word)
        bit = DEP.get(name, 0)
        target_bit = TARGET.get(name, 0) if is_target else 0
        if not bit and not target_bit:
            raise ReadError('unknown flag %s' % word, _consider(word, name, is_target))
        if target_bit:
            target = target & ~target_bit if off else target | target_bit
        if bit and not (is_target and name == 'essential'):
            dep = dep & ~bit if off else dep | bit
    return dep, target


def _consider(word, name, is_target):
    if not is_target and name in TARGET:
        return '%s is for targets only' % word
    import difflib
    known = sorted(set(DEP) | set(TARGET if is_target else ()))
    close = difflib.get_close_matches(name, known, 1)
    return close[0] if close else 'one of ' + ' '.join(known)
