"""What is held and what is on its way: positions, orders, and a person's close or cancel."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal, cast
from urllib.parse import urlencode

from cyclopts import Parameter

from engine.cli.amounts import dollars, instant, marked, money, priced
from engine.cli.client import ask, named, rows
from engine.cli.options import STATE, By, State
from engine.cli.remote import say_word
from engine.cli.show import Format, Row, is_agreed, pairs, say, show, show_told
from engine.domain.errors import EngineError, UserError

HELD = (
    "position",
    "spread",
    "quantity",
    "unrealised_usd",
    "mark",
    "opening_net",
    "max_loss_usd",
    "strategy",
    "opened_at",
    "blocked",
)
ON_THEIR_WAY = (
    "order_ref",
    "purpose",
    "spread",
    "quantity",
    "filled",
    "state",
    "limit",
    "worst",
    "reprices",
    "strategy",
    "proposed_at",
    "reason",
    "why",
)


def positions(*, state: State = STATE, format: Format = "table") -> None:  # noqa: A002
    """Open positions, with what closing each at mid would make now. What is closed is in `spreads trades`.

    Parameters
    ----------
    format
        table, json or csv.
    """
    held = rows(state, "/v1/positions?open=true")
    if format != "table":
        show(held, HELD, format, empty="no position is open")
        return
    show_told([_held(row) for row in held], empty="no position is open")
    if held:
        say("unrealised at mid, before fees; close one with `spreads close POSITION`")


def orders(*, state: State = STATE, all: bool = False, format: Format = "table") -> None:  # noqa: A002
    """Orders that are on their way: waiting for a yes, sent, working, or unknown.

    Parameters
    ----------
    all
        Those that are over too.
    format
        table, json or csv.
    """
    found = rows(state, "/v1/orders" if all else "/v1/orders?working=true")
    empty = "no order yet" if all else "no order is on its way; --all shows those that are over"
    if format == "table":
        show_told([order_told(row) for row in found], empty=empty)
    else:
        show(found, ON_THEIR_WAY, format, empty=empty)


def close(
    position: str,
    reason: str = "",
    *,
    state: State = STATE,
    by: By = "",
    side: Literal["put", "call"] | None = None,
    half: Annotated[bool, Parameter(show_default=False)] = False,
    short: Annotated[bool, Parameter(show_default=False)] = False,
    yes: Annotated[bool, Parameter(show_default=False)] = False,
) -> int:
    """Close a position, or a portion of it, after showing what that trades and makes. Walked from mid, never beyond natural.

    One order for each part that is open. The price is asked again at your yes; if it moved, nothing is sent and you are told.
    What does not fill is canceled, and is yours to close again. No order leaves a short without its long.

    Parameters
    ----------
    position
        The position, as `spreads positions` shows it.
    reason
        Why; kept in the history.
    side
        Its puts or its calls only.
    half
        Half of the spreads, rounded up: half of one is one.
    short
        Buy back what is owed, and keep the longs.
    yes
        Do not ask; needed where there is no terminal.
    """
    portion = {name: value for name, value in (("side", side), ("half", half), ("short", short)) if value}
    asked = f"?{urlencode({name: str(value).lower() for name, value in portion.items()})}" if portion else ""
    heard = ask(state, "GET", f"/v1/positions/{named(position)}/close{asked}")
    row = cast("Row", heard.found)
    print(f"{heard.engine}\n")
    pairs(_closing(row))
    if row["obstacle"]:
        raise EngineError(f"nothing was sent: {row['obstacle']}")
    if not yes and not is_agreed("sent", "close it", "the position stays open"):
        return 1
    print()
    return say_word(state, f"/v1/positions/{named(position)}/close", by, reason, shown_net=row["mid"], **portion)


def cancel(order_ref: str, reason: str = "", *, state: State = STATE, by: By = "") -> int:
    """End an opening that is on its way, or a close that a person asked for. A close by an exit rule goes on.

    Parameters
    ----------
    order_ref
        The order, as `spreads orders` shows it.
    reason
        Why; kept in the history.
    """
    return say_word(state, f"/v1/orders/{named(order_ref)}/cancel", by, reason)


def release(
    position: str,
    *,
    reason: str,
    state: State = STATE,
    by: By = "",
    yes: Annotated[bool, Parameter(show_default=False)] = False,
) -> int:
    """Take a position out of the engine's hands for good. What is open of it is yours: shown as not ours, never traded again.

    For one that you have closed or changed in TWS, or want to manage there yourself. Its exits stop, limits count it no more,
    and there is no way back. Refused while an order of it may still fill.

    Parameters
    ----------
    position
        The position, as `spreads positions` shows it.
    reason
        Why; kept in the history.
    yes
        Do not ask; needed where there is no terminal.
    """
    if not reason.strip():
        raise UserError("a position is released for a reason: say --reason TEXT")
    heard = ask(state, "GET", f"/v1/positions/{named(position)}")
    row = cast("Row", heard.found)
    print(f"{heard.engine}\n")
    pairs(_releasing(row))
    if not yes and not is_agreed("released", "release it for good", "its exits go on"):
        return 1
    print()
    return say_word(state, f"/v1/positions/{named(position)}/release", by, reason)


def _releasing(row: Row) -> Iterator[tuple[str, object]]:
    """What a yes to a release needs: what is given up, and what that ends."""
    yield "position", row["position"]
    yield "open", "\n".join(f"{part['quantity']} × {part['spread']}" for part in cast("list[Row]", row["parts"])) or "nothing"
    yield "max loss", dollars(row["max_loss_usd"])
    yield "unrealised", dollars(row["unrealised_usd"], signed=True)
    yield "strategy", row["strategy"]
    yield "ends", "its exits, its place in the limits and its result here; what it still makes or loses is yours to watch"


def _held(row: Row) -> Row:
    """A position as a person reads it, the most important first."""
    return {
        "position": row["position"],
        "spread": row["spread"],
        "quantity": row["quantity"],
        "also open": "\n".join(f"{part['quantity']} × {part['spread']}" for part in cast("list[Row]", row["parts"])[1:]) or None,
        "realised": dollars(row["realised_usd"], signed=True) if row["realised_usd"] else None,
        "unrealised": dollars(row["unrealised_usd"], signed=True),
        "mark": marked(row),
        "opened at": money(row["opening_net"]),
        "max loss": dollars(row["max_loss_usd"]),
        "rolled": _rolled(cast("Row", row["rolls"])) if row.get("rolls") else None,
        "exercised": "\n".join(cast("list[str]", row.get("exercised", []))) or None,
        "reduced": row.get("reduced_because"),
        "at its end": cast("Row", row["ending"])["plan"] if row.get("ending") else None,
        "exit blocked": row["blocked"],
        "strategy": row["strategy"],
        "since": instant(row["opened_at"]),
    }


def _rolled(rolls: Row) -> str:
    times = "once" if rolls["count"] == 1 else f"{rolls['count']} times"
    return f"{times}, {dollars(rolls['net_usd'], signed=True)} in all, last on {rolls['last_on']}"


def order_told(row: Row) -> Row:
    """An order as a person reads it, the most important first."""
    filled = "" if row["net_filled"] is None else f" at {money(row['net_filled'])}"
    return {
        "order": row["order_ref"],
        "purpose": row["purpose"],
        "spread": row["spread"],
        "state": row["state"],
        "filled": f"{row['filled']} of {row['quantity']}{filled}",
        "limit": money(row["limit"]),
        "worst": money(row["worst"]),
        "changes": row["reprices"],
        "strategy": row["strategy"],
        "proposed": instant(row["proposed_at"]),
        "because": row["reason"],
        "why": row["why"] or None,
    }


def _closing(row: Row) -> Iterator[tuple[str, object]]:
    """What a yes to a close needs, the most important first."""
    yield "position", row["position"]
    orders = cast("list[Row]", row["orders"])
    yield "closes", "\n".join(f"{order['quantity']} × {order['spread']}" for order in orders)
    yield "legs", "\n".join(_leg(leg) for leg in cast("list[Row]", row["legs"]))
    yield "net now", "\n".join(priced(order["mid"], order["natural"], row["quotes_age_s"], None) for order in orders)
    if row["worst"] is not None:
        yield "worst", "\n".join(_worst(order["worst"]) for order in orders)
        at_mid, at_worst = (dollars(row[name], signed=True) for name in ("realises_at_mid_usd", "realises_at_worst_usd"))
        yield "realises", f"{at_mid} at mid, {at_worst} at worst, before fees"
        yield "fees", f"{dollars(row['closing_fees_usd'])} to close, estimated; {dollars(row['fees_usd'])} paid so far"
    yield "opened", f"at {money(row['opening_net'])}, {instant(row['opened_at'])}"
    yield "strategy", row["strategy"]


def _worst(net: object) -> str:
    bound = "never pays more" if Decimal(str(net)) < 0 else "never takes less"
    return f"{money(net)}; the order {bound}"


def _leg(leg: Row) -> str:
    bid, ask = ("none" if leg[side] is None else f"{Decimal(str(leg[side])):,.2f}" for side in ("bid", "ask"))
    return f"{leg['action']} {leg['quantity']} × {leg['contract']}, bid {bid}, ask {ask}"
