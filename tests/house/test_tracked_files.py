"""What is committed names no machine and no package index, and holds no state of a run."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATHS = re.compile(r"(?<![\w.~])/(?:home|root|Users|work|mnt|srv)/[\w.-]+")
"""Absolute paths of somebody's machine."""
INDEXES = re.compile(r"(?:https?://[^\s\"']*(?:pypi|/simple\b|index)[^\s\"']*|--(?:extra-)?index-url|find-links)", re.IGNORECASE)
"""Addresses of package indexes: which one is used is the business of the machine that installs."""
EXEMPT = {"tests/house/test_tracked_files.py"}


def tracked() -> list[Path]:
    told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if told.returncode:
        pytest.skip("not a git work tree: what is committed cannot be known")
    return [ROOT / name for name in told.stdout.split("\0") if name]


def matches(pattern: re.Pattern[str]) -> list[str]:
    found: list[str] = []
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if name in EXEMPT or not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name}: {match[0]}" for match in pattern.finditer(text)]
    return found


def test_no_file_names_a_path_of_a_machine() -> None:
    assert matches(PATHS) == []


def test_no_file_names_a_package_index() -> None:
    assert matches(INDEXES) == []


def test_no_state_of_a_run_and_no_data_is_committed() -> None:
    names = [path.relative_to(ROOT).as_posix() for path in tracked()]

    assert [name for name in names if name.startswith("state/") and name != "state/README.md"] == []
    assert [name for name in names if name.endswith((".parquet", ".duckdb", ".pyc", ".sock"))] == []
