"""What the strategies of a drill trade, and so what its market has to have."""

from pathlib import Path

from engine.domain.errors import UserError
from engine.runtime.reading import read_folder
from engine.sim.market.catalogue import CHARACTERS, VIX, VIX_SOURCE
from engine.strategy.parse import ACCOUNT_FILE, COMMON_FILE, EVENTS_FILE, parse_common, parse_strategies


def symbols_of(strategies: Path) -> tuple[str, ...]:
    """What the strategies trade, as far as the simulator has a market for it, VIX, and what VIX is the volatility of.

    Raises UserError where that is nothing.
    """
    texts = read_folder(strategies)
    common = parse_common(texts[COMMON_FILE]).value if COMMON_FILE in texts else None
    parsed = [
        strategy
        for name, text in texts.items()
        if name not in {ACCOUNT_FILE, COMMON_FILE, EVENTS_FILE}
        for strategy in parse_strategies(text, name, common).value or ()
    ]
    traded = {symbol for strategy in parsed if strategy.enabled for symbol in strategy.universe}
    known = sorted(traded & CHARACTERS.keys())
    if not known:
        there = ", ".join(sorted(CHARACTERS))
        raise UserError(f"{strategies}: no strategy here trades what the simulator has a market for ({there})")
    return tuple(dict.fromkeys((*known, VIX_SOURCE, VIX)))
