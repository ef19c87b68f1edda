"""Text of one field to its value and back, one class per way TWS writes values.

Absent is None. TWS writes absent as nothing, or as the largest number of the type; both are read as None wherever the
declaration says the number can be absent, and `unset` says which of the two TWS prints there. `blank` is what an empty
or absent field means to the receiver when it means a value: clients print or leave out a zero as they please.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import inf, isfinite
from typing import Literal, TypeAlias

from engine.sim.wire.errors import WireError

Scalar: TypeAlias = bool | int | float | Decimal | str | None
Value: TypeAlias = "Scalar | tuple[Scalar, ...] | tuple[Mapping[str, Value], ...]"
Row: TypeAlias = Mapping[str, Value]

JAVA_MAX_DOUBLE = "1.7976931348623157E308"
JAVA_MAX_INT = "2147483647"
JAVA_MAX_LONG = "9223372036854775807"

_MAX_DOUBLE = 1.7976931348623157e308
_INT32_RANGE = 1 << 31
_ABSENT_WHOLE = frozenset({int(JAVA_MAX_INT), int(JAVA_MAX_LONG)})
_ABSENT_SIZES = frozenset({Decimal(JAVA_MAX_INT), Decimal(JAVA_MAX_LONG), Decimal(2**127 - 1), Decimal(JAVA_MAX_DOUBLE)})
_INFINITE = frozenset({"Infinity", "Infinite", "inf"})
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")
_MAX_NUMBER_CHARS = 64  # the longest number TWS is known to print has 39 digits
_MAX_EXPONENT = 40  # beyond it a size is no size, and writing it out in full would fill memory


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number.

    `sentinel`: the largest int and long mean absent. `required`: it may not be left empty. `among`: the only numbers
    there are, where the fields after it depend on it. `int32`: it has to fit the int that both sides keep it in.
    """

    unset: str = ""
    blank: int | None = None
    sentinel: bool = False
    zero_is_absent: bool = False
    required: bool = False
    among: tuple[int, ...] = ()
    int32: bool = False

    def read(self, text: str) -> int | None:
        if not text:
            if self.required:
                raise WireError("needs a whole number and is empty")
            return self.blank
        if not _WHOLE.fullmatch(text):
            raise WireError(f"needs a whole number, not {_shown(text)}")
        number = int(text)
        if self.sentinel and number in _ABSENT_WHOLE:
            return self.blank
        if self.among and number not in self.among:
            raise WireError(f"needs one of {self.among}, not {number}")
        if self.int32 and not -_INT32_RANGE <= number < _INT32_RANGE:
            raise WireError(f"needs a whole number of 32 bits, not {number}")
        return None if self.zero_is_absent and not number else number

    def write(self, value: Value) -> str:
        if type(value) is int:
            if self.among and value not in self.among:
                raise WireError(f"needs one of {self.among}, not {value}")
            return str(value)
        if value is None:
            if self.required:
                raise WireError("needs a whole number and got none")
            return self.unset
        raise WireError(f"needs a whole number, not {_shown(value)}")


@dataclass(frozen=True, slots=True)
class Double:
    """A price, ratio or amount, as float.

    Style `java` keeps a fraction and turns to powers of ten outside 0.001 … 10,000,000 (0.0, 70.0, 1.0E7), `plain`
    leaves an empty fraction out (0, 196.52), `cents` prints at least two decimals (3124.60).
    Source of `java`: the Java class library's documentation of Double.toString.
    """

    style: Literal["java", "plain", "cents"] = "java"
    unset: str = ""
    blank: float | None = None
    zero_is_absent: bool = False
    infinite: bool = False

    def read(self, text: str) -> float | None:
        if not text:
            return self.blank
        if self.infinite and text in _INFINITE:
            return inf
        if len(text) > _MAX_NUMBER_CHARS or not _NUMBER.fullmatch(text):
            raise WireError(f"needs a number, not {_shown(text)}")
        number = float(text)
        if number == _MAX_DOUBLE:
            return self.blank
        if not isfinite(number):
            raise WireError(f"needs a number within the range of a double, not {_shown(text)}")
        return None if self.zero_is_absent and not number else number

    def write(self, value: Value) -> str:
        if value is None:
            return self.unset
        if isinstance(value, (bool, str, tuple)):
            raise WireError(f"needs a number, not {_shown(value)}")
        number = float(value)
        if not isfinite(number):
            if self.infinite and number > 0:
                return "Infinity"
            raise WireError(f"needs a finite number, not {number}")
        return _WRITERS[self.style](number)


