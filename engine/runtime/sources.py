"""Which sources run: two processes of one version may have been edited apart."""

from functools import cache
from hashlib import sha256
from pathlib import Path

import engine

_ROOMS = ("compile", "decide", "domain", "pricing", "research", "runtime", "sim", "store", "strategy")
"""What of the engine makes a chain and decides on it."""


@cache
def code_digest() -> str:
    """Of the sources that make a chain: a version of the engine that is not released yet is another one after every edit."""
    whole, root = sha256(), Path(next(iter(engine.__path__)))
    for path in sorted(path for room in _ROOMS for path in (root / room).rglob("*.py")):
        whole.update(path.read_bytes())
    return whole.hexdigest()
