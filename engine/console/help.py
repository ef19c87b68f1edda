"""The help of a screen, made of its keys: nothing is told that is not bound, and nothing bound is left out."""

from collections.abc import Callable, Iterable

from textual.app import App
from textual.binding import ActiveBinding, Binding

from engine.console.table.live_table import LiveTable
from engine.console.text import EMPTY, Line, line, row


def help_lines(bindings: Iterable[ActiveBinding], display: Callable[[Binding], str]) -> list[Line]:
    """Each thing that a key does with its keys, in the order: this screen, its table, everywhere."""
    groups: dict[str, dict[str, list[str]]] = {"this screen": {}, "in the table": {}, "everywhere": {}}
    for active in bindings:
        binding, node = active.binding, active.node
        if binding.id is None or not binding.description:
            continue
        name = "in the table" if isinstance(node, LiveTable) else "everywhere" if isinstance(node, App) else "this screen"
        keys = groups[name].setdefault(binding.description, [])
        if (shown := display(binding)) not in keys:
            keys.append(shown)
    lines: list[Line] = []
    for name, found in groups.items():
        if found:
            lines += [
                line(name, "strong"),
                *(row((f"  {' '.join(keys):<14}", "info"), (what, "")) for what, keys in found.items()),
                EMPTY,
            ]
    return lines
