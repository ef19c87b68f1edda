"""The documentation is held to the product: commands parse, strategies pass, links lead somewhere, generated pages are fresh."""

import contextlib
import io
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from engine.broker.classes import ALL, CLASSES, NAMES
from engine.cli.app import COMMANDS, build
from engine.cli.compiling import sql_of
from engine.sim.faults import KINDS as FAULTS
from engine.sim.options import SimOptions
from engine.store.journal import Journal
from engine.strategy.parse import parse_account, parse_common, parse_events, parse_strategy
from tests.house import reference
from tests.shell.store.facts import NOON, trading_day

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/README.md")])
TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in PAGES}
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
COMMON = parse_common((ROOT / "strategies" / "common.yaml").read_bytes()).value


def commands() -> list[tuple[str, str]]:
    """Every `spreads …` line of a shell block or between backticks, with its page."""
    found: list[tuple[str, str]] = []
    for page, text in TEXTS.items():
        blocks = BLOCK.findall(text)
        lines = [line for kind, body in blocks if kind == "sh" for line in body.splitlines()]
        lines += [line for kind, body in blocks if kind == "text" for line in body.splitlines() if line.startswith("$ ")]
        inline = re.findall(r"`(spreads [a-z][^`]*)`", BLOCK.sub("", text))
        found += [(page, line.strip().removeprefix("$ ")) for line in [*lines, *inline]]
    return sorted({(page, line) for page, line in found if re.match(r"spreads\s", line)})


def yaml_blocks() -> list[tuple[str, str]]:
    return [
        (page, body)
        for page, text in TEXTS.items()
        for kind, body in BLOCK.findall(text)
        if kind == "yaml" and re.search(r"^schema: 1\b", body, re.MULTILINE)
    ]


@pytest.mark.parametrize(("page", "line"), commands())
def test_command_in_the_docs_parses(page: str, line: str) -> None:
    words = shlex.split(line.split(" | ", maxsplit=1)[0].split(" > ", maxsplit=1)[0], comments=True)
    placeholders = all(re.fullmatch("[A-Z]+|…", word) for word in words[2:])

    assert words[1] in COMMANDS or words[1].startswith("--"), f"{page}: no command {words[1]}"
    if words[1] in COMMANDS and not (placeholders and len(words) == 2):
        with contextlib.redirect_stdout(io.StringIO()):
            command, _, _ = build().parse_args(words[1:], exit_on_error=False, print_error=False)
        assert command is not None


@pytest.mark.parametrize(("page", "text"), yaml_blocks())
def test_file_in_the_docs_passes_the_check(page: str, text: str) -> None:
    kind = next((kind for key, kind in KINDS.items() if re.search(rf"^{key}:", text, re.MULTILINE)), parse_strategy)

    parsed = kind(text, page, COMMON) if kind is parse_strategy else kind(text, page)

    assert not parsed.problems, [str(problem) for problem in parsed.problems]


def test_reference_is_what_the_models_say() -> None:
    assert TEXTS["docs/reference.md"] == reference.page(), "run `make docs`"


def test_reference_has_every_measure_and_every_key() -> None:
    told = TEXTS["docs/reference.md"]

    assert all(f"| `{declared.as_written}" in told for declared in reference.DECLARATIONS)
    assert re.findall(r"\| `([a-z_.\[\]]+)` \|  \|", told) == []


@pytest.mark.parametrize("page", TEXTS)
def test_links_lead_somewhere(page: str) -> None:
    missing = []
    for target in LINK.findall(BLOCK.sub("", TEXTS[page])):
        name, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = (ROOT / page).parent / name if name else ROOT / page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            missing.append(target)

    assert not missing


def test_page_of_the_simulator_has_every_fault_and_every_option() -> None:
    page = TEXTS["docs/simulator.md"]

    told = re.findall(r"^\| `(\w+)(?:=[\d.]+)?` \| (\w+) \|", page, re.MULTILINE)

    assert told == [(kind.name, kind.shape) for kind in FAULTS]
    named = re.findall(r"`(\w+)`", page.rpartition("## Options")[2].rpartition("\n\n")[2])
    assert named == [field.name for field in fields(SimOptions)]


def test_page_of_tws_has_the_table_of_what_is_sent() -> None:
    rows = re.findall(r"^\| (\w+) \| ([^|]+) \| ([^|]+) \| ([^|]*) \| ([^|]+) \|$", TEXTS["docs/tws.md"], re.MULTILINE)

    told = {row[0]: row[1:] for row in rows}
    for one in CLASSES:
        most = [f"{one.share} of all in {ALL.seconds:g} s", " and ".join(map(str, one.rates))]
        most.append(f"{one.at_once} at once" if one.at_once > 1 else "")
        waits = f"{one.deadline_s:g} s" if one.deadline_s else "none"
        rests = f"{one.rests_after} in a row" if one.rests_after else "never"
        assert told[one.name] == (one.says, "; ".join(filter(None, most)), waits, rests)
    assert [name for name in told if name in NAMES] == list(NAMES)


def test_proof_in_the_page_of_the_history_finds_a_changed_line(tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_text(next(body for kind, body in BLOCK.findall(TEXTS["docs/history.md"]) if kind == "python"))
    journal = Journal.open(tmp_path, "DU1234567").journal
    for fact in trading_day():
        journal.append(fact, NOON)
    journal.close()
    whole = subprocess.run([sys.executable, "verify.py", "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    file = next((tmp_path / "journal").glob("*-*.jsonl"))
    file.write_bytes(file.read_bytes().replace(b'"by":', b'"bx":', 1))

    changed = subprocess.run([sys.executable, "verify.py", "."], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert whole.returncode == 0
    assert whole.stdout.startswith(f"{len(list(trading_day()))} lines, each follows the one before it")
    assert changed.returncode == 1
    assert "does not follow the one before it" in changed.stderr


def test_strategy_and_sql_in_the_readme_are_those_of_the_shipped_file() -> None:
    shipped = (ROOT / "strategies" / "spx_bull_put.yaml").read_text(encoding="utf-8")
    shown = {kind: body for kind, body in BLOCK.findall(TEXTS["README.md"]) if kind in {"yaml", "sql"}}
    strategy = parse_strategy(shipped, "spx_bull_put.yaml", COMMON).value
    assert strategy is not None

    assert in_order(shown["yaml"], re.sub(r" +#.*", "", shipped))
    assert in_order(shown["sql"], sql_of(strategy))


def in_order(shown: str, whole: str) -> bool:
    """Whether every line that is shown stands in the whole, in this order; `…` stands for what is left out."""
    rest = iter(whole.splitlines())
    for line in shown.splitlines():
        part = line.partition("…")[0].rstrip(" ,") if "…" in line else line
        if part.strip() in {"", "AND"}:
            continue
        if not any(found.startswith(part) if "…" in line else found == part for found in rest):
            return False
    return True


def test_every_page_is_found_from_the_index() -> None:
    linked = {target.partition("#")[0] for target in LINK.findall(TEXTS["docs/index.md"])}

    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}
    decisions = {f"decisions/{path.name}" for path in (ROOT / "docs" / "decisions").glob("*.md")}

    assert pages | decisions <= linked


def anchors(path: Path) -> set[str]:
    """The headings of a page as links name them."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


KINDS = {
    "horizon": parse_events,
    "risk": parse_account,
    "counts": parse_account,
    "breakers": parse_account,
    "lists": parse_common,
}
"""What a file is, by a key that only it has."""
