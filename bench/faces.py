"""What people and programs wait for, printed: answers, streams, changes, approvals, the console, a client that stalls.

python -m bench.faces
"""

from __future__ import annotations

from collections.abc import Sequence

from bench import api, stalled
from bench.api import at_share

LABEL = 52


def printed() -> None:
    """All tables, each with what is wanted where something is. Two minutes."""
    told, lag = api.measure(), stalled.measure()
    print(
        f"An engine that trades on the simulated TWS: {api.REQUESTS_PER_S} questions a second, {api.CLIENTS} clients that follow"
    )
    print(f"  {'milliseconds by the clock':<{LABEL}} {'median':>8} {'95 of 100':>10} {'99 of 100':>10}")
    _row(f"answers, of {len(told.answers):,}", told.answers, 0.99, 200)
    for path, values in sorted(told.by_path.items()):
        _row(f"  {path}", values)
    _row("a quote of TWS until a client has it", told.ticks, 0.5, 50)
    _row("a pause that is asked until a client has it", told.changes, 0.5, 10)
    _row("  of which a line is brought to this disk in", told.syncs)
    _row("a fill that TWS tells until a client has it", told.fills)
    _row("a yes until its order is at TWS", told.approvals)
    print(f"  the engine worked {told.engine_cpu:.0%} of a core under the questions")
    if (console := told.console) is not None:
        print(f"  a console of 170 x 50 beside it: {console.rss_mb:.0f} MB, {console.cpu:.1%} of a core")
    print(f"\nA client that does not read for {stalled.STALL_S:.0f} s under {stalled.CHANGES_PER_S:,} changes of rows a second")
    print(f"  comes back after {lag.frames} frames and {lag.caught_up_ms:.0f} ms: {lag.snapshots} snapshots, {lag.gaps} missed;")
    print(
        f"  the last changed {lag.rows:,} rows. Beats came at most {lag.late_most:.0f} ms late ({lag.late_most_alone:.0f} alone),"
    )
    print(f"  99 of 100 at most {lag.late_p99:.0f}; {lag.rss_mb - lag.rss_mb_alone:+.0f} MB, {lag.cpu:.0%} of a core.\n")


def _row(name: str, values: Sequence[float], share: float | None = None, most: float | None = None) -> None:
    told = "  ".join(f"{at_share(values, one):9.1f}" for one in (0.5, 0.95, 0.99)) if values else "none was measured"
    word = ""
    if share is not None and most is not None and values:
        which, answer = "median" if share == 0.5 else "99 of 100", "pass" if at_share(values, share) < most else "miss"
        word = f"   wanted {which} < {most}: {answer}"
    print(f"  {name:<{LABEL}} {told}{word}")


if __name__ == "__main__":
    printed()
