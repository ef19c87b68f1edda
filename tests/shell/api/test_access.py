"""Who may ask what over TCP: the whole matrix, keys and tokens that end, and what is refused before anything is done."""

import asyncio
import json
import stat
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import jwt
import pytest

from engine.api.access import body
from engine.api.access.door import BODY_BYTES_MAX
from engine.api.access.keys import Keys
from engine.api.access.limits import DONE_MAX, Done, Pace, Paces
from engine.api.access.roles import ROLES, RULES, Role, may, rule_of
from engine.api.access.tokens import GOOD_FOR, own_tokens, tokens_of
from engine.api.app import build
from engine.domain.errors import UserError
from engine.domain.facts.halts import Halted
from engine.domain.facts.running import RequestHandled
from engine.metrics import Reading, registry
from engine.runtime.control import Control
from engine.runtime.edited import Running
from engine.runtime.held_edits import HeldEdits
from engine.runtime.reloads import InForce
from engine.runtime.standing import Identity
from tests.shell.runtime.bench import MANUAL, Bench
from tests.shell.runtime.serving import REF

Story = Callable[["Port"], Awaitable[None]]


class Port:
    """The API as a port serves it, asked without a network."""

    def __init__(self, folder: Path, *, is_own_socket: bool = False) -> None:
        self.bench, self.edits = Bench(MANUAL), HeldEdits()
        control = Control(
            self.bench.engine, self.bench.snapshots, self.bench.inbox, self.bench.clock, Identity("0", "sim", "DU1", str(folder)),
            lambda now: (), edits=self.edits, running=self._running,
        )  # fmt: skip
        self.folder = folder
        self.tokens = own_tokens(folder) if is_own_socket else tokens_of(folder)
        self.app = build(control, registry(Reading), self.tokens, is_own_socket=is_own_socket)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="https://engine")

    def _running(self) -> Running:
        return Running(
            {MANUAL.name: MANUAL}, InForce({}), is_real_money=False, folder=self.folder / "strategies", text_of=lambda _: None
        )

    def key(self, role: Role, name: str | None = None) -> str:
        return self.tokens.keys.add(name or role, role, self.bench.clock.at)

    async def token(self, key: str) -> str:
        answer = await self.client.post("/v1/token", json={"key": key})
        assert answer.status_code == 200
        return str(answer.json()["token"])

    async def ask(self, method: str, path: str, token: str | None = None, body: object = None, **headers: str) -> httpx.Response:
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, path, json=body, headers=headers)

    async def ask_while_beating(self, *said: object, **more: object) -> httpx.Response:
        asked = asyncio.ensure_future(self.ask(*said, **more))  # type: ignore[arg-type]
        while not asked.done():
            await self.bench.inbox.wait(0.01)
            self.bench.engine.beat()
        return asked.result()


def play(story: Story, *, is_own_socket: bool = False) -> None:
    async def run(folder: Path) -> None:
        port = Port(folder, is_own_socket=is_own_socket)
        await port.bench.start()
        await port.bench.until(lambda: bool(port.bench.ledger.orders) and port.bench.order().asked is not None)
        async with port.client:
            await story(port)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


def test_every_endpoint_has_a_row_and_every_row_an_endpoint() -> None:
    async def story(port: Port) -> None:
        paths = port.app.openapi()["paths"]
        served = {(method.upper(), path) for path, methods in paths.items() for method in methods}
        streams = {("GET", "/v1/stream"), ("GET", "/v1/scan/stream")}
        assert served | streams == {(rule.method, rule.path) for rule in RULES}

    play(story)


@pytest.mark.parametrize("role", ROLES)
def test_role_may_do_exactly_what_the_table_says(role: Role) -> None:
    async def story(port: Port) -> None:
        for number, rule in enumerate(RULES):
            if number % 20 == 0:  # no key asks more at once than it may
                token = await port.token(port.key(role, f"{role}-{number}"))
            if rule.path == "/v1/stream":
                continue  # a websocket: below
            path = rule.path.format(order_ref="x", position="x", strategy="x", name="x", key="nobody")
            # An empty body is refused as such by whoever lets it in, so that nothing is done.
            told = await port.ask(rule.method, path, token, [] if rule.method == "POST" else None, Idempotency_Key=path)
            assert (told.status_code == 403) == (not may(role, rule)), (rule, told.text)
            assert told.status_code not in {401, 429, 500}, (rule, told.text)

    play(story)


