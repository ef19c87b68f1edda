"""The table `[notify]` of spreads.toml: read, refused with every problem at once, tried with a message."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from engine.cli.notified import choice_of
from tests.faces.conftest import Spreads


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The titles that apprise was handed, to whatever address."""
    titles: list[str] = []

    class Services:
        def add(self, url: str) -> bool:
            return True

        def notify(self, title: str, body: str) -> bool:
            titles.append(title)
            return "fails" not in Path("spreads.toml").read_text(encoding="utf-8")

    module = ModuleType("apprise")
    module.Apprise = Services  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "apprise", module)
    return titles


def test_test_message_goes_to_every_address(spreads: Spreads, sent: list[str]) -> None:
    Path("spreads.toml").write_text('[notify]\nurls = ["ntfy://one"]\nurls_file = "more"\n')
    Path("more").write_text("# the telephone\nntfy://two\n\n")

    ran = spreads("notify", "test")

    assert (ran.code, sent) == (0, ["spreads: a test"])
    assert ran.err == "sent to 2 addresses; look whether it has arrived\n"


def test_message_that_does_not_arrive_is_a_failure(spreads: Spreads, sent: list[str]) -> None:
    Path("spreads.toml").write_text('[notify]\nurls = ["ntfy://fails"]\n')

    ran = spreads("notify", "test")

    assert (ran.code, ran.err.startswith("spreads: not every address took the message")) == (1, True)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('quiet = "22-7"', """spreads.toml: notify.quiet: found '22-7'; wanted hours, as  quiet = "22:00-07:00\""""),
        ('zone = "Berlin"', """spreads.toml: notify.zone: found 'Berlin'; wanted a time zone, as  zone = "Europe/Berlin\""""),
        ('digest = "25:00"', """spreads.toml: notify.digest: found '25:00'; wanted a time of day, as  digest = "16:30\""""),
        ('tell = ["fills"]', "spreads.toml: notify.tell: found 'fills'; wanted kinds of message, of fill, approval, halt"),
        (
            'web = "http://trading.example"',
            "spreads.toml: notify.web: wanted where you reach `spreads web`, as",
        ),
        ('web = "https://ada:hunter2@trading.example"', "spreads.toml: notify.web: wanted where you reach `spreads web`"),
        ('url = "ntfy://x"', "spreads.toml: notify.url: no such key; there are urls, urls_file, web, tell"),
        ('urls = "ntfy://hunter2@x"', 'spreads.toml: notify.urls: wanted a list of addresses, as  urls = ["ntfy://my-topic"]'),
        ('urls_file = "gone"', "spreads.toml: notify.urls_file: gone cannot be read: No such file or directory"),
    ],
)
@pytest.mark.parametrize("command", [("notify", "test"), ("run",)])
def test_what_is_wrong_in_the_table_is_named_with_its_key_and_no_secret(
    table: str, says: str, command: tuple[str, ...], spreads: Spreads
) -> None:
    Path("spreads.toml").write_text(f"[notify]\n{table}\n")

    ran = spreads(*command)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"spreads: {says}")
    assert "hunter2" not in ran.err


def test_nobody_is_told_where_nothing_is_written(spreads: Spreads) -> None:
    assert choice_of({}) is None
    ran = spreads("notify", "test")
    assert (ran.code, ran.err) == (2, "spreads: nobody is told: spreads.toml has no [notify] with urls, or a urls_file\n")


def test_table_that_is_not_known_is_refused(spreads: Spreads) -> None:
    Path("spreads.toml").write_text('[notfy]\nurls = ["ntfy://x"]\n')

    ran = spreads("run")

    assert (ran.code, ran.err) == (2, "spreads: spreads.toml: [notfy] is no table of settings; there is [notify]\n")


def test_engine_that_should_tell_and_cannot_says_so_before_it_begins(spreads: Spreads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    Path("spreads.toml").write_text('[notify]\nurls = ["ntfy://hunter2@x"]\n')

    ran = spreads("run")

    assert ran.code == 2
    assert "pip install 'ibkr-spreads[notify]'" in ran.err
    assert "hunter2" not in ran.err
    assert not Path("state").exists()
