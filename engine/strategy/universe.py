"""Which underlyings: a list of tickers, tickers with a share of the risk each, or a named list of common.yaml with exceptions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from pydantic import Field, ValidationInfo, ValidatorFunctionWrapHandler, WithJsonSchema, WrapValidator

from engine.strategy import guesses
from engine.strategy.loader.spelling import nearest
from engine.strategy.source import Listed, Mapped, Node, Text, about, complaint, texts_in
from engine.strategy.values.counts import TICKER, Ticker
from engine.strategy.values.scalar import NUMBER, decimal_of, shortened
from engine.strategy.way_out import Value, WayOut, did_you_mean, write


class Weighted(tuple[str, ...]):
    """Tickers that divide a strategy's `open_risk` among themselves."""

    shares: Mapping[str, Decimal]
    """The most that each takes of it, 0 to 1."""

    @classmethod
    def of(cls, tickers: Iterable[str], shares: Mapping[str, Decimal]) -> Weighted:
        """Tickers with the share of each."""
        made = cls(tickers)
        made.shares = dict(shares)
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Weighted) and tuple(self) == tuple(other) and self.shares == other.shares

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((tuple(self), tuple(self.shares.items())))


def shares_of(universe: tuple[str, ...]) -> Mapping[str, Decimal]:
    """The share of the risk that each underlying takes at the most; empty where the universe has no weights."""
    return universe.shares if isinstance(universe, Weighted) else {}


def _read(written: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> tuple[str, ...]:
    """The tickers, with their shares where the file gives each one."""
    if isinstance(written, Weighted):
        return written
    resolved = _resolved(written, info)
    if isinstance(resolved, Weighted):
        return Weighted.of(handler(tuple(resolved)), resolved.shares)
    return handler(resolved)


_FORMS = write("[SPX, SPY]", "{list: indices, except: [RUT]}")


def _resolved(written: Any, info: ValidationInfo) -> Any:
    """A mapping becomes the tickers it names; the lists are the `lists` of the validation's context."""
    if isinstance(written, Text):
        found = guesses.tickers(written) if written.casefold() not in _EVERYTHING else []
        raise about(written, "wanted a list", write(f"[{', '.join(found)}]") if found else _FORMS)
    if not isinstance(written, Mapped):
        return written
    lists: dict[str, tuple[str, ...]] = (info.context or {}).get("lists", {})
    unknown = [key for key in written if key not in {"list", "except"}]
    tickers = [ticker for key in written for ticker in guesses.tickers(key)]
    if len(unknown) == len(written) == len(tickers) > 0 and all(str(key).upper() == str(key) for key in unknown):
        return _weighted(written, tickers)
    if unknown:
        named = " and ".join(f"'{shortened(key)}'" for key in unknown[:3])
        close = [word for key in unknown if (word := nearest(key.casefold(), ("list", "except")))]
        meant = f"did you mean {' and '.join(repr(word) for word in close)}?   " if close else ""
        raise about(unknown[0], f"unknown key{'s' * (len(unknown) > 1)} {named}", f"{meant}keys here: list, except")
    name = written.get(Text("list"))
    if not isinstance(name, Text):
        raise complaint(written.place, "which list?", _FORMS)
    if name not in lists:
        known = f"lists in common.yaml: {', '.join(lists)}" if lists else "common.yaml has no lists"
        raise about(name, f"no such list '{name}'", did_you_mean(nearest(name, lists), known))
    excepted = _excepted(written.get(Text("except"), Listed()), name, lists[name])
    return tuple(ticker for ticker in lists[name] if ticker not in excepted)


def _weighted(written: Mapped, tickers: list[str]) -> Weighted:
    """The share of each ticker. Raises a complaint about tickers in braces without one, and about shares that are none."""
    listed = f"[{', '.join(tickers)}]"
    hint = write(listed, place=written.span) if written.span else WayOut.of(f"write  {listed}", Value(listed))
    if not any(texts_in(part) and any(texts_in(part)) for part in written.values()):
        raise complaint(written.span or written.place, "tickers stand in braces; wanted a list", hint)
    shares: dict[str, Decimal] = {}
    even = f"{100 // len(tickers)}%"
    for key, share in written.items():
        if not isinstance(share, Text):
            raise complaint(share.place, f"wanted the share of the risk that {key} takes", write(even))
        said = re.fullmatch(rf"({NUMBER})\s*%(?: of (?:the )?(?:open[ _])?risk)?", share.strip())
        if said is None:
            number = re.fullmatch(NUMBER, share.strip())
            meant = guesses.percent(share.strip())[0] if number and guesses.percent(share.strip()) else even
            raise about(share, f"found '{shortened(share, 20)}'; wanted the share of the risk that {key} takes", write(meant))
        shares[str(key)] = decimal_of(share, said[1]) / 100
        if not 0 < shares[str(key)] <= 1:
            raise about(share, f"a share is above 0% and at most 100%: {share}", write(even))
    if (total := sum(shares.values(), Decimal(0))) > 1:
        split = ", ".join(f"{ticker}: {even}" for ticker in tickers)
        message = f"the shares add up to {(total * 100).normalize():f}%, and there is 100% to divide"
        instead = f"{{{split}}}"
        hint = write(instead, place=written.span) if written.span else WayOut.of(f"write  {instead}", Value(instead))
        raise complaint(written.span or written.place, message, hint)
    return Weighted.of(shares, shares)


_EVERYTHING = frozenset({"all", "any", "*", "everything", "every", "watchlist"})


def _excepted(written: Node, name: Text, tickers: tuple[str, ...]) -> set[str]:
    if not isinstance(written, Listed):
        raise complaint(written.place, "except is a list", write("except: [RUT]"))
    for ticker in written:
        if not isinstance(ticker, Text) or ticker not in tickers:
            raise complaint(ticker.place, f"this is not in the list '{name}'", f"it has: {', '.join(tickers)}")
    if len(set(map(str, written))) == len(tickers):  # pyright: ignore[reportArgumentType]
        raise complaint(written.place, "every ticker is excepted, nothing is left", "remove one of them")
    return {str(ticker) for ticker in written}


_TICKERS = {"type": "array", "items": {"type": "string", "pattern": f"^{TICKER}$"}, "minItems": 1}
_NAMED = {
    "type": "object",
    "required": ["list"],
    "additionalProperties": False,
    "properties": {
        "list": {"type": "string", "description": "Name of a list in common.yaml."},
        "except": {**_TICKERS, "description": "Tickers of the list that are left out."},
    },
}
_SHARES = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": f"^{TICKER}$"},
    "additionalProperties": {
        "type": "string",
        "pattern": rf"^\s*{NUMBER}\s*%",
        "description": "The most that this ticker takes of limits.open_risk.",
    },
}

Universe: TypeAlias = Annotated[
    Annotated[tuple[Ticker, ...], Field(min_length=1, max_length=500)],
    WrapValidator(_read),
    WithJsonSchema(
        {
            "anyOf": [_TICKERS, _NAMED, _SHARES],
            "defaultSnippets": [{"label": "[SPX]", "body": ["SPX"]}, {"label": "a list", "body": {"list": "indices"}}],
        }
    ),
]
