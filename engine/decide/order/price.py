"""The price of an order: where it starts, how it walks, and the worst it may ever be.

Limits are USD per share in the direction of the order, + received and - paid, so that more is always better for us: passive
rounds up and aggressive rounds down, for a BUY of the combination at -limit as for a SELL at limit.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import assert_never

from engine.domain.spread import Spread
from engine.pricing.mark import Mark
from engine.pricing.ticks import price_class, tick_for
from engine.strategy.values.meaning import PriceWalk, Worst, WorstFromMid, WorstNatural, WorstShare

FALLEN_SHARE = Decimal("0.05")
"""A net that fell by more than this share of what was shown has moved, and a person is asked again."""
GROWN_SHARE = Decimal("0.25")
"""A net that grew by more than this share is another trade: the market has run toward the strikes."""


ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Plan:
    """The prices an order is born with."""

    limit: Decimal
    worst: Decimal


def combo_tick(spread: Spread, price: Decimal = ZERO) -> Decimal:
    """Smallest step of a price about this, USD per share: of the combination's net, or of the one leg that it has.

    Whether a class of shares is in the Penny Interval Program is not known here: the coarser steps are valid in it too.
    """
    of = "share" if spread.is_shares else price_class(spread.root, legs=len(spread.legs), penny=False)
    return tick_for(of, price)


def opening_plan(spread: Spread, quote: Mark, walk: PriceWalk) -> Plan | None:
    """First and worst price of an opening; None where no price on the ticks keeps the sign and the bounds of the spread.

    At every price it must be able to win and to lose: a credit is below what it can cost, a debit below what it can bring.
    """
    tick = combo_tick(spread)
    worst = max(_up(_worst(walk.worst, quote, spread.width), tick), _up(tick - spread.cap, tick))
    limit = max(worst, _up(quote.mid + walk.better_than_mid, tick))
    if not _is_sane(spread, quote.mid):
        return None  # a credit that costs money, or a debit that brings some, is a bad quote
    if limit * quote.mid <= 0 or worst * quote.mid <= 0 or not _is_sane(spread, limit):
        return None
    return Plan(limit, worst)


def _is_sane(spread: Spread, net: Decimal) -> bool:
    """Whether it can both win and lose. A short that joins what is held has no bound of its own: it is sold for something."""
    return spread.is_sane(net) if spread.floor.is_finite() else net > 0


def closing_plan(
    spread: Spread,
    mark: Mark,
    *,
    urgent: bool,
    at_natural: bool = False,
    fees: Decimal = ZERO,
    floor: Decimal | None = None,
) -> Plan:
    """First and worst price of a close: from mid toward natural, and never worse than expiry could be.

    An urgent close may follow the market down to that bound; one that takes a profit stops at natural as it is. `fees` are USD
    per share that closing costs and expiry does not: they count, so that a close never costs more than to wait. A quote beyond
    the width is a bad quote, not a reason to pay. `floor` stands in for the least that the legs can be worth, where they are
    bounded by what stays beside them. A long alone is never given away, and a short alone is bought for something: each for a
    step at least, because an exchange takes no order for one option at nothing. Shares are traded within their quote, whatever
    the hurry: nothing else bounds what they cost.
    """
    least, ceiling = spread.floor if floor is None else floor, _ceiling(spread)
    bound = min(ceiling, raised(spread, least + fees) if least.is_finite() else least)
    if not spread.shorts:
        bound = max(bound, combo_tick(spread))
    natural = min(ceiling, max(bound, lowered(spread, mark.natural)))
    is_bounded = bound.is_finite() and not spread.is_shares  # of a call alone nothing tells what it can cost
    worst = bound if urgent and is_bounded else natural
    return Plan(natural if at_natural else min(ceiling, max(worst, raised(spread, mark.mid))), worst)


def _ceiling(spread: Spread) -> Decimal:
    """The best that a close may ask for, USD per share: what the legs can be worth, and a step paid for a short alone."""
    is_short_alone = len(spread.shorts) == len(spread.legs) and not spread.is_shares
    return min(spread.cap, -combo_tick(spread)) if is_short_alone else spread.cap


def next_closing_limit(spread: Spread, quote: Mark, limit: Decimal, worst: Decimal, *, urgent: bool = False) -> Decimal | None:
    """The limit of a close halfway nearer to natural, an urgent one at it, within `worst`; None where it is there already."""
    natural = min(_ceiling(spread), max(worst, lowered(spread, quote.natural)))
    if natural >= limit:
        return None
    return natural if urgent else max(natural, lowered(spread, (limit + natural) / 2))


def next_limit(spread: Spread, quote: Mark, walk: PriceWalk, limit: Decimal, worst: Decimal) -> Decimal | None:
    """The limit one step nearer to natural; None where there is nothing to gain by a change.

    Recomputed from fresh quotes: never past `worst`, never below what the market offers now, never through zero.
    """
    tick = combo_tick(spread)
    wanted = walk.step.usd if walk.step.usd is not None else (walk.step.of_half_width or Decimal(0)) * quote.half_width
    step = max(tick, _up(wanted, tick))
    bound = max(worst, _down(quote.natural, tick))
    stepped = max(limit - step, bound)
    if limit != 0 and stepped * limit <= 0:
        stepped = tick if limit > 0 else limit
    return stepped if stepped < limit else None


def has_moved(shown: Decimal, now: Decimal, tick: Decimal) -> bool:
    """Whether the net is so far from what a person was shown that the yes no longer counts: a little worse, or much better."""
    fallen = shown - now
    return fallen > max(tick, abs(shown) * FALLEN_SHARE) or -fallen > max(2 * tick, abs(shown) * GROWN_SHARE)


def _worst(worst: Worst, quote: Mark, width: Decimal) -> Decimal:
    match worst:
        case WorstShare(fraction=fraction, base="mid"):
            # 108% of a debit is 92% of a credit: what is sold against a structure that was paid for.
            is_worse = (fraction <= 1) == (quote.mid > 0)
            return (fraction if is_worse else 2 - fraction) * quote.mid
        case WorstShare() if not width.is_finite():
            return quote.natural
        case WorstShare(fraction=fraction):
            return fraction * width if quote.mid > 0 else -fraction * width
        case WorstFromMid(usd=usd):
            return quote.mid - usd
        case WorstNatural():
            return quote.natural
    assert_never(worst)


def raised(spread: Spread, price: Decimal) -> Decimal:
    """The price on the steps of these legs, as good for us or better; a bound that is none, such as what a call alone can come
    to cost, stays none."""
    return _up(price, combo_tick(spread, price)) if price.is_finite() else price


def lowered(spread: Spread, price: Decimal) -> Decimal:
    """The price on the steps of these legs, as likely to fill or likelier."""
    return _down(price, combo_tick(spread, price))


def _up(price: Decimal, tick: Decimal) -> Decimal:
    return (price / tick).to_integral_value(rounding=ROUND_CEILING) * tick


def _down(price: Decimal, tick: Decimal) -> Decimal:
    return (price / tick).to_integral_value(rounding=ROUND_FLOOR) * tick
