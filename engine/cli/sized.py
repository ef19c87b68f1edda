"""account.yaml for an account of a given size: the shipped limits, in proportion, each with its dollars beside it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from textwrap import wrap

from engine.strategy.account import Account
from engine.strategy.model import Strategy
from engine.strategy.values.meaning import ShareOf, Usd, WidthRange

_LINE = re.compile(r"^(?P<indent>  )(?P<key>[a-z_]+): (?P<value>-?[0-9.]+% of net liquidation|[0-9]+)(?P<note> *#.*)?$")
_SHARE = " of net liquidation"
_COLUMN = 40
"""Where remarks begin."""
_WIDEST = 110
CREDIT_PART = Decimal("0.15")
"""What a credit spread usually brings, of its width: the rest can be lost."""


@dataclass(frozen=True, slots=True)
class Size:
    """Accounts up to a size, and what of the shipped limits is another one there."""

    up_to: int | None
    """USD of net liquidation; None: any."""
    why: str
    limits: Mapping[str, str]


_MIDDLE: Mapping[str, str] = {}
SIZES: Sequence[Size] = (
    Size(
        25_000,
        "Small: one $5 wide spread of SPY can lose $400 to $450, several percent of the account. So a trade may risk more of it"
        " than the usual one percent, few are opened, each of one contract, and the stop of a day comes later: one full loss"
        " must not be it.",
        {
            "per_trade": "5%",
            "hard_cap": "6%",
            "width": "8%",
            "per_underlying": "12%",
            "per_expiry": "15%",
            "per_strategy": "15%",
            "per_group": "15%",
            "new_per_day": "8%",
            "contracts_per_order": "1",
            "contracts_per_trade": "2",
            "entries_per_day": "2",
            "stop_for_day": "-4%",
            "alarm_for_day": "-6%",
            "week": "-8%",
            "peak": "-15%",
        },
    ),
    Size(
        100_000,
        "Middling: two percent a trade is one or two $5 wide spreads of SPY or XSP; a $25 wide one of SPX can lose more than"
        " $2,000.",
        {
            "per_trade": "2%",
            "hard_cap": "3%",
            "per_underlying": "8%",
            "contracts_per_order": "3",
            "contracts_per_trade": "5",
            "entries_per_day": "4",
        },
    ),
    Size(2_000_000, "One percent a trade: twenty-five full losses in a row before the total limit has been lost.", _MIDDLE),
    Size(
        None,
        "Large: half a percent a trade, as large orders are filled worse.",
        {
            "per_trade": "0.5%",
            "hard_cap": "1%",
            "width": "2.5%",
            "per_underlying": "4%",
            "contracts_per_order": "20",
            "contracts_per_trade": "40",
        },
    ),
)


def size_of(net_liquidation: Decimal) -> Size:
    """The limits for an account worth so much, USD."""
    return next(size for size in SIZES if size.up_to is None or net_liquidation < size.up_to)


def sized(text: str, net_liquidation: Decimal) -> str:
    """The shipped account.yaml with the limits for an account worth so much, USD, and what they come to beside them."""
    size = size_of(net_liquidation)
    worth = f"Written for an account worth {_dollars(net_liquidation)}. {size.why}"
    head = [*wrap(worth, _WIDEST), "Shares go with the account; the dollars beside them do not."]
    lines = [_line(line, size.limits, net_liquidation) for line in text.splitlines()]
    place = lines.index("schema: 1")
    return "\n".join([*lines[:place], *(f"# {line}" for line in head), *lines[place:]]) + "\n"


def too_wide(strategies: Sequence[Strategy], account: Account, net_liquidation: Decimal) -> list[str]:
    """A sentence for each enabled strategy whose narrowest spread may lose more than a trade may risk here."""
    told: list[str] = []
    for strategy in strategies:
        width = getattr(strategy.spread, "width", None)
        if not strategy.enabled or strategy.spread.pays != "credit" or not isinstance(width, WidthRange):
            continue
        least = width.low * 100 * (1 - CREDIT_PART)
        allowed = min(usd_of(risk, net_liquidation) for risk in (strategy.sizing.risk, account.risk.per_trade) if _is_plain(risk))
        if least > allowed:
            told.append(
                f"{strategy.name} opens nothing: its narrowest spread can lose about {_dollars(least)}, and a trade may risk"
                f" {_dollars(allowed)}. Take a smaller underlying, as XSP, a tenth of SPX, or a narrower width"
            )
    return told


def _line(line: str, limits: Mapping[str, str], net_liquidation: Decimal) -> str:
    found = _LINE.match(line)
    if found is None:
        return line
    is_share = found["value"].endswith(_SHARE)
    chosen = limits.get(found["key"])
    value = found["value"] if chosen is None else chosen + (_SHARE if is_share else "")
    remark = (found["note"] or "").strip().removeprefix("#").strip()
    if is_share:
        dollars = _dollars(Decimal(value.partition("%")[0]) / 100 * net_liquidation)
        remark = f"{dollars}; {remark}" if remark else dollars
    told = f"{found['indent']}{found['key']}: {value}"
    return f"{told:<{_COLUMN}}  # {remark}" if remark else told


def _is_plain(risk: object) -> bool:
    return isinstance(risk, Usd) or (isinstance(risk, ShareOf) and risk.base == "net liquidation")


def usd_of(risk: object, net_liquidation: Decimal) -> Decimal:
    """What an amount at risk is in USD, of an account that is worth so much; a share of buying power counts as one of that."""
    assert isinstance(risk, ShareOf | Usd), "only plain risks are asked"
    return risk.usd if isinstance(risk, Usd) else risk.fraction * net_liquidation


def _dollars(amount: Decimal) -> str:
    return f"{'-' if amount < 0 else ''}${abs(amount):,.0f}"
