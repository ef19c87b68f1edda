"""What only some strategies meet: rolls, dividends, mornings of settlement, two that want one contract. The strategies are the
drill's own."""

from datetime import date

from engine.cli.drill.failure import ASKS, Failure
from engine.domain.facts.orders import OrderRejected
from engine.domain.facts.positions import ExitTriggered, PositionSettled
from engine.domain.facts.searches import EntryDenied

_STRATEGY = """\
schema: 1
name: {name}
universe: [{symbol}]
spread:
{shape}
  rank: return_on_risk
sizing: {{risk: 0.5% of net liquidation, contracts: 1-2}}
limits: {{open: 1, per_day: {per_day}, stop_for_day: "-$5,000"}}
entry:
  window: 09:45-15:30 New York
  approval: manual, expires in 5 min
  price: from mid, $0.01 every 5 s, no worse than natural, give up after 2 min
exits:
{exits}
"""


def _strategy(name: str, shape: str, *exits: str, symbol: str = "SPY", per_day: int = 1, roll: str = "") -> str:
    lines = "\n".join(f"  - {line}" for line in exits)
    text = _STRATEGY.format(name=name, shape=shape, exits=lines, symbol=symbol, per_day=per_day)
    return f"{text}roll: {roll}\n" if roll else text


def _rolled(per_day: int, roll: str) -> dict[str, str]:
    """A file that rolls what it has opened after two minutes."""
    exits = ("loss >= 300% of credit", "minutes_held >= 2: roll")
    return {"rolled.yaml": _strategy("rolled", _WING, *exits, per_day=per_day, roll=roll)}


_WING = """\
  type: bull_put
  expiry: 3-5 days
  short_delta: 0.15-0.40
  width: $2"""
_SOLD = """\
  type: bull_put
  expiry: nearest 4 days, within 3-7 days
  short_delta: nearest 0.30, within 0.20-0.40
  width: $5"""
_BOUGHT = """\
  type: bear_put
  expiry: nearest 4 days, within 3-7 days
  long_delta: nearest 0.30, within 0.20-0.40
  width: $5"""
_IN_THE_MONEY = """\
  type: bear_call
  expiry: 3-30 days
  short_delta: 0.75-0.95
  width: $2-$5"""
_NEAR = """\
  type: iron_butterfly
  expiry: 1 days
  short_delta: 0.20-0.80
  width: $0.50-$5"""
_FAR = """\
  type: bear_call
  expiry: 1 days
  short_delta: 0.08-0.35
  width: $0.50-$5"""
_ROLLED = _rolled(2, "{to: 6-30 days, for: a debit up to $1.00, else: keep}")
_LAST_ROLLED = _rolled(1, "{to: 300-330 days, for: a credit, else: close}")
_BOTH_WAYS = {
    "sold.yaml": _strategy("sold", _SOLD, "loss >= 300% of credit"),
    "bought.yaml": _strategy("bought", _BOUGHT, "loss >= 60% of debit"),
}
_OWED = {"in_the_money.yaml": _strategy("in_the_money", _IN_THE_MONEY, "loss >= 300% of credit")}
_MORNING = {
    "near.yaml": _strategy("near", _NEAR, "loss >= 500% of credit", symbol="VIX"),
    "far.yaml": _strategy("far", _FAR, "let expire", symbol="VIX"),
}

DAYS: tuple[Failure, ...] = (
    Failure(
        "killed-rolling",
        "the engine is killed between the two orders of a roll (a strategy of its own)",
        ASKS,
        kill="rolling",
        files=_ROLLED,
    ),
    Failure(
        "roll-rejected",
        "the successor of a roll is rejected (a strategy of its own)",
        "is over with it, holds nothing without its cover, and looks anew",
        ("reject",),
        "rolling",
        files=_ROLLED,
        shows=(OrderRejected,),
    ),
    Failure(
        "roll-without-successor",
        "a roll is due, and nothing is there that could follow (a strategy of its own)",
        "does what the file says then: it closes",
        when="held",
        files=_LAST_ROLLED,
        shows=(ExitTriggered,),
        leaves_nothing=True,
    ),
    Failure(
        "wanted-both-ways",
        "two strategies want one contract, one to sell and one to buy it (strategies of its own)",
        "trades it one way, and refuses the other with the reason",
        at_once=True,
        files=_BOTH_WAYS,
        shows=(EntryDenied,),
        refuses="opposite_legs",
    ),
    Failure(
        "dividend",
        "a call that is sold is worth exercising tonight for a dividend (a strategy of its own)",
        "closes it on the afternoon before",
        when="held",
        files=_OWED,
        dividends={"SPY": "6.9,7.1,20261117,6.00"},
        at="10:00",
        minutes=320,
        closes_for="dividend guard",
        leaves_nothing=True,
    ),
    Failure(
        "morning-settlement",
        "options that are held settle in tomorrow morning's prices, and trade no more after today (strategies of its own)",
        "closes on the last afternoon what is near the money, and settles the rest to the cent",
        when="held",
        files=_MORNING,
        at="10:00",
        day=date(2026, 11, 17),
        minutes=1470,
        closes_for="expiry guard",
        shows=(PositionSettled,),
        leaves_nothing=True,
    ),
)
