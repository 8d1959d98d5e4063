"""What is wrong with the user's files, told with the place, the rule and what to try."""

import os


class ReadError(Exception):
    """A mistake of the user.

    `rule` and `field` say where in the model, `place` is (file, line) or None, `consider` what to try, if known.
    Each layer fills in what it knows with `at`, the first one wins.
    """

    def __init__(self, what, consider=None, rule=None, place=None, field=None):
        Exception.__init__(self, what)
        self.what = what
        self.consider = consider
        self.rule = rule
        self.place = place
        self.field = field

    def at(self, rule=None, place=None, field=None):
        """Complete what is not known yet and return self."""
        self.rule = self.rule or rule
        self.place = self.place or place
        self.field = self.field or field
        return self

    def text(self):
        """Return the message for people, one or two lines."""
        head = ''
        if self.place:
            head = '%s:%d: ' % (local_name(self.place[0]), self.place[1])
        if self.rule:
            head += 'rule %s: ' % self.rule
        out = head + self.what
        if self.consider:
            out += '\n  consider: ' + self.consider
        return out


def local_name(file):
    """Return `file` relative to the current dir if it is below."""
    root = os.getcwd() + '/'
    return file[len(root):] if file.startswith(root) else file


def show(value):
    """Return a short text of any value, whatever its repr does."""
    try:
        text = repr(value)
    except Exception:
        text = '<%s>' % type(value).__name__
    return text if len(text) <= 80 else text[:77] + '...'
