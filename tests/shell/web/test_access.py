"""Who is let in, from where, for how long, and what is refused before anything is done."""

import logging
import re

import httpx
import pytest

from engine.api.access.keys import Keys
from engine.api.access.limits import TOKENS
from engine.domain.facts.halts import Halted
from engine.web import sessions
from engine.web.guard import BODY_BYTES_MAX, FOREIGN, HEADERS
from engine.web.pages import ALL_LOGINS
from tests.shell.runtime.serving import REF
from tests.shell.web.browser import HOST, ORIGIN, Pages, show

PAGES = ("/", "/halt", "/resume", f"/approvals/{REF}")
FORMS = ("/logout", "/halt", "/resume", f"/approvals/{REF}/approve", f"/approvals/{REF}/decline")
TYPED = {"word": "HALT", "shown_net": "1.0", "reason": "price", "csrf": "x"}


def untouched(pages: Pages) -> bool:
    pages.api.bench.engine.beat()
    order = pages.api.bench.order()
    return pages.api.bench.ledger.halt is None and order.approved_by is None and not order.is_over


def test_without_a_session_pages_lead_to_the_login_and_forms_do_nothing() -> None:
    async def story(pages: Pages) -> None:
        stranger = await pages.browser()
        for path in PAGES:
            answer = await stranger.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/login"), path
        for path in FORMS:
            assert (await stranger.post(path, **TYPED)).status_code == 401, path
        assert untouched(pages)

    show(story)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None, f"https://{HOST}", "http://localhost:8481"])
def test_form_of_a_page_of_another_origin_is_refused(origin: str | None) -> None:
    async def story(pages: Pages) -> None:
        trader = await pages.browser("trader")
        for path in (*FORMS, "/login"):
            answer = await trader.post(path, origin, **TYPED)
            assert (answer.status_code, answer.text) == (403, "a page of another origin may say nothing here\n"), path
        assert untouched(pages)

    show(story)


def test_page_of_another_name_at_this_address_is_refused() -> None:
    async def story(pages: Pages) -> None:
        trader = await pages.browser("trader")
        for host in ("evil.example:8480", "evil.example", "", "localhost.evil.example"):
            assert (await trader.get("/", Host=host)).status_code == 403
            same = await trader.http.post("/halt", data=TYPED, headers={"Host": host, "Origin": f"http://{host}"})
            assert same.status_code == 403
        for host in ("127.0.0.1:8480", "[::1]:9000", "localhost"):
            assert (await trader.get("/login", Host=host)).status_code in {200, 303}
        assert untouched(pages)

    show(story)


def test_websocket_of_another_origin_is_closed_and_one_of_ours_finds_nothing_yet() -> None:
    async def story(pages: Pages) -> None:
        for origin in (b"https://evil.example", None):
            told: list[dict[str, object]] = []
            headers = [(b"host", HOST.encode())] + ([(b"origin", origin)] if origin else [])
            scope = {"type": "websocket", "path": "/", "headers": headers, "client": ("10.0.0.5", 1), "scheme": "ws"}

            async def receive() -> dict[str, object]:
                return {"type": "websocket.connect"}

            async def send(message: dict[str, object], told: list[dict[str, object]] = told) -> None:
                told.append(message)

            await pages.app(scope, receive, send)  # type: ignore[arg-type]
            assert [(one["type"], one.get("code")) for one in told] == [("websocket.close", FOREIGN)]

    show(story)


def test_form_without_the_token_of_its_session_does_nothing() -> None:
    async def story(pages: Pages) -> None:
        trader, other = await pages.browser("trader"), await pages.browser("operator")
        theirs = re.search(r'name="csrf" value="([^"]+)"', (await other.get("/halt")).text)
        assert theirs is not None
        for path in FORMS:
            assert (await trader.post(path, word="HALT", shown_net="1.0")).status_code == 403, path
            assert (await trader.post(path, word="HALT", shown_net="1.0", csrf=theirs[1])).status_code == 403, path
            assert (await trader.post(path, word="HALT", csrf="é")).status_code == 403, path
        assert untouched(pages)

    show(story)


@pytest.mark.parametrize(
    ("role", "refused"),
    [("viewer", ("/halt", "/resume", f"/approvals/{REF}/approve", f"/approvals/{REF}/decline")), ("trader", ("/resume",))],
)
def test_role_is_shown_no_button_beyond_it_and_its_forms_are_refused(role: str, refused: tuple[str, ...]) -> None:
    async def story(pages: Pages) -> None:
        person = await pages.browser(role)  # type: ignore[arg-type]
        shown = "".join([(await person.get(page)).text for page in PAGES])
        csrf = re.search(r'name="csrf" value="([^"]+)"', shown)
        assert csrf is not None
        for path in refused:
            assert f'action="{path}"' not in shown, path
            answer = await person.post(path, csrf=csrf[1], word="HALT", shown_net="1.0")
            assert answer.status_code == 403, path
            assert f"{role} is a {role} and may not do this; nothing was done" in answer.text
        assert ('href="/halt"' in shown) == (role != "viewer")
        assert untouched(pages)

    show(story)


