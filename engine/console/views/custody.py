"""Taking options of TWS into the engine's hands, and a position out of them: asked, shown, confirmed."""

from collections.abc import Sequence

from engine.api.models.adoption import ForeignOption
from engine.api.models.positions import Position
from engine.console.dialogs.choices import ChoiceDialog
from engine.console.dialogs.lists import Item, MarkDialog
from engine.console.dialogs.order import Form, OrderDialog, Priced
from engine.console.host import Host
from engine.console.text import EMPTY, Line, line
from engine.console.texts.position import position_lines
from engine.domain.errors import EngineError, UserError
from engine.words import number, signed

ADOPT, RELEASE = "/v1/adoption", "/v1/positions/x/release"
"""Endpoints, whose table of roles says who may."""
WITHOUT_EXITS = "no exits: only you close it"
NOT_FOUND = "no option is foreign: all that the broker holds is of a position here, or it was not asked yet"
WHY_ADOPT = ("opened in TWS", "opened by another program", "released before", "another reason")
WHY_RELEASE = ("closed in TWS", "changed in TWS", "it is mine to trade", "another reason")


async def adopt(console: Host, strategies: Sequence[str]) -> None:
    """Show what is foreign, and ask which of it shall be a position, why, and with whose exits."""
    try:
        found = await console.feed.engine.adoption()
    except (EngineError, UserError) as error:
        console.tell(str(error), is_bad=True)
        return
    if not found.foreign:
        console.tell(NOT_FOUND)
        return
    held = {one.con_id: one.quantity for one in found.foreign}

    def marked(names: tuple[str, ...] | None) -> None:
        if names:
            legs = {int(name): held[int(name)] for name in names}
            why = ChoiceDialog("Why adopt them?", WHY_ADOPT, asks_text=True)
            console.push_screen(why, lambda said: _show(console, legs, said, strategies))

    above = [line("All that the broker holds of a contract is adopted; every short needs its long beside it.", "stale"), EMPTY]
    console.push_screen(MarkDialog("Which options of TWS?", [_item(one) for one in found.foreign], above), marked)


def _show(console: Host, legs: dict[int, int], why: str | None, strategies: Sequence[str]) -> None:
    if why is None:
        return
    engine, by = console.feed.engine, console.setup.by

    async def price(strategy: str) -> Priced:
        would = await engine.adoption(strategy, list(legs))
        return Priced(position_lines(would.position) if would.position is not None else [], None, would.obstacle)

    async def send(strategy: str, _: float | None) -> str:
        return (await engine.adopt(strategy, legs, why, by=by)).text

    choices = [*((name, name) for name in strategies), (WITHOUT_EXITS, "")]
    form = Form("Adopt as a position, with the exits of", choices, price, send, console.is_live)
    console.push_screen(OrderDialog(form), lambda text: _told(console, text))


def release(console: Host, one: Position) -> None:
    """Ask why, say what it means, and take the position out of the engine's hands for good."""

    def because(why: str | None) -> None:
        if why is None:
            return
        engine, by = console.feed.engine, console.setup.by

        async def price(_: None) -> Priced:
            return Priced(release_lines(one), None)

        async def send(_: None, __: float | None) -> str:
            return (await engine.release(one.position, why, by=by)).text

        form = Form(f"Release {one.spread}", [("", None)], price, send, console.is_live)
        console.push_screen(OrderDialog(form), lambda text: _told(console, text))

    console.push_screen(ChoiceDialog(f"Why release {one.spread}?", WHY_RELEASE, asks_text=True), because)


def release_lines(one: Position) -> list[Line]:
    """What releasing a position means."""
    return [
        line(f"{one.spread} ×{one.quantity}", "strong"),
        line("It leaves the engine's hands for good, as it is.", "warn"),
        line("None of its exits acts any more, and nothing here closes it: that is yours, in TWS."),
        line("What was closed or changed in TWS is no difference any more, and openings go on."),
        *(line(f"  {rule.rule}: ends", "stale") for rule in one.exits),
    ]


def _item(one: ForeignOption) -> Item:
    quotes = f"{number(one.bid)}/{number(one.ask)}"
    cost = f"cost {number(one.average_price)}" if one.average_price is not None else ""
    return Item(str(one.con_id), f"{signed(one.quantity)} {one.contract:<28} {quotes:<14} {cost}", one.obstacle or "")


def _told(console: Host, text: str | None) -> None:
    if text is not None:
        console.tell(text)
    console.wake()
