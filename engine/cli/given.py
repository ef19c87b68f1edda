"""Settings as a person gives them: flags win over the environment, the environment over files, files over what is built in.

    1  a flag                  --account DU1234567
    2  the environment         SPREADS_ACCOUNT=DU1234567
    3  a file of one value     SPREADS_ACCOUNT_FILE=/run/secrets/account, as Docker and vault agents write them
    4  a systemd credential    LoadCredential=spreads.account:/etc/credstore/account
    5  spreads.toml            account = "DU1234567"; in the folder where the command runs, or as SPREADS_SETTINGS says

What 3 to 5 say is put into the environment while a command runs, so that every command that has a setting hears of it.
"""

import os
import tomllib
from collections.abc import Generator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from engine.cli.options import CREDENTIALS, FILE_SUFFIX, SETTINGS_FILE, SETTINGS_VARIABLE, misspelled, variable
from engine.domain.errors import UserError
from engine.settings import Settings

BROKERS = frozenset({"host", "port", "account", "mode", "client_id"})
"""Settings that name a broker: what files say of the real one is not meant for a simulated one."""
VALUE_MAX = 4_096
"""Bytes of a file that holds one value."""
TABLES = ("notify",)
"""Parts of spreads.toml that are no single settings."""
_WANTED = {
    "mode": "paper, live or sim",
    "host": "a name or an address, such as 127.0.0.1",
    "account": "an account such as DU1234567",
    "tws_zone": "a time zone such as Europe/Berlin",
    "tws_restart": "a time of day such as 23:45",
    "api_host": "an address of this machine, such as 127.0.0.1",
    "strategies": "a folder",
    "state": "a folder",
    "tls_cert": "a file",
    "tls_key": "a file",
}
"""What the settings that are no numbers want."""


def settings_of(given: Mapping[str, object]) -> Settings:
    """Settings of flags and environment. Raises UserError with every one that is wrong."""
    _refuse_unknown(os.environ)
    try:
        return Settings.model_validate({**_environment(os.environ), **given})
    except ValidationError as error:
        told = [_wrong(details, given) for details in error.errors(include_url=False)]
        raise UserError("\n         ".join(told)) from error


@contextmanager
def from_files(environment: MutableMapping[str, str], without: frozenset[str] = frozenset()) -> Generator[None]:
    """Put into the environment what files say, `without` some settings, for as long as a command runs.

    Raises UserError where a file cannot be used.
    """
    left_out = {variable(name) for name in without}
    said = {name: value for name, value in _said(environment).items() if name not in left_out}
    added = {name: value for name, value in said.items() if name not in environment}
    environment.update(added)
    try:
        yield
    finally:
        for name in added:
            environment.pop(name, None)


def _said(environment: Mapping[str, str]) -> dict[str, str]:
    """What files say, by variable: a file of one value before a credential, that before spreads.toml."""
    found: dict[str, str] = {}
    for name in Settings.model_fields:
        file = environment.get(f"{variable(name)}{FILE_SUFFIX}")
        if file is not None:
            found[variable(name)] = _value(Path(file), f"{variable(name)}{FILE_SUFFIX}")
            continue
        credential = Path(environment[CREDENTIALS]) / f"spreads.{name}" if CREDENTIALS in environment else None
        if credential is not None and credential.is_file():
            found[variable(name)] = _value(credential, f"credential {credential.name}")
    return {**_toml(environment), **found}


def settings_file(environment: Mapping[str, str]) -> tuple[Path, dict[str, object]]:
    """The file of settings and what it says, settings and tables; nothing where there is none.

    Raises UserError where it cannot be read, or has a table that is not known.
    """
    named = environment.get(SETTINGS_VARIABLE)
    path = Path(named or SETTINGS_FILE)
    if named is None and not path.exists():
        return path, {}
    try:
        said: dict[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f'{path}: {error}; write a setting a line, as  account = "DU1234567"') from error
    unknown = [name for name, value in said.items() if isinstance(value, dict) and name not in TABLES]
    if unknown:
        raise UserError(f"{path}: [{unknown[0]}] is no table of settings; there is {', '.join(f'[{name}]' for name in TABLES)}")
    return path, said


def _toml(environment: Mapping[str, str]) -> dict[str, str]:
    path, said = settings_file(environment)
    plain = {name: value for name, value in said.items() if not isinstance(value, dict)}
    problems = list(misspelled({variable(name): "" for name in plain}))
    if problems:
        problem = problems[0].replace(" in the environment", "")
        raise UserError(f"{path}: {problem}; in {path.name} without SPREADS_, in small letters")
    try:
        Settings.model_validate(plain)
    except ValidationError as error:
        told = [_wrong(details, {}, f"{path}: {details['loc'][0]}") for details in error.errors(include_url=False)]
        raise UserError("\n         ".join(told)) from error
    return {variable(name): str(value) for name, value in plain.items()}


def _value(path: Path, named: str) -> str:
    """What a file of one value holds, without the line's end. Its text is never told: it may be a secret."""
    try:
        with path.open("rb") as file:
            raw = file.read(VALUE_MAX + 1)
        if len(raw) > VALUE_MAX:
            raise UserError(f"{named}: {path} is longer than a value can be; name a file that holds one value")
        return raw.decode("utf-8").strip()
    except OSError as error:
        raise UserError(f"{named}: {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{named}: {path} is no text; name a file that holds one value") from error


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    written = {name: variable(name) for name in Settings.model_fields}
    return {name: environment[variable] for name, variable in written.items() if variable in environment}


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    """A misspelled SPREADS_ACOUNT would leave the account to chance."""
    problem = next(misspelled(environment), None)
    if problem is not None:
        raise UserError(problem)


def _wrong(details: ErrorDetails, given: Mapping[str, object], name: str = "") -> str:
    """What is wrong with one setting, by the name under which it was given."""
    field = str(details["loc"][0])
    name = name or ("--" + field.replace("_", "-") if field in given else variable(field))
    declared = cast("dict[str, dict[str, object]]", Settings.model_json_schema()["properties"])[field]
    kinds = (declared, *cast("list[dict[str, object]]", declared.get("anyOf", ())))
    bounds = next((kind for kind in kinds if "minimum" in kind), None)
    wanted = f"a whole number from {bounds['minimum']} to {bounds['maximum']}" if bounds else _WANTED[field]
    return f"{name}: found '{details['input']}'; wanted {wanted}"
