"""Bands of greeks with both ends: where what is held stands, what an opening makes of it, and what of it is known."""

from decimal import Decimal

import pytest

from engine.decide.quotes import spread_quote
from engine.decide.risk.asked import Opening
from engine.decide.risk.bands import BandHeld, held_bands
from engine.decide.risk.gate import gate
from engine.domain.chain import ChainSnapshot
from engine.domain.gate import Verdict
from engine.domain.spread import Spread
from engine.strategy.changes import changes_of
from engine.strategy.parse import parse_account
from engine.strategy.problems import render_all
from tests import given

GROUPED = "limits: {open: 5, per_day: 5, per_expiry: 5, group: vol_book}"
PUTS, CALLS = given.strategy(GROUPED), given.strategy(f"{given.CALLS}\n{GROUPED}", "calls")
ALONE = given.strategy(f"{given.CALLS}\nlimits: {{open: 5, per_day: 5, per_expiry: 5}}", "calls")


def held(snippet: str, quotes: ChainSnapshot | None = None, *, of: int = 1, **more: object) -> dict[str, BandHeld]:
    """Where bull puts that are held stand."""
    known = given.ledger(*(given.opened(given.proposal(by=PUTS, quantity=of)) if of else ()))
    found = held_bands(
        given.snapshot(known, quotes, **more), given.rulebook(PUTS, CALLS, account=given.limits(snippet)), given.rows(quotes)
    )
    return {f"{one.group} {one.name}".strip(): one for one in found}


def verdict(snippet: str, name: str, *, of: int = 1, by=CALLS, spread: Spread | None = None, **more: object) -> Verdict | None:
    """What a band answers to an opening beside bull puts that are held."""
    known = given.ledger(*(given.opened(given.proposal(by=PUTS, quantity=of)) if of else ()))
    snapshot, rows = given.snapshot(known, **more), given.rows()
    order = given.proposal(by=by, of=spread)
    quote = spread_quote(order.spread, rows, "open")
    assert quote is not None
    rulebook = given.rulebook(PUTS, by, account=given.limits(snippet))
    answers = gate(Opening(by, order.spread, order.quantity, order.max_loss, quote), snapshot, rulebook, rows)
    return next((one for one in answers if one.gate == name), None)


def delta_shares(quantity: int = 1) -> float:
    """Of the bull puts of `given`, by the deltas of the chain."""
    rows, spread = given.rows(), given.proposal(by=PUTS).spread
    deltas = [leg.sign * (rows.value(leg.contract.con_id, "delta") or 0.0) for leg in spread.legs]
    return quantity * 100 * sum(deltas)


def test_account_without_bands_is_asked_nothing() -> None:
    assert held("") == {}
    assert verdict("", "delta_band") is None


def test_delta_counts_in_dollars_shares_and_parts_of_the_account() -> None:
    dollars = held("bands: {delta: '-$90,000 to $90,000'}", of=3)["delta"]
    shares = held("bands: {delta: -500 to 500 of SPY}", of=3)["delta"]
    part = held("bands: {delta: -50% to 90% of net liquidation}", of=3)["delta"]

    assert delta_shares() > 0, "puts that are sold gain where the price rises"
    assert float(shares.value or 0) == pytest.approx(delta_shares(3), abs=0.01)
    assert float(dollars.value or 0) == pytest.approx(delta_shares(3) * given.SPOT, abs=0.01)
    assert float(part.value or 0) == pytest.approx(delta_shares(3) * given.SPOT / 100_000, abs=1e-6)
    assert shares.told == f"{delta_shares(3):,.1f} shares of SPY"


def test_delta_is_weighted_by_the_beta_and_the_price_of_the_index() -> None:
    market = {"SPY": given.market(), "QQQ": given.market("QQQ", price=300.0)}

    found = held("bands: {delta: -500 to 500 of QQQ}\nbetas: {SPY: 0.8}", market=market)["delta"]

    assert float(found.value or 0) == pytest.approx(delta_shares() * 0.8 * given.SPOT / 300.0, abs=0.01)


def test_theta_and_vega_are_sums_of_the_chain_in_dollars() -> None:
    found = held("bands: {theta: '$0 to $400', vega: '-$800 to $200'}")
    rows, spread = given.rows(), given.proposal(by=PUTS).spread

    for name in ("theta", "vega"):
        wanted = 100 * sum(leg.sign * (rows.value(leg.contract.con_id, name) or 0.0) for leg in spread.legs)
        assert float(found[name].value or 0) == pytest.approx(wanted, abs=0.01)
    assert found["theta"].told.endswith(" a day")


@pytest.mark.parametrize(
    ("band", "answer"),
    [
        ("-$100,000 to $100,000", "pass"),
        ("-$100,000 to -$1", "fail"),
        ("$1 to $100,000", "pass"),
    ],
)
def test_opening_must_leave_the_sum_within_its_band(band: str, answer: str) -> None:
    found = verdict(f"bands: {{delta: '{band}'}}", "delta_band", of=0, by=PUTS)

    assert found is not None
    assert (found.answer, found.bound, found.source) == (answer, band, "account.yaml")
    assert "before" in found.value


