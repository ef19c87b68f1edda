"""A search of one's own in the table of candidates: begun in the filter panel or by a preset, shown until it is ended."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from engine.api.models.candidates import Candidate
from engine.api.models.scan import Preset, ScanFilters
from engine.console.dialogs.choices import NameDialog
from engine.console.dialogs.filters import FilterPanel, Panel, ended
from engine.console.host import Host
from engine.console.views.presets import SAVE
from engine.domain.errors import EngineError, UserError


class OwnSearch:
    """At most one at a time. `shown` is called whenever it has found something else."""

    def __init__(self, shown: Callable[[], None]) -> None:
        self.filters: ScanFilters | None = None
        """What is looked for; None while the table shows what the strategies find."""
        self.candidates: Sequence[Candidate] = ()
        self._shown, self._scan = shown, ""
        self._asked_at: datetime | None = None

    @property
    def note(self) -> str:
        """What stands beside the count of rows."""
        return f"yours ({self.filters.strategy}), Esc ends it · " if self.filters is not None else ""

    def open(self, console: Host, strategy: str) -> None:
        """The panel: from the search that goes on, or from the file of this strategy."""
        console.run_worker(partial(self._open, console, strategy), group="panel", exclusive=True)

    async def _open(self, console: Host, strategy: str) -> None:
        filters = self.filters or ScanFilters.model_validate({"strategy": strategy})
        try:
            why = await console.feed.engine.why(filters.strategy)
        except (EngineError, UserError) as error:
            console.tell(str(error), is_bad=True)
            return
        panel = FilterPanel(console.feed.engine, filters, why.funnel, why.nearest_miss, may_keep=console.may(SAVE))
        console.push_screen(panel, partial(self._left, console))

    def _left(self, console: Host, left: Panel | None) -> None:
        if left is None:
            return
        self._take(console, left.scan, left.filters)
        if left.is_to_keep:
            console.push_screen(NameDialog("Keep this search as"), partial(_keep, console, left.filters))

    async def begin(self, console: Host, filters: ScanFilters) -> None:
        """Look for what a preset says."""
        try:
            scan = await console.feed.engine.scan_start(filters)
        except (EngineError, UserError) as error:
            console.tell(str(error), is_bad=True)
        else:
            self._take(console, scan.scan, filters)

    def _take(self, console: Host, scan: str, filters: ScanFilters) -> None:
        self.end(console)
        self._scan, self.filters, self._asked_at = scan, filters, None
        self.look(console)

    def end(self, console: Host) -> None:
        """Show what the strategies find again."""
        if self.filters is not None:
            console.run_worker(partial(ended, console.feed.engine, self._scan), group="search.end", exit_on_error=False)
            self.filters, self.candidates = None, ()
            self._shown()

    def look(self, console: Host) -> None:
        """Ask what it finds, once for each word of the engine."""
        status = console.feed.status
        at = status.at if status is not None else None
        if self.filters is not None and (self._asked_at is None or at != self._asked_at):
            self._asked_at = at or self._asked_at
            console.run_worker(partial(self._ask, console), group="search.look", exclusive=True)

    async def _ask(self, console: Host) -> None:
        scan = self._scan
        try:
            found = await console.feed.engine.scan_results(scan)
        except (EngineError, UserError) as error:
            console.tell(f"your search is over: {error}", is_bad=True)
            self.filters, self.candidates = None, ()
        else:
            if scan != self._scan:
                return
            self.candidates = found.candidates
        self._shown()


def _keep(console: Host, filters: ScanFilters, name: str | None) -> None:
    if name is None:
        return
    try:
        preset = Preset.model_validate({"name": name, "filters": filters})
    except ValueError:
        console.tell(f"{name!r} is no name for a preset: letters, digits, blanks, . - and _, 60 at most", is_bad=True)
        return
    console.say(lambda: console.feed.engine.save_preset(preset))
