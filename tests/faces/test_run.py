"""`spreads run` before it begins: flags and the environment."""

import pytest

from tests.faces.conftest import Spreads


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("SPREADS_PORT", "abc", "SPREADS_PORT: found 'abc'; wanted a whole number from 1 to 65535"),
        ("SPREADS_PORT", "", "SPREADS_PORT: found ''; wanted a whole number from 1 to 65535"),
        ("SPREADS_LINES", "-1", "SPREADS_LINES: found '-1'; wanted a whole number from 10 to 10000"),
        ("SPREADS_ARCHIVE_EVERY_MIN", "nan", "SPREADS_ARCHIVE_EVERY_MIN: found 'nan'; wanted a whole number from 1 to 1440"),
        ("SPREADS_STATE", "", "SPREADS_STATE: found ''; wanted a folder"),
        ("SPREADS_HOST", "", "SPREADS_HOST: found ''; wanted a name or an address, such as 127.0.0.1"),
        ("SPREADS_ACCOUNT", " ", "SPREADS_ACCOUNT: found ' '; wanted an account such as DU1234567"),
        ("SPREADS_TWS_ZONE", "Berlin", "SPREADS_TWS_ZONE: found 'Berlin'; wanted a time zone such as Europe/Berlin"),
        ("SPREADS_MODE", "demo", "SPREADS_MODE: found 'demo'; wanted paper, live or sim"),
        ("SPREADS_ACOUNT", "DU1", "SPREADS_ACOUNT in the environment is no setting; did you mean SPREADS_ACCOUNT?"),
    ],
)
def test_wrong_word_of_the_environment_is_named_as_it_was_given(
    variable: str, value: str, says: str, spreads: Spreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)

    ran = spreads("run")

    assert (ran.code, ran.out, ran.err) == (2, "", f"spreads: {says}\n")


def test_every_wrong_flag_is_told_at_once(spreads: Spreads) -> None:
    ran = spreads("run", "--port", 0, "--lines", 5)

    assert ran.code == 2
    assert ran.err.splitlines() == [
        "spreads: --port: found '0'; wanted a whole number from 1 to 65535",
        "         --lines: found '5'; wanted a whole number from 10 to 10000",
    ]


def test_demo_does_not_take_a_file_for_its_folder(spreads: Spreads) -> None:
    spreads("schema", "--write", "schemas")

    ran = spreads("demo", "--headless", "--state", "schemas/common.schema.json")

    assert ran.code == 2
    assert ran.err == "spreads: schemas/common.schema.json: this is a file and no folder; choose another --state\n"


def test_bars_without_a_replay_are_refused(spreads: Spreads) -> None:
    ran = spreads("sim", "--bars", "bars.parquet")

    assert (ran.code, ran.err) == (2, "spreads: --bars: the history of a replay; add --replay, or leave it out\n")
