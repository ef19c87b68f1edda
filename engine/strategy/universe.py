"""Which underlyings: a list of tickers, or a named list of common.yaml with exceptions."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema

from engine.strategy import guesses
from engine.strategy.loader.spelling import nearest
from engine.strategy.source import Listed, Mapped, Node, PydanticCustomError, Text, about, complaint, texts_in
from engine.strategy.values.counts import TICKER, Ticker
from engine.strategy.values.scalar import shortened
from engine.strategy.way_out import Value, WayOut, did_you_mean, write

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
        raise _weighted(written, tickers)
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


def _weighted(written: Mapped, tickers: list[str]) -> PydanticCustomError:
    """The complaint about tickers in braces, or with a weight each."""
    listed = f"[{', '.join(tickers)}]"
    hint = write(listed, place=written.span) if written.span else WayOut.of(f"write  {listed}", Value(listed))
    if not any(texts_in(part) and any(texts_in(part)) for part in written.values()):
        return complaint(written.span or written.place, "tickers stand in braces; wanted a list", hint)
    message = f"a weight for each ticker is not there yet; what comes nearest is  {listed}"
    return complaint(written.span or written.place, message, WayOut.of(str(hint), *hint.changes, is_later=True))


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

Universe: TypeAlias = Annotated[
    tuple[Ticker, ...],
    BeforeValidator(_resolved),
    Field(min_length=1, max_length=500),
    WithJsonSchema(
        {
            "anyOf": [_TICKERS, _NAMED],
            "defaultSnippets": [{"label": "[SPX]", "body": ["SPX"]}, {"label": "a list", "body": {"list": "indices"}}],
        }
    ),
]
