"""Presets of the engine on a screen of a table: its filter line, order and columns under a name that every console knows."""

from collections.abc import Awaitable, Callable
from functools import partial

from engine.api.models.scan import Preset, ScanFilters
from engine.console.dialogs.choices import NameDialog
from engine.console.dialogs.lists import Item, Kept, KeptDialog
from engine.console.host import Host
from engine.console.table.live_table import LiveTable
from engine.console.views.filter_line import FilterLine
from engine.domain.errors import EngineError, UserError

Search = Callable[[ScanFilters], Awaitable[None]]
SAVE = "/v1/filters/presets"
NONE = "no preset is kept yet; ctrl+s keeps what is shown as one"


async def choose(console: Host, table: LiveTable, line: FilterLine, search: Search) -> None:
    """Ask which preset, and show the table so, or forget it; one with filters of its own begins its search."""
    try:
        found = {one.name: one for one in await console.feed.engine.presets()}
    except (EngineError, UserError) as error:
        console.tell(str(error), is_bad=True)
        return
    if not found:
        console.tell(NONE)
        return

    def picked(kept: Kept | None) -> None:
        if kept is None:
            return
        if kept.is_to_go:
            console.say(lambda: console.feed.engine.remove_preset(kept.name))
            return
        preset = found[kept.name]
        apply(preset, table, line)
        if preset.filters is not None:
            console.run_worker(partial(search, preset.filters), group="panel", exclusive=True)
        console.tell(f"shown as {kept.name}")

    items = [Item(one.name, _words(one)) for one in found.values()]
    console.push_screen(KeptDialog("Presets", items, may_forget=console.may(SAVE)), picked)


def apply(preset: Preset, table: LiveTable, line: FilterLine) -> None:
    """Show the table as a preset says; columns that it does not have are left out."""
    table.show_columns(preset.columns)
    name, is_descending = preset.sort.removeprefix("-"), preset.sort.startswith("-")
    if name in {column.name for column in table.columns}:
        table.sort_by(name, descending=is_descending)
    line.write(preset.line)


def save(console: Host, table: LiveTable, line: FilterLine) -> None:
    """Ask for a name, and keep what is shown under it."""
    console.push_screen(NameDialog("Keep this filter, order and columns as"), partial(_save, console, table, line))


def _save(console: Host, table: LiveTable, line: FilterLine, name: str | None) -> None:
    if name is None:
        return
    try:
        preset = shown_as(name, table, line.text)
    except ValueError:
        console.tell(f"{name!r} is no name for a preset: letters, digits, blanks, . - and _, 60 at most", is_bad=True)
        return
    console.say(lambda: console.feed.engine.save_preset(preset))


def shown_as(name: str, table: LiveTable, text: str) -> Preset:
    """What a table shows, as a preset. Raises ValueError where nothing can be called so."""
    at, rows = table.rows.sort_column, table.rows
    sort = "" if at is None else f"{'-' if rows.is_descending else ''}{table.columns[at].name}"
    return Preset(name=name, line=text, sort=sort, columns=tuple(table.columns[one].name for one in table.shown))


def _words(one: Preset) -> str:
    search = f"search from {one.filters.strategy}" if one.filters is not None else ""
    said = "  ".join(text for text in (one.line, search, f"by {one.sort}" if one.sort else "", one.about) if text)
    return f"{one.name:<20} {said}"
