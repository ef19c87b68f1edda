"""Charts of a backtest and of a study as Vega-Lite specifications: plain data, which a page, an SVG or a PNG can be made of.

Amounts are USD. Colours stand for gain and loss alone, and no number is told by colour only.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from engine.cli.research.figures import (
    DELTA_ORDER,
    DTE_ORDER,
    RANK_ORDER,
    WEEKDAYS,
    buckets,
    by_delta,
    by_dte,
    by_rank,
    by_reason,
    by_weekday,
    months,
)
from engine.research.result import Result, Trade
from engine.research.tuning.evidence import PRESENT, gains_by_place
from engine.research.tuning.search import ratio
from engine.research.tuning.tune import Tuned

Spec = Mapping[str, Any]
GAIN, LOSS, LINE = "#2f8f6b", "#c4523e", "#3b6ea8"
_MONEY = "$,.0f"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_BY_WHO = {
    "field": "who",
    "sort": None,
    "title": None,
    "scale": {"range": [LINE, "#9a9a92"]},
    "legend": {"orient": "top"},
}
_BY_SIGN = {"condition": {"test": "datum.made < 0", "value": LOSS}, "value": GAIN}


def of_result(result: Result) -> list[tuple[str, Spec]]:
    """Title and specification of each chart of a run."""
    charts = [
        ("The account at the end of each day, and between what it stood at in it", _equity(result)),
        ("How far it is under its highest close", _under_water(result)),
        ("What each month made", _months(result)),
    ]
    over = [trade for trade in result.trades if trade.closed_at is not None]
    if over:
        charts += [
            ("What each trade made, against the worst that it stood at", _excursion(over, "worst", "at its worst")),
            ("What each trade made, against the best that it stood at", _excursion(over, "best", "at its best")),
        ]
        charts += [(title, _bars(over, name, order)) for title, name, order in _BUCKETS]
    return charts


def of_study(tuned: Tuned) -> list[tuple[str, Spec]]:
    """Title and specification of each chart of a study."""
    charts: list[tuple[str, Spec]] = []
    axes = tuned.space.axes
    if len(axes) > 1:
        charts += [
            (f"Gain in the Sharpe ratio a year over the present file: {axes[a].name} and {axes[b].name}", _plane(tuned, a, b))
            for a in range(len(axes))
            for b in range(a + 1, len(axes))
        ][:3]
    charts += [(f"The same along {axis.name} alone, around the best", _along(tuned, n)) for n, axis in enumerate(axes)]
    if tuned.study.evidence.walk:
        charts.append(("Chosen by the past alone, against the present file, by stretch", _walk(tuned)))
    if tuned.confirmed:
        charts.append(("The best and the present file, played otherwise", _confirmed(tuned)))
    return charts


def _equity(result: Result) -> Spec:
    rows = [
        {"day": str(day.day), "equity": float(day.equity), "low": float(day.low), "high": float(day.high)} for day in result.days
    ]
    x = {"field": "day", "type": "temporal", "title": None}
    scale = {"zero": False}
    band = {"y": {"field": "low", "type": "quantitative", "scale": scale, "title": None, "axis": {"format": _MONEY}}}
    return {
        "data": {"values": rows},
        "height": 220,
        "encoding": {"x": x},
        "layer": [
            {"mark": {"type": "area", "opacity": 0.25, "color": LINE}, "encoding": {**band, "y2": {"field": "high"}}},
            {
                "mark": {"type": "line", "color": LINE, "point": len(rows) < 40},
                "encoding": {
                    "y": {"field": "equity", "type": "quantitative", "scale": scale},
                    "tooltip": [_told("day", "temporal"), _usd("equity"), _usd("low"), _usd("high")],
                },
            },
        ],
    }


def _under_water(result: Result) -> Spec:
    peak, rows = Decimal(str(result.setup["cash"])), list[dict[str, object]]()
    for day in result.days:
        peak = max(peak, day.equity)
        rows.append({"day": str(day.day), "below": float((day.equity - peak) / peak), "usd": float(day.equity - peak)})
    return {
        "data": {"values": rows},
        "height": 120,
        "mark": {"type": "area", "color": LOSS, "opacity": 0.6, "line": {"color": LOSS}},
        "encoding": {
            "x": {"field": "day", "type": "temporal", "title": None},
            "y": {"field": "below", "type": "quantitative", "title": None, "axis": {"format": ".1%"}},
            "tooltip": [_told("day", "temporal"), _told("below", "quantitative", ".2%"), _usd("usd")],
        },
    }


def _months(result: Result) -> Spec:
    rows = [
        {"year": str(year), "month": _MONTHS[month - 1], "made": float(made)}
        for year, by in months(result).items()
        for month, made in by.items()
    ]
    color = {"field": "made", "type": "quantitative", "legend": None, "scale": {"domainMid": 0, "range": [LOSS, "#d8d8d0", GAIN]}}
    return _tiles(rows, ("month", list(_MONTHS)), ("year", None), color, "made", "+,.0f")


def _excursion(trades: Sequence[Trade], field: str, title: str) -> Spec:
    known = [trade for trade in trades if getattr(trade, field) is not None]
    rows = [
        {"stood": float(getattr(trade, field)), "made": float(trade.made), "spread": trade.spread, "ended": trade.reason}
        for trade in known
    ]
    return {
        "data": {"values": rows},
        "height": 220,
        "mark": {"type": "point", "filled": True, "opacity": 0.8, "size": 60},
        "encoding": {
            "x": {"field": "stood", "type": "quantitative", "title": f"{title}, USD", "axis": {"format": _MONEY}},
            "y": {"field": "made", "type": "quantitative", "title": "made, USD", "axis": {"format": _MONEY}},
            "color": _BY_SIGN,
            "shape": {"condition": {"test": "datum.made < 0", "value": "triangle-down"}, "value": "circle"},
            "tooltip": [
                _told("spread"),
                _told("ended"),
                _usd("stood"),
                _usd("made"),
            ],
        },
    }


def _bars(trades: Iterable[Trade], name: Callable[[Trade], str], order: Sequence[str]) -> Spec:
    rows = [
        {"bucket": one.name, "made": float(one.made), "trades": one.trades, "won": one.won / one.trades}
        for one in buckets(trades, name, order)
    ]
    return {
        "data": {"values": rows},
        "height": {"step": 22},
        "mark": "bar",
        "encoding": {
            "y": {"field": "bucket", "type": "nominal", "sort": [one["bucket"] for one in rows], "title": None},
            "x": {"field": "made", "type": "quantitative", "title": "USD", "axis": {"format": _MONEY}},
            "color": _BY_SIGN,
            "tooltip": [
                _told("bucket"),
                _usd("made"),
                _told("trades", "quantitative"),
                _told("won", "quantitative", ".0%"),
            ],
        },
    }


def _plane(tuned: Tuned, a: int, b: int) -> Spec:
    axes, best = tuned.space.axes, tuned.study.best or tuned.space.present
    gains = _gains(tuned)
    rows = [
        {"a": axes[a].texts[place[a]], "b": axes[b].texts[place[b]], "gain": gain, "best": place == tuned.study.best}
        for place, gain in gains.items()
        if all(place[n] == best[n] for n in range(len(axes)) if n not in {a, b})
    ]
    color = {"field": "gain", "type": "quantitative", "legend": None, "scale": {"domainMid": 0, "range": [LOSS, "#d8d8d0", GAIN]}}
    return _tiles(rows, ("a", list(axes[a].texts)), ("b", list(axes[b].texts)[::-1]), color, "gain", "+.2f")


def _along(tuned: Tuned, axis: int) -> Spec:
    best, texts = tuned.study.best or tuned.space.present, tuned.space.axes[axis].texts
    rows = [
        {"value": texts[place[axis]], "gain": gain, "made": gain}
        for place, gain in sorted(_gains(tuned).items())
        if all(place[n] == best[n] for n in range(len(best)) if n != axis)
    ]
    return {
        "data": {"values": rows},
        "height": 120,
        "mark": {"type": "bar"},
        "encoding": {
            "x": {"field": "value", "type": "ordinal", "sort": list(texts), "title": None, "axis": {"labelAngle": 0}},
            "y": {"field": "gain", "type": "quantitative", "title": None},
            "color": _BY_SIGN,
            "tooltip": [_told("value"), _told("gain", "quantitative", "+.2f")],
        },
    }


def _walk(tuned: Tuned) -> Spec:
    days, named = tuned.study.present.days, ["the present file", *(_named(tuned, place) for place in tuned.study.whole)]
    rows = [
        {"stretch": f"{days[one.first]} to {days[one.last]}", "who": who, "made": made, "with": named[column]}
        for one in tuned.study.evidence.walk
        for who, made, column in (("chosen by the past", one.made, one.chosen), ("present file", one.present, PRESENT))
    ]
    return _pairs(rows, "stretch")


def _confirmed(tuned: Tuned) -> Spec:
    rows = [
        {"played": one.name, "who": who, "made": made, "with": who}
        for one in tuned.confirmed
        for who, made in (("the best", one.best), ("present file", one.present))
    ]
    return _pairs(rows, "played")


def _pairs(rows: Sequence[Mapping[str, object]], by: str) -> Spec:
    return {
        "data": {"values": list(rows)},
        "height": {"step": 13},
        "mark": "bar",
        "encoding": {
            "y": {"field": by, "type": "nominal", "sort": None, "title": None},
            "yOffset": {"field": "who", "sort": None},
            "x": {"field": "made", "type": "quantitative", "title": "USD", "axis": {"format": _MONEY}},
            "color": {
                "field": "who",
                "sort": None,
                "title": None,
                "scale": {"range": [LINE, "#9a9a92"]},
                "legend": {"orient": "top"},
            },
            "tooltip": [_told(by), _told("who"), _told("with"), _usd("made")],
        },
    }


def _tiles(
    rows: Sequence[Mapping[str, object]],
    x: tuple[str, Sequence[str]],
    y: tuple[str, Sequence[str] | None],
    color: Spec,
    number: str,
    form: str,
) -> Spec:
    """Tiles with their number written in them, as colours are not told apart by all."""
    return {
        "data": {"values": list(rows)},
        "height": {"step": 28},
        "encoding": {
            "x": {"field": x[0], "type": "ordinal", "sort": x[1], "title": None, "axis": {"labelAngle": 0}},
            "y": {"field": y[0], "type": "ordinal", "sort": y[1], "title": None},
        },
        "layer": [
            {"mark": {"type": "rect"}, "encoding": {"color": color}},
            {
                "mark": {"type": "text", "color": "#1c1c1a"},
                "encoding": {"text": {"field": number, "type": "quantitative", "format": form}},
            },
        ],
    }


def _gains(tuned: Tuned) -> Mapping[tuple[int, ...], float]:
    """Gain in the Sharpe ratio a year over the present file, by place."""
    study = tuned.study
    ratios = [ratio(study.present), *(ratio(trial) for trial in study.whole.values())]
    return {place: gain * 252**0.5 for place, gain in gains_by_place(ratios, list(study.whole)).items()}


def _named(tuned: Tuned, place: tuple[int, ...]) -> str:
    return ", ".join(axis.texts[number] for axis, number in zip(tuned.space.axes, place, strict=True))


def _usd(field: str) -> dict[str, str]:
    return _told(field, "quantitative", _MONEY)


def _told(field: str, kind: str = "nominal", form: str | None = None) -> dict[str, str]:
    return {"field": field, "type": kind, **({"format": form} if form else {})}


_BUCKETS: tuple[tuple[str, Callable[[Trade], str], Sequence[str]], ...] = (
    ("By days to expiry, when opened", by_dte, DTE_ORDER),
    ("By the largest delta sold", by_delta, DELTA_ORDER),
    ("By IV rank, when opened", by_rank, RANK_ORDER),
    ("By weekday of the opening", by_weekday, WEEKDAYS),
    ("By what ended it", by_reason, ()),
)
