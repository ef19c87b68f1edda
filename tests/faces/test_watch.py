"""spreads watch: what changes, a plain line each, and nothing twice."""

import pytest

from engine.cli.watch import News
from tests.faces.conftest import Spreads
from tests.faces.given import engine_that_says

STATUS = {"at": "2026-11-23T15:00:00+00:00", "trading": "on", "strategies": []}
WAITS = {
    "order_ref": "sp1-261123-0001",
    "quantity": 2,
    "spread": "SPY 18 Dec 26 580/575P bull_put",
    "net_now": 0.95,
    "max_loss_usd": 812.0,
    "strategy": "puts",
}
ORDER = {
    "order_ref": "sp1-261123-0001",
    "purpose": "open",
    "quantity": 2,
    "spread": "SPY 18 Dec 26 580/575P bull_put",
    "state": "working",
    "limit": 0.95,
    "filled": 0,
    "net_filled": None,
    "why": "",
}


def look(news: News, *orders: dict[str, object], status: dict[str, object] = STATUS, waits: tuple[dict[str, object], ...] = ()):  # type: ignore[no-untyped-def]
    return list(news.of(dict(status), [dict(one) for one in waits], [dict(one) for one in orders]))


def test_first_look_tells_how_things_stand_and_the_next_only_what_is_new() -> None:
    news = News()

    first = look(news, ORDER, waits=(WAITS,))
    same = look(news, ORDER, waits=(WAITS,))
    filled = look(news, ORDER | {"state": "filled", "filled": 2, "net_filled": 0.96})

    assert first == [
        "trading is on",
        (
            "waits for you: 2 × SPY 18 Dec 26 580/575P bull_put at 0.95 credit, can lose $812, puts;"
            " `spreads approve sp1-261123-0001` or `spreads decline sp1-261123-0001`"
        ),
        "sp1-261123-0001, opening 2 × SPY 18 Dec 26 580/575P bull_put: working at 0.95 credit",
    ]
    assert same == []
    assert filled == [
        "sp1-261123-0001, opening 2 × SPY 18 Dec 26 580/575P bull_put: filled at 0.95 credit, 2 filled at 0.96 credit"
    ]


def test_warning_is_told_once_though_its_ages_change_and_once_more_when_it_is_gone() -> None:
    news = News()
    blocked = {
        "position": "o1",
        "spread": "SPY 580/575P",
        "rule": "loss >= 200%",
        "obstacle": "no price",
        "text": "no quotes",
        "since": "2026-11-23T14:59:00+00:00",
        "again_at": "2026-11-23T15:00:10+00:00",
    }
    later = blocked | {"again_at": "2026-11-23T15:00:40+00:00"}
    look(news)

    told = look(news, status=STATUS | {"blocked_exits": [blocked]})
    again = look(news, status=STATUS | {"blocked_exits": [later]})
    gone = look(news)

    assert len(told) == 1
    assert told[0].startswith("exit blocked: SPY 580/575P (o1), loss >= 200%: no price: no quotes")
    assert again == []
    assert len(gone) == 1
    assert gone[0].startswith("no longer: exit blocked")


def test_halt_is_told_and_its_end() -> None:
    news = News()
    look(news)

    halted, resumed = look(news, status=STATUS | {"trading": "halted by trader: lunch"}), look(news)

    assert (halted, resumed) == (["nothing is opened: halted by trader: lunch"], ["trading is on"])


def test_orders_that_ended_between_two_looks_are_asked_for_once() -> None:
    news = News()

    assert news.ended([ORDER], ["old-1"]) == []  # what was over before the first look is no news
    look(news, ORDER)
    assert news.ended([], ["old-1", "quick-2"]) == ["sp1-261123-0001", "quick-2"]
    look(news, ORDER | {"state": "filled"}, ORDER | {"order_ref": "quick-2", "state": "filled"})
    assert news.ended([], ["old-1", "quick-2"]) == []


def test_watch_once_tells_how_things_stand_and_ends(spreads: Spreads) -> None:
    def answer(_: str, path: str) -> object:
        return STATUS if path == "/v1/status" else [WAITS] if path == "/v1/approvals" else []

    with engine_that_says(answer):
        ran = spreads("watch", "--once")

    assert ran.code == 0
    assert "Mon 2026-11-23 10:00:00 New York: trading is on\n" in ran.out
    assert "`spreads approve sp1-261123-0001`" in ran.out.replace("\n", " ")


def test_watch_without_an_engine_leads_out(spreads: Spreads) -> None:
    ran = spreads("watch", "--once")

    assert ran.code == 1
    assert "state" in ran.err


def test_status_that_is_watched_is_for_people(spreads: Spreads) -> None:
    ran = spreads("status", "--watch", "--format", "json")

    assert ran.code == 2
    assert "/v1/stream" in ran.err


def test_status_goes_on_with_what_changes(
    spreads: Spreads, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(_: str, path: str) -> object:
        return STATUS if path == "/v1/status" else [WAITS] if path == "/v1/approvals" else []

    def leave(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", leave)  # somebody presses Ctrl-C after the first look
    with engine_that_says(answer), pytest.raises(SystemExit):
        spreads("status", "--watch")

    told = capsys.readouterr().out
    assert "trading  on" in told
    assert "waits for you: 2 × SPY" in told
