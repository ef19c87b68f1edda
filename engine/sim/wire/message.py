"""One message: its name and its values by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

from engine.sim.wire.errors import WireError
from engine.sim.wire.kinds import Row, Value
from engine.sim.wire.tables import names_of


@dataclass(frozen=True, slots=True)
class Message:
    """A message as declared in requests.py or responses.py.

    Absent numbers are None; groups are tuples of rows, columns tuples of values. The accessors give a value in its
    type. A field this server version or this order does not have reads as absent: "", False, None, no rows. A name that
    is not declared, and a value of another type, raise WireError.
    """

    name: str
    values: Row

    def text(self, name: str) -> str:
        value = self._value(name)
        return "" if value is None else value if isinstance(value, str) else self._refuse(name, "text")

    def flag(self, name: str) -> bool:
        value = self._value(name)
        return False if value is None else value if isinstance(value, bool) else self._refuse(name, "a flag")

    def whole(self, name: str) -> int:
        """A whole number that is always there, such as an id."""
        value = self._value(name)
        return value if type(value) is int else self._refuse(name, "a whole number")

    def optional_whole(self, name: str) -> int | None:
        return None if self._value(name) is None else self.whole(name)

    def number(self, name: str) -> float | None:
        value = self._value(name)
        return value if value is None or isinstance(value, float) else self._refuse(name, "a number")

    def size(self, name: str) -> Decimal | None:
        value = self._value(name)
        return value if value is None or isinstance(value, Decimal) else self._refuse(name, "a quantity")

    def rows(self, name: str) -> tuple[Message, ...]:
        """The rows of a group, each a message of its own."""
        value = self._value(name)
        if value is None:
            return ()
        if not isinstance(value, tuple):
            return self._refuse(name, "rows")
        return tuple(Message(f"{self.name}.{name}", row) for row in value if isinstance(row, Mapping))

    def _value(self, name: str) -> Value:
        if name not in self.values and name not in names_of(self.name):
            raise WireError("no such field", message=self.name, field=name)
        return self.values.get(name)

    def _refuse(self, name: str, wanted: str) -> NoReturn:
        raise WireError(f"needs {wanted}, holds {self.values.get(name)!r}", message=self.name, field=name)
