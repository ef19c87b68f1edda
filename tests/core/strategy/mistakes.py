"""Mistakes as traders make them, put into a file that has none at every place where they can stand.

A kind is a function from a file to its wrong versions; each knows which lines it touched. What other programs call things
is written out here once more and not taken from the language, so that a word it does not know is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.strategy.loader.document import read_document
from engine.strategy.source import Listed, Mapped, Node, Text, texts_in

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A file with one mistake. `lines` are those it stands in, from 1; `wrote` is what stands there now."""

    text: str
    lines: tuple[int, ...]
    wrote: str


@dataclass(frozen=True, slots=True)
class Value:
    """A scalar, its key (None for a line of a list), and the keys above it."""

    path: Path
    key: Text | None
    text: Text


class File:
    """A file without a mistake, taken apart."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        tree = read_document(text, "x.yaml").tree
        assert tree is not None, "a file without a mistake is read"
        self.tree = tree
        self.values = [value for value in self._values(tree, (), None) if value.path[0] not in {"about", "name", "schema"}]
        self.keys = list(self._keys(tree, ()))
        self.conditions = [value for value in self.values if self._is_condition(value)]

    def with_value(self, value: Value, new: str) -> Wrong | None:
        """The file with other text as this value, in the same quotes."""
        if new == value.text or not value.text.exact:
            return None
        return self._with(value.text.place.line, value.text.place.column, len(value.text), new)

    def with_key(self, key: Text, new: str) -> Wrong | None:
        """The file with this key under another name."""
        return self._with(key.place.line, key.place.column, len(key), new) if new != key else None

    def with_lines(self, first: int, last: int, *new: str) -> Wrong:
        """The file with other lines in place of `first` to `last`, which may be none."""
        lines = [*self.lines[: first - 1], *new, *self.lines[last:]]
        touched = tuple(range(first, first + max(1, len(new))))
        return Wrong("\n".join(lines), touched, "\n".join(new))

    def with_line(self, section: Path, line: str) -> Wrong:
        """The file with one more line in a list, or key in a section, which is made where it is not there."""
        node: Node = self.tree
        for depth, part in enumerate(section):
            if not isinstance(node, Mapped) or Text(part) not in node:
                missing = section[depth:]
                indent = "  " * depth
                at = self._last_line(node) if depth else len(self.lines) - (not self.lines[-1])
                made = [f"{indent}{'  ' * deep}{name}:" for deep, name in enumerate(missing)]
                wrong = self.with_lines(at + 1, at, *made, f"{'  ' * len(section)}{line}")
                return Wrong(wrong.text, wrong.lines, line)
            node = node[Text(part)]
        if isinstance(node, Mapped) and section == ("exits",):
            return self.with_line(("exits", "whole"), line)
        if isinstance(node, Listed | Mapped) and node.closes is not None:
            assert node.span is not None
            said = line.removeprefix("- ")
            said = f'"{said}"' if line.startswith("- ") and "," in said else said
            wrong = self._with(node.closes.line, node.closes.column, 0, f", {said}")
            return Wrong(wrong.text, wrong.lines, line)
        at = self._first_line(node)
        return self.with_lines(at, at - 1, "  " * len(section) + line)

    def without(self, path: Path) -> Wrong | None:
        """The file without a key; None where it shares its line."""
        key, node = next((key, node) for at, key, node in self.keys if at == path)
        if self.lines[key.place.line - 1][: key.place.column - 1].strip():
            return None
        last = max([key.place.line, *(text.place.line for text in texts_in(node))])
        wrong = self.with_lines(key.place.line, last)
        return Wrong(wrong.text, tuple(range(1, len(self.lines) + 1)), f"without {'.'.join(path)}")

    def _with(self, line: int, column: int, length: int, new: str) -> Wrong:
        start = self._starts[line - 1] + column - 1
        text = self.text[:start] + new + self.text[start + length :]
        return Wrong(text, tuple(range(line, line + 1 + new.count("\n"))), new)

    def _values(self, node: Node, path: Path, key: Text | None) -> Iterator[Value]:
        if isinstance(node, Text):
            yield Value(path, key, node)
        elif isinstance(node, Mapped):
            for inner, below in node.items():
                yield from self._values(below, (*path, str(inner)), inner)
        else:
            for below in node:
                yield from self._values(below, path, None)

    def _keys(self, node: Node, path: Path) -> Iterator[tuple[Path, Text, Node]]:
        if isinstance(node, Mapped):
            for key, below in node.items():
                yield (*path, str(key)), key, below
                yield from self._keys(below, (*path, str(key)))
        elif isinstance(node, Listed):
            for below in node:
                yield from self._keys(below, path)

    def _is_condition(self, value: Value) -> bool:
        return value.key is None and value.path[0] in {"when", "filters", "spread", "exits"}

    def _first_line(self, node: Node) -> int:
        return next(texts_in(node)).place.line

    def _last_line(self, node: Node) -> int:
        return max(text.place.line for text in texts_in(node))


Kind = Callable[[File], Iterable[Wrong | None]]


def _each_match(file: File, values: Sequence[Value], pattern: str, *news: str) -> Iterator[Wrong | None]:
    """Each place where a pattern stands, written otherwise in each of these ways."""
    for value in values:
        for found in re.finditer(pattern, value.text):
            for new in news:
                changed = value.text[: found.start()] + found.expand(new) + value.text[found.end() :]
                yield file.with_value(value, changed)


def unit_left_out(file: File) -> Iterator[Wrong | None]:
    """`expiry: 45`, `width: 5`, `credit >= 1.50`."""
    yield from _each_match(file, file.values, r"\$(?=[0-9])", "")
    yield from _each_match(
        file, file.values, r"(?<=[0-9])(?: days| min| delta| s|%(?: of (?:net liquidation|[a-z_]+))?)(?![a-z])", ""
    )


def percent_of_what(file: File) -> Iterator[Wrong | None]:
    """`risk: 2%`, `profit >= 50%`."""
    yield from _each_match(file, file.values, r"(?<=%) of (?:net liquidation|[a-z_]+)", "")


def zone_left_out(file: File) -> Iterator[Wrong | None]:
    """`window: 9:45-15:30`."""
    yield from _each_match(file, file.values, r" New York", "")
    yield file.with_line(("entry",), "window: 9:45-15:30")


def wrong_unit(file: File) -> Iterator[Wrong | None]:
    """`vix >= 20%`, `credit >= $150`."""
    yield from _each_match(file, file.conditions, r"(?<=[<>=] )([0-9]+)(?![0-9%.])(?= ?$| and| or)", r"\1%", r"$\1")
    yield from _each_match(file, file.conditions, r"(credit [<>]=? )\$([0-9])\.([0-9]{2})", r"\1$\2\3")


def multiples(file: File) -> Iterator[Wrong | None]:
    """`loss >= 2x credit`, `credit >= 1/3 of width`."""
    yield from _each_match(file, file.conditions, r"([0-9])00% of ", r"\1x ", r"\1 x ", r"\1 times ", r"\1.0x ")
    yield from _each_match(file, file.conditions, r"(?<![0-9])([0-9]{1,2})% of ", "1/3 of ", "a third of ")


def ranges(file: File) -> Iterator[Wrong | None]:
    """`short_delta: 0.12, 0.20`, `width: $5 or $10`."""
    keyed = [value for value in file.values if value.key is not None]
    number = r"(\$?[0-9]+(?:\.[0-9]+)?)"
    yield from _each_match(
        file, keyed, rf"{number}-{number}(?![0-9:])", r"\1, \2", r"\1 to \2", r"\1..\2", r"\1 or \2", r"\1 and \2"
    )


def prose(file: File) -> Iterator[Wrong | None]:
    """`21 dte`, `stop at 2x credit`, `trailing stop 20%`, `VIX below 20`."""
    exits = [value for value in file.conditions if value.path[0] == "exits"]
    yield from _each_match(file, exits, r"^dte <= ([0-9]+)$", r"\1 dte", r"close at \1 DTE", r"\1 days before expiration")
    yield from _each_match(
        file, exits, r"^profit >= ([0-9]+)% of [a-z_]+$", r"take profit at \1%", r"\1% profit", r"close at \1%"
    )
    yield from _each_match(file, exits, r"^loss >= ([0-9]+)% of [a-z_]+$", r"stop loss \1%", r"stop at \1%", r"\1% loss")
    yield from _each_match(file, file.conditions, r"(?<=[a-z0-9)]) >= ", " at least ", " is at least ")
    yield from _each_match(file, file.conditions, r"(?<=[a-z0-9)]) <= ", " at most ", " no more than ")
    yield from _each_match(file, file.conditions, r"(?<=[a-z0-9)]) > ", " above ", " is greater than ")
    yield from _each_match(file, file.conditions, r"(?<=[a-z0-9)]) < ", " below ", " is under ")
    yield file.with_line(("exits",), "- trailing stop 20%")


OTHER_KEYS: Mapping[str, str] = {
    "universe": "symbol, ticker, underlying, symbols, tickers, underlyings",
    "when": "conditions, market_conditions, entry_conditions",
    "filters": "filter, leg_filters",
    "spread": "structure, trade, setup",
    "spread.type": "strategy, kind, structure, strategy_type",
    "spread.expiry": "dte, expiration, days_to_expiration, target_dte, DTE",
    "spread.short_delta": "delta, target_delta, sell_delta, shortDelta",
    "spread.body_delta": "center_delta, short_delta, delta",
    "spread.short_strike": "strike, sell_strike",
    "spread.long_delta": "buy_delta, wing_delta",
    "spread.width": "wing_width, spread_width, wings, strike_width",
    "spread.rules": "criteria, rule, requirements",
    "spread.rank": "sort_by, order_by, rank_by",
    "spread.right": "option_type, put_call, side",
    "spread.short_price": "short_premium, sell_price",
    "spread.long_price": "long_premium, buy_price",
    "sizing": "position_size, size, position_sizing",
    "sizing.risk": "max_risk, risk_per_trade, max_loss, allocation",
    "sizing.contracts": "quantity, qty, lots",
    "limits": "limit, constraints",
    "limits.open": "max_positions, max_open_positions, max_open",
    "limits.per_day": "trades_per_day, max_trades_per_day, daily_trades",
    "limits.per_expiry": "max_per_expiry, per_expiration",
    "limits.open_risk": "total_risk, max_open_risk",
    "limits.losses_per_day": "max_losses, losing_trades_per_day",
    "limits.loss_per_week": "weekly_loss_limit, max_weekly_loss",
    "entry": "entries, opening, execution",
    "entry.at": "times, entry_times, entry_time",
    "entry.window": "time_window, trading_hours, time",
    "entry.again": "re_entry, reentry",
    "exits": "exit, exit_rules, close_when, management",
}


def key_of_another(file: File) -> Iterator[Wrong | None]:
    """`symbol: SPX`, `dte: 45`."""
    for path, key, _ in file.keys:
        for word in OTHER_KEYS.get(".".join(path), "").split(", "):
            yield file.with_key(key, word) if word else None
    yield file.with_lines(len(file.lines), len(file.lines) - 1, "profit_target: 50%")
    yield file.with_lines(len(file.lines), len(file.lines) - 1, "stop_loss: 200%")


OTHER_MEASURES: Mapping[str, str] = {
    "credit": "premium, net_credit",
    "debit": "cost, net_debit",
    "iv_rank": "ivr, IVR, ivrank",
    "dte": "days_to_expiration, DTE",
    "open_interest": "oi, openInterest",
    "pop": "prob_of_profit, probability_of_profit",
    "p_touch": "prob_touch, probability_of_touch",
    "max_profit": "max profit, maxProfit",
    "max_loss": "max loss, max_risk",
    "profit": "pnl, gain",
    "loss": "drawdown, losses",
    "vix": "VIX, $VIX",
    "weekday": "day, day_of_week",
    "gap": "opening_gap, overnight_gap",
    "width": "spread_width, wing_width",
    "move_today": "change, day_change",
    "return_on_risk": "ror, return_on_capital",
    "short_distance": "distance, distance_to_short",
    "total_credit": "total credit, total_premium",
    "best_profit": "max_gain, peak_profit",
    "time": "clock, time_of_day",
    "price": "underlying_price, spot",
}


def measure_of_another(file: File) -> Iterator[Wrong | None]:
    """`ivr > 30`, `premium >= $2.00`, `max profit`."""
    lines = [value for value in file.values if value in file.conditions or value.key == "rank"]
    for word, others in OTHER_MEASURES.items():
        yield from _each_match(file, lines, rf"(?<![a-z_]){word}(?![a-z_0-9(])", *others.split(", "))


def capitals(file: File) -> Iterator[Wrong | None]:
    """`mode: Live`, `type: Bull Put`."""
    for value in file.values:
        if value.path == ("spread", "type"):
            words = value.text.replace("_", " ")
            for new in (value.text.title(), words, words.title(), f"{words} spread", value.text.upper()):
                yield file.with_value(value, new)
        if value.path == ("spread", "right"):
            yield from (file.with_value(value, new) for new in (value.text.title(), value.text[0].upper(), f"{value.text}s"))
    yield from _each_match(file, file.values, r"New York", "new york", "NY", "ET", "EST")
    for line in ("mode: Live", "mode: PAPER", "mode: Paper", "enabled: True", "enabled: Yes"):
        yield file.with_lines(len(file.lines), len(file.lines) - 1, line)


def commas_in_brackets(file: File) -> Iterator[Wrong | None]:
    """`limits: {open: 2, stop_for_day: -$1,500}`, and values with a comma of their own."""
    for path, key, node in file.keys:
        parts = (
            list(node.items()) if isinstance(node, Mapped) else [(None, one) for one in node] if isinstance(node, Listed) else []
        )
        if not parts or node.closes is not None or not all(isinstance(one, Text) and one.exact for _, one in parts):
            continue
        inside = ", ".join(f"{name}: {one}" if name is not None else str(one) for name, one in parts)
        brackets = "{}" if isinstance(node, Mapped) else "[]"
        last = max(text.place.line for text in texts_in(node))
        indent = " " * (key.place.column - 1)
        yield file.with_lines(key.place.line, last, f"{indent}{path[-1]}: {brackets[0]}{inside}{brackets[1]}")
    if ("limits",) not in {path for path, _, _ in file.keys}:
        yield file.with_line((), "limits: {open: 2, stop_for_day: -$1,500}")
    yield file.with_line(("entry",), "price: {from mid, $0.05 every 15 s, no worse than 92% of mid, give up after 3 min}")


def wrong_place_of_a_key(file: File) -> Iterator[Wrong | None]:
    """A key below another section than its own, or below none."""
    for path, key, node in file.keys:
        if len(path) != 2 or not isinstance(node, Text) or file.lines[key.place.line - 1][: key.place.column - 1].strip():
            continue
        gone = file.with_lines(key.place.line, key.place.line)
        try:
            rest = File(gone.text)
        except StopIteration:
            continue
        if not rest.tree.get(Text(path[0])):
            continue
        for section in ("sizing", "limits", "entry", "spread"):
            if section != path[0] and Text(section) in rest.tree:
                yield rest.with_line((section,), f"{key}: {node}")
        yield rest.with_lines(len(rest.lines), len(rest.lines) - 1, f"{key}: {node}")


def wrong_place_of_a_line(file: File) -> Iterator[Wrong | None]:
    """A condition in another list than its own."""
    for value in file.conditions:
        line = file.lines[value.text.place.line - 1]
        if line.strip().removeprefix("- ").split("  #")[0].strip('"') != value.text:
            continue
        home = ("spread", "rules") if value.path[0] == "spread" else value.path[:1]
        for section in (("when",), ("filters",), ("spread", "rules"), ("exits",)):
            if section != home:
                yield file.with_line(section, f"- {value.text}")


def wrong_side(file: File) -> Iterator[Wrong | None]:
    """`dte >= 21` to close, a delta below nothing, a stop above."""
    exits = [value for value in file.conditions if value.path[0] == "exits"]
    yield from _each_match(file, exits, r"(?<=[a-z)]) >= ", " <= ")
    yield from _each_match(file, exits, r"(?<=[a-z)]) <= ", " >= ")
    deltas = [value for value in file.values if value.key is not None and "delta" in value.key]
    yield from _each_match(file, deltas, r"(?<![0-9.-])([0-9]+(?:\.[0-9]+)?)", r"-\1")
    yield file.with_line(("limits",), "stop_for_day: $500")
    yield file.with_line(("limits",), "stop_for_day: 500")
    yield file.with_line(("filters",), "- delta between 0.10 and 0.20")
    yield file.with_line(("spread", "rules"), "- delta between 0.10 and 0.20")
    rules = [value for value in file.conditions if value.path[0] == "spread"]
    yield from _each_match(file, rules, r"(?<![a-z_])credit(?![a-z_])", "debit")
    yield from _each_match(file, rules, r"(?<![a-z_])debit(?![a-z_])", "credit")


def misspelled(file: File) -> Iterator[Wrong | None]:
    """`short_dleta`, `crdit >= $1`."""
    for _, key, _ in file.keys:
        if len(key) > 3:
            middle = len(key) // 2
            yield file.with_key(key, key[: middle - 1] + key[middle] + key[middle - 1] + key[middle + 1 :])
            yield file.with_key(key, key[:middle] + key[middle + 1 :])
    for value in file.values:
        if value in file.conditions or (value.key is not None and value.key in {"rank", "type"}):
            for found in re.finditer(r"[a-z_0-9]{4,}", value.text):
                word, middle = found[0], len(found[0]) // 2
                for new in (word[:middle] + word[middle + 1 :], word[:-2] + word[-1] + word[-2]):
                    yield file.with_value(value, value.text[: found.start()] + new + value.text[found.end() :])


def missing(file: File) -> Iterator[Wrong | None]:
    """What every file must have, left out."""
    for path in (
        ("schema",),
        ("name",),
        ("universe",),
        ("spread",),
        ("spread", "type"),
        ("spread", "expiry"),
        ("sizing",),
        ("exits",),
    ):
        yield file.without(path)
    for value in file.values:
        if value.path == ("sizing", "risk"):
            line = value.text.place.line
            yield file.with_lines(line, line, "sizing: {contracts: 2}") if file.lines[line - 1].startswith("sizing") else None


def twice(file: File) -> Iterator[Wrong | None]:
    """A key that stands there already."""
    for _, key, node in file.keys:
        line = file.lines[key.place.line - 1]
        if isinstance(node, Text) and not line[: key.place.column - 1].strip():
            wrong = file.with_lines(key.place.line, key.place.line, line, line)
            yield Wrong(wrong.text, wrong.lines, line)


def one_for_many(file: File) -> Iterator[Wrong | None]:
    """A text for a list, a list for a text."""
    for path, key, node in file.keys:
        if isinstance(node, Listed) and len(node) == 1 and isinstance(node[0], Text):
            last = node[0].place.line
            yield file.with_lines(key.place.line, last, " " * (key.place.column - 1) + f"{path[-1]}: {node[0]}")
        if isinstance(node, Text) and node.exact and path[0] not in {"about", "name"}:
            yield file._with(node.place.line, node.place.column, len(node), f"[{node}]")


def slips(file: File) -> Iterator[Wrong | None]:
    """No space after a colon or a dash, a tab, no colon."""
    for _, key, node in file.keys:
        line, number = file.lines[key.place.line - 1], key.place.line
        if line.strip().startswith(f"{key}: ") and isinstance(node, Text):
            yield file.with_lines(number, number, line.replace(f"{key}: ", f"{key}:", 1))
            yield file.with_lines(number, number, line.replace(f"{key}: ", f"{key} ", 1))
            yield file.with_lines(number, number, line.replace(f"{key}: ", f"{key} = ", 1))
            if line.startswith("  "):
                yield file.with_lines(number, number, "\t" + line.strip())
    for value in file.conditions:
        line, number = file.lines[value.text.place.line - 1], value.text.place.line
        if line.strip().startswith("- "):
            yield file.with_lines(number, number, line.replace("- ", "-", 1))


def legs_written_out(file: File) -> Iterator[Wrong | None]:
    """`legs:` where the language has a structure."""
    kind = next(value for value in file.values if value.path == ("spread", "type"))
    if kind.text in {"bull_put", "bear_call"}:
        side = "put" if kind.text == "bull_put" else "call"
        key = next(key for path, key, _ in file.keys if path == ("spread",))
        last = max(text.place.line for text in texts_in(file.tree[Text("spread")]))
        yield file.with_lines(
            key.place.line,
            last,
            "spread:",
            "  legs:",
            f"    - sell 1 {side} 16 delta 45 dte",
            f"    - buy 1 {side} 10 delta 45 dte",
        )


def contradictions(file: File) -> Iterator[Wrong | None]:
    """Lines that hold always, or never, or that need a section that is not there."""
    for line in ("- dte <= 90", "- time >= 15:58 New York", "- loss >= 150% of max_loss", "- dte <= 1: roll", "- dte >= 0"):
        yield file.with_line(("exits",), line)
    yield file.with_line(("filters",), "- dte >= 90")
    yield file.with_line(("entry",), "approval: auto")
    value = next(value for value in file.values if value.path[:2] == ("spread", "expiry"))
    if value.path == ("spread", "expiry"):
        yield file.with_value(value, "0DTE")


def lines_of_others(file: File) -> Iterator[Wrong | None]:
    """Lines about the market and orders as other programs have them."""
    for line in (
        "- day in (Mon, Wed, Fri)",
        "- ivr > 30",
        "- vix >= 20%",
        "- no earnings within 7 days",
        "- no FOMC today",
        "- gap <= 1%",
        "- price > sma(50)",
        "- rsi < 30",
    ):
        yield file.with_line(("when",), line)
    yield file.with_line(("exits",), "- vix > 30")
    yield file.with_line(("exits",), "- close when VIX is above 30")
    for line in ("price: mid", "time: 10:00"):
        yield file.with_line(("entry",), line)
    yield file.with_line(("limits",), "open_risk: 10%")


KINDS: Mapping[str, Kind] = {
    kind.__name__.replace("_", " "): kind
    for kind in (
        unit_left_out,
        percent_of_what,
        zone_left_out,
        wrong_unit,
        multiples,
        ranges,
        prose,
        key_of_another,
        measure_of_another,
        capitals,
        commas_in_brackets,
        wrong_place_of_a_key,
        wrong_place_of_a_line,
        wrong_side,
        misspelled,
        missing,
        twice,
        one_for_many,
        slips,
        legs_written_out,
        contradictions,
        lines_of_others,
    )
}


def wrong_files(kind: str, text: str) -> list[Wrong]:
    """All wrong versions of one kind of a file."""
    return [wrong for wrong in KINDS[kind](File(text)) if wrong is not None]
