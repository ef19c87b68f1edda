"""Every measure the language knows, each declared once: name, relation, unit, SQL, sentence.

From here come the checker, the SQL, the funnel line, `spreads fields` and the editor's completion.

SQL of a *leg* measure stands over the columns of the chain: row_id, con_id, underlying, root, group_id, expiry, put_call (+1
call, -1 put), strike, dte, years, spot, bid, ask, bid_size, ask_size, last, volume, open_interest, iv, delta, gamma,
theta, vega, p_itm, expected_payoff, atm_iv, quote_age, multiplier, fee. What a *spread* measure is made of depends on the legs
of its structure: `compile/spreads.py` folds it over them. SQL of *market*, *position* and *account* measures is a column of that
name in the relation of that name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from engine.domain.chain import EVENT_KINDS
from engine.strategy.expressions.tree import Relation
from engine.strategy.units import Unit


@dataclass(frozen=True, slots=True)
class Argument:
    """What stands in the brackets: `sma(50 days)`."""

    unit: Unit
    low: int
    high: int
    example: str
    default: float | None = None
    """What is meant when nothing stands there; None where something must."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """One measure. `sentence` is exact enough to recompute the number. A nullable one may be absent, which makes a
    condition unknown.

    `structures` says for which structures a spread or position measure is defined: "credit", "debit", or None for all.
    """

    name: str
    relation: Relation
    unit: Unit
    sentence: str
    sql: str
    nullable: bool = False
    argument: Argument | None = None
    structures: Literal["credit", "debit"] | None = None
    between: tuple[float, float] | None = None
    """Bounds that its values never leave, both included; None where there are none."""
    takes_view: bool = False
    """Whether it can be taken at the trader's own volatility: `expected_value at 18%`."""

    @property
    def as_written(self) -> str:
        """The measure as it stands in a line, with an example of what it takes."""
        if self.argument is None:
            return self.name
        if self.unit is Unit.FLAG:
            name = self.name.upper() if self.name.upper() in EVENT_KINDS else self.name
            return f"{name} within {self.argument.example}"
        return f"{self.name}({self.argument.example})"


def _market(
    name: str,
    unit: Unit,
    sentence: str,
    argument: Argument | None = None,
    *,
    nullable: bool = True,
    between: tuple[float, float] | None = None,
) -> Declaration:
    return Declaration(name, "market", unit, sentence, name, nullable, argument, between=between)


def _leg(
    name: str,
    unit: Unit,
    sentence: str,
    sql: str | None = None,
    *,
    nullable: bool = False,
    between: tuple[float, float] | None = None,
) -> Declaration:
    return Declaration(name, "leg", unit, sentence, sql or name, nullable, between=between)


def _spread(
    name: str,
    unit: Unit,
    sentence: str,
    *,
    nullable: bool = False,
    structures: Literal["credit", "debit"] | None = None,
    between: tuple[float, float] | None = None,
    takes_view: bool = False,
) -> Declaration:
    return Declaration(
        name, "spread", unit, sentence, name, nullable, structures=structures, between=between, takes_view=takes_view
    )


def _position(
    name: str,
    unit: Unit,
    sentence: str,
    *,
    nullable: bool = True,
    structures: Literal["credit", "debit"] | None = None,
    between: tuple[float, float] | None = None,
) -> Declaration:
    return Declaration(name, "position", unit, sentence, name, nullable, structures=structures, between=between)


def _of_side(side: str) -> Iterator[Declaration]:
    """What one side of a position that has two is by itself, as long as anything of it is open."""
    of = f"the {side} side"
    yield _position(f"{side}_side_profit", Unit.USD, f"What {of} has made, at mid, before fees; negative is a loss.")
    yield _position(f"{side}_side_loss", Unit.USD, f"{side}_side_profit with the other sign.")
    yield _position(f"{side}_side_credit", Unit.USD, f"What {of} brought when it was opened, at the prices of its legs.")
    yield _position(f"{side}_side_delta", Unit.DELTA, f"Delta of the sold leg of {of}, without its sign.", between=(0, 1))
    yield _position(f"{side}_side_breached", Unit.FLAG, f"The underlying is at or beyond the sold strike of {of}.")


SIDE_MEASURES: frozenset[str] = frozenset(
    f"{side}_side_{name}" for side in ("put", "call") for name in ("profit", "loss", "credit", "delta", "breached")
)
"""Measures of one side of a position."""


