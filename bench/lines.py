"""In what time a chain is seen whole, by its size and by the market data lines of the account: `python -m bench.lines`.

The engine's own ledger of lines is turned until every option has had one; a turn lasts as long as the engine says. Nothing is
measured by a clock, so it says the same on any machine.
"""

from collections.abc import Iterator

from engine.broker.adapter import LINES_RESERVED
from engine.broker.data.lines import Lines, turn_s
from engine.runtime.feed import LINES_SPARE
from engine.settings import Settings

CONTRACTS = (1_000, 5_000, 10_000)
LINES = (50, 100, 400)
UNDERLYINGS = 1


def seen_within_s(contracts: int, lines: int, share: float) -> tuple[int, float]:
    """How many lines explore, and the seconds until each contract beyond those that keep a line has had its turn."""
    most = lines - UNDERLYINGS - LINES_SPARE
    kept = UNDERLYINGS + most - int(most * share)
    ledger = Lines(lines - LINES_RESERVED)
    ledger.want(range(kept), range(kept, UNDERLYINGS + contracts))
    seen, seconds = set[int](), 0.0
    while len(seen) < UNDERLYINGS + contracts:
        ledger.changes()
        seen.update(ledger.subscriptions)
        seconds += turn_s(ledger.turning)
        ledger.turn()
    return ledger.turning, seconds


def table() -> Iterator[str]:
    """The page's table, line by line."""
    share = float(Settings.model_fields["explore_share"].default)
    yield f"| options that can pass | {' | '.join(f'{lines} lines' for lines in LINES)} |"
    yield f"| --- |{' --- |' * len(LINES)}"
    for contracts in CONTRACTS:
        times = [seen_within_s(contracts, lines, share) for lines in LINES]
        yield f"| {contracts:,} | {' | '.join(_time(seconds) for _, seconds in times)} |"
    turning = [seen_within_s(CONTRACTS[0], lines, share)[0] for lines in LINES]
    yield f"| lines that explore | {' | '.join(map(str, turning))} |"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


if __name__ == "__main__":
    print("\n".join(table()))
