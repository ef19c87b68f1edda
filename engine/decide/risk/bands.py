"""Bands of greeks: where everything held stands between two ends, and where an opening would bring it.

Delta is beta-weighted: dollars of an index, or its shares, that gain and lose as what is held does. An opening passes that leaves
the sum within the band, or that brings a sum outside nearer to it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from engine.decide.quotes import Rows
from engine.decide.risk.asked import Asked
from engine.decide.risk.breakers import ACCOUNT
from engine.decide.risk.exposure import Holding, exposure
from engine.decide.risk.greeks import volatility_of, worthless_ask
from engine.decide.rulebook import Rulebook
from engine.domain.gate import Verdict
from engine.domain.snapshot import Snapshot
from engine.domain.spread import Leg
from engine.pricing.black_scholes import THETA_PER_DAY, VEGA_PER_POINT, greeks
from engine.pricing.book import beta_dollar_delta
from engine.strategy.account import Account, Bands
from engine.strategy.values.bands import Band

Banded = Literal["delta", "theta", "vega"]
BANDED: tuple[Banded, ...] = ("delta", "theta", "vega")
_UNITS: Mapping[Banded, str] = {"delta": "", "theta": " a day", "vega": " a point"}
NO_GREEK = "a greek of a leg is not known"


@dataclass(frozen=True, slots=True)
class BandHeld:
    """One band, and where everything that is held and on its way stands."""

    name: Banded
    group: str
    """The group of strategies whose it is; empty where it is the account's."""
    band: Band
    value: Decimal | None
    """As the band is counted: USD, shares, or a part of net liquidation; None where it is not known."""
    obstacle: str | None
    """Why it is not known; None where it is."""

    @property
    def told(self) -> str:
        """The value in words."""
        return "unknown" if self.value is None else written(self.value, self.band, self.name)


def account_bands(asked: Asked) -> Iterator[Verdict]:
    """The bands of all positions together."""
    for name, band in _of(asked.rulebook.account.bands):
        yield _verdict(f"{name}_band", name, band, asked, asked.held.holdings, ACCOUNT)


def group_bands(asked: Asked) -> Iterator[Verdict]:
    """The bands of what the strategies of its group hold; a group that account.yaml does not have is told by another gate."""
    name = asked.strategy.limits.group
    limits = asked.rulebook.account.strategy_groups.get(name) if name is not None else None
    if name is None or limits is None:
        return
    own = [holding for holding in asked.held.holdings if holding.strategy in members(name, asked.rulebook)]
    for greek, band in _of(limits):
        yield _verdict(f"group_{greek}_band", greek, band, asked, own, f"{name}, {ACCOUNT}")


