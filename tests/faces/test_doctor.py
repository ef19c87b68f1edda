"""`spreads doctor`: each setting wrong in turn; the check of its name says which, and how to mend it."""

import json
import socket
import threading
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine.cli.doctor import judge, place
from engine.cli.doctor.check import Check
from engine.cli.doctor.doctor import examine
from engine.cli.doctor.option import likely
from engine.cli.doctor.tws import Answers, ask
from engine.domain.session import Session
from engine.ports import ContractList, Underlying
from engine.settings import Settings
from engine.sim.options import SimOptions
from engine.sim.wire.frames import frame
from engine.store.contracts import ContractFiles, file_of
from tests.faces import given
from tests.faces.conftest import Spreads
from tests.faces.tws import simulated_tws

SPY_PUTS = given.STRATEGY.replace("[SPX]", "[SPY]")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place where everything is right."""
    given.strategy(tmp_path / "strategies", SPY_PUTS)
    (tmp_path / "state").mkdir(mode=0o700)
    return tmp_path


def checks_at(folder: Path, *faults: str, options: Mapping[str, object] | None = None, **settings: object) -> dict[str, Check]:
    """The doctor's checks by name, of a simulated TWS with these faults."""
    with simulated_tws(*faults, **(options or {})) as tws:
        told = {"strategies": folder / "strategies", "state": folder / "state", "port": tws.port, **settings}
        return {check.name: check for check in examine(Settings(**told), tws.now).checks}


def test_everything_right_passes(folder: Path) -> None:
    found = checks_at(folder)

    assert {name: check.state for name, check in found.items()} == {
        "TWS or Gateway": "ok",
        "API": "ok",
        "orders": "ok",
        "account": "ok",
        "market data": "ok",
        "clock": "ok",
        "time zone": "ok",
        "data lines": "ok",
        "restart of TWS": "ok",
        "disk": "ok",
        "state folder": "ok",
        "contracts": "ok",
        "exchange calendar": "ok",
        "strategies": "ok",
        "events.yaml": "ok",
    }
    assert found["account"].found == "DU1234567, paper, 1,000,000 USD net liquidation"
    assert found["market data"].found == "SPY live, SPY options live"


@pytest.mark.parametrize(
    ("fault", "name", "says", "mend"),
    [
        ("read_only", "orders", "the API is read-only", "untick Read-Only API"),
        ("delayed", "market data", "SPY not subscribed", "Market Data Subscriptions"),
        ("no_data", "market data", "SPY not subscribed", "Market Data Subscriptions"),
        ("no_option_data", "market data", "SPY live, SPY options not subscribed", "Market Data Subscriptions"),
        ("competing", "market data", "SPY taken by another session", "close the other session"),
        ("clock_ahead=40", "clock", "s behind TWS", "timedatectl set-ntp true"),
        ("clock_ahead=-40", "clock", "s ahead of TWS", "timedatectl set-ntp true"),
        ("no_account", "account", "TWS tells of no account", "log in to TWS again"),
        ("untrusted", "API", "hangs up before it has answered", "Trusted IPs"),
    ],
)
def test_wrong_setting_of_tws_is_named_with_what_mends_it(fault: str, name: str, says: str, mend: str, folder: Path) -> None:
    found = checks_at(folder, fault)

    wrong = [check for check in found.values() if check.state == "fail"]
    assert [check.name for check in wrong] == [name]
    assert says in wrong[0].found
    assert mend in wrong[0].mend


def test_tws_that_never_answers_is_told_as_such() -> None:
    with simulated_tws("mute") as tws:
        answers = ask("127.0.0.1", tws.port, (), tws.now, patience_s=0.5)

    check = judge.handshake(answers)
    assert (check.state, check.found) == ("fail", f"127.0.0.1:{tws.port} takes the connection and does not answer")
    assert "look at its window" in check.mend


def test_message_that_cannot_be_read_hides_none_of_the_others() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(frame(["178", "20160428 10:00:00 EST"]))
                connection.recv(4096)
                connection.sendall(frame(["999", "new"]) + frame(["4", "2", "odd"]) + frame(["15", "1", "DU1"]))
                connection.recv(4096)
                connection.sendall(frame(["49", "1", "1461852005"]))
                while connection.recv(4096):
                    pass

        thread = threading.Thread(target=answer)
        thread.start()
        answers = ask("127.0.0.1", listener.getsockname()[1], (), lambda: given.MORNING, patience_s=1)
        thread.join()

    assert (answers.step, answers.accounts, answers.ahead_s) == ("answered", ("DU1",), 5.5)
    assert answers.read_only is None, "what was not said is not known"


