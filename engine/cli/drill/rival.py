"""A second engine beside the drilled one: on its folder, or on a folder of its own with the same client id or with another."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from engine.app import App
from engine.domain.facts.account import Reconciled
from engine.domain.facts.orders import OrderSent
from engine.domain.facts.union import Fact
from engine.options import Options
from engine.ports import Clock
from engine.settings import Settings

REFUSED = frozenset({"start another", "start another elsewhere"})
"""Where the second engine may not even begin."""


@dataclass(slots=True)
class Rival:
    """What became of it."""

    sent: list[str] = field(default_factory=list[str])
    """Orders that it sent, by reference."""
    said: str = ""
    """What it last said of itself: why it ended, or how its books differ."""
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _app: App | None = None
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, act: str, first: Settings, clock: Clock) -> None:
        """Live until it is stopped or refused."""
        options = Options(serves_api=False, watches_files=False, writes_views=False, observers=(self,), stop=self._stop)
        self._app = App(settings_of(act, first), clock, options)
        try:
            await self._app.run()
        except Exception as error:  # noqa: BLE001 - whatever ends it is what it shows
            self.said = str(innermost(error))
        finally:
            self._ended.set()

    async def end(self) -> None:
        """Stop it, where it runs, and wait until it is gone."""
        self._stop.set()
        if self._app is not None:
            self._app.nudge()
            await self._ended.wait()

    def saw(self, fact: Fact, at: datetime) -> None:
        if isinstance(fact, OrderSent):
            self.sent.append(fact.order_ref)
        elif isinstance(fact, Reconciled) and fact.differences:
            self.said = "; ".join(fact.differences)


def settings_of(act: str, first: Settings) -> Settings:
    """The second engine's own settings."""
    if act == "start another":
        return first
    elsewhere = first.state.with_name(f"{first.state.name}-other")
    client_id = first.client_id if act == "start another elsewhere" else first.client_id + 1
    return first.model_copy(update={"state": elsewhere, "client_id": client_id})


def innermost(error: BaseException) -> BaseException:
    """The first real cause in a group of task errors."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
