"""Source text of a function, extracted by tokens, as it must be to run elsewhere.

Indentation is removed but inside strings, default values are replaced by literals, the name may be changed. Lines keep
their rank in the function, so that tracebacks can be given the original line numbers at run time.
"""

import tokenize

from lmake._read.errors import ReadError, show

_files = {}




def file_lines(file):
    """Return the lines of a source file, with their ends."""
    if file not in _files:
        opener = getattr(tokenize, 'open', open)
        try:
            with opener(file) as f:
                _files[file] = f.readlines()
        except (IOError, OSError, SyntaxError, UnicodeDecodeError):
            raise ReadError('the source text of %s cannot be read' % show(file))
    return _files[file]


def _tokens(lines, first):
    feed = iter(lines[first:])
    return tokenize.generate_tokens(lambda: next(feed, ''))


_SKIPPED = (tokenize.NL, tokenize.COMMENT, tokenize.INDENT)


class Function(object):
    """The text of one function: `render(name, defaults)` writes it."""

    def __init__(self, function):
        code = function.__code__
        self.file, self.line = code.co_filename, code.co_firstlineno
        if code.co_name == '<lambda>':
            raise ReadError('lambdas cannot be sent to jobs', 'use def')
        lines = file_lines(self.file)
        self._scan(lines, code.co_name)
        self._dedent(lines[self.line - 1:self.line - 1 + self.n_lines])

    def _scan(self, lines, name):
        """Find where the function ends, its name and default values, and the lines that lie within strings."""
        self.defaults = []  # spans ((row, col), (row, col)) of default values
        self.in_string = set()
        self.n_lines = 0
        depth, block, head, signature, last, start = 0, 0, [], True, None, None
        strings = []
        try:
            for token in _tokens(lines, self.line - 1):
                kind, text, begin, end = token[:4]
                if kind == tokenize.DEDENT and signature is False:
                    block -= 1
                    if block <= 0:
                        break
                    continue
                if kind == tokenize.INDENT and signature is False:
                    block += 1
                    continue
                if kind in _SKIPPED:
                    continue
                if len(head) < 2:
                    head.append((text, begin, end))
                    if len(head) == 1 and text != 'def':
                        self._refuse(text, name)
                    continue
                if kind == tokenize.NEWLINE:
                    self.n_lines = begin[0]
                    if signature is None:
                        signature = False  # the header line is over, a block follows
                    elif block == 0:
                        break  # a body on the line of the def
                    continue
                if signature is True:
                    if start is not None and depth == 1 and text in (',', ')'):
                        self.defaults.append((start, last))
                        start = None
                    elif start == 'next':
                        start = begin
                    depth += 1 if text in ('(', '[', '{') else -1 if text in (')', ']', '}') else 0
                    if text == '=' and depth == 1:
                        start = 'next'
                    if text == ':' and depth == 0:
                        signature = None
                elif signature is None:
                    signature = 'inline'  # something after the colon
                self._note_string(token, strings)
                last = end
        except (tokenize.TokenError, IndentationError):
            pass  # what follows the function does not matter
        self.name_span = head[1][1:] if len(head) == 2 else None
        if not self.name_span or head[1][0] != name or not self.n_lines:
            raise ReadError('the source text of function %s cannot be found in %s' % (name, self.file))

    @staticmethod
    def _refuse(text, name):
        if text == '@':
            raise ReadError('function %s is decorated, it cannot be sent to jobs' % name)
        if text == 'async':
            raise ReadError('function %s is async, it cannot be sent to jobs' % name)
        raise ReadError('the source text of function %s cannot be found' % name)

    def _note_string(self, token, strings):
        kind, _, begin, end = token[:4]
        label = tokenize.tok_name[kind]
        if label.endswith('STRING_START'):
            strings.append(begin[0])
        elif label.endswith('STRING_END'):
            self.in_string.update(range(strings.pop() + 1, end[0] + 1))
        elif kind == tokenize.STRING:
            self.in_string.update(range(begin[0] + 1, end[0] + 1))

    def _dedent(self, lines):
        indent = lines[0][:len(lines[0]) - len(lines[0].lstrip())]
        self.removed, self.lines = [], []
        for row, line in enumerate(lines, 1):
            n = 0
            if row not in self.in_string:
                n = len(indent) if line.startswith(indent) else len(line) - len(line.lstrip(' \t'))
            self.removed.append(n)
            self.lines.append(line[n:])
        if not self.lines[-1].endswith('\n'):
            self.lines[-1] += '\n'

    def _replace(self, lines, begin, end, text):
        """Replace a span, given in columns of the file, keeping the number of lines."""
        (row, col), (end_row, end_col) = begin, end
        col -= self.removed[row - 1]
        end_col -= self.removed[end_row - 1]
        tail = lines[end_row - 1][end_col:]
        lines[row - 1] = lines[row - 1][:col] + text + ('\n' * (end_row - row)) + tail
        for i in range(row, end_row):
            lines[i] = ''

    def render(self, name, defaults):
        """Return the text with this name, and these texts of default values in order of the parameters."""
        if len(defaults) != len(self.defaults):
            raise ReadError('the default values of function %s cannot be found' % name)
        lines = list(self.lines)
        for (begin, end), text in reversed(list(zip(self.defaults, defaults))):
            self._replace(lines, begin, end, text)
        self._replace(lines, self.name_span[0], self.name_span[1], name)
        return ''.join(lines)


def n_mandatory(function):
    """Return how many arguments must be given to `function`."""
    code = function.__code__
    n_keyword = getattr(code, 'co_kwonlyargcount', 0)
    n = code.co_argcount - len(function.__defaults__ or ())
    return n + n_keyword - len(getattr(function, '__kwdefaults__', None) or ())


def default_values(function):
    """Return the default values of `function`, in order of its parameters."""
    code = function.__code__
    out = list(function.__defaults__ or ())
    n, n_keyword = code.co_argcount, getattr(code, 'co_kwonlyargcount', 0)
    given = getattr(function, '__kwdefaults__', None) or {}
    return out + [given[k] for k in code.co_varnames[n:n + n_keyword] if k in given]