def test_nobody_is_let_in_without_a_token_and_is_told_neither_mode_nor_account() -> None:
    async def story(port: Port) -> None:
        for rule in RULES:
            if rule.role is None or rule.path == "/v1/stream":
                continue
            path = rule.path.format(order_ref="x", position="x", strategy="x", name="x", key="x")
            told = await port.ask(rule.method, path)
            assert told.status_code == 401, rule
            assert told.headers["WWW-Authenticate"] == "Bearer"
            assert "DU1" not in f"{told.headers}{told.text}"
        assert (await port.ask("GET", "/v1/nothing")).status_code == 401
        assert (await port.ask("GET", "/health")).status_code == 200

    play(story)


def test_token_ends_with_its_time_and_at_once_with_its_key() -> None:
    async def story(port: Port) -> None:
        key = port.key("viewer", "ada")
        token = await port.token(key)
        assert (await port.ask("GET", "/v1/status", token)).status_code == 200
        port.bench.clock.at += GOOD_FOR
        assert (await port.ask("GET", "/v1/status", token)).status_code == 401

        token = await port.token(key)
        Keys(port.folder).revoke("ada", port.bench.clock.at)  # as a command does it, beside the engine
        assert (await port.ask("GET", "/v1/status", token)).status_code == 401
        assert (await port.client.post("/v1/token", json={"key": key})).status_code == 401

    play(story)


def test_who_shows_a_token_on_the_own_socket_is_held_to_its_role_and_named() -> None:
    async def story(port: Port) -> None:
        assert (await port.ask("GET", "/v1/keys")).status_code == 200, "without one everything may be done"
        viewer, trader = await port.token(port.key("viewer")), await port.token(port.key("trader", "ada"))
        assert (await port.ask("GET", "/v1/status", viewer)).status_code == 200
        assert (await port.ask("POST", "/v1/halt", viewer, {})).status_code == 403
        assert (await port.ask("POST", "/v1/resume", trader, {"by": "root"})).status_code == 403
        assert (await port.ask("POST", "/v1/halt", "nonsense", {})).status_code == 401
        assert port.bench.ledger.halt is None
        assert (await port.ask("POST", "/v1/halt", trader, {"by": "root"})).status_code == 200
        Keys(port.folder).revoke("ada", port.bench.clock.at)
        assert (await port.ask("GET", "/v1/status", trader)).status_code == 401
        port.bench.engine.beat()
        assert [fact.by for fact in port.bench.of(Halted)] == ["ada"]

    play(story, is_own_socket=True)


def test_token_that_somebody_else_made_is_none() -> None:
    async def story(port: Port) -> None:
        key_id, now = port.key("admin").split("_")[1], int(port.bench.clock.at.timestamp())
        claims = {"iss": "spreads", "sub": key_id, "iat": now, "exp": now + 600}
        forged = [
            jwt.encode(claims, "x" * 64, algorithm="HS256"),
            jwt.encode(claims, None, algorithm="none"),
            jwt.encode({**claims, "iss": "other"}, port.tokens.secret, algorithm="HS256"),
            jwt.encode({name: claims[name] for name in ("iss", "sub", "iat")}, port.tokens.secret, algorithm="HS256"),
            "nonsense",
        ]
        for token in forged:
            assert (await port.ask("GET", "/v1/status", token)).status_code == 401

    play(story)


