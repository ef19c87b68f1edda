"""The failures that are drilled: what fails, and what the engine is to do. One list for the command, its test and the docs."""

from engine.cli.drill.failure import Failure
from engine.cli.drill.failures.data import DATA
from engine.cli.drill.failures.days import DAYS
from engine.cli.drill.failures.fills import FILLS
from engine.cli.drill.failures.orders import ORDERS
from engine.cli.drill.failures.program import PROGRAM
from engine.cli.drill.failures.session import SESSION

CATALOGUE: tuple[Failure, ...] = (*SESSION, *DATA, *ORDERS, *FILLS, *PROGRAM, *DAYS)
"""In the order in which they are drilled."""


def named(names: tuple[str, ...]) -> tuple[Failure, ...]:
    """The failures of these names in the catalogue's order, all of them for none. Raises KeyError with a name that is none."""
    known = {one.name for one in CATALOGUE}
    for name in names:
        if name not in known:
            raise KeyError(name)
    return tuple(one for one in CATALOGUE if not names or one.name in names)
