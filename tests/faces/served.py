"""A real engine on the simulated TWS, asked over TLS as from another machine: all of it in threads of the test's process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from engine.api.access.keys import Keys
from engine.api.access.roles import Role
from engine.app import App
from engine.client.identity import trusts
from engine.domain.facts.union import Fact
from engine.options import Options
from engine.runtime.control import Control
from engine.settings import Settings
from engine.sim.loop import LoopClock, PacedLoop, run
from tests.faces import given
from tests.faces.tws import simulated_tws
from tests.shell.api.test_remote import certificate, free_port

PATIENCE_S = 60
STRATEGY = given.STRATEGY.replace("[SPX]", "[SPY]").replace("  - vix between 12 and 35\n", "  - weekday in (Monday)\n")


@dataclass(slots=True)
class Served:
    """One engine, and what is needed to ask it."""

    state: Path
    url: str
    ca: Path
    control: Control
    facts: list[Fact] = field(default_factory=list[Fact])
    """Everything that was folded, as it happens."""

    def key(self, role: Role, name: str | None = None) -> str:
        """A key, made beside the engine as `spreads keys add` does."""
        return Keys(self.state).add(name or role, role, self.control.now())

    def client(self, token: str | None = None) -> httpx.Client:
        """Somebody who asks, with a token or without."""
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        return httpx.Client(base_url=self.url, verify=trusts(self.ca), headers=headers, timeout=PATIENCE_S)

    def token(self, key: str) -> str:
        """What a key is exchanged for."""
        with self.client() as asking:
            answer = asking.post("/v1/token", json={"key": key})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])


class _Heard:
    def __init__(self, facts: list[Fact]) -> None:
        self._facts = facts

    def saw(self, fact: Fact, at: object) -> None:
        self._facts.append(fact)


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """The engine while the block lasts, on a Monday at 10:00 in New York."""
    given.strategy(folder / "strategies", STRATEGY)
    cert, key = certificate(folder)
    port, state = free_port(), folder / "state"
    state.mkdir(mode=0o700)
    facts: list[Fact] = []
    options = Options(writes_views=False, observers=[_Heard(facts)])
    controls: list[Control] = []
    answers, ended = threading.Event(), list[BaseException]()
    with simulated_tws() as tws:
        settings = Settings(
            mode="sim", port=tws.port, state=state, strategies=folder / "strategies", lines=26,
            api_port=port, tls_cert=cert, tls_key=key,
        )  # fmt: skip
        loop = PacedLoop(1.0)
        options.on_control, options.on_answering = controls.append, answers.set
        app = App(settings, LoopClock(loop, tws.now()), options)

        def work() -> None:
            try:
                run(app.run(), loop)
            except BaseException as error:  # noqa: BLE001 - it is raised where the test waits
                ended.append(error)
            finally:
                answers.set()

        thread = threading.Thread(target=work)
        thread.start()
        try:
            assert answers.wait(PATIENCE_S), "the engine did not start"
            if ended:
                raise ended[0]
            yield Served(state, f"https://localhost:{port}", cert, controls[0], facts)
        finally:
            if not ended:
                loop.call_soon_threadsafe(lambda: (options.stop.set(), app.nudge()))
            thread.join()
        if ended:
            raise ended[0]