def test_what_sends_an_order_is_done_once_for_one_key_and_says_what_became_of_it() -> None:
    async def story(port: Port) -> None:
        token, path = await port.token(port.key("trader", "ada")), f"/v1/approvals/{REF}/approve"

        without = await port.ask("POST", path, token, {})
        first = await port.ask_while_beating("POST", path, token, {"by": "mallory"}, Idempotency_Key="one")
        again = await port.ask("POST", path, token, {"by": "mallory"}, Idempotency_Key="one")
        other = await port.ask("POST", path, token, {"reason": "other"}, Idempotency_Key="one")

        assert (without.status_code, "needs the header Idempotency-Key" in without.json()["detail"]) == (400, True)
        assert first.status_code == 200
        assert (again.status_code, again.json()["detail"]) == (409, f"it was done already: {first.json()['text']}")
        assert "was used for another request" in other.json()["detail"]
        assert port.bench.order().approved_by == "ada", "a word is said in the name of the key, whatever it says"
        assert len([order for order in port.bench.ledger.orders.values() if order.approved_by]) == 1

    play(story)


def test_journal_keeps_who_asked_from_where_for_what_and_what_became_of_it() -> None:
    async def story(port: Port) -> None:
        token = await port.token(port.key("trader", "ada"))
        await port.ask("POST", "/v1/halt", token, {"reason": "lunch"})
        await port.ask("GET", "/v1/status", token)
        await port.ask("POST", "/v1/resume", token, {})
        await port.bench.beats(1)

        assert port.bench.of(Halted) == [Halted("ada", "lunch")]
        (kept,) = port.bench.of(RequestHandled)
        assert (kept.by, kept.role, kept.where, kept.status) == ("ada", "trader", "127.0.0.1", 200)
        assert kept.what == 'POST /v1/halt {"reason": "lunch"}'
        assert kept.text.startswith("halting")
        assert token not in f"{port.bench.facts}"

    play(story)


def test_page_of_another_origin_and_a_body_too_long_change_nothing() -> None:
    async def story(port: Port) -> None:
        token = await port.token(port.key("operator"))
        foreign = await port.ask("POST", "/v1/halt", token, {}, Origin="https://evil.example")
        own = await port.ask("GET", "/v1/status", token, Origin="https://engine")
        long = await port.ask("POST", "/v1/halt", token, {"reason": "x" * BODY_BYTES_MAX})
        await port.bench.beats(1)

        assert (foreign.status_code, own.status_code, long.status_code) == (403, 200, 413)
        assert port.bench.of(Halted) == []

    play(story)


def test_words_and_tries_of_keys_have_a_pace() -> None:
    async def story(port: Port) -> None:
        token = await port.token(port.key("trader"))
        answers = [await port.ask("POST", "/v1/approvals/x/decline", token, {}) for _ in range(30)]
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["Retry-After"]) >= 1
        assert (await port.ask("GET", "/v1/status", token)).status_code == 200, "reading has a pace of its own"
        tries = [(await port.client.post("/v1/token", json={"key": "spreads_x_y"})).status_code for _ in range(15)]
        assert tries[0] == 401
        assert tries[-1] == 429

    play(story)


def test_keys_are_shown_once_kept_as_hashes_and_listed_without_secrets() -> None:
    async def story(port: Port) -> None:
        text = port.key("admin", "ada")
        token = await port.token(text)
        listed = await port.ask("GET", "/v1/keys", token)
        file = port.folder / "keys.json"

        assert stat.S_IMODE(file.stat().st_mode) == stat.S_IMODE((port.folder / "token.secret").stat().st_mode) == 0o600
        assert text.split("_", 2)[2] not in file.read_text()
        assert [sorted(row) for row in listed.json()] == [["created_at", "id", "name", "revoked_at", "role"]]
        revoked = await port.ask("DELETE", "/v1/keys/ada", token)
        assert revoked.json()["text"] == "revoked ada; its tokens are good for nothing from now on"
        assert (await port.ask("GET", "/v1/keys", token)).status_code == 401

    play(story)


def test_secret_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    tokens_of(tmp_path)
    (tmp_path / "token.secret").chmod(0o644)

    with pytest.raises(UserError, match="others may read it"):
        tokens_of(tmp_path)


