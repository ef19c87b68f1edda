"""The corpus of broken files: each is answered with place, reason and way out, in the trader's words."""

import re
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from engine.strategy.common import Common
from engine.strategy.parse import check_files, parse_strategy
from engine.strategy.problems import Problem, render, render_all

BROKEN = sorted((Path(__file__).parent / "broken").glob("*.yaml"))
GOOD = (Path(__file__).parents[3] / "strategies" / "spx_bull_put.yaml").read_bytes()
EVENTS = {"strategies/events.yaml": (Path(__file__).parents[3] / "strategies" / "events.yaml").read_bytes()}
COMMON = Common(schema=1, lists={"indices": ("SPX", "RUT")})

PYTHON = re.compile(
    r"Traceback|pydantic|ruamel|sqlglot|NoneType|\w+Error\b|Exception|<class|object at 0x|__\w+__|\bself\b|Mapped|Listed"
)

WARNED_ONLY = {"condition_repeated", "exits_without_protection", "limit_never_binds"}

GENERATED = {
    "binary": bytes(range(256)),
    "zero_bytes": GOOD.replace(b"SPX", b"S\x00X"),
    "latin_1": GOOD.replace(b"spreads", "Sprünge".encode("latin-1")),
    "utf_16": GOOD.decode().encode("utf-16"),
    "huge": b"# " + b"x" * (300 * 1024),
    "huge_list": b"schema: 1\nuniverse:\n" + b"  - SPX\n" * 20_000,
    "lone_surrogate": GOOD.decode().replace("SPX", "S\ud800X", 1),
    "line_separator": GOOD.decode().replace("spreads", "sp\u2028reads").encode(),
    "long_line": GOOD.replace(b"- volume >= 10", b"- volume >= 10" + b" or volume >= 10" * 60),
    "block_of_lines": GOOD.replace(b"- iv_rank >= 25%", b"- |\n    iv_rank >= 25%\n    and vix < 3"),
    "long_word": GOOD.replace(b"short_delta: 0.12", b"x" * 5_000 + b": 0.12"),
    "many_levels": b"schema: " + b"{a: " * 5_000 + b"1" + b"}" * 5_000,
    "many_negations": GOOD.replace(b"volume >= 10", b"not " * 100 + b"volume >= 10"),
    "many_minuses": GOOD.replace(b"volume >= 10", b"volume >= " + b"- " * 100 + b"10"),
    "reading_backwards": GOOD.decode().replace("universe: [SPX]", "universe: [\u202eSPX]").encode(),
}


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_broken_file_is_answered_with_place_reason_and_way_out(path: Path, snapshot: SnapshotAssertion) -> None:
    parsed = parse_strategy(path.read_bytes(), path.name, COMMON)

    rendered = render_all(parsed.problems)

    assert rendered == snapshot
    assert (parsed.value is not None) == (path.stem in WARNED_ONLY)
    for problem in parsed.problems:
        assert_is_clear(problem)


@pytest.mark.parametrize("name", GENERATED)
def test_hostile_file_is_answered_with_place_reason_and_way_out(name: str, snapshot: SnapshotAssertion) -> None:
    parsed = parse_strategy(GENERATED[name], f"{name}.yaml", COMMON)

    rendered = render_all(parsed.problems)

    assert rendered == snapshot
    assert parsed.value is None
    for problem in parsed.problems:
        assert_is_clear(problem)


def test_all_problems_of_a_file_come_at_once_in_order_of_place() -> None:
    text = (Path(__file__).parent / "broken" / "many_at_once.yaml").read_bytes()

    problems = parse_strategy(text, "many_at_once.yaml").problems

    assert len(problems) == 5
    assert [problem.line for problem in problems] == sorted(problem.line for problem in problems)


def test_check_reports_the_same_name_in_two_files_also_beside_other_errors() -> None:
    broken = GOOD.replace(b"width: $25-$50", b"width: 25")

    problems = check_files({**EVENTS, "strategies/one.yaml": GOOD, "strategies/two.yaml": broken})

    assert [(problem.file, problem.message) for problem in problems] == [
        ("strategies/two.yaml", "name: strategies/one.yaml is called 'spx_bull_put' too"),
        ("strategies/two.yaml", "spread.width: 25 what? a width is in dollars between the strikes"),
    ]


def test_check_knows_the_lists_of_common_yaml_wherever_it_stands_in_the_order() -> None:
    texts = {
        **EVENTS,
        "strategies/a.yaml": GOOD.replace(b"[SPX]  ", b"{list: indices, except: [RUT]}"),
        "strategies/common.yaml": b"schema: 1\nlists: {indices: [SPX, RUT]}\n",
    }

    assert check_files(texts) == []


def test_problem_points_at_the_very_characters() -> None:
    text = GOOD.replace(b"iv_rank >= 25%", b"vix > 5 and iv_rnk >= 25%")

    (problem,) = parse_strategy(text, "strategies/x.yaml").problems

    line = text.decode().splitlines()[problem.line - 1]
    assert line[problem.column - 1 : problem.end_column - 1] == "iv_rnk"
    assert render(problem) == (
        "strategies/x.yaml:11:17: no such number 'iv_rnk'\n"
        "     11 |   - vix > 5 and iv_rnk >= 25%\n"
        "        |                 ^^^^^^\n"
        "        = did you mean 'iv_rank'?   `spreads fields iv` lists what can be used"
    )


def assert_is_clear(problem: Problem) -> None:
    assert problem.line >= 1
    assert problem.column >= 1
    assert problem.end_column > problem.column
    assert problem.message
    assert problem.hint
    echo = str(problem.source_line)
    said = f"{problem.message}\n{problem.hint}"
    for found in PYTHON.findall(said):
        assert found in echo, said