def test_client_id_that_is_in_use_is_followed_by_the_next(folder: Path) -> None:
    found = checks_at(folder, "client_id_taken")

    assert found["API"].state == "ok"


def test_program_that_is_no_tws_is_told_in_one_sentence() -> None:
    check = judge.handshake(Answers("127.0.0.1", 8080, "no TWS", "it greets with b'HTTP'"))

    assert (check.state, check.found) == ("fail", "127.0.0.1:8080 is no TWS: it greets with b'HTTP'")


@pytest.mark.parametrize(
    ("settings", "name", "says", "mend"),
    [
        ({"mode": "live"}, "account", "DU1234567 is paper, and the engine is to run with --live", "user of the live account"),
        ({"account": "DU7"}, "account", "DU7 is not among DU1234567", "SPREADS_ACCOUNT"),
        ({"tws_zone": "Europe/Berlin"}, "time zone", "which is not Europe/Berlin (16:00) but UTC-5 h", "SPREADS_TWS_ZONE"),
        ({"tws_restart": "11:00"}, "restart of TWS", "11:00 in New York: the market is open", "Lock and Exit"),
    ],
)
def test_wrong_setting_of_ours_is_named_with_what_mends_it(
    settings: dict[str, object], name: str, says: str, mend: str, folder: Path
) -> None:
    found = checks_at(folder, **settings)

    wrong = [check for check in found.values() if check.state == "fail"]
    assert [check.name for check in wrong] == [name]
    assert says in wrong[0].found
    assert mend in wrong[0].mend


def test_live_account_is_no_account_for_paper(folder: Path) -> None:
    found = checks_at(folder, options={"account": "U1234567"})

    assert found["account"].state == "fail"
    assert found["account"].found == "U1234567 is real money, and the engine is to run with --paper"


def test_several_accounts_want_a_choice() -> None:
    answers = Answers("127.0.0.1", 7497, "answered", accounts=("DU1", "DU2"))

    (check,) = judge.account(answers, judge.Wanted("paper", None, 100, "UTC", "23:45", 1))

    assert (check.state, check.mend) == ("fail", "name one: SPREADS_ACCOUNT=DU1")


def test_account_that_is_kept_in_another_currency_is_refused() -> None:
    answers = Answers("127.0.0.1", 7497, "answered", accounts=("DU1",), net_liquidation=1e5, currency="EUR")

    checks = list(judge.account(answers, judge.Wanted("paper", None, 100, "UTC", "23:45", 1)))

    assert [check.state for check in checks] == ["ok", "fail"]
    assert "kept in EUR" in checks[1].found


def test_few_lines_for_many_underlyings_are_a_warning() -> None:
    check = judge.lines(judge.Wanted("paper", None, 100, "UTC", "23:45", 30))

    assert (check.state, "30 underlyings share them" in check.found) == ("warn", True)


def test_data_that_only_come_delayed_are_told(folder: Path) -> None:
    found = checks_at(folder, options={"options": SimOptions(data="delayed")})

    assert found["market data"].state == "fail"


def test_restart_at_night_in_singapore_is_morning_in_new_york() -> None:
    session = Session(date(2026, 11, 23), datetime(2026, 11, 23, 14, 30, tzinfo=UTC), datetime(2026, 11, 23, 21, tzinfo=UTC))

    check = judge.restart(judge.Wanted("paper", None, 100, "Asia/Singapore", "23:45", 1), [session])

    assert check.state == "fail"
    assert "10:45 in New York" in check.found


def test_state_folder_that_others_may_enter_is_refused(folder: Path) -> None:
    (folder / "state").chmod(0o755)

    check = place.rights(folder / "state")

    assert (check.state, check.mend) == ("fail", f"chmod 700 {folder / 'state'}")


def test_state_folder_that_is_not_there_yet_will_be_made(folder: Path) -> None:
    assert place.rights(folder / "other").state == "ok"


def test_age_of_the_kept_contracts_is_told_and_what_cannot_be_used_named(folder: Path) -> None:
    state, at = folder / "state", datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
    spy = Underlying("SPY", 756733, "STK", "SMART", "ARCA", "USD")
    ContractFiles(state, print).keep(ContractList(spy, at, {}, ()))

    fresh = place.contracts(state, ["SPY", "SPX"], at + timedelta(hours=2))
    old = place.contracts(state, ["SPY"], at + timedelta(days=1))
    file_of(state, "SPY").write_text("{")
    broken = place.contracts(state, ["SPY"], at)

    assert (fresh.state, fresh.found) == ("ok", "SPY: 0, 2.0 h old, used at a start; SPX: none kept, asked for at the start")
    assert old.found == "SPY: 0, 24.0 h old, of another day, asked anew at the start"
    assert (broken.state, broken.mend) == ("warn", f"rm -r {state / 'contracts'}")


