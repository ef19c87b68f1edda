"""What a trader says once and uses in several files: conditions, presets, and the variants of one file."""

import pytest

from engine.strategy.common import Common
from engine.strategy.explain import sentences
from engine.strategy.parse import check_files, parse_common, parse_strategies, written_of
from engine.strategy.problems import render_all
from tests.core.strategy.mending import applied, mended_by

COMMON = """\
schema: 1
lists: {etfs: [SPY, QQQ]}
conditions:
  calm_market: [vix between 12 and 20, abs(move_today) <= 1%]
  liquid: open_interest >= 100
  wild: vix >= 30
presets:
  out_at_half:
    exits: [profit >= 50% of credit, loss >= 200% of credit, dte <= 21]
    limits: {open: 3, per_day: 2}
  careful:
    when: [calm_market]
    limits: {open: 1}
"""
PUTS = """\
schema: 1
name: puts
universe: [SPY]
use: out_at_half
when: [calm_market]
filters: [liquid, volume >= 10]
spread:
  type: bull_put
  expiry: 30-45 days
  short_delta: 0.20-0.30
  width: $5
sizing: {risk: $500}
limits: {open: 5}
"""


def common(text: str = COMMON) -> Common:
    parsed = parse_common(text)
    assert parsed.value is not None, render_all(parsed.problems)
    return parsed.value


def read(text: str, shared: str = COMMON):
    parsed = parse_strategies(text, "puts.yaml", common(shared))
    assert parsed.value, render_all(parsed.problems)
    return parsed.value


def problems(text: str, shared: str = COMMON):
    return check_files({"common.yaml": shared, "puts.yaml": text})


def test_name_stands_for_the_lines_of_its_condition() -> None:
    (puts,) = read(PUTS)

    assert [line.text for line in puts.when] == ["vix between 12 and 20", "abs(move_today) <= 1%"]
    assert [line.text for line in puts.filters] == ["open_interest >= 100", "volume >= 10"]


def test_preset_holds_where_the_file_says_nothing_of_its_own() -> None:
    (puts,) = read(PUTS)

    assert [rule.text for rule in puts.exits] == ["profit >= 50% of credit", "loss >= 200% of credit", "dte <= 21"]
    assert (puts.limits.open, puts.limits.per_day) == (5, 2)


def test_later_preset_stands_over_an_earlier_one_and_may_name_conditions() -> None:
    (puts,) = read(
        PUTS.replace("use: out_at_half\nwhen: [calm_market]\n", "use: [out_at_half, careful]\n").replace(
            "open: 5", "per_expiry: 2"
        )
    )

    assert (puts.limits.open, puts.limits.per_day, puts.limits.per_expiry) == (1, 2, 2)
    assert puts.when[0].text == "vix between 12 and 20"


def test_condition_of_the_file_comes_before_the_one_of_common() -> None:
    (puts,) = read(PUTS + "conditions: {calm_market: vix <= 15}\n")

    assert [line.text for line in puts.when] == ["vix <= 15"]


def test_exit_may_be_a_named_condition() -> None:
    (puts,) = read(PUTS + "exits:\n  - wild: close half\n  - wild\n")

    assert [(rule.text, rule.deed) for rule in puts.exits] == [("vix >= 30", "close half"), ("vix >= 30", "close")]


def test_version_is_another_where_what_it_uses_is_another_and_only_there() -> None:
    (before,) = read(PUTS)

    (used,) = read(PUTS, COMMON.replace("12 and 20", "12 and 22"))
    (preset,) = read(PUTS, COMMON.replace("profit >= 50%", "profit >= 60%"))
    (unused,) = read(PUTS, COMMON.replace("vix >= 30", "vix >= 40"))

    assert len({before.digest, used.digest, preset.digest}) == 3
    assert unused.digest == before.digest
    assert before.takes == ("preset out_at_half", "condition calm_market", "condition liquid")


def test_list_that_is_used_is_part_of_the_version() -> None:
    listed = PUTS.replace("[SPY]", "{list: etfs}")

    assert read(listed)[0].digest != read(listed, COMMON.replace("[SPY, QQQ]", "[SPY]"))[0].digest


def test_variants_stand_over_the_file() -> None:
    spy, qqq = read(
        PUTS.replace("universe: [SPY]\n", "")
        + "variants:\n  spy: {universe: [SPY]}\n  qqq:\n    universe: [QQQ]\n    spread: {short_delta: 0.10-0.15}\n"
    )

    assert [(one.name, one.variant, one.universe) for one in (spy, qqq)] == [
        ("puts_spy", "spy", ("SPY",)),
        ("puts_qqq", "qqq", ("QQQ",)),
    ]
    assert [str(one.spread.short_delta.high) for one in (spy, qqq)] == ["0.30", "0.15"]
    assert spy.spread.width == qqq.spread.width
    assert spy.digest != qqq.digest


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("use: out_at_half", "use: out_at_haf", "no such preset 'out_at_haf'"),
        ("when: [calm_market]", "when: [calm_markt]", "no such condition 'calm_markt'"),
    ],
)
def test_misspelled_name_leads_to_the_one_that_was_meant(wrong: str, right: str, message: str) -> None:
    text = PUTS.replace(wrong, right)

    problem = next(problem for problem in problems(text) if problem.message == message)

    assert problem.file == "puts.yaml"
    assert applied(text, problem.edits) == PUTS


