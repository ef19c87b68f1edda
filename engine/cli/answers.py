"""A person's yes and no to openings that wait for one."""

from engine.cli.client import named, rows
from engine.cli.options import STATE, By, State
from engine.cli.remote import say_word
from engine.cli.show import Format, show

COLUMNS = (
    "order_ref",
    "spread",
    "quantity",
    "shown_net",
    "net_now",
    "worst",
    "max_loss_usd",
    "preview",
    "expires_in_s",
    "asked_because",
)


def approvals(*, state: State = STATE, format: Format = "table") -> None:  # noqa: A002
    """Orders that wait for your yes, with their price now.

    Parameters
    ----------
    format
        table, json or csv.
    """
    waiting = rows(state, "/v1/approvals")
    if format == "table":
        waiting = [{**row, "expires_in_s": round(float(str(row["expires_in_s"] or 0)))} for row in waiting]
    show(waiting, COLUMNS, format, empty="nothing waits for an approval")


def approve(order_ref: str, *, state: State = STATE, by: By = "") -> int:
    """Say yes to a waiting order. It is priced and checked again first; if it moved, nothing is sent and you are told.

    Parameters
    ----------
    order_ref
        The order, as `spreads approvals` shows it.
    """
    return say_word(state, f"/v1/approvals/{named(order_ref)}/approve", by, "")


def decline(order_ref: str, reason: str = "", *, state: State = STATE, by: By = "") -> int:
    """Say no to a waiting order.

    Parameters
    ----------
    order_ref
        The order, as `spreads approvals` shows it.
    reason
        Why; kept in the history.
    """
    return say_word(state, f"/v1/approvals/{named(order_ref)}/decline", by, reason)