def held_bands(snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> tuple[BandHeld, ...]:
    """Every band of account.yaml with where what is held stands, those of the account first."""
    account, held = rulebook.account, exposure(snapshot.ledger, snapshot.at).holdings
    found: list[BandHeld] = []
    for group, limits in (("", account.bands), *account.strategy_groups.items()):
        of = members(group, rulebook) if group else None
        own = [holding for holding in held if of is None or holding.strategy in of]
        for name, band in _of(limits):
            found.append(_held(name, group, band, own, snapshot, account, rows))
    return tuple(found)


def members(group: str, rulebook: Rulebook) -> frozenset[str]:
    """The strategies of a group, also those of versions and files that are gone."""
    known = (*rulebook.strategies, *rulebook.versions.values())
    return frozenset(one.name for one in known if one.limits.group == group)


def total(name: Banded, holdings: Iterable[Holding], account: Account, rows: Rows) -> float | None:
    """A greek of all of these in USD: dollars of the index, a day, a point; None where one of a leg is not known."""
    found = 0.0
    for holding in holdings:
        for spread, quantity in holding.combinations:
            for leg in spread.legs:
                value = _of_leg(name, leg, account, rows)
                if value is None:
                    return None
                multiplier = 1 if leg.contract.is_share else leg.contract.multiplier
                found += leg.sign * leg.ratio * quantity * multiplier * value
    return found


def written(value: Decimal, band: Band, name: Banded) -> str:
    """A number of a band in words: `-38 shares of SPY`, `$210 a day`, `0.21% of net liquidation a day`."""
    sign = "-" if value < 0 else ""
    match band.counted:
        case "shares":
            return f"{sign}{abs(value):,.1f} shares of {band.index}"
        case "net liquidation":
            return f"{sign}{abs(value) * 100:.2f}% of net liquidation{_UNITS[name]}"
        case "USD":
            return f"{sign}${abs(value):,.0f}{_UNITS[name]}"


def _of(limits: Bands) -> Iterator[tuple[Banded, Band]]:
    for name in BANDED:
        if (band := getattr(limits, name)) is not None:
            yield name, band


def _verdict(gate: str, name: Banded, band: Band, asked: Asked, held: Sequence[Holding], source: str) -> Verdict:
    snapshot, account, rows = asked.snapshot, asked.rulebook.account, asked.rows
    opening = asked.opening.holding(snapshot.at)
    before = _held(name, "", band, held, snapshot, account, rows)
    after = _held(name, "", band, [*held, opening], snapshot, account, rows)
    if before.value is None or after.value is None:
        return Verdict(gate, "unknown", after.obstacle or before.obstacle or "unknown", str(band), source)
    told = f"{after.told}, {written(before.value, band, name)} before"
    if band.low <= after.value <= band.high:
        return Verdict(gate, "pass", told, str(band), source)
    comes_nearer = _outside(after.value, band) < _outside(before.value, band)
    return Verdict(gate, "pass" if comes_nearer else "fail", f"{told}{', nearer' if comes_nearer else ''}", str(band), source)


def _outside(value: Decimal, band: Band) -> Decimal:
    return max(band.low - value, value - band.high, Decimal(0))


def _held(
    name: Banded, group: str, band: Band, holdings: Iterable[Holding], snapshot: Snapshot, account: Account, rows: Rows
) -> BandHeld:
    """Where these holdings stand, as the band is counted."""
    usd = total(name, holdings, account, rows)
    if usd is None:
        return BandHeld(name, group, band, None, NO_GREEK)
    unit = _unit(band, snapshot)
    if isinstance(unit, str):
        return BandHeld(name, group, band, None, unit)
    digits = Decimal("0.000001") if band.counted == "net liquidation" else Decimal("0.01")
    return BandHeld(name, group, band, (Decimal(repr(usd)) / unit).quantize(digits), None)


def _unit(band: Band, snapshot: Snapshot) -> Decimal | str:
    """What one of a band's numbers is worth in USD, or why that is not known."""
    match band.counted:
        case "USD":
            return Decimal(1)
        case "net liquidation":
            worth = snapshot.account.net_liquidation
            return worth if worth is not None and worth > 0 else "the account's worth is not known"
        case "shares":
            market = snapshot.market.get(band.index)
            price = market.price if market is not None else None
            return Decimal(repr(price)) if price is not None and price > 0 else f"the price of {band.index} is not known"


def _of_leg(name: Banded, leg: Leg, account: Account, rows: Rows) -> float | None:
    """A greek of one option or share, USD for each share it stands for."""
    contract = leg.contract
    spot, beta = rows.value(contract.con_id, "spot"), float(account.betas.get(contract.underlying, 1))
    if contract.is_share:
        return None if spot is None else beta_dollar_delta(1.0, beta, spot) if name == "delta" else 0.0
    value = rows.value(contract.con_id, name)
    if value is None:
        value = _of_worthless(name, leg, rows)
    if name != "delta" or value is None:
        return value
    return None if spot is None else beta_dollar_delta(value, beta, spot)


def _of_worthless(name: Banded, leg: Leg, rows: Rows) -> float | None:
    """That of a leg that nobody bids for and that is offered for little: owned, nothing; owed, at the volatility of its ask."""
    contract = leg.contract
    forward, years = (rows.value(contract.con_id, one) for one in ("forward", "years"))
    ask = worthless_ask(contract, rows)
    if ask is None or forward is None or years is None:
        return None
    if leg.sign > 0:
        return 0.0
    iv, sign = volatility_of(ask, contract, forward, years, rows), 1 if contract.put_call == "C" else -1
    found = greeks(forward, float(contract.strike), years, 0.0, 0.0, iv, sign)
    match name:
        case "delta":
            return float(found.delta)
        case "theta":
            return float(found.theta) * THETA_PER_DAY
        case "vega":
            return float(found.vega) * VEGA_PER_POINT