def test_condition_in_the_wrong_place_is_told_where_it_is_used_and_moved() -> None:
    text = PUTS.replace("when: [calm_market]", "when: [calm_market, liquid]").replace(
        "filters: [liquid, volume >= 10]", "filters: [volume >= 10]"
    )

    after, met = mended_by(problems, text, 2)

    assert [one.message for one in met] == ["'liquid' cannot stand here: `open_interest >= 100` is for filters"]
    assert [line.text for line in read(after)[0].filters] == ["volume >= 10", "open_interest >= 100"]


def test_exit_of_several_lines_is_led_to_one() -> None:
    after, _ = mended_by(
        problems,
        PUTS + "conditions:\n  late: [dte <= 3, vix >= 20]\nexits:\n  - loss >= 200% of credit\n  - late\n",
        2,
    )

    assert read(after)[0].exits[1].text == "dte <= 3 and vix >= 20"


def test_line_that_is_wrong_for_one_file_is_told_in_common_with_who_uses_it() -> None:
    (problem,) = problems(PUTS.replace("bull_put", "bull_call"), COMMON.replace("loss >= 200% of credit, ", "loss >= $200, "))

    assert problem.file == "common.yaml"
    assert problem.message == "'credit' is not defined for a bull_call: it pays a debit (used by puts.yaml)"


@pytest.mark.parametrize(
    ("types", "who"),
    [
        (("bull_call", "bull_put", "bull_put"), "puts.yaml:a"),
        (("bull_call", "bull_put", "bull_call"), "puts.yaml:a and c"),
        (("bull_call", "bull_call", "bull_call"), "puts.yaml"),
    ],
)
def test_line_that_is_wrong_for_some_variants_is_told_once_with_their_names(types: tuple[str, ...], who: str) -> None:
    variants = "".join(f"  {name}: {{spread: {{type: {kind}}}}}\n" for name, kind in zip("abc", types, strict=True))

    (problem,) = problems(f"{PUTS}variants:\n{variants}", COMMON.replace("loss >= 200% of credit, ", "loss >= $200, "))

    assert problem.message == f"'credit' is not defined for a bull_call: it pays a debit (used by {who})"
    assert problem.source_line == "    exits: [profit >= 50% of credit, loss >= $200, dte <= 21]"
    assert "profit >= 50% of debit" in applied(COMMON, problem.edits).replace("loss >= 200% of credit, ", "")


def test_mistake_in_common_is_told_once_and_not_by_the_files_that_use_it() -> None:
    (problem,) = problems(PUTS, COMMON.replace("vix between 12 and 20", "vix below 20").replace("open: 3", "open: 4"))

    assert (problem.file, problem.line) == ("common.yaml", 4)


def test_common_leads_out_by_itself() -> None:
    broken = COMMON.replace("vix >= 30", "vix above 30").replace("50% of credit", "50%").replace("open: 1", "opne: 1")

    after, met = mended_by(lambda now: parse_common(now).problems, broken, 4)

    assert len(met) == 3
    assert parse_common(after).value is not None
    assert "wild: vix > 30" in after


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("conditions: {vix: vix <= 20}", "'vix' is a number of the language already"),
        ("conditions: {Calm Market: vix <= 20}", "'Calm Market' is no name"),
        ("presets: {mine: {spred: {width: $5}}}", "a preset has no 'spred'"),
        ("presets: {mine: {name: puts}}", "a preset has no 'name'"),
    ],
)
def test_name_that_is_none_and_key_that_no_preset_has_are_told(wrong: str, message: str) -> None:
    found = parse_common(f"schema: 1\n{wrong}\n").problems

    assert any(message in problem.message for problem in found), [problem.message for problem in found]


def test_variant_of_a_wrong_shape_is_told_at_its_place() -> None:
    (problem,) = problems(PUTS + "variants:\n  spy: SPY\n")

    assert (problem.line, problem.message) == (15, "variants.spy: wanted the keys that are others in this variant")


def test_wrong_key_of_a_variant_is_told_there() -> None:
    (problem,) = problems(PUTS + "variants:\n  small: {sizing: {rsk: $100}}\n")

    assert (problem.line, problem.message) == (15, "unknown key 'rsk' in sizing")


def test_two_files_with_a_variant_of_one_name_are_told() -> None:
    variants = PUTS + "variants:\n  spy: {universe: [SPY]}\n"
    other = PUTS.replace("name: puts", "name: puts_spy")

    (problem,) = check_files({"common.yaml": COMMON, "puts.yaml": variants, "z.yaml": other})

    assert problem.message == "name: puts.yaml is called 'puts_spy' too"


def test_explain_says_what_it_took() -> None:
    (puts,) = read(PUTS)

    said = "\n".join(sentences(puts))

    assert "It uses out_at_half of common.yaml." in said
    assert "vix between 12 and 20" in said


def test_what_a_strategy_says_as_plain_values_has_all_that_it_takes() -> None:
    written = written_of(PUTS, "puts.yaml", common())

    assert written["exits"] == ["profit >= 50% of credit", "loss >= 200% of credit", "dte <= 21"]
    assert written["filters"] == ["open_interest >= 100", "volume >= 10"]
    assert not {"use", "variants", "conditions"} & written.keys()