def test_broken_strategy_is_told_with_its_place(folder: Path) -> None:
    given.strategy(folder / "strategies", SPY_PUTS.replace("0.10-0.30", "10-30"))

    checks, _ = place.files(folder / "strategies", given.MORNING)

    assert checks[0].state == "fail"
    assert "puts.yaml" in checks[0].found
    assert checks[0].mend == f"spreads check {folder / 'strategies'}"


def test_missing_events_are_told_for_a_strategy_that_asks_for_them(folder: Path) -> None:
    text = SPY_PUTS.replace("when:\n", "when:\n  - no FOMC within 2 days\n")
    given.strategy(folder / "strategies", text)
    (folder / "strategies" / "events.yaml").write_text("schema: 1\nhorizon: {FOMC: 2016-05-01}\n")

    checks, _ = place.files(folder / "strategies", given.MORNING)

    assert [(check.name, check.state) for check in checks] == [("strategies", "ok"), ("events.yaml", "warn")]
    assert "knows FOMC to 2016-05-01 only" in checks[1].found


def test_nobody_at_the_port_says_where_the_api_is_switched_on(spreads: Spreads) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    ran = spreads("doctor", "--port", port, "--format", "json")

    first = json.loads(ran.out)[0]
    assert ran.code == 1
    assert (first["state"], first["found"]) == ("fail", f"nobody listens at 127.0.0.1, port {port}")
    assert "Enable ActiveX and Socket Clients" in first["mend"]


def test_running_engine_is_asked_and_keeps_its_lines(folder: Path) -> None:
    status = {
        "version": "0.1.0", "mode": "paper", "account": "DU1234567", "trading": "halted", "connected": False,
        "link": "lost", "data": "delayed", "differences": ["SPY: we hold 1, the broker 0"], "lines_used": 61, "lines_max": 100,
    }  # fmt: skip
    with given.engine_that_says(status, folder / "state"):
        found = checks_at(folder, "clock_ahead=3600")
    with given.engine_that_says(status | {"mode": "sim"}, folder / "state"):
        simulated = checks_at(folder, "clock_ahead=3600")

    assert found["clock"].state == "fail"
    assert "clock" not in simulated, "the engine lives in the simulator's time"
    assert (found["engine"].state, found["engine"].mend) == ("warn", "spreads status")
    assert found["engine's link"].found == "lost"
    assert (found["market data"].state, found["market data"].found) == ("fail", "delayed")
    assert found["books"].state == "fail"
    assert found["data lines"].found.startswith("61 of 100 in use")


@pytest.mark.parametrize(
    ("expirations", "strikes", "price", "likeliest"),
    [
        (("20260502", "20260520", "20260619"), (95.0, 97.0, 100.0, 101.0, 103.0), 101.2, ("20260520", 100.0)),
        (("20260520",), (6005.0, 6010.0, 6025.0), 6001.0, ("20260520", 6025.0)),
        (("20260502",), (7.5, 12.5), None, ("20260502", 12.5)),
        (("20260502", "odd"), (7.5,), 100.0, ("20260502", 7.5)),
    ],
)
def test_option_that_is_asked_for_is_likely_to_be_listed(
    expirations: tuple[str, ...], strikes: tuple[float, ...], price: float | None, likeliest: tuple[str, float]
) -> None:
    assert likely(expirations, strikes, price, date(2026, 4, 28))[0] == likeliest


def test_no_option_is_likely_where_none_is_listed() -> None:
    assert likely((), (100.0,), 100.0, date(2026, 4, 28)) == likely(("20260520",), (), 100.0, date(2026, 4, 28)) == []


def test_tws_across_the_open_network_wants_a_tunnel() -> None:
    (check,) = judge.network("8.8.8.8")

    assert (check.state, check.mend) == ("fail", "ssh -N -L 7497:127.0.0.1:7497 8.8.8.8, and --host 127.0.0.1")
    assert [list(judge.network(host)) for host in ("127.0.0.1", "192.168.1.7", "172.17.0.1", "gateway")] == [[], [], [], []]


def test_account_of_real_money_is_right_for_live(spreads: Spreads, folder: Path) -> None:
    with simulated_tws(account="U1234567") as tws:
        paper = spreads("doctor", "--port", tws.port, "--strategies", "strategies", "--format", "json")
        live = spreads("doctor", "--live", "--port", tws.port, "--strategies", "strategies", "--format", "json")

    told = [{row["check"]: row["state"] for row in json.loads(ran.out)}["account"] for ran in (paper, live)]
    assert told == ["fail", "ok"]
