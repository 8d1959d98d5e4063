"""Greets everybody in people/, one file each, then all in one.

    lmake hello/ada      one greeting
    lmake all            all of them
"""

from lmake.rules import Rule

people = ['ada', 'grace']


class Greet(Rule):
    stems = {'Who': r'\w+'}
    target = 'hello/{Who}'
    cmd = '''
        . ./style
        echo "$greeting, $(cat people/{Who})!"
    '''


class All(Rule):
    target = 'all'
    deps = {name.upper(): f'hello/{name}' for name in people}
    cmd = 'cat ' + ' '.join('{' + key + '}' for key in deps)
