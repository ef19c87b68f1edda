"""What opening a spread would tie up, by our own formula: told before the broker's what-if is asked, and never decided on."""

from decimal import Decimal

from engine.decide.quotes import Rows, mids
from engine.domain.spread import Spread
from engine.pricing.margin import VIX_SPREAD_EXTRA, Margin, MarginLeg, broker_gross_per_share, is_covered


def tied_up(spread: Spread, net: Decimal | None, rows: Rows) -> Margin | None:
    """Margin of one spread in USD, opened alone for `net` per share, credit > 0.

    What is held besides is left out: with it the broker may ask for less or more. None where the net or the quote of a leg is
    not known, and where a short is not covered: what a naked one ties up is not told here.
    """
    known = all(rows.value(leg.contract.con_id, "bid") is not None for leg in spread.legs)
    known = known and all(rows.value(leg.contract.con_id, "ask") is not None for leg in spread.legs)
    if net is None or not known:
        return None
    prices = mids(spread.legs, rows)
    legs = [
        MarginLeg(
            one.sign, one.ratio, one.contract.put_call, one.contract.strike, one.contract.expiry, prices[one.contract.con_id]
        )
        for one in spread.legs
    ]
    if not is_covered(legs):
        return None
    extra = VIX_SPREAD_EXTRA / spread.multiplier if spread.underlying == "VIX" else Decimal(0)
    gross, zero = broker_gross_per_share(legs, 0, extra=extra) * spread.multiplier, Decimal(0)
    return Margin(gross, max(net, zero) * spread.multiplier, max(-net, zero) * spread.multiplier)
