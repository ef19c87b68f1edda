"""The pages on a real port: with TLS, beside an engine that is reached by its API, and what is no place to serve them."""

import asyncio
import shutil
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.domain.errors import UserError
from engine.domain.facts.halts import Halted
from engine.web.server import Place, listening, server
from engine.web.site import Site
from tests.shell.api import test_remote as remote

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate of these tests")


@asynccontextmanager
async def served(
    engine: Path | str,
    place: Place,
    ca: Path | None = None,
    now_s: Callable[[], float] = time.monotonic,
    **console: Any,
) -> AsyncGenerator[str]:
    """The pages on a port, at this address."""
    with listening(place) as port:
        web = server(Site(engine, place.hosts, place.is_secure, now_s, ca, **console), place)
        serving = asyncio.ensure_future(web.serve(sockets=[port]))
        try:
            yield place.url
        finally:
            web.should_exit = True
            await serving


@needs_openssl
def test_pages_over_tls_of_an_engine_over_tls_hold_a_key_to_its_role() -> None:
    async def story(far: remote.Far) -> None:
        place = Place("127.0.0.1", remote.free_port(), cert=far.ca, key=far.ca.with_suffix(".key"))
        async with (
            served(far.url, place, far.ca) as url,
            httpx.AsyncClient(base_url=url, verify=remote.ssl.create_default_context(cafile=far.ca)) as browser,
        ):
            came = await browser.post("/login", data={"key": far.key}, headers={"Origin": url})
            assert came.status_code == 303
            cookie = came.headers["set-cookie"]
            assert cookie.startswith("__Host-spreads=")
            assert {"Secure", "HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
            page = await browser.get("/halt")
            csrf = page.text.partition('name="csrf" value="')[2].partition('"')[0]
            word = {"csrf": csrf, "word": "HALT"}
            assert (await browser.post("/halt", data=word, headers={"Origin": url.replace("https", "http")})).status_code == 403
            assert (await browser.post("/resume", data=word, headers={"Origin": url})).status_code == 403
            assert (await browser.post("/halt", data=word, headers={"Origin": url})).status_code == 303
            wrong = await browser.post("/login", data={"key": "spreads_0_x"}, headers={"Origin": url})
            assert wrong.status_code == 401
        far.bench.engine.beat()
        assert [fact.by for fact in far.bench.of(Halted)] == ["ada"]

    remote.play(story)


@needs_openssl
def test_place_beyond_this_machine_is_served_with_tls_only(tmp_path: Path) -> None:
    cert, key = remote.certificate(tmp_path)
    with pytest.raises(UserError, match="beyond this machine the pages are served with TLS only"):
        Place("0.0.0.0", 8480)
    with pytest.raises(UserError, match="belong together"):
        Place("127.0.0.1", 8480, cert=cert)
    with pytest.raises(UserError, match="they cannot be used together"):
        Place("127.0.0.1", 8480, cert=cert, key=cert)
    key.chmod(0o644)
    with pytest.raises(UserError, match="others may read the private key"):
        Place("0.0.0.0", 8480, cert=cert, key=key)
    key.chmod(0o600)
    place = Place("0.0.0.0", 8480, frozenset({"Trading.Example"}), cert, key)
    assert (place.url, place.hosts) == ("https://trading.example:8480", {"trading.example", "0.0.0.0"})
    assert Place("::1", 1).hosts == {"[::1]", "localhost", "127.0.0.1"}


def test_port_that_is_taken_is_told() -> None:
    place = Place("127.0.0.1", remote.free_port())
    with listening(place), pytest.raises(UserError, match=r"cannot be used for the pages: .*; choose another --port"):
        listening(place)
