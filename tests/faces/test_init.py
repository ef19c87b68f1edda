"""`spreads init`: a folder that passes every check, with limits for the account's size, whether or not a TWS is there."""

import re
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from engine.cli.doctor.tws import Answers
from engine.cli.init import zone_name
from engine.cli.sized import SIZES, size_of, sized
from engine.strategy.parse import parse_account
from tests.faces import given
from tests.faces.conftest import Spreads
from tests.faces.tws import simulated_tws

SHIPPED = (given.ROOT / "strategies" / "account.yaml").read_text(encoding="utf-8")


def test_folder_passes_every_check_and_knows_where_tws_is(spreads: Spreads) -> None:
    with simulated_tws(cash=40_000) as tws:
        ran = spreads("init", "mine", "--port", tws.port)

        settings = tomllib.loads(Path("mine/spreads.toml").read_text())
    assert ran.code == 0
    assert (settings["host"], settings["port"], settings["account"]) == ("127.0.0.1", tws.port, "DU1234567")
    account = Path("mine/strategies/account.yaml").read_text()
    assert "# Written for an account worth $40,000. Middling" in account
    assert re.search(r"per_trade: 2% of net liquidation +# \$800\n", account)
    assert Path("mine/state").stat().st_mode & 0o777 == 0o700
    assert spreads("check", "mine/strategies").err.endswith("no problems\n")


def test_without_a_tws_it_says_what_to_do_next(spreads: Spreads) -> None:
    ran = spreads("init", "--port", 1)

    assert ran.code == 0
    assert Path("strategies/account.yaml").read_text() == SHIPPED
    assert "Enable ActiveX and Socket Clients" in ran.out
    assert "or, without a TWS:  spreads sim" in ran.err
    assert "spreads init --size DOLLARS" in ran.err
    assert "port" not in tomllib.loads(Path("spreads.toml").read_text())


def test_second_time_changes_nothing(spreads: Spreads) -> None:
    spreads("init", "--port", 1)
    Path("spreads.toml").write_text("lines = 50\n")
    Path("strategies/account.yaml").write_text("schema: 1\n")

    again = spreads("init", "--port", 1, "--size", 5_000_000)

    assert again.code == 0
    assert "wrote 0 files" in again.err
    assert Path("spreads.toml").read_text() == "lines = 50\n"
    assert Path("strategies/account.yaml").read_text() == "schema: 1\n"


def test_strategy_that_is_too_wide_for_the_account_is_named(spreads: Spreads) -> None:
    ran = spreads("init", "--port", 1, "--size", 12_000)

    assert "spx_bull_put opens nothing: its narrowest spread can lose about $2,125, and a trade may risk $240" in ran.err
    assert "spy_bear_call opens nothing" not in ran.err


def test_account_of_real_money_is_not_written_into_the_settings(spreads: Spreads) -> None:
    with simulated_tws(account="U1234567") as tws:
        ran = spreads("init", "--port", tws.port)

    assert ran.code == 0
    assert "log in to TWS as the paper user" in ran.out
    assert "account" not in tomllib.loads(Path("spreads.toml").read_text())


@pytest.mark.parametrize("worth", [5_000, 24_999, 25_000, 60_000, 150_000, 1_999_999, 3_000_000])
def test_limits_of_every_size_are_sound(worth: int) -> None:
    text = sized(SHIPPED, Decimal(worth))

    parsed = parse_account(text)

    assert parsed.value is not None
    assert [str(problem) for problem in parsed.problems] == []
    changed = {key for key in size_of(Decimal(worth)).limits if not re.search(rf"^  {key}: ", text, re.MULTILINE)}
    assert changed == set()


def test_sizes_leave_none_out() -> None:
    bounds = [size.up_to for size in SIZES]

    assert bounds[-1] is None
    assert bounds[:-1] == sorted(bound for bound in bounds if bound is not None)


@pytest.mark.parametrize(
    ("local", "zone"),
    [
        ("20160428 10:00:30 EST", "America/New_York"),
        ("20160428 16:00:00 CET", "Europe/Berlin"),
        ("20160428 14:00:00 UTC", "UTC"),
        ("20160428 19:30:00 IST", "America/New_York"),
    ],
)
def test_zone_of_tws_is_the_one_whose_clock_it_shows(local: str, zone: str) -> None:
    answers = Answers("127.0.0.1", 7497, "answered", local_time=local, greeted_at=given.MORNING)

    assert zone_name(answers, lambda: ("Europe/Berlin", "UTC")) == zone