def _account(name: str, unit: Unit, sentence: str) -> Declaration:
    return Declaration(name, "account", unit, sentence, name, nullable=True)


_DAYS_BACK = Argument(Unit.DAYS, 2, 400, "50 days")
_DAYS_AHEAD = Argument(Unit.DAYS, 0, 60, "2 days", default=0)

_MARKET = (
    _market("price", Unit.POINTS, "Last traded price of the underlying, or the middle of its quote when there is no trade."),
    _market("move_today", Unit.RATIO, "price / previous close - 1; 1% up is 1%, a fall is negative."),
    _market("iv30", Unit.VOL, "Implied volatility of the underlying for 30 days, per year, as the broker publishes it."),
    _market(
        "iv_rank",
        Unit.RATIO,
        "(iv30 - lowest) / (highest - lowest) of the last 252 daily closes before today; absent with fewer than 200.",
    ),
    _market(
        "iv_percentile",
        Unit.RATIO,
        "Share of the last 252 daily closes of iv30 strictly below iv30 now; absent with fewer than 200.",
        between=(0, 1),
    ),
    _market("vix", Unit.POINTS, "Last value of the VIX index."),
    _market("sma", Unit.POINTS, "Simple mean of the last n daily closes before today.", _DAYS_BACK),
    _market("trend", Unit.RATIO, "price / close n trading days ago - 1.", Argument(Unit.DAYS, 2, 400, "20 days")),
    _market(
        "realized_vol",
        Unit.VOL,
        "Standard deviation of the last n daily log returns, times the square root of 252.",
        Argument(Unit.DAYS, 2, 400, "20 days"),
    ),
    _market("expected_move", Unit.POINTS, "One standard deviation over 30 days: price × iv30 × sqrt(30 / 365)."),
    _market(
        "days_to_earnings", Unit.DAYS, "Calendar days to the next announcement of earnings; absent while no date is confirmed."
    ),
    _market("days_to_ex_dividend", Unit.DAYS, "Calendar days to the next ex-dividend date; absent while none is known."),
    _market(
        "event",
        Unit.FLAG,
        f"Any of {', '.join(EVENT_KINDS)} falls on today or the next n days; absent past the horizon of any of them.",
        _DAYS_AHEAD,
    ),
    *(
        _market(
            kind.casefold(),
            Unit.FLAG,
            f"{what} falls on today or the next n days; absent past the horizon of {kind} in events.yaml.",
            _DAYS_AHEAD,
        )
        for kind, what in EVENT_KINDS.items()
    ),
    _market("early_close_day", Unit.FLAG, "The exchange closes early today.", nullable=False),
    _market("minutes_to_close", Unit.MINUTES, "Minutes until the regular session of the options ends today."),
    _market("time", Unit.CLOCK, "Time of day in New York.", nullable=False),
)

_LEG = (
    _leg("dte", Unit.DAYS, "Calendar days from today to the expiration date."),
    _leg("strike", Unit.POINTS, "Strike price."),
    _leg(
        "moneyness",
        Unit.RATIO,
        "How far out of the money: strike / spot - 1 for calls, 1 - strike / spot for puts.",
        "put_call * (strike / spot - 1)",
    ),
    _leg("bid", Unit.USD_PER_SHARE, "Best bid.", nullable=True),
    _leg("ask", Unit.USD_PER_SHARE, "Best ask.", nullable=True),
    _leg("mid", Unit.USD_PER_SHARE, "(bid + ask) / 2.", "(bid + ask) / 2", nullable=True),
    _leg("quote_width", Unit.USD_PER_SHARE, "ask - bid.", "(ask - bid)", nullable=True),
    _leg("quote_age", Unit.SECONDS, "Seconds since its bid or ask, price or size, was told last.", nullable=True),
    _leg("volume", Unit.COUNT, "Contracts traded today.", nullable=True),
    _leg("open_interest", Unit.COUNT, "Contracts open at the last count of the clearing house.", nullable=True),
    _leg("iv", Unit.VOL, "Implied volatility at mid, per year.", nullable=True),
    _leg("delta", Unit.DELTA, "Delta with its sign: calls 0 to 1, puts -1 to 0.", nullable=True, between=(-1, 1)),
    _leg("gamma", Unit.NUMBER, "Change of delta for one point of the underlying.", nullable=True),
    _leg(
        "theta",
        Unit.USD_PER_SHARE,
        "Change of value over one calendar day, dollars per share; negative for an option held.",
        nullable=True,
    ),
    _leg("vega", Unit.USD_PER_SHARE, "Change of value for one point of volatility (1%), dollars per share.", nullable=True),
    _leg(
        "p_itm",
        Unit.RATIO,
        "Risk-neutral probability to expire in the money, N(d2) for calls and N(-d2) for puts, at the leg's own iv.",
        nullable=True,
        between=(0, 1),
    ),
    _leg("bid_size", Unit.COUNT, "Contracts wanted at the bid.", nullable=True),
    _leg("ask_size", Unit.COUNT, "Contracts offered at the ask.", nullable=True),
)

