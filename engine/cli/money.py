"""Amounts as people read them: prices per share with their direction, dollars with their sign."""

from decimal import Decimal


def money(net: Decimal) -> str:
    """A net per share with its direction in words."""
    return f"{price(abs(net))} {direction(net)}"


def direction(net: Decimal) -> str:
    """Whether a net is received or paid."""
    return "credit" if net > 0 else "debit" if net < 0 else "even"


def price(amount: Decimal) -> str:
    """A price per share to the cent, and finer only where it is finer."""
    fine = amount.quantize(Decimal("0.0001"))
    cents = fine.quantize(Decimal("0.01"))
    return f"{cents:f}" if cents == fine else f"{fine.normalize():f}"


def dollars(amount: Decimal, *, signed: bool = False) -> str:
    """An amount in dollars, cents only where there are some; with `signed`, a gain says so. What a call alone can cost is
    without a bound."""
    if not amount.is_finite():
        return "without a bound"
    rounded = amount.quantize(Decimal("0.01"))
    sign = "-" if rounded < 0 else "+" if signed and rounded > 0 else ""
    return f"{sign}${abs(rounded):,.2f}".removesuffix(".00")
