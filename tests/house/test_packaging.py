"""What ships beside the code is sound: the image's steps, compose, the units of systemd, and the wheel."""

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from configparser import ConfigParser
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.cli.app import COMMANDS, build
from engine.runtime.guardian import END_S, KILL_S, LOOKED_WITHIN_S
from engine.settings import Settings
from tests.faces.given import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
STEPS = [line.replace("\\\n", " ") for line in re.split(r"(?<!\\)\n", DOCKERFILE) if line and not line.startswith("#")]
COMPOSE: dict[str, Any] = YAML(typ="safe").load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
UNITS = sorted((ROOT / "deploy").glob("spreads*.service")) + sorted((ROOT / "deploy").glob("spreads*.timer"))


def steps(word: str) -> list[str]:
    return [line.removeprefix(f"{word} ") for line in STEPS if line.startswith(f"{word} ")]


def unit(path: Path) -> ConfigParser:
    read = ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    read.optionxform = str  # type: ignore[assignment]
    read.read(path)
    return read


def parses(words: list[str]) -> bool:
    command, _, _ = build().parse_args(words, exit_on_error=False, print_error=False)
    return words[0] in COMMANDS and command is not None


# The image.


def test_image_is_built_of_what_is_there_and_of_nothing_that_is_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = [line.removeprefix("!") for line in ignored if line.startswith("!")]
    sources = [source for step in steps("COPY") for source in step.split()[:-1]]

    assert "*" in ignored
    assert all((ROOT / source).exists() for source in sources)
    assert set(sources) <= set(allowed)
    assert not any(fnmatch(name, pattern) for name in ("state", "secrets", ".env", ".git") for pattern in allowed)


def test_image_has_every_folder_that_the_wheel_ships() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shipped = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    copied = {source for step in steps("COPY") for source in step.split()[:-1]}

    assert set(shipped) <= copied


def test_image_runs_as_nobody_special_and_is_pinned() -> None:
    assert steps("USER") == ["10001:10001"]
    assert all("${PYTHON_IMAGE}" in step for step in steps("FROM"))
    (default,) = [step for step in steps("ARG") if step.startswith("PYTHON_IMAGE=")]
    assert re.fullmatch(r"PYTHON_IMAGE=python:\d+\.\d+\.\d+-slim-\w+", default)
    assert "constraints.txt" in next(step for step in steps("RUN") if "pip wheel" in step)
    assert not any(word in DOCKERFILE for word in ("PASSWORD", "TOKEN", "SECRET"))


def test_image_starts_and_is_asked_with_commands_that_exist() -> None:
    (health,) = steps("HEALTHCHECK")
    asked = re.search(r'CMD \["spreads", "(\w+)"\]', health)
    command = [word.strip('"') for word in steps("CMD")[0].strip("[]").split(", ")]

    assert asked is not None
    assert parses([asked[1]])
    assert parses(command)
    assert steps("STOPSIGNAL") == ["SIGINT"]


# Compose.


def test_compose_opens_no_port_beyond_this_machine() -> None:
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", ())]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_compose_mounts_what_is_there_and_keeps_secrets_in_files() -> None:
    mounts = [mount for service in COMPOSE["services"].values() for mount in service.get("volumes", ())]
    local = [mount.split(":")[0] for mount in mounts if mount.startswith("./")]
    named = {mount.split(":")[0] for mount in mounts if not mount.startswith(("./", "/"))}

    assert all((ROOT / path).exists() for path in local)
    assert named == set(COMPOSE["volumes"])
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert all(secret["file"].startswith("./secrets/") for secret in COMPOSE["secrets"].values())
    assert {"secrets/", ".env"} <= set(ignored)
    for service in COMPOSE["services"].values():
        told = {name: value for name, value in service.get("environment", {}).items() if "PASSWORD" in name}
        assert all(value.startswith("/run/secrets/") for value in told.values())
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])


def test_compose_names_settings_that_exist_and_locks_the_engine_in() -> None:
    engine = COMPOSE["services"]["engine"]
    known = {f"SPREADS_{name.upper()}" for name in Settings.model_fields}

    assert set(engine["environment"]) <= known
    assert (engine["read_only"], engine["cap_drop"]) == (True, ["ALL"])
    assert {service for service, told in COMPOSE["services"].items() if not told.get("profiles")} == {"engine"}
    images = [service["image"] for service in COMPOSE["services"].values()]
    assert all(re.search(r":[\w.-]+\}?$", image) and ":latest" not in image for image in images)


@pytest.mark.skipif(
    shutil.which("docker") is None
    or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode != 0,
    reason="no docker compose here",
)
def test_compose_is_valid_with_every_profile() -> None:
    words = [
        "docker",
        "compose",
        "--file",
        "compose.yaml",
        "--profile",
        "gateway",
        "--profile",
        "monitoring",
        "config",
        "--quiet",
    ]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr


# systemd.


def test_units_start_commands_that_exist() -> None:
    started = {path.name: unit(path)["Service"]["ExecStart"] for path in UNITS if path.suffix == ".service"}

    for line in started.values():
        words = shlex.split(line)
        if words[0] == "/bin/sh":
            words = shlex.split(words[2].removeprefix("exec "))
        assert words[0] == "/opt/spreads/bin/spreads"
        assert parses(words[1:])


def test_unit_of_the_engine_is_told_of_its_life_and_ends_it_in_good_order() -> None:
    service = unit(ROOT / "deploy" / "spreads.service")["Service"]

    assert (service["Type"], service["KillSignal"], service["StateDirectoryMode"]) == ("notify", "SIGINT", "0700")
    assert int(service["WatchdogSec"]) > 120, "an engine is sick when its last beat is older than two minutes"
    assert service["NoNewPrivileges"] == "yes"
    credentials = re.findall(r"LoadCredential=spreads\.(\w+):", (ROOT / "deploy" / "spreads.service").read_text())
    assert credentials
    assert set(credentials) <= set(Settings.model_fields)


def test_unit_of_the_guardian_ends_one_that_hangs() -> None:
    service = unit(ROOT / "deploy" / "spreads-guardian.service")["Service"]

    assert (service["Type"], service["Restart"]) == ("notify", "always")
    assert int(service["WatchdogSec"]) > LOOKED_WITHIN_S + END_S + KILL_S, "it may take so long to end an engine"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_units_are_understood_by_systemd() -> None:
    ran = subprocess.run(["systemd-analyze", "verify", *map(str, UNITS)], capture_output=True, text=True, check=False)

    told = [line for line in ran.stderr.splitlines() if path_of_ours(line) and "is not executable" not in line]
    assert told == []


def path_of_ours(line: str) -> bool:
    return any(path.name in line for path in UNITS)


# The wheel.


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("hatchling") is None, reason="no hatchling here, which builds the wheel")
def test_wheel_has_everything_that_ships(tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(tmp_path),
        ".",
    ]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)

    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"engine/py.typed", "engine/cli/app.py"} <= set(names)
    for folder in ("strategies", "schemas", "monitoring"):
        there = {path.name for path in (ROOT / folder).iterdir() if path.is_file()}
        assert there <= {Path(name).name for name in names if name.startswith(f"engine/shipped/{folder}/")}
    assert not any(name.startswith(("tests/", "state/")) for name in names)