_SPREAD = (
    _spread(
        "credit",
        Unit.USD_PER_SHARE,
        "Net received per share at mid: mid of the short leg - mid of the long leg.",
        structures="credit",
    ),
    _spread(
        "debit",
        Unit.USD_PER_SHARE,
        "Net paid per share at mid: mid of the long leg - mid of the short leg.",
        structures="debit",
    ),
    _spread(
        "natural_credit",
        Unit.USD_PER_SHARE,
        "Net received per share at once: bid of the short leg - ask of the long leg.",
        structures="credit",
    ),
    _spread(
        "natural_debit",
        Unit.USD_PER_SHARE,
        "Net paid per share at once: ask of the long leg - bid of the short leg.",
        structures="debit",
    ),
    _spread("width", Unit.USD_PER_SHARE, "Distance between the two strikes."),
    _spread(
        "max_profit",
        Unit.USD,
        "Most one spread can earn at expiry: multiplier × credit, or multiplier × (width - debit); at mid, fees excluded. Of two "
        "expiries when the first ends, what is bought revalued at its own iv.",
    ),
    _spread(
        "max_loss",
        Unit.USD,
        "Most one spread can lose at expiry: multiplier × (width - credit), or multiplier × debit; at mid, fees excluded. Of two "
        "expiries when the first ends, what is bought at the least that it can be worth then.",
    ),
    _spread("return_on_risk", Unit.RATIO, "max_profit / max_loss."),
    _spread(
        "pop",
        Unit.RATIO,
        "Risk-neutral probability of a profit at expiry after fees, at the iv interpolated in strike at the breakeven; of two "
        "expiries when the first ends, what is bought revalued at its own iv.",
        nullable=True,
        between=(0, 1),
    ),
    _spread(
        "p_touch",
        Unit.RATIO,
        "Risk-neutral probability that the underlying touches the short strike before expiry, at the short leg's iv.",
        nullable=True,
        between=(0, 1),
    ),
    _spread(
        "expected_value",
        Unit.USD,
        "Present value of the mean profit of one spread at mid less fees, at the smile that pop is read from: about minus the "
        "fees. At a view, `expected_value at realized_vol(20 days)` or `at 18%`, that one volatility counts for every leg.",
        nullable=True,
        takes_view=True,
    ),
    _spread(
        "breakeven_distance",
        Unit.RATIO,
        "How far the underlying may move against us before the spread loses at expiry, as a share of spot; can be negative.",
    ),
    _spread(
        "delta",
        Unit.DELTA,
        "Delta of the long leg - delta of the short leg, per share.",
        nullable=True,
        between=(-1, 1),
    ),
    _spread(
        "gamma",
        Unit.NUMBER,
        "Gamma of the long leg - gamma of the short leg, per share.",
        nullable=True,
    ),
    _spread(
        "theta",
        Unit.USD_PER_SHARE,
        "Theta of the long leg - theta of the short leg: what the spread gains per share over one calendar day.",
        nullable=True,
    ),
    _spread(
        "vega",
        Unit.USD_PER_SHARE,
        "Vega of the long leg - vega of the short leg: what the spread gains per share for one point of volatility (1%).",
        nullable=True,
    ),
    _spread("short_delta", Unit.DELTA, "Delta of the short leg without its sign.", nullable=True, between=(0, 1)),
    _spread("long_delta", Unit.DELTA, "Delta of the long leg without its sign.", nullable=True, between=(0, 1)),
    _spread(
        "quote_width",
        Unit.USD_PER_SHARE,
        "Bid-ask width of the spread: the sum over both legs of ask - bid.",
    ),
    _spread(
        "slippage",
        Unit.USD_PER_SHARE,
        "What going from mid to natural costs per share: half of quote_width.",
    ),
    _spread("fees", Unit.USD, "Estimated commissions and fees of opening and closing one spread."),
    _spread("dte", Unit.DAYS, "Calendar days from today to the expiration date."),
    _spread(
        "days_to_ex_dividend",
        Unit.DAYS,
        "Calendar days to the next ex-dividend date of the underlying; absent while none is known.",
        nullable=True,
    ),
)

