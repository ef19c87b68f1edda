"""A report as one file that opens anywhere: text, tables, charts with their runtime, and nothing loaded from elsewhere."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import jinja2
from markupsafe import Markup

from engine.cli.money import dollars
from engine.cli.research.figures import figures
from engine.cli.research.html.charts import Spec, of_result, of_study
from engine.cli.research.report import not_traded_rows, said_lines, supposed_lines
from engine.domain.errors import UserError
from engine.domain.session import NEW_YORK
from engine.research.result import Result, Trade
from engine.research.statistics.reality import MISSING
from engine.research.tuning.search import ratio
from engine.research.tuning.tune import Tuned, widths
from engine.research.tuning.verdict import Answer

TRADES_MOST = 3_000
"""Trades of the table; of more the oldest are left out, and that is said. `research/trades.parquet` has all."""


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    kind: str = ""
    """`number`, with `gain` or `loss` beside it where it is one."""

    @property
    def is_number(self) -> bool:
        return "number" in self.kind


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    head: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]


def write_result(path: Path, result: Result) -> None:
    """Write the report of a run. Raises UserError where it cannot be written, or packages are missing."""
    one, trades = figures(result), result.trades[-TRADES_MOST:]
    over = one.trades - one.open
    summary = [
        ("result", money(one.made)),
        ("of it fees", money(-one.fees)),
        ("trades", Cell(f"{one.trades}" + (f", {one.won / over:.0%} won" if over else ""), "number")),
        ("open at the end, at mid", money(one.unrealised)),
        ("deepest fall", Cell(f"{dollars(one.fall.usd, signed=True)} ({one.fall.share:.1%})", "number")),
    ]
    left_out = f", the last {TRADES_MOST:,} of {one.trades:,}" if one.trades > TRADES_MOST else ""
    tables = [
        Table("What came of it", (), [(Cell(name), cell) for name, cell in summary]),
        Table(f"Every trade and why{left_out}", _TRADE_HEAD, [_trade(trade) for trade in reversed(trades)]),
        Table("What was not traded, and by what", (), [[Cell(text) for text in row] for row in not_traded_rows(result)]),
    ]
    names = ", ".join(map(str, _list(result.setup["strategies"])))
    _write(path, _Page(f"Backtest of {names}", list(supposed_lines(result)), tables, of_result(result), list(said_lines(result))))


def write_study(path: Path, tuned: Tuned) -> None:
    """Write the report of a study. Raises UserError where it cannot be written, or packages are missing."""
    study, verdict = tuned.study, tuned.verdict
    head = [Cell("variant"), Cell("result", "number"), Cell("trades", "number"), Cell("Sharpe a year", "number")]
    ranked = sorted(study.whole.items(), key=lambda one: -ratio(one[1]))
    rows = [("the present file", study.present)] + [(", ".join(tuned.space.named(place).values()), one) for place, one in ranked]
    tables = [
        Table("What it was asked", (), [_answer(one) for one in verdict.answers]),
        Table("From where to where", (), [[Cell(text) for text in row] for row in widths(tuned)]),
        Table(
            "Every variant",
            head,
            [
                (
                    Cell(name),
                    money(Decimal(repr(round(float(one.made.sum()), 2)))),
                    Cell(f"{one.trades}", "number"),
                    Cell(f"{ratio(one) * 252**0.5:.2f}", "number"),
                )
                for name, one in rows
            ],
        ),
    ]
    said = f"{len(study.whole)} variants over {study.evidence.days} days; {study.evidence.trials} were ever tried on these data"
    page = _Page("Study: " + "; ".join(axis.name for axis in tuned.space.axes), [said], tables, of_study(tuned), [])
    page.verdict, page.diff = f"{verdict.word}: {verdict.why}", tuned.proposal
    _write(path, page)


@dataclass(slots=True)
class _Page:
    title: str
    supposed: Sequence[str]
    tables: Sequence[Table]
    charts: Sequence[tuple[str, Spec]]
    said: Sequence[str]
    verdict: str = ""
    diff: str = ""


def _write(path: Path, page: _Page) -> None:
    if find_spec("vl_convert") is None:
        raise UserError(MISSING)
    import vl_convert  # noqa: PLC0415 - an extra package

    template = jinja2.Environment(autoescape=True).from_string(
        (files("engine.cli.research.html") / "page.html").read_text(encoding="utf-8")
    )
    runtime = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    # A specification holds words of files: no tag may begin in them.
    specs = json.dumps([spec for _, spec in page.charts]).replace("<", "\\u003c")
    text = template.render(
        title=page.title,
        supposed=[line.strip() for line in page.supposed],
        tables=[table for table in page.tables if table.rows],
        charts=[{"title": title} for title, _ in page.charts],
        said=[line.strip() for line in page.said if line.strip()],
        verdict=page.verdict,
        diff=page.diff,
        specs=Markup(specs),  # noqa: S704 - JSON in which no tag begins
        runtime=Markup(runtime.replace("</script", "<\\/script")),  # noqa: S704 - the runtime of the charts
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: the report cannot be written ({error.strerror}); name another --html") from error


def _answer(one: Answer) -> Sequence[Cell]:
    return Cell("yes" if one.holds else "no"), Cell(one.question), Cell(one.said)


_TRADE_HEAD = [
    *(Cell(name) for name in ("opened", "closed", "spread", "why it was opened", "what ended it")),
    *(Cell(name, "number") for name in ("net", "worst", "best", "made")),
]


def _trade(trade: Trade) -> Sequence[Cell]:
    return [
        Cell(f"{trade.opened_at.astimezone(NEW_YORK):%Y-%m-%d %H:%M}"),
        Cell("open" if trade.closed_at is None else f"{trade.closed_at.astimezone(NEW_YORK):%Y-%m-%d %H:%M}"),
        Cell(f"{trade.quantity} × {trade.spread}"),
        Cell(trade.why),
        Cell(trade.reason),
        Cell(f"{trade.opening_net:+}", "number"),
        _maybe(trade.worst),
        _maybe(trade.best),
        money(trade.made),
    ]


def money(amount: Decimal) -> Cell:
    """An amount in USD with its sign."""
    return Cell(dollars(amount, signed=True), "number loss" if amount < 0 else "number gain" if amount > 0 else "number")


def _maybe(amount: Decimal | None) -> Cell:
    return Cell("unknown", "number") if amount is None else money(amount)


def _list(names: object) -> Iterable[object]:
    return names if isinstance(names, list | tuple) else [names]
