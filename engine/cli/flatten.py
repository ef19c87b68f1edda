"""Closing everything that the engine holds."""

from collections.abc import Iterator
from typing import Annotated, cast

from cyclopts import Parameter

from engine.cli.amounts import counted, dollars
from engine.cli.arming import ending, typed
from engine.cli.client import ask
from engine.cli.options import STATE, By, State
from engine.cli.remote import say_word
from engine.cli.show import Row, pairs, say, show_told
from engine.domain.errors import UserError

Optional = Annotated[str | None, Parameter(show_default=False)]
PATH = "/v1/flatten"


def flatten(
    reason: str = "",
    *,
    account: Optional = None,
    positions: Annotated[int | None, Parameter(show_default=False)] = None,
    stop: bool = False,
    state: State = STATE,
    by: By = "",
) -> int:
    """Close everything that the engine holds: halt, cancel openings, then close every position, those with shorts first.

    What would be closed is shown first; on a terminal you are asked for how the account ends and for how many positions are open.
    It goes on through restarts, in trading hours, until nothing is open. What the engine did not open is not touched.

    Parameters
    ----------
    reason
        Why; kept in the history.
    account
        The last four characters of the account.
    positions
        How many positions are open.
    stop
        End it: what is left keeps the exits of its file. Openings stay halted until `spreads resume`.
    """
    if stop:
        return say_word(state, f"{PATH}/stop", by, reason)
    heard = ask(state, "GET", PATH)
    found = cast("Row", heard.found)
    say(heard.engine)
    held = cast("list[Row]", found["positions"])
    show_told([_told(row) for row in held], empty="nothing is open")
    print()
    pairs(_meaning(found))
    if not held:
        return 1
    ends = account if account is not None else typed("account", "--account", "\nhow does the account end, the last 4? ")
    count = positions if positions is not None else _count(typed("positions", "--positions", "how many positions are open? "))
    return say_word(state, PATH, by, reason, account=ending(ends), positions=count)


def _told(row: Row) -> Row:
    unbid = cast("list[str]", row["unbid"])
    return {
        "position": row["position"],
        "holds": f"{row['quantity']} × {row['spread']}",
        "at mid": dollars(row["unrealised_usd"], signed=True),
        "nobody bids for": ", ".join(unbid),
        "strategy": row["strategy"],
    }


def _meaning(found: Row) -> Iterator[tuple[str, object]]:
    yield "account", found["account"]
    flattening = found["flattening"]
    if isinstance(flattening, dict):
        yield "flattening", f"since {cast('Row', flattening)['by']} said so; `spreads flatten --stop` ends it"
    yield "canceled first", counted(cast("int", found["openings_at_work"]), "opening") + " at work"
    foreign = cast("list[str]", found["foreign"])
    yield "not touched", "; ".join(foreign) or "nothing: all that the broker holds is the engine's"
    yield "when", "now" if found["is_open"] else "when the market opens"


def _count(said: str) -> int:
    if not said.strip().isdigit():
        raise UserError(f"positions: found {said.strip()!r}; wanted a whole number, and nothing is closed")
    return int(said)
