"""What positions tie up: options as the broker groups them and by the most that can be lost, stock by a share of its value.

Source: engine.pricing.margin for options; Regulation T and FINRA rule 4210 for stock.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from engine.pricing.margin import VIX_SPREAD_EXTRA, MarginLeg, UnderlyingKind, broker_gross_per_share
from engine.sim.exchange.instruments import Instrument, Tape

_INITIAL_STOCK = Decimal("0.5")
_LONG_STOCK = Decimal("0.25")
_SHORT_STOCK = Decimal("0.3")

_VIX = "VIX"

_KINDS: Mapping[str, UnderlyingKind] = {"index": "broad_index", "etf": "broad_etf", "stock": "equity"}

Holding = tuple[Instrument, int]
"""An instrument and the signed quantity of it."""


def requirement(holdings: Iterable[Holding], tape: Tape) -> tuple[Decimal, Decimal]:
    """(initial, maintenance) margin in USD of everything held, premium of options apart.

    Options of one underlying are set off against each other, those of different underlyings are not.
    """
    initial = maintenance = Decimal(0)
    options: dict[tuple[str, int], list[Holding]] = {}
    for instrument, quantity in holdings:
        if instrument.option is not None:
            options.setdefault((instrument.symbol, instrument.multiplier), []).append((instrument, quantity))
        elif quantity:
            value = abs(quantity) * _spot(instrument.symbol, tape)
            initial += _INITIAL_STOCK * value
            maintenance += (_LONG_STOCK if quantity > 0 else _SHORT_STOCK) * value
    for (symbol, multiplier), held in options.items():
        need = _option_requirement(symbol, held, tape, multiplier) * multiplier
        initial += need
        maintenance += need
    return initial, maintenance


def _option_requirement(symbol: str, held: list[Holding], tape: Tape, multiplier: int) -> Decimal:
    legs = [_leg(instrument, quantity, tape) for instrument, quantity in held if quantity]
    if not any(leg.sign < 0 for leg in legs):
        return Decimal(0)
    extra = VIX_SPREAD_EXTRA / multiplier if symbol == _VIX else Decimal(0)
    return broker_gross_per_share(legs, _spot(symbol, tape), _KINDS[held[0][0].kind], extra=extra)


def _leg(instrument: Instrument, quantity: int, tape: Tape) -> MarginLeg:
    option = instrument.option
    assert option is not None, "only options are grouped"
    return MarginLeg(
        sign=1 if quantity > 0 else -1,
        ratio=abs(quantity),
        put_call=option.put_call,
        strike=option.strike,
        expiry=option.expiry,
        price=tape.quote(option.con_id).mark,
    )


def _spot(symbol: str, tape: Tape) -> Decimal:
    return tape.spot(symbol) or Decimal(0)
