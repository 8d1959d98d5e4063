"""The reader: executes the Lmakefile and turns what it defines into the digest of src/doc/digest.md.

`main` runs the phases, `config` and `manifest` check what their names say, `classes` gathers the attributes of rule
classes, `rule` turns one class into a line of the digest with the help of `patterns`, `regex`, `flags`, `fstring` and
`serialize`. Nothing of it is for users. Code is kept in the common subset of Python 2.7 and 3.6+.
"""
