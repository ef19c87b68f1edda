"""Real money: letting a strategy trade it, and ending that."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Annotated, cast

from cyclopts import Parameter

from engine.cli.amounts import counted, dollars, instant
from engine.cli.client import ask, named
from engine.cli.options import STATE, By, State
from engine.cli.remote import say_word
from engine.cli.show import Row, is_attended, pairs, say
from engine.domain.errors import EngineError, UserError

LAST = 4
"""Characters of the account that a person types."""
Optional = Annotated[str | None, Parameter(show_default=False)]


def arm(
    strategy: str,
    *,
    risk: Optional = None,
    account: Optional = None,
    days: int = 7,
    full: bool = False,
    reason: str = "",
    state: State = STATE,
    by: By = "",
) -> int:
    """Let a strategy trade the real money of the account, for so much a day and until a time.

    What it would mean is shown first; on a terminal you are asked for how the account ends and for the risk. It ends by itself
    after the days, with `spreads disarm`, and with an edit that loosens the file or account.yaml. Exits go on whatever ends it.

    Parameters
    ----------
    strategy
        Its name, as `spreads status` shows it.
    risk
        Most that what it opens on one day may lose together, in dollars.
    account
        The last four characters of the account.
    days
        How long it lasts, 1 to 30 days.
    full
        As many spreads at once as its file says; else one. Allowed once five positions are closed in this account.
    reason
        Why; kept in the history.
    """
    path = f"/v1/strategies/{named(strategy)}/arm"
    heard = ask(state, "GET", path)
    found = cast("Row", heard.found)
    say(heard.engine)
    pairs(_meaning(found, full=full))
    if not found["is_real_money"]:
        raise EngineError(f"account {found['account']} holds no real money: {strategy} trades it without an arm")
    if found["file_mode"] != "live":
        raise UserError(f"{found['file']} says mode: {found['file_mode']}; write  mode: live  first")
    ends = account if account is not None else typed("account", "--account", f"\nhow does the account end, the last {LAST}? ")
    amount = risk if risk is not None else typed("risk", "--risk", "how much may what it opens in a day lose, in dollars? ")
    word = {"account": ending(ends), "risk_usd": str(_usd(amount)), "days": days, "rung": "full" if full else "one lot"}
    return say_word(state, path, by, reason, **word)


def disarm(strategy: str, reason: str = "", *, state: State = STATE, by: By = "") -> int:
    """End the arm of a strategy: it opens nothing more with real money, and its exits go on.

    Parameters
    ----------
    strategy
        Its name, as `spreads status` shows it.
    reason
        Why; kept in the history.
    """
    return say_word(state, f"/v1/strategies/{named(strategy)}/disarm", by, reason)


def _meaning(found: Row, *, full: bool) -> Iterator[tuple[str, object]]:
    """What arming would mean, the most important first."""
    yield "account", found["account"]
    yield "strategy", f"{found['strategy']}, {found['file']}"
    armed = found["armed"]
    if isinstance(armed, dict):
        held = cast("Row", armed)
        yield "armed", f"by {held['by']} until {instant(held['expires_at'])}: {dollars(held['risk_usd'])} a day, {held['rung']}"
    else:
        yield "armed", f"no: {found['why_not_armed']}"
    yield "a trade", f"risks {dollars(found['risk_per_trade_usd'])} by its sizing"
    a_day, open_at_once = cast("int", found["per_day"]), cast("int", found["open"])
    yield "a day", f"{counted(a_day, 'opening')} at most, {counted(open_at_once, 'position')} open"
    stop = found["stop_for_day_usd"]
    yield "stops", "never for the day: its file has no stop_for_day" if stop is None else f"for the day at {dollars(stop)}"
    yield "all together", f"{dollars(found['new_per_day_usd'])} a day at most, by account.yaml"
    closed, needed = found["closed_positions"], found["closed_positions_for_full"]
    yield (
        "at once",
        "as many spreads as its file says" if full else f"one spread; more after {needed} closed positions, now {closed}",
    )


def typed(what: str, flag: str, question: str) -> str:
    """What a person types. Raises UserError where nobody can be asked."""
    if not is_attended():
        raise UserError(f"{what}: without a terminal nobody can be asked; say {flag}")
    try:
        return input(question)
    except EOFError:
        raise UserError("nothing was typed, and nothing is done") from None


def ending(said: str) -> str:
    """The last characters of the account as they were typed. Raises UserError for another number of them."""
    if len(said.strip()) != LAST:
        raise UserError(f"account: found {said.strip()!r}; wanted the last {LAST} characters of the account")
    return said.strip()


def _usd(said: str) -> Decimal:
    """Dollars above zero."""
    try:
        amount = Decimal(said.strip().removeprefix("$").replace(",", ""))
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0 or amount != round(amount, 2):
        raise UserError(f"risk: found {said.strip()!r}; wanted dollars such as 2000")
    return amount
