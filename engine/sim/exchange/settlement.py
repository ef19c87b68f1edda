"""What happens to options at the end of their life: cash for index options, shares for the others."""

from dataclasses import dataclass
from decimal import Decimal

from engine.domain.contract import Contract
from engine.sim.exchange.account import Account
from engine.sim.exchange.instruments import Instrument, Tape

_EXERCISED_FROM = Decimal("0.01")
"""In the money by at least this, per share, an option is exercised by itself. Source: OCC rule 805."""


@dataclass(frozen=True, slots=True)
class Settled:
    """One position that came to its end; `shares` of the underlying were received (delivered < 0)."""

    instrument: Instrument
    quantity: int
    value: Decimal
    shares: int


def settle(account: Account, instrument: Instrument, level: Decimal, tape: Tape) -> Settled | None:
    """Settles the account's position in an option against the level of its underlying; None where it has none."""
    option = instrument.option
    position = account.positions.get(instrument.con_id)
    if option is None or position is None or not position.quantity:
        return None
    worth = option_worth(option, level)
    if option.rule.cash or worth < _EXERCISED_FROM:
        quantity = position.quantity
        price = worth if option.rule.cash else Decimal(0)
        account.trade(instrument, -quantity, price)
        return Settled(instrument, quantity, price, 0)
    return exercise(account, instrument, position.quantity, tape)


def exercise(account: Account, instrument: Instrument, quantity: int, tape: Tape) -> Settled | None:
    """Turns `quantity` options (short < 0: assigned) into shares at the strike, or into cash at the level of now.

    None where nobody may: the option is European, or its underlying is unknown. The premium of the option becomes part of the
    profit of the option, the shares are booked at the strike.
    """
    option = instrument.option
    if option is None or option.rule.exercise == "European":
        return None
    level, stock = tape.spot(instrument.symbol), tape.underlying(instrument.symbol)
    if option.rule.cash:
        if level is None:
            return None
        account.trade(instrument, -quantity, option_worth(option, level))
        return Settled(instrument, quantity, option_worth(option, level), 0)
    if stock is None:
        return None
    shares = quantity * option.multiplier * (1 if option.put_call == "C" else -1)
    account.trade(instrument, -quantity, Decimal(0))
    account.trade(stock, shares, option.strike)
    return Settled(instrument, quantity, Decimal(0), shares)


def option_worth(option: Contract, level: Decimal) -> Decimal:
    """What exercising one option brings per share where its underlying stands at `level`."""
    return max(Decimal(0), level - option.strike if option.put_call == "C" else option.strike - level)
