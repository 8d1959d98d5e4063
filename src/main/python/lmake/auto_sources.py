"""Importing this module sets lmake.manifest from file Manifest, or else from git."""

import lmake as _lmake
from lmake.sources import auto_sources

_lmake.manifest = auto_sources()
