"""A position rolled by hand: what closes, what follows and what both bring, shown and asked."""

from collections.abc import Iterator
from typing import Annotated, cast
from urllib.parse import quote

from cyclopts import Parameter

from engine.cli.amounts import dollars, money
from engine.cli.client import ask, named
from engine.cli.options import STATE, By, State
from engine.cli.remote import say_word
from engine.cli.show import Row, is_agreed, pairs
from engine.domain.deeds import RollDeed
from engine.domain.errors import EngineError


def roll(
    position: str,
    reason: str = "",
    *,
    state: State = STATE,
    by: By = "",
    what: RollDeed = "roll",
    yes: Annotated[bool, Parameter(show_default=False)] = False,
) -> int:
    """Roll a position, or a part of it, as its file says, after showing what closes, what follows and what both bring.

    The close is sent at your yes, walked from mid and never beyond natural. Once it has filled, its strategy looks anew for what
    takes its place, and opens it by its own approval; where nothing brings enough by then, what was closed stays closed. Nothing
    is sent where nothing could follow now, or where the price moved since you saw it.

    Parameters
    ----------
    position
        The position, as `spreads positions` shows it.
    reason
        Why; kept in the history.
    what
        roll for all of it; roll put side, roll call side of a condor; roll short, roll put short, roll call short of what is sold
        against options that live longer.
    yes
        Do not ask; needed where there is no terminal.
    """
    path = f"/v1/positions/{named(position)}/roll"
    heard = ask(state, "GET", f"{path}?what={quote(what)}")
    row = cast("Row", heard.found)
    print(f"{heard.engine}\n")
    pairs(_told(row))
    if row["obstacle"]:
        raise EngineError(f"nothing was sent: {row['obstacle']}")
    if not yes and not is_agreed("sent", "roll it", "the position stays as it is"):
        return 1
    print()
    return say_word(state, path, by, reason, shown_net=row["mid"], what=what)


def _told(row: Row) -> Iterator[tuple[str, object]]:
    """What a yes to a roll needs."""
    yield "position", row["position"]
    yield "strategy", row["strategy"]
    closes, opens = cast("Row | None", row["closes"]), cast("Row | None", row["opens"])
    if closes is not None:
        yield "closes", f"{closes['quantity']} × {closes['spread']}"
        yield "", f"{money(closes['mid'])} at mid, {money(closes['natural'])} natural"
    if opens is not None:
        yield "opens", f"{opens['quantity']} × {opens['spread']}"
        yield "", f"{money(opens['mid'])} at mid, never below {money(opens['worst'])}"
        yield "can lose", f"{dollars(opens['max_loss_usd'])}, fees of {dollars(opens['fees_usd'])} included"
        yield "gates", f"all {opens['gates']} pass now"
    if row["mid"] is not None:
        yield "brings", f"{dollars(row['brings_at_mid_usd'], signed=True)} at mid, both orders together"
        yield "at natural", dollars(row["brings_at_natural_usd"], signed=True)
    if row["wanted"] is not None:
        wanted = "more than nothing" if row["wanted"] == 0 else f"{money(row['wanted'])} a share"
        yield "its file wants", wanted
        yield "rolled", f"{row['rolled']} of at most {row['at_most']} times"