def test_session_ends_when_nothing_was_pressed_and_after_a_day() -> None:
    async def story(pages: Pages) -> None:
        trader = await pages.browser("trader")
        csrf = re.search(r'name="csrf" value="([^"]+)"', (await trader.get("/halt")).text)
        assert csrf is not None
        pages.seconds += sessions.IDLE_S
        assert (await trader.get("/?auto=1")).status_code == 200
        pages.seconds += 1
        assert (await trader.post("/halt", csrf=csrf[1], word="HALT")).status_code == 401
        assert (await trader.get("/")).headers["location"] == "/login"
        assert untouched(pages)

        operator = await pages.browser("operator")
        for _ in range(int(sessions.WHOLE_S // sessions.IDLE_S)):
            pages.seconds += sessions.IDLE_S
            assert (await operator.get("/")).status_code == 200
        pages.seconds += 1
        assert (await operator.get("/")).status_code == 303

    show(story)


def test_session_ends_with_logging_out_and_at_once_with_its_key() -> None:
    async def story(pages: Pages) -> None:
        leaving, revoked = await pages.browser("viewer"), await pages.browser("trader")
        (cookie,) = leaving.http.cookies.values()
        assert (await leaving.press("/", "/logout")).status_code == 200
        assert not leaving.http.cookies
        assert (await leaving.get("/", Cookie=f"{pages.site.cookie}={cookie}")).status_code == 303, "the cookie itself has ended"

        page = await revoked.get("/halt")
        Keys(pages.api.folder).revoke("trader", pages.api.bench.clock.at)
        answer = await revoked.send(page, "/halt", word="HALT")
        assert answer.status_code == 401
        assert "your key is not in force any more" in answer.text
        assert (await revoked.get("/")).status_code == 303
        assert untouched(pages)

    show(story)


def test_session_that_was_used_longest_ago_ends_for_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "SESSIONS_MAX", 2)

    async def story(pages: Pages) -> None:
        first, second = await pages.browser("viewer"), await pages.browser("trader")
        assert (await first.get("/")).status_code == 200
        third = await pages.browser("operator")
        assert [(await one.get("/")).status_code for one in (first, second, third)] == [200, 303, 200]

    show(story)


def test_key_that_is_none_is_refused_and_tries_are_counted() -> None:
    async def story(pages: Pages) -> None:
        stranger = await pages.browser()
        for key in ("", "spreads_0_wrong", "nonsense", "x" * 300, "é\0"):
            answer = await stranger.post("/login", key=key)
            assert answer.status_code == 401, key
            assert not stranger.http.cookies
        for _ in range(int(TOKENS.at_once) - 5):
            await stranger.post("/login", key="")
        good = pages.key("trader")
        assert (await stranger.post("/login", key=good)).status_code == 429
        pages.seconds += 1 / min(TOKENS.per_s, ALL_LOGINS.per_s)
        assert (await stranger.post("/login", key=good)).status_code == 303

    show(story)


def test_too_long_a_body_is_refused_by_length_and_as_it_comes() -> None:
    async def story(pages: Pages) -> None:
        trader = await pages.browser("trader")
        answer = await trader.post("/halt", reason="x" * BODY_BYTES_MAX)
        assert answer.status_code == 413

        async def drops():  # type: ignore[no-untyped-def]
            for _ in range(10):
                yield b"x" * (BODY_BYTES_MAX // 5)

        assert (await trader.http.post("/halt", content=drops(), headers={"Origin": ORIGIN})).status_code == 413
        many = "&".join(f"f{number}=1" for number in range(100))
        assert (await trader.http.post("/halt", content=many, headers={"Origin": ORIGIN})).status_code == 403
        assert untouched(pages)

    show(story)


def test_cookie_and_pages_keep_to_themselves() -> None:
    async def story(pages: Pages) -> None:
        trader = await pages.browser()
        cookie = (await trader.post("/login", key=pages.key("trader"))).headers["set-cookie"]
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
        for path in (*PAGES, "/login", "/static/pages.css", "/nothing", "/static/../app.py"):
            answer = await trader.get(path)
            assert {name: answer.headers[name] for name in HEADERS} == HEADERS, path
            linked = re.findall(r'(?:src|href|action)="([^"]*)"', answer.text) + re.findall(r"url\(([^)]*)\)", answer.text)
            assert all(re.match(r"/(?!/)", link) for link in linked), path
            assert "<script" not in answer.text
            assert "style=" not in answer.text
        assert (await trader.get("/static/pages.css")).status_code == 200

    show(story)


def test_no_page_and_no_line_of_the_log_has_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def story(pages: Pages) -> None:
        key = pages.key("trader")
        trader = await pages.browser()
        shown: list[httpx.Response] = [await trader.post("/login", key=key[:-1] + "?"), await trader.post("/login", key=key)]
        (cookie,) = trader.http.cookies.values()
        shown += [await trader.get(path) for path in (*PAGES, "/login")]
        shown += [await trader.post("/halt", "https://evil.example", key=key), await trader.press("/halt", "/halt", word="HALT")]
        secrets = (key, key[:-1], key.split("_", 2)[2], cookie, pages.api.tokens.secret.hex(), "eyJ")
        assert not any(secret in answer.text for answer in shown for secret in secrets)
        assert not any(secret in caplog.text for secret in secrets)
        assert "logged in" in caplog.text
        pages.api.bench.engine.beat()
        assert not any(secret in str(pages.api.bench.facts) for secret in secrets)
        assert [fact.by for fact in pages.api.bench.of(Halted)] == ["trader"]

    show(story)
