"""Messages leave in a thread of their own: one that fails is tried again, one that finds no room is dropped, secrets stay."""

import sys
import threading
from types import ModuleType

import pytest

from engine.domain.errors import UserError
from engine.notify.messages import Message
from engine.notify.postman import QUEUE_MAX, TRIES, Postman, apprise_sender

HALT = Message("halt", "halt", "HALTED by ada", "lunch")
SECRET = "ntfy://user:hunter2@topic"


def test_message_that_fails_is_tried_again_and_counts_as_failed_only_when_every_try_did() -> None:
    tried: list[str] = []

    def send(message: Message) -> bool:
        tried.append(message.title)
        if message.title == "raises":
            raise OSError(SECRET)
        return message.title != "fails" and len(tried) > 1

    postman = Postman(send, pause_s=0)
    postman.start()
    for title in ("comes the second time", "fails", "raises"):
        postman.put(Message("fill", title, title))
    postman.rest()

    assert tried == ["comes the second time"] * 2 + ["fails"] * TRIES + ["raises"] * TRIES
    assert (postman.sent, postman.failed, postman.dropped) == (1, 2, 0)


def test_service_that_hangs_holds_up_nobody_and_what_finds_no_room_is_counted() -> None:
    goes_on, began = threading.Event(), threading.Event()

    def send(_: Message) -> bool:
        began.set()
        return goes_on.wait()

    postman = Postman(send)
    postman.start()
    postman.put(HALT)
    began.wait()
    for _ in range(QUEUE_MAX + 3):
        postman.put(HALT)

    assert (postman.sent, postman.dropped) == (0, 3)
    goes_on.set()
    postman.rest()
    assert postman.sent == QUEUE_MAX + 1


class Services:
    """What is used of apprise."""

    def __init__(self) -> None:
        self.notified: list[tuple[str, str]] = []

    def add(self, url: str) -> bool:
        return url.startswith("ntfy://")

    def notify(self, title: str, body: str) -> bool:
        self.notified.append((title, body))
        return True


def test_sender_says_whose_engine_it_is_and_a_message_without_a_body_repeats_its_title(monkeypatch: pytest.MonkeyPatch) -> None:
    services, module = Services(), ModuleType("apprise")
    module.Apprise = lambda: services  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "apprise", module)

    send = apprise_sender([SECRET], "spreads paper: ")

    assert send(HALT)
    assert send(Message("halt", "resumed", "resumed by ada"))
    assert services.notified == [("spreads paper: HALTED by ada", "lunch"), ("spreads paper: resumed by ada", "resumed by ada")]


def test_address_that_no_service_knows_is_named_by_its_number_and_never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("apprise")
    module.Apprise = Services  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "apprise", module)

    with pytest.raises(UserError, match=r"urls: number 2 of 2 \(mail://…\)") as told:
        apprise_sender([SECRET, "mail://hunter3@x"], "")

    assert "hunter" not in str(told.value)


def test_missing_apprise_is_the_traders_to_mend_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)

    with pytest.raises(UserError, match=r"pip install 'ibkr-spreads\[notify\]'"):
        apprise_sender([SECRET], "")
