"""The YAML language server that editors run, with the schemas that ship: alone, and with `spreads lsp` beside it."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.strategy.loader.document import read_document
from engine.strategy.parse import check_files
from engine.strategy.problems import Problem
from tests.faces.editors.client import Editor, editor, lsp

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
PINNED = "yaml-language-server@1.18.0"
EVENTS = (ROOT / "strategies" / "events.yaml").read_text()
SHARED = ROOT.parent / "shared" / "cases" / "wrong"
OURS: dict[str, Any] = YAML(typ="safe").load((ROOT / "tests" / "core" / "strategy" / "wrong_files.yaml").read_text())
LEAST_SHARE = 0.8
INSTALLED_WITHIN_S = 120


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real server, installed for this test."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not here")
    folder = tmp_path_factory.mktemp("npm")
    command = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--prefix", str(folder), PINNED]
    try:
        told = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALLED_WITHIN_S, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{PINNED} cannot be installed here: npm does not come to an end")
    if told.returncode:
        pytest.skip(f"{PINNED} cannot be installed here: {told.stderr.strip().splitlines()[-1:]}")
    return folder / "node_modules" / ".bin" / "yaml-language-server"


def good_files() -> Mapping[str, str]:
    """Every file that passes: those that ship, the cookbook, and what wrong files are made of."""
    found = {path.name: path.read_text() for folder in ("strategies", "docs/cookbook") for path in (ROOT / folder).glob("*.yaml")}
    return {**found, "base.yaml": OURS["base"], "base_of_more.yaml": OURS["base_of_more"]}


def wrong_files() -> Mapping[str, str]:
    """Every wrong file of the tests."""
    found = {path.name: path.read_text() for path in sorted(SHARED.glob("*.yaml"))} if SHARED.is_dir() else {}
    for base, cases in ((OURS["base"], OURS["files"]), (OURS["base_of_more"], OURS["more"])):
        for case in cases:
            text = base
            for right, wrong in case["puts"].items():
                text = text.replace(right, wrong, 1)
            found[f"ours_{len(found)}.yaml"] = text
    found |= {f"whole_{number}.yaml": case["file"] for number, case in enumerate(OURS["whole"])}
    return found


@dataclass
class Heard:
    """What was said of one file."""

    problems: Sequence[Problem]
    yaml: list[lsp.Diagnostic]
    ours: list[lsp.Diagnostic]


def lines_of(told: Sequence[lsp.Diagnostic]) -> set[int]:
    return {one.range.start.line + 1 for one in told}


def heard(server: Path, folder: Path, files: Mapping[str, str]) -> dict[str, Heard]:
    """What both servers say of files, side by side, and `check`."""
    places = {name: folder / "files" / f"{at}" / name for at, name in enumerate(files)}
    for path in places.values():
        path.parent.mkdir(parents=True)
        (path.parent / "events.yaml").write_text(EVENTS)
    uris = {kind: (ROOT / "schemas" / f"{kind}.schema.json").as_uri() for kind in ("strategy", "account", "common", "events")}
    kinds = {name: name.removesuffix(".yaml") if name.removesuffix(".yaml") in uris else "strategy" for name in files}
    named = {uri: [places[name].as_uri() for name in files if kinds[name] == kind] for kind, uri in uris.items()}
    yaml = {"schemas": named, "validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}}

    async def both(theirs: Editor, ours: Editor) -> dict[str, Heard]:
        found: dict[str, Heard] = {}
        for name, text in files.items():
            text = text.replace("# yaml-language-server:", "# schema:")  # noqa: PLW2901 - it names a place that is not there
            beside = {"events.yaml": EVENTS} if name != "events.yaml" else {}
            problems = [one for one in check_files({**beside, name: text}) if one.file == name]
            found[name] = Heard(problems, await theirs.open(places[name], text), await ours.open(places[name], text))
        return found

    async def act() -> dict[str, Heard]:
        async with (
            editor(folder, os.fspath(server), "--stdio", settings={"yaml": yaml}) as theirs,
            editor(folder, sys.executable, "-m", "engine", "lsp", "--with-yaml-server") as ours,
        ):
            return await both(theirs, ours)

    return asyncio.run(act())


def test_neither_server_calls_a_good_file_wrong(server: Path, tmp_path: Path) -> None:
    found = heard(server, tmp_path, good_files())

    assert {name: [one.message for one in told.yaml] for name, told in found.items() if told.yaml} == {}
    unsaid = {name: told for name, told in found.items() if not told.problems and told.ours}
    assert unsaid == {}


def told_together(server: Path, folder: Path, files: Mapping[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Holds that between both nothing is unsaid and nothing is said twice, and prints what the schema alone says."""
    found = heard(server, folder, files)
    unsaid: list[str] = []
    twice: list[str] = []
    said = Counter[bool]()
    for name, told in found.items():
        is_yaml = not read_document(files[name], name).problems
        for problem in told.problems:
            by_yaml = problem.line in lines_of(told.yaml)
            ours = [one.message for one in told.ours if one.range.start.line + 1 == problem.line]
            by_ours = any(message.startswith(problem.message) for message in ours)
            said[by_yaml] += 1
            unsaid += [] if by_yaml or by_ours else [f"{name}:{problem.line}: {problem.message}"]
            twice += [f"{name}:{problem.line}: {problem.message}"] if by_yaml and by_ours and is_yaml else []
    share = said[True] / max(1, said.total())
    with capsys.disabled():
        print(
            f"\nof {said.total()} problems of {len(files)} files the schema alone says {said[True]}, {share:.0%}, at their line"
        )
    assert unsaid == [], "\n".join(unsaid)
    assert twice == [], "\n".join(twice)
    assert share >= LEAST_SHARE


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared cases are not beside this repository")
def test_schema_says_most_of_what_check_says_of_shared_files_and_both_say_all_of_it_once(
    server: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told_together(server, tmp_path, {path.name: path.read_text() for path in sorted(SHARED.glob("*.yaml"))}, capsys)


@pytest.mark.long
def test_schema_says_most_of_what_check_says_of_all_files_and_both_say_all_of_it_once(
    server: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told_together(server, tmp_path, wrong_files(), capsys)


def test_yaml_server_completes_keys_and_values_and_says_our_sentence_on_hover(server: Path, tmp_path: Path) -> None:
    path = tmp_path / "puts.yaml"
    text = OURS["base"]
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines) if line.strip().startswith("expiry:"))
    uri = (ROOT / "schemas" / "strategy.schema.json").as_uri()
    yaml = {"schemas": {uri: ["*.yaml"]}, "completion": True, "hover": True, "validate": True, "schemaStore": {"enable": False}}

    async def act() -> None:
        async with editor(tmp_path, os.fspath(server), "--stdio", settings={"yaml": yaml}) as made:
            await made.open(path, text)
            assert "xpir" in await made.hover(path, at, 4)
            typed = [*lines, ""]
            await made.open(path, "\n".join(typed))
            assert "about" in {item.label for item in await made.complete(path, len(typed) - 1, 0)}

    asyncio.run(act())
