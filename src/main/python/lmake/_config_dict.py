"""Lazy view of a nested value spread over files; what lmake.config_dict returns."""

import os

from lmake.utils import pdict

_KINDS = {'dict': dict, 'pdict': pdict, 'list': list, 'tuple': tuple}


class ConfigDict(object):
    """One place of the value, kept in `<base><val_ext>` and, if it has items, below `<base>.<dir_ext>/`."""

    def __init__(self, base, dir_ext, val_ext):
        self.__dict__.update(_base=base, _dir_ext=dir_ext, _val_ext=val_ext)

    @classmethod
    def open(cls, base, dir_ext=None, val_ext=None, list_ok=True, **source):
        """Return the view on `base`, after having written it if `create` or `create_from` is given."""
        unknown = sorted(set(source) - {'create', 'create_from'})
        if unknown:
            raise TypeError('config_dict() got an unexpected keyword argument %r' % unknown[0])
        out = cls(base, dir_ext or 'config_dir', val_ext or 'val.py')
        if 'create_from' in source:
            space = {}
            with open(source['create_from']) as file:
                exec(compile(file.read(), source['create_from'], 'exec'), space)
            if 'config' not in space:
                raise NameError('%s defines no variable named config' % source['create_from'])
            out._write(space['config'], list_ok)
        elif 'create' in source:
            out._write(source['create'], list_ok)
        return out

    def _child(self, key):
        return ConfigDict('%s.%s/%s' % (self._base, self._dir_ext, key), 'sub_dir', self._val_ext)

    def _file(self):
        return '%s.%s' % (self._base, self._val_ext)

    def _write(self, value, list_ok):
        items = None
        if isinstance(value, dict):
            kind, items = 'pdict' if isinstance(value, pdict) else 'dict', list(value.items())
        elif list_ok and type(value) in (list, tuple):
            kind, items = type(value).__name__, list(enumerate(value))
        directory = os.path.dirname(self._file())
        if directory and not os.path.isdir(directory):
            os.makedirs(directory)
        with open(self._file(), 'w') as file:
            if items is None:
                file.write('val = %r\n' % (value,))
            else:
                file.write('cls = %s\nmanifest = %r\n' % (kind, tuple(k for k, _ in items)))
        for key, item in items or ():
            self._child(key)._write(item, list_ok)

    def _read(self):
        space = dict(_KINDS)
        with open(self._file()) as file:
            exec(compile(file.read(), self._file(), 'exec'), space)
        return space

    def __getattr__(self, key):
        if key.startswith('__'):
            raise AttributeError(key)
        return self._child(key)

    def __getitem__(self, key):
        return self._child(key)

    def __call__(self):
        """Return the value, read from the files that hold it."""
        space = self._read()
        if 'val' in space:
            return space['val']
        items = [(k, self._child(k)()) for k in space['manifest']]
        return space['cls'](items if issubclass(space['cls'], dict) else [v for _, v in items])

    def __iter__(self):
        space = self._read()
        if 'val' in space:
            raise ValueError('%s is a leaf' % self._base)
        return iter(space['manifest'])
