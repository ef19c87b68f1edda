"""The house keeps its layers: imports only point down, the core touches nothing of the outside, the code is clean."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ("domain", "pricing", "strategy", "compile", "decide")
OUTSIDE = (
    "ib_async",
    "textual",
    "fastapi",
    "uvicorn",
    "watchfiles",
    "structlog",
    "prometheus_client",
    "pandas",
    "exchange_calendars",
)
"""Libraries that the core may not even load."""
STANDARD = ("asyncio", "threading", "socket", "os", "pathlib", "time", "random", "logging")
"""Modules that others load anyway: none of the core's own modules may hold them."""


def core_modules() -> list[str]:
    found = [f"engine.{package}" for package in CORE]
    for name in tuple(found):
        package = importlib.import_module(name)
        found += [module.name for module in pkgutil.walk_packages(package.__path__, f"{name}.")]
    return found


def ran(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)


def needs(tool: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(find_spec(tool) is None, reason=f"{tool} is not installed; it comes with the extra [check]")


@pytest.mark.slow
@needs("importlinter")
def test_imports_only_point_down() -> None:
    told = ran("-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))")

    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.slow
@needs("ruff")
@pytest.mark.parametrize("command", [("check",), ("format", "--check")], ids=["lint", "format"])
def test_code_is_clean(command: tuple[str, ...]) -> None:
    told = ran("-m", "ruff", *command, "--no-cache", "engine", "tests", "bench")

    assert told.returncode == 0, told.stdout


@pytest.mark.slow
def test_core_loads_nothing_of_the_outside() -> None:
    script = f"import importlib, sys\nfor name in {core_modules()!r}: importlib.import_module(name)\nprint(*sys.modules)"

    told = ran("-c", script)

    assert told.returncode == 0, told.stderr
    loaded = {name.partition(".")[0] for name in told.stdout.split()}
    assert "engine" in loaded
    assert not loaded & set(OUTSIDE)


def test_core_holds_no_module_that_reaches_outside() -> None:
    held = [
        f"{name}.{label}"
        for name in core_modules()
        for label, value in vars(importlib.import_module(name)).items()
        if inspect.ismodule(value) and value.__name__.partition(".")[0] in {*STANDARD, *OUTSIDE}
    ]

    assert held == []


def test_package_marks_are_empty() -> None:
    written = [path for path in (ROOT / "engine").rglob("__init__.py") if path.read_text(encoding="utf-8").strip()]

    assert written == []
