"""A real Prometheus scrapes a running engine on the simulated TWS: what is broken on purpose is what fires, and nothing else."""

import asyncio
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from engine.sim.loop import PacedLoop, run
from tests.house.alert_cases import FILE
from tests.simulation.engine.world import World

PROMETHEUS = shutil.which("prometheus")
WITHIN_S = 60.0
"""Of real time; a state comes within a few seconds where nothing is wrong."""
HELD_FOR = "1s"
"""How long the link must be gone before it is told, here; promtool tries the durations of the file."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROMETHEUS is None, reason="prometheus is not installed (Debian: apt-get install prometheus)"),
]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def rules() -> str:
    """The rules as they are, with a shorter wait for the link."""
    text = (FILE.parent / "alerts.yml").read_text(encoding="utf-8")
    text, changed = re.subn(r"(- alert: BrokerGone\n(?:.*\n)*?\s+for: )\w+", rf"\g<1>{HELD_FOR}", text, count=1)
    assert changed == 1
    return text


class Prometheus:
    """What the running Prometheus says."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}/api/v1"

    async def ask(self, query: str) -> list[dict[str, str]]:
        """The labels of each series that the query finds; none while Prometheus is starting."""
        try:
            async with httpx.AsyncClient() as client:
                answer = await client.get(f"{self._address}/query", params={"query": query})
        except httpx.TransportError:
            return []
        return [one["metric"] for one in answer.json()["data"]["result"]] if answer.status_code == 200 else []

    async def firing(self) -> set[str]:
        return {labels["alertname"] for labels in await self.ask('ALERTS{alertstate="firing"}')}

    async def until(self, query: str) -> None:
        """Wait until the query finds something."""
        async with asyncio.timeout(WITHIN_S):
            while not await self.ask(query):
                await asyncio.sleep(0.2)

    async def until_fires(self, *alerts: str) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not (firing := await self.firing()) >= set(alerts):
                await asyncio.sleep(0.2)
        assert firing == set(alerts)


@contextmanager
def prometheus(folder: Path, target: int) -> Iterator[Prometheus]:
    """A Prometheus that looks four times a second."""
    text = (FILE.parent / "prometheus.yml").read_text(encoding="utf-8")
    text = text.replace("interval: 15s", "interval: 250ms").replace("127.0.0.1:9109", f"127.0.0.1:{target}")
    (folder / "prometheus.yml").write_text(text)
    (folder / "alerts.yml").write_text(rules())
    port = free_port()
    words = [
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/tsdb",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "prometheus.log").open("w") as said:
        process = subprocess.Popen([str(PROMETHEUS), *words], stdout=said, stderr=said)
    try:
        yield Prometheus(port)
    finally:
        process.terminate()
        process.wait()


def test_what_the_simulated_tws_breaks_is_what_fires() -> None:
    async def act(world: World, folder: Path) -> None:
        port, target = await world.sim.start(port=0), free_port()
        (world.state / "HALT").write_text("until everything is watched\n")
        life = await world.start(serves_api=True, metrics_port=target, port=port, lines=100)
        with prometheus(folder, target) as told:
            await told.until('spreads_beats_total > 1 and on() count(spreads:row_ok{row="up"})')
            await told.until("count_over_time(spreads:health_score[2s]) > 3")
            assert await told.firing() == set()

            world.sim.inject("competing=2")
            await told.until_fires("MarketDataTaken")

            world.sim.inject("reject=201")
            (world.state / "HALT").unlink()
            life.control.resume("a person")
            await told.until_fires("MarketDataTaken", "OrdersRejected")

            world.sim.inject("restart=600")
            await told.until_fires("MarketDataTaken", "OrdersRejected", "BrokerGone")

    async def main(folder: Path) -> None:
        world = World(folder)
        try:
            await act(world, folder)
        finally:
            await world.end()

    with TemporaryDirectory(prefix="sp") as folder:  # a short path: the engine's socket lies in it
        run(main(Path(folder)), PacedLoop())