def test_opening_that_brings_the_sum_nearer_to_its_band_passes_and_one_that_leads_away_does_not() -> None:
    above = f"bands: {{delta: -10 to {delta_shares() / 2:.1f} of SPY}}"

    away = verdict(above, "delta_band", of=2, by=PUTS)
    nearer = verdict(above, "delta_band", of=2, spread=given.spread("bear_call", 620, 625))

    assert away is not None
    assert nearer is not None
    assert away.answer == "fail"
    assert (nearer.answer, nearer.value.endswith("nearer")) == ("pass", True)


def test_band_from_above_nothing_lets_the_first_opening_come_nearer() -> None:
    found = verdict("bands: {theta: '$500 to $900'}", "theta_band", of=0, by=PUTS)

    assert found is not None
    assert (found.answer, found.value.endswith(", nearer")) == ("pass", True)


def test_group_counts_what_its_strategies_hold_alone() -> None:
    snippet = "strategy_groups: {vol_book: {delta: -500 to 500 of SPY}, other: {vega: '-$1 to $1'}}"

    found = held(snippet)

    assert float(found["vol_book delta"].value or 0) == pytest.approx(delta_shares(), abs=0.01)
    assert found["other vega"].value == 0
    assert verdict(snippet, "group_delta_band", by=ALONE) is None, "it is of no group"
    asked = verdict(snippet, "group_delta_band")
    assert asked is not None
    assert (asked.answer, asked.source) == ("pass", "vol_book, account.yaml")


@pytest.mark.parametrize(
    ("snippet", "more", "says"),
    [
        ("bands: {delta: -500 to 500 of QQQ}", {}, "the price of QQQ is not known"),
        ("bands: {delta: -5% to 5% of net liquidation}", {"account": given.account(None)}, "the account's worth is not known"),
    ],
)
def test_what_is_not_known_opens_nothing(snippet: str, more: dict[str, object], says: str) -> None:
    found = verdict(snippet, "delta_band", **more)

    assert found is not None
    assert (found.answer, found.value) == ("unknown", says)
    assert held(snippet, **more)["delta"].obstacle == says


def test_leg_without_a_greek_makes_the_sum_unknown() -> None:
    found = held("bands: {vega: '-$800 to $200'}", given.chain(p580={"vega": None}))["vega"]

    assert (found.value, found.obstacle) == (None, "a greek of a leg is not known")


def test_owned_leg_that_nobody_wants_counts_for_nothing_and_an_owed_one_at_its_ask() -> None:
    gone = {"bid": 0.0, "ask": 0.02, "iv": None, "delta": None, "theta": None, "vega": None}
    spread = given.proposal(by=PUTS).spread
    owed, owned = (next(leg.contract for leg in spread.legs if leg.sign == sign) for sign in (-1, 1))

    worthless = held("bands: {vega: '-$800 to $800'}", given.chain(**{f"p{owned.strike:g}": gone}))["vega"]
    at_ask = held("bands: {vega: '-$800 to $800'}", given.chain(**{f"p{owed.strike:g}": gone, f"p{owned.strike:g}": gone}))[
        "vega"
    ]

    assert float(worthless.value or 0) == pytest.approx(-100 * (given.rows().value(owed.con_id, "vega") or 0.0), abs=0.01)
    assert at_ask.value is not None
    assert Decimal(-20) < at_ask.value < 0


@pytest.mark.parametrize(
    ("written", "says", "mended"),
    [
        ("100 to -50 of SPY", "runs backwards", "-50 to 100 of SPY"),
        ("-50 to 50", "dollars have their sign", "-$50 to $50"),
        ("5 to 1", "dollars have their sign", "$1 to $5"),
        ("1,000 to -1,000", "dollars have their sign", "-$1,000 to $1,000"),
        ("5% to -5%", "of what?", "-5% to 5% of net liquidation"),
        ("±$500", "two, with their signs", "-$500 to $500"),
        ("-5% to 5%", "of what?", "-5% to 5% of net liquidation"),
    ],
)
def test_what_is_no_band_leads_out(written: str, says: str, mended: str) -> None:
    (problem,) = parse_account(f"schema: 1\nbands:\n  delta: {written}\n").problems

    assert says in problem.message
    assert problem.hint.startswith(f"write  {mended}")
    assert parse_account(f"schema: 1\nbands:\n  delta: {mended}\n").value is not None


@pytest.mark.parametrize(
    ("new", "loosens"),
    [
        ("-40 to 100 of SPY", False),
        ("-50 to 110 of SPY", True),
        ("-60 to 100 of SPY", True),
        ("-50 to 100 of QQQ", True),
        (None, True),
    ],
)
def test_wider_band_loosens(new: str | None, loosens: bool) -> None:
    before = parse_account("schema: 1\nbands: {delta: -50 to 100 of SPY}\n")
    after = parse_account(f"schema: 1\nbands: {{delta: {new}}}\n" if new else "schema: 1\n")
    assert before.value, render_all(before.problems)
    assert after.value, render_all(after.problems)

    changes = changes_of(before.value, after.value)

    assert changes.loosens is loosens
    assert "-50 to 100 of SPY" in changes.said[0]
