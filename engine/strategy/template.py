"""What `spreads new` writes: a strategy that passes every check, with a word on each line."""

from __future__ import annotations

from collections.abc import Mapping

from engine.strategy.spreads.structure import Pays
from engine.strategy.spreads.union import STRUCTURES

_TEMPLATE = """\
# yaml-language-server: $schema=../schemas/strategy.schema.json
schema: 1
name: {name}
about: {about}
enabled: true
mode: paper                       # record | shadow: nothing is sent | paper | live: real money, once it is armed

universe: [{underlying}]          # or {{list: indices, except: [RUT]}} with the lists of common.yaml

when:                             # the market must look like this, else nothing is searched
  - vix between 12 and 35

filters:                          # every option that may become a leg
  - open_interest >= 100
  - quote_width <= 10% of mid or quote_width <= $0.10
  - quote_age <= 5 s

spread:
  type: {structure}
  {keys}
  rules:                          # `spreads fields` lists every number that can stand here
    - {rules}
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
  price: from mid, 15% of half width every 15 s, no worse than {worst}, give up after 3 min

exits:                            # first that is true wins; the default action is close
  - {exits}
  - dte <= 21
"""


_WORST: Mapping[Pays, str] = {"credit": "92% of mid", "debit": "108% of mid", "either": "$0.10 from mid"}


def template(name: str, structure: str = next(iter(STRUCTURES)), underlying: str = "SPX") -> str:
    """The text of a new strategy file. Raises KeyError for an unknown structure."""
    kind = STRUCTURES[structure]
    about, example = (kind.__doc__ or structure).replace(": ", "; ").replace("\n   ", ""), kind.example
    parts = {
        "keys": "\n  ".join(example.keys),
        "rules": "\n    - ".join(example.rules),
        "exits": "\n  - ".join(example.exits),
        "worst": _WORST[kind.pays],
    }
    return _TEMPLATE.format(name=name, structure=structure, underlying=underlying, about=about, **parts)