def test_name_is_used_by_one_key_at_a_time_and_a_damaged_file_lets_nobody_in(tmp_path: Path) -> None:
    keys, now = Keys(tmp_path), Bench().clock.at
    text = keys.add("ada", "viewer", now)

    with pytest.raises(UserError, match="there is a key 'ada' already"):
        keys.add("ada", "admin", now)
    with pytest.raises(UserError, match="no key 'bob' is in force; those that are: ada"):
        keys.revoke("bob", now)
    assert keys.verified(text) is not None
    assert keys.verified(text[:-1]) is None
    (tmp_path / "keys.json").write_text("{")
    assert keys.verified(text) is None


def test_pace_gives_back_what_time_brings() -> None:
    paces, pace = Paces(), Pace(2.0, 3.0)

    waits = [paces.wait_s("ada", "reads", pace, at) for at in (0.0, 0.0, 0.0, 0.0, 0.5, 0.5)]

    assert waits == [0.0, 0.0, 0.0, 0.5, 0.0, 0.5]


def test_answers_that_are_remembered_are_bounded() -> None:
    done = Done()
    for number in range(DONE_MAX + 1):
        assert done.begin("ada", f"{number}", b"what") is None

    assert done.begin("ada", "0", b"what") is None, "the oldest is forgotten"
    assert done.begin("ada", f"{DONE_MAX}", b"what") == "it is being done"


def test_rule_is_found_by_method_and_path() -> None:
    found = rule_of("POST", "/v1/orders/preview")

    assert found is not None
    assert (found.path, found.sends) == ("/v1/orders/preview", False)
    assert rule_of("POST", "/v1/orders/a/b/cancel") is None
    assert rule_of("PUT", "/v1/halt") is None
    assert json.dumps([rule.path for rule in RULES if rule.sends])
    assert timedelta(minutes=15) == GOOD_FOR


def refusals(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    """Status and reason of each line that the log keeps of somebody who was refused."""
    return [(record.msg["status"], record.msg["because"]) for record in caplog.records if isinstance(record.msg, dict)]


@pytest.mark.parametrize(
    ("who", "status", "because"),
    [
        ("viewer", 403, "ada is a viewer; this needs the role trader"),
        ("whose token is over", 401, "a token is needed, and good for a quarter of an hour: POST /v1/token gives one for a key"),
        ("with a key that was used", 409, "the idempotency key one was used for another request; a new request needs a new key"),
        ("without an idempotency key", 400, "what may send an order needs the header Idempotency-Key, another one for each"),
        ("from a page of another origin", 403, "a page of another origin may ask nothing here"),
        ("at great length", 413, f"more than {BODY_BYTES_MAX:,} bytes"),
        ("whose body never ends", 408, "it did not come within 0.1 s"),
    ],
)
def test_who_is_refused_changes_nothing_and_leaves_one_line_without_a_secret(
    who: str, status: int, because: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "BODY_WITHIN_S", 0.1)

    async def endless() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async def story(port: Port) -> None:
        key = port.key("viewer" if who == "viewer" else "trader", "ada")
        token = await port.token(key)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": "one"}
        content: bytes | AsyncIterator[bytes] = b"{}"
        match who:
            case "whose token is over":
                port.bench.clock.at += GOOD_FOR
            case "with a key that was used":
                await port.client.post("/v1/approvals/nothing/approve", content=b'{"by": "x"}', headers=headers)
            case "without an idempotency key":
                del headers["Idempotency-Key"]
            case "from a page of another origin":
                headers["Origin"] = "https://evil.example"
            case "at great length":
                content = b" " * (BODY_BYTES_MAX + 1)
            case "whose body never ends":
                content = endless()
        caplog.clear()
        port.bench.engine.beat()
        facts = list(port.bench.facts)

        told = await port.client.post("/v1/approvals/nothing/approve", content=content, headers=headers)

        assert (told.status_code, told.json()["detail"]) == (status, because)
        assert refusals(caplog) == [(status, because)]
        port.bench.engine.beat()
        assert [fact for fact in port.bench.facts[len(facts) :] if not isinstance(fact, RequestHandled)] == []
        for secret in (key, token, port.tokens.secret.decode()):
            assert secret not in f"{caplog.text}{told.text}"

    play(story)