_POSITION = (
    _position(
        "profit",
        Unit.USD,
        "Gain of the whole position since opening if it were closed at mid now, fees excluded; negative when it loses.",
    ),
    _position("loss", Unit.USD, "The same with the sign turned: positive when the position loses."),
    _position("credit", Unit.USD, "What opening the whole position brought.", nullable=False, structures="credit"),
    _position("debit", Unit.USD, "What opening the whole position cost.", nullable=False, structures="debit"),
    _position(
        "max_profit",
        Unit.USD,
        "Most the whole position can earn at expiry, from its opening price, fees excluded.",
        nullable=False,
    ),
    _position(
        "max_loss", Unit.USD, "Most the whole position can lose at expiry, from its opening price, fees excluded.", nullable=False
    ),
    _position(
        "mark",
        Unit.USD_PER_SHARE,
        "Price of one spread per share at mid now: what a credit spread costs to close, what a debit spread would bring.",
    ),
    _position("width", Unit.USD_PER_SHARE, "Distance between the two strikes.", nullable=False),
    _position("dte", Unit.DAYS, "Calendar days from today to the first expiration date of its legs.", nullable=False),
    _position("days_held", Unit.DAYS, "Calendar days since it was opened.", nullable=False),
    _position("delta", Unit.DELTA, "Delta of the long leg - delta of the short leg, per share.", between=(-1, 1)),
    _position("short_delta", Unit.DELTA, "Delta of the short leg without its sign.", between=(0, 1)),
    _position("short_strike_breached", Unit.FLAG, "The underlying is at or beyond the short strike."),
    _position(
        "days_to_ex_dividend",
        Unit.DAYS,
        "Calendar days to the next ex-dividend date of the underlying; absent while none is known.",
    ),
    _position("extrinsic_of_short", Unit.USD_PER_SHARE, "Mid of the short leg above its intrinsic value."),
    *(declared for side in ("put", "call") for declared in _of_side(side)),
    _position("minutes_to_close", Unit.MINUTES, "Minutes until the regular session of the options ends today."),
    _position("time", Unit.CLOCK, "Time of day in New York.", nullable=False),
)

_ACCOUNT = (
    _account("net_liquidation", Unit.USD, "What the account would be worth if everything were closed, as the broker reports it."),
    _account("buying_power", Unit.USD, "What the broker lets the account put into new positions, as it reports it."),
    _account("cushion", Unit.RATIO, "Excess liquidity / net_liquidation."),
    _account("open_risk", Unit.USD, "Sum of the maximum losses of all open positions and working entries."),
    _account("day_pnl", Unit.USD, "Realised and unrealised result since the previous close."),
    _account("order_risk", Unit.USD, "Most that all spreads of this order can lose, fees included."),
    _account("contracts", Unit.COUNT, "Spreads in this order."),
    _account("post_trade_margin", Unit.RATIO, "Funds tied up after this order / net_liquidation, from the broker's preview."),
)

WITHOUT_SOURCE = frozenset({"days_to_earnings", "days_to_ex_dividend"})
"""Measures that nobody tells in this version: they are always unknown."""

DECLARATIONS: tuple[Declaration, ...] = (*_MARKET, *_LEG, *_SPREAD, *_POSITION, *_ACCOUNT)

_BY_KEY = {(declared.relation, declared.name): declared for declared in DECLARATIONS}
assert len(_BY_KEY) == len(DECLARATIONS), "a measure is declared once"


def declaration(name: str, relation: Relation) -> Declaration:
    """The declaration of a measure. Raises KeyError when there is none: a parsed expression never holds such a name."""
    return _BY_KEY[relation, name]


def declared_in(*relations: Relation) -> dict[str, Declaration]:
    """Measures by name that can be used over these relations; the first relation that has a name wins."""
    return {
        declared.name: declared for relation in reversed(relations) for declared in DECLARATIONS if declared.relation == relation
    }


def find_measures(word: str = "") -> list[Declaration]:
    """Measures whose name or sentence contains the word, those whose name does first; all of them for an empty word."""
    wanted = word.strip().casefold()
    by_name = [declared for declared in DECLARATIONS if wanted in declared.name]
    by_sentence = [declared for declared in DECLARATIONS if declared not in by_name and wanted in declared.sentence.casefold()]
    return by_name + by_sentence
