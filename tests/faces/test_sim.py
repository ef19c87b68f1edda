"""sim: what it refuses before it serves, and one client served over TCP."""

import re
import signal
import socket
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from engine.cli.markets import generated, inside_of_a_day, replayed
from engine.domain.errors import UserError
from engine.domain.session import NEW_YORK
from tests.faces import given
from tests.faces.conftest import Spreads

pytestmark = pytest.mark.filterwarnings("ignore:Series.values returning an ndarray:DeprecationWarning")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--port", "99999"), "between 1 and 65535"),
        (("--host", "0.0.0.0"), "this machine only"),
        (("--speed", "0"), "above 0"),
        (("--speed", "nan"), "above 0"),
        (("--account", "U1234567"), "DU and digits"),
        (("--cash", "inf"), "dollars, above 0"),
        (("--days", "0"), "at least 1"),
        (("--seed", "-1"), "0 or more"),
        (("--fault", "what_if_silnt"), "did you mean what_if_silent"),
        (("--fault", "restart@noon"), "NAME[=VALUE][@WHEN][xCOUNT]"),
        (("--replay", "gone.parquet"), "no such file"),
        (("--replay", "noise.parquet"), "cannot be read as Parquet"),
        (("--replay", "/dev/zero"), "no such file"),
        (("--replay", "chain.parquet", "--at", "2017-01-01"), "the recording runs from 2016-04-28 to 2016-04-29"),
        (("--replay", "chain.parquet", "--bars", "chain.parquet"), "chain.parquet: "),
        (("--underlyings", "FOO"), "no FOO in the generated market; it knows SPX"),
        (("--at", "tomorrow"), "is no time"),
        (("--at", "9999-12-31"), "choose a year"),
    ],
)
def test_sim_refuses_before_it_serves(words: tuple[str, ...], says: str, spreads: Spreads, tmp_path: Path) -> None:
    (tmp_path / "noise.parquet").write_bytes(b"PAR1 noise")
    given.chain(tmp_path / "chain.parquet")

    ran = spreads("sim", "--port", "0", *words) if "--port" not in words else spreads("sim", *words)

    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_sim_names_the_way_out_of_a_taken_port(spreads: Spreads) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        ran = spreads("sim", "--port", port)

    assert ran.code == 2
    assert f"port {port} of 127.0.0.1 is taken" in ran.err
    assert "choose another with --port" in ran.err


def test_sim_lists_the_faults(spreads: Spreads) -> None:
    ran = spreads("sim", "--fault", "list")

    assert ran.code == 0
    assert "what_if_silent" in ran.out


def test_replay_begins_at_the_open_of_its_first_day_with_the_sessions_of_the_exchange(tmp_path: Path) -> None:
    path = given.chain(tmp_path / "chain.parquet")

    staged = replayed([path], None, None, 1.0)

    begins = staged.begins.astimezone(NEW_YORK)
    assert f"{begins:%Y-%m-%d %H:%M}" == "2016-04-28 09:30"
    assert staged.ends is not None
    assert f"{staged.ends.astimezone(NEW_YORK):%Y-%m-%d %H:%M}" == "2016-04-29 16:00"
    assert "3 snapshots of SPX" in staged.description


def test_replay_of_closing_quotes_makes_sessions_that_hold_them(tmp_path: Path) -> None:
    at_the_close = given.AFTERNOON.replace(hour=20, minute=15)
    path = given.chain(tmp_path / "chain.parquet", (at_the_close,))

    staged = replayed([path], None, None, 1.0)

    assert staged.market.is_open(at_the_close)
    assert "recorded at the close" in staged.description


def test_generated_market_begins_where_it_is_told() -> None:
    day, moment = (generated(3, ("SPY",), at, 1.0).begins for at in ("2026-11-28", "2026-11-27 12:00 New York"))

    assert f"{day.astimezone(NEW_YORK):%Y-%m-%d %H:%M}" == "2026-11-30 09:30", "the 28th is a Saturday"
    assert f"{moment.astimezone(NEW_YORK):%H:%M}" == "12:00"
    with pytest.raises(UserError, match="knows SPX"):
        generated(3, ("spy,nope",), None, 1.0)


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        ("2026-11-29 12:00", "2026-11-30 10:00"),
        ("2026-11-30 08:00", "2026-11-30 10:00"),
        ("2026-11-30 15:00", "2026-11-30 10:00"),
        ("2026-11-30 17:00", "2026-12-01 10:00"),
        ("2026-11-25 17:00", "2026-11-27 10:00"),
    ],
    ids=["Sunday", "before the open", "in session", "after the close", "before a holiday"],
)
def test_generated_market_begins_inside_of_a_trading_day_unless_told(now: str, begins: str) -> None:
    instant = datetime.fromisoformat(now).replace(tzinfo=NEW_YORK)

    assert f"{inside_of_a_day(instant).astimezone(NEW_YORK):%Y-%m-%d %H:%M}" == begins


def test_sim_serves_a_client_that_waited_and_leaves_with_a_summary(tmp_path: Path) -> None:
    chain = given.chain(tmp_path / "chain.parquet")
    words = [sys.executable, "-m", "engine", "sim", "--port", "0", "--replay", str(chain)]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    assert server.stderr is not None
    told = ""
    while "Ctrl-C" not in told:
        line = server.stderr.readline()
        assert line, f"it ended early: {told}"
        told += line

    found = re.search(r"simulated TWS at 127\.0\.0\.1:(\d+)", told)
    assert found is not None
    with socket.create_connection(("127.0.0.1", int(found[1])), timeout=30) as client:
        client.sendall(b"API\0\x00\x00\x00\x09v100..176" + _frame("71", "2", "5", ""))
        heard = b""
        while b"DU1234567" not in heard:
            heard += client.recv(4096)
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=60)

    assert server.returncode == 0, err
    assert "time waits for the first client" in told
    assert re.search(r"^began +Thu 2016-04-28 09:30:00 New York$", out, re.MULTILINE)
    assert re.search(r"^clients +1$", out, re.MULTILINE)


def _frame(*fields: str) -> bytes:
    body = "".join(f"{field}\0" for field in fields).encode()
    return len(body).to_bytes(4, "big") + body
