"""Strategies that live fast: proposed in the first second, worked at once, closed within minutes."""

from pathlib import Path

ACCOUNT = """\
schema: 1
risk: {per_trade: 1% of net liquidation, total: 25% of net liquidation}
counts: {entries_per_day: 20, messages_per_minute: 60}
session: {open: 09:31-15:30 New York, close: 09:31-15:55 New York}
"""

_STRATEGY = """\
schema: 1
name: {name}
universe: [SPY]
spread:
  type: {structure}
{shape}
  rank: return_on_risk
sizing: {{risk: {risk}, contracts: 1-3}}
limits: {{open: {open}, per_day: {per_day}, per_expiry: {open}, stop_for_day: "-$5,000"}}
entry:
  window: {window} New York
  approval: {approval}
  price: {price}, give up after {patience}
exits:
  - {exits}
"""


VERTICAL = """\
  expiry: 30-35 days
  short_delta: 0.10-0.40
  width: $2-$4"""
SHAPES = {
    "iron_condor": VERTICAL,
    "butterfly": """\
  right: put
  expiry: 30-35 days
  body_delta: 0.20-0.50
  width: $2-$5""",
    "broken_wing": """\
  right: call
  expiry: 30-35 days
  body_delta: 0.20-0.50
  width: {near: $2-$3, far: $4-$6}""",
}
"""Keys of structures of three and four legs whose legs end together and lie out of the money."""
STRUCTURES = {
    **SHAPES,
    "iron_butterfly": """\
  expiry: 30-35 days
  short_delta: 0.30-0.70
  width: $10-$50""",
    **{
        name: f"{keys}  expiry: {{near: 1-4 days, far: 30-35 days}}\n  short_delta: 0.25-0.45{more}"
        for name, keys, more in (
            ("calendar", "  right: put\n", ""),
            ("diagonal", "  right: call\n  far_strike: higher\n", "\n  width: $1-$4"),
            ("double_calendar", "", ""),
            ("double_diagonal", "", "\n  width: $1-$4"),
        )
    },
}
"""Keys of every structure that is more than one vertical. An iron butterfly on shares always has a leg in the money, so that a
person is asked: it trades an index.
"""
INDEX = "SPX"
OF_INDEX = frozenset({"iron_butterfly"})


def of_structure(name: str, exits: str = "time >= 09:41 New York") -> dict[str, str]:
    """The file of a strategy that trades one of them."""
    risk = "$8000" if name in OF_INDEX else "$4000"
    text = strategy("own", name, shape=STRUCTURES[name], exits=exits, risk=risk, window="09:40-09:50")  # once, on the first day
    return {"own.yaml": text.replace("[SPY]", f"[{INDEX}]") if name in OF_INDEX else text}


def strategy(
    name: str = "puts",
    structure: str = "bull_put",
    *,
    risk: str = "$900",
    per_day: int = 1,
    window: str = "09:31-15:30",
    approval: str = "auto\n  auto_up_to: $9000 risk, 20 orders per day",
    patience: str = "90 s",
    exits: str = "time >= 09:41 New York",
    price: str = "from mid, $0.01 every 5 s, no worse than natural",
    shape: str = VERTICAL,
) -> str:
    """A strategy on SPY that needs nobody's approval and closes at 09:41, a minute after the simulation begins."""
    return _STRATEGY.format(
        name=name,
        structure=structure,
        risk=risk,
        open=per_day,
        per_day=per_day,
        window=window,
        approval=approval,
        patience=patience,
        exits=exits,
        price=price,
        shape=shape,
    )


PUTS = strategy("puts", "bull_put")
CALLS = strategy("calls", "bear_call")
BOTH = {"puts.yaml": PUTS, "calls.yaml": CALLS}


def folder(path: Path, files: dict[str, str]) -> Path:
    """A folder of strategies with the account's limits beside them."""
    path.mkdir(parents=True, exist_ok=True)
    for name, text in {"account.yaml": ACCOUNT, **files}.items():
        (path / name).write_text(text, encoding="utf-8")
    return path
