"""Rolling a position by hand: what closes, what follows and what both bring, shown and confirmed."""

from engine.api.models.positions import Position
from engine.console.dialogs.order import Form, OrderDialog, Priced
from engine.console.host import Host
from engine.console.texts.roll import roll_lines
from engine.domain.deeds import RollDeed


def roll(console: Host, one: Position) -> None:
    """Show what rolling it would do now; nothing is sent before it is confirmed."""
    engine, by = console.feed.engine, console.setup.by

    async def price(deed: RollDeed) -> Priced:
        would = await engine.roll_preview(one.position, what=deed)
        return Priced(roll_lines(would), would.mid, would.obstacle)

    async def send(deed: RollDeed, net: float | None) -> str:
        return (await engine.roll(one.position, net, what=deed, by=by)).text

    deeds: tuple[RollDeed, ...] = one.can_roll or ("roll",)
    names: list[tuple[str, RollDeed]] = [(deed.removeprefix("roll").strip() or "all of it", deed) for deed in deeds]
    form = Form(f"Roll {one.spread}", names, price, send, console.is_live)
    console.push_screen(OrderDialog(form), lambda text: _told(console, text))


def _told(console: Host, text: str | None) -> None:
    if text is not None:
        console.tell(text)
    console.wake()
