"""What `spreads new` writes: a strategy that passes every check, with a word on each line."""

from __future__ import annotations

from engine.strategy.spreads import BearCall, BearPut, BullCall, BullPut, Vertical

STRUCTURES: dict[str, type[Vertical]] = {"bull_put": BullPut, "bear_call": BearCall, "bull_call": BullCall, "bear_put": BearPut}

_TEMPLATE = """\
# yaml-language-server: $schema=../schemas/strategy.schema.json
schema: 1
name: {name}
about: {about}
enabled: true
mode: paper                       # paper | live (this version trades paper accounts only)

universe: [{underlying}]          # or {{list: indices, except: [RUT]}} with the lists of common.yaml

when:                             # the market must look like this, else nothing is searched
  - vix between 12 and 35

filters:                          # every option that may become a leg
  - open_interest >= 100
  - quote_width <= 10% of mid or quote_width <= $0.10
  - quote_age <= 5 s

spread:
  type: {structure}
  expiry: 30-60 days              # or: 45 days, next monthly
  {deltas}
  width: $5-$50
  rules:                          # `spreads fields` lists every number that can stand here
    - {price_rule}
    - pop >= {pop}%
  rank: return_on_risk * pop      # best first
  keep: 5

sizing:
  risk: 1% of net liquidation     # the most one position may lose, fees included
  contracts: 1-5

limits:
  open: 3
  per_day: 1
  per_expiry: 1
  stop_for_day: -$500             # realised + unrealised of this strategy

entry:
  window: 10:00-15:30 New York
  approval: manual, expires in 10 min
  price: from mid, 15% of half width every 15 s, no worse than {worst}% of mid, give up after 3 min

exits:                            # first that is true wins; the default action is close
  - profit >= 50% of {whole}
  - loss >= {loss}% of {paid}
  - dte <= 21
"""


def template(name: str, structure: str = "bull_put", underlying: str = "SPX") -> str:
    """The text of a new strategy file. Raises KeyError for an unknown structure."""
    model = STRUCTURES[structure]
    about = (model.__doc__ or structure).replace(": ", "; ")
    if model.pays == "credit":
        varied = {"deltas": "short_delta: 0.12-0.20", "price_rule": "credit >= 10% of width", "pop": 70, "worst": 92}
        varied |= {"whole": "credit", "loss": 200, "paid": "credit"}
    else:
        varied = {"deltas": "long_delta: 0.45-0.60", "price_rule": "debit <= 50% of width", "pop": 35, "worst": 108}
        varied |= {"whole": "max_profit", "loss": 50, "paid": "debit"}
    return _TEMPLATE.format(name=name, structure=structure, underlying=underlying, about=about, **varied)
