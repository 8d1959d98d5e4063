"""Small helpers shared by user files and by lmake itself.

Nothing here touches a file or starts a process, so that `import lmake` stays cheap.
"""


class pdict(dict):
    """A dict whose items are also attributes.

    `d.key` and `d['key']` are the same thing, for reading, setting and deleting. A missing attribute raises
    AttributeError, a missing item KeyError. It is not recursive: see `mk_deep`.
    """

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name)

    def __setattr__(self, name, value):
        self[name] = value

    def __delattr__(self, name):
        try:
            del self[name]
        except KeyError:
            raise AttributeError(name)

    @classmethod
    def mk_deep(cls, value):
        """Return `value` with every dict in it, through dicts, lists and tuples, made a pdict."""
        if isinstance(value, dict):
            return cls((k, cls.mk_deep(v)) for k, v in value.items())
        if type(value) in (list, tuple):
            return type(value)(cls.mk_deep(v) for v in value)
        return value