@dataclass(frozen=True, slots=True)
class Size:
    """A quantity, as Decimal, printed in full without trailing zeros."""

    unset: str = ""
    blank: Decimal | None = None

    def read(self, text: str) -> Decimal | None:
        if not text:
            return self.blank
        if len(text) > _MAX_NUMBER_CHARS or not _NUMBER.fullmatch(text):
            raise WireError(f"needs a quantity, not {_shown(text)}")
        number = Decimal(text)
        if number in _ABSENT_SIZES:
            return self.blank
        if abs(number.adjusted()) > _MAX_EXPONENT:
            raise WireError(f"needs a quantity of sensible size, not {_shown(text)}")
        return number

    def write(self, value: Value) -> str:
        if type(value) is int:
            return str(value)
        if value is None:
            return self.unset
        if isinstance(value, float):
            if isfinite(value):
                return _plain(value)
        elif isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) <= _MAX_EXPONENT:
            text = f"{value:f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        raise WireError(f"needs a quantity, not {_shown(value)}")


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no as 1 or 0; empty is no, and any other whole number is yes, as the clients read it."""

    def read(self, text: str) -> bool:
        if text in ("0", "1", ""):
            return text == "1"
        if not _WHOLE.fullmatch(text):
            raise WireError(f"needs 0 or 1, not {_shown(text)}")
        return int(text) != 0

    def write(self, value: Value) -> str:
        if value is None or isinstance(value, bool):
            return "1" if value else "0"
        raise WireError(f"needs True or False, not {_shown(value)}")


@dataclass(frozen=True, slots=True)
class Text:
    """Text as it is. `blank` is what an empty field means. `escaped`: beyond ASCII it travels as \\u0000 escapes."""

    blank: str = ""
    escaped: bool = False

    def read(self, text: str) -> str:
        if self.escaped and "\\u" in text:
            return _unescaped(text)
        return text or self.blank

    def write(self, value: Value) -> str:
        if value is None:
            return ""
        if not isinstance(value, str):
            raise WireError(f"needs text, not {_shown(value)}")
        if "\0" in value:
            raise WireError("holds a NUL byte, which would split it in two")
        return value if not self.escaped or value.isascii() else _escaped(value)


Kind: TypeAlias = Whole | Double | Size | Flag | Text


def quick_writer(kind: Kind) -> Callable[[Value], str]:
    """The kind's write with a short cut for the values ticks are made of: whole numbers and everyday prices."""
    write = kind.write

    def whole(value: Value) -> str:
        return str(value) if type(value) is int else write(value)

    def java(value: Value) -> str:
        return repr(value) if type(value) is float and 1e-3 <= abs(value) < 1e7 else write(value)

    match kind:
        case Size() | Whole(among=()):
            return whole
        case Double(style="java"):
            return java
        case _:
            return write


def _java(number: float) -> str:
    size = abs(number)
    if 1e-3 <= size < 1e7 or not number:
        return repr(number)
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    assert isinstance(exponent, int)  # not so for NaN and infinity only, refused before
    fraction = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{fraction}E{exponent + len(digits) - 1}"


def _plain(number: float) -> str:
    text = repr(number)
    if "e" in text:
        exact = Decimal(text)
        # Written out in full such a number would be hundreds of digits, which no reader takes for a number.
        return f"{exact:f}" if abs(exact.adjusted()) <= _MAX_EXPONENT else _java(number)
    return text.removesuffix(".0")


def _cents(number: float) -> str:
    whole, _, fraction = _plain(number).partition(".")
    return f"{whole}.{fraction:0<2}"


_WRITERS = {"java": _java, "plain": _plain, "cents": _cents}


def _escaped(text: str) -> str:
    units = text.encode("utf-16-be", "surrogatepass")
    codes = (int.from_bytes(units[i : i + 2], "big") for i in range(0, len(units), 2))
    return "".join(chr(code) if code < 128 else f"\\u{code:04x}" for code in codes)


def _unescaped(text: str) -> str:
    plain = re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)
    try:
        plain = plain.encode("utf-16-be", "surrogatepass").decode("utf-16-be")
    except UnicodeDecodeError:  # half a character: what came stays readable, and can be written again
        return text
    return text if "\0" in plain else plain


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
