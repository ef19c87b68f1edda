"""Settings from files: a flag wins over the environment, the environment over a file, one value's file over spreads.toml."""

import os
from pathlib import Path

import pytest

from engine.cli.given import BROKERS, from_files, settings_of
from engine.domain.errors import UserError
from engine.settings import Settings
from tests.faces.conftest import Spreads


def read(environment: dict[str, str]) -> dict[str, str]:
    """What the environment is while a command runs."""
    with from_files(environment):
        return dict(environment)


def test_file_fills_in_what_the_environment_leaves_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("spreads.toml").write_text('account = "DU1"\nport = 4002\n')
    environment = {"SPREADS_PORT": "7497"}

    during = read(environment)

    assert during == {"SPREADS_PORT": "7497", "SPREADS_ACCOUNT": "DU1"}
    assert environment == {"SPREADS_PORT": "7497"}


def test_file_of_one_value_comes_before_a_credential_and_that_before_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("spreads.toml").write_text('account = "DU1"\nhost = "one"\nlines = 50\n')
    Path("spreads.host").write_text("two\n")
    Path("spreads.account").write_text("DU2\n")
    Path("secret").write_text("DU3\n")

    during = read({"CREDENTIALS_DIRECTORY": str(tmp_path), "SPREADS_ACCOUNT_FILE": "secret"})

    assert [during[f"SPREADS_{name}"] for name in ("ACCOUNT", "HOST", "LINES")] == ["DU3", "two", "50"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("acount = 'DU1'", "spreads.toml: SPREADS_ACOUNT is no setting; did you mean SPREADS_ACCOUNT?"),
        ("port = 99999", "spreads.toml: port: found '99999'; wanted a whole number from 1 to 65535"),
        ("tws_restart = '25:00'", "spreads.toml: tws_restart: found '25:00'; wanted a time of day such as 23:45"),
        ("port 1", "spreads.toml: "),
    ],
)
def test_what_cannot_be_used_is_named_by_its_file(text: str, says: str, spreads: Spreads) -> None:
    Path("spreads.toml").write_text(text)

    ran = spreads("run")

    assert ran.code == 2
    assert ran.err.startswith(f"spreads: {says}")
    assert "SPREADS_PORT" not in os.environ


def test_secret_that_cannot_be_read_is_named_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff hidden")

    with pytest.raises(UserError) as told:
        read({"SPREADS_ACCOUNT_FILE": str(tmp_path / "secret")})

    assert "SPREADS_ACCOUNT_FILE" in str(told.value)
    assert "hidden" not in str(told.value)


def test_flag_wins_over_what_a_file_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("spreads.toml").write_text("port = 4002\nlines = 50\n")

    with from_files(os.environ):
        settings = settings_of({"port": 4001})

    assert (settings.port, settings.lines) == (4001, 50)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_wrong_value_of_any_setting_is_told_in_one_sentence(name: str, spreads: Spreads) -> None:
    Path("spreads.toml").write_text(f"{name} = [1, 2]\n")

    ran = spreads("status")

    assert ran.code == 2
    assert ran.err.startswith(f"spreads: spreads.toml: {name}: found '[1, 2]'; wanted ")


def test_simulated_tws_is_not_put_where_the_files_have_the_real_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("spreads.toml").write_text('port = 4002\naccount = "U1"\nstate = "mine"\n')
    environment: dict[str, str] = {}

    with from_files(environment, without=BROKERS):
        during = dict(environment)

    assert during == {"SPREADS_STATE": "mine"}


def test_flag_names_the_simulator_where_a_file_names_a_tws(spreads: Spreads) -> None:
    Path("spreads.toml").write_text("port = 1\n")

    ran = spreads("run", "--sim", "--port", 2)

    assert "nothing listens at 127.0.0.1:2" in ran.err
