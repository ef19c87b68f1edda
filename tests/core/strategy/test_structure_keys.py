"""Keys of the structures with sides, near and far as other programs and traders write them: they lead out."""

import pytest

from engine.strategy.parse import parse_strategy
from engine.strategy.spreads.pairs import BrokenWidths, Expiries, WidthSides
from engine.strategy.spreads.union import STRUCTURES
from engine.strategy.template import template
from tests.core.strategy.mending import mended

FILE = """\
schema: 1
name: x
universe: [SPX]
spread:
{lines}
sizing: {{risk: $5,000}}
exits: [profit >= $100, loss >= 50% of max_loss, dte <= 7]
"""
DAYS = "expiry: 30-60 days"
NEAR_FAR = "expiry: {near: 30-40 days, far: 60-90 days}"


def written(structure: str, *lines: str) -> str:
    return FILE.format(lines="\n".join(f"  {line}" for line in (f"type: {structure}", *lines)))


CASES = [
    ("iron_condor", (DAYS, "short_delta: {put: 0.16}", "width: $5"), 2, "short_delta: {put: 0.14-0.18, call: 0.14-0.18}"),
    ("iron_condor", (DAYS, "short_delta: {put: 16, call: 12}", "width: $5"), 2, "{put: 0.14-0.18, call: 0.10-0.14}"),
    ("iron_condor", (DAYS, "short_delta: [0.10, 0.16]", "width: $5"), 1, "short_delta: 0.10-0.16"),
    ("iron_condor", (DAYS, "width: {near: $5, far: $10}"), 2, "width: {put: $5, call: $10}"),
    ("iron_condor", (DAYS, "width: {lower: $5, upper: $10}"), 2, "width: {put: $5, call: $10}"),
    ("iron_condor", (DAYS, "width: {puts: $5, calls: $10}"), 2, "width: {put: $5, call: $10}"),
    ("iron_condor", (DAYS, "width: {put: $5}"), 1, "width: {put: $5, call: $5}"),
    ("iron_condor", (DAYS, "put_width: $5", "call_width: $10"), 1, "width: {put: $5, call: $10}"),
    ("iron_condor", (DAYS,), 1, "width: $5-$50"),
    ("iron_condor", (DAYS, "short_put_delta: 0.16", "short_call_delta: 12", "width: $5"), 1, "{put: 0.14-0.18, call: 0.10-0.14}"),
    (
        "iron_condor",
        (DAYS, "put_delta: 0.10-0.16", "call_delta: 0.08-0.14", "width: $5"),
        1,
        "short_delta: {put: 0.10-0.16, call",
    ),
    ("iron_condor", (DAYS, "short_put_delta: 0.16", "width: $5"), 1, "short_delta: {put: 0.14-0.18, call: 0.14-0.18}"),
    ("iron_condor", (DAYS, "right: put", "width: $5"), 1, "type: iron_condor\n  expiry: 30-60 days\n  width: $5"),
    ("butterfly", (DAYS, "width: $5"), 1, "right: put"),
    ("butterfly", (DAYS, "right: puts", "width: $5"), 1, "right: put"),
    ("butterfly", (DAYS, "option_type: call", "width: $5"), 1, "right: call"),
    ("butterfly", (DAYS, "right: put", "short_delta: 0.3-0.4", "width: $5"), 1, "body_delta: 0.30-0.40"),
    ("broken_wing", (DAYS, "right: P", "width: $5"), 2, "width: {near: $5, far: $10}"),
    ("broken_wing", (DAYS, "right: put", "width: {lower: $10, upper: $5}"), 2, "width: {far: $10, near: $5}"),
    ("broken_wing", (DAYS, "right: call", "width: {lower: $5, upper: $10}"), 2, "width: {near: $5, far: $10}"),
    ("broken_wing", (DAYS, "right: put", "width: {far: $15}"), 1, "width: {far: $15, near: $7.5}"),
    ("calendar", ("right: call", "expiry: 30-45 days"), 1, "expiry: {near: 30-45 days, far: 65-95 days}"),
    ("calendar", ("right: call", "expiry: {front: 30-40 days, back: 60-90 days}"), 2, NEAR_FAR),
    ("calendar", ("right: call", "near_expiry: 30-40 days", "far_expiry: 60-90 days"), 1, NEAR_FAR),
    ("calendar", ("right: call", "front_dte: 30-40", "back_dte: 60-90"), 1, NEAR_FAR),
    ("calendar", ("right: call", NEAR_FAR, "width: $5"), 1, NEAR_FAR),
    ("diagonal", ("right: call", NEAR_FAR, "width: $5"), 1, "far_strike: lower"),
]


@pytest.mark.parametrize(
    ("structure", "lines", "mistakes", "ends"),
    CASES,
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_keys_of_a_structure_lead_out(structure: str, lines: tuple[str, ...], mistakes: int, ends: str) -> None:
    after, met = mended(written(structure, *lines), steps_max=mistakes)

    assert len(met) == mistakes
    assert ends in after
    assert f"type: {structure}\n" in after


NAMES = [
    ("IC", "iron_condor", ""),
    ("condor", "iron_condor", ""),
    ("iron-condor", "iron_condor", ""),
    ("short condor", "iron_condor", ""),
    ("iron fly", "iron_butterfly", ""),
    ("put butterfly", "butterfly", "right: put"),
    ("call fly", "butterfly", "right: call"),
    ("BWB", "broken_wing", ""),
    ("put bwb", "broken_wing", "right: put"),
    ("time spread", "calendar", ""),
    ("call calendar", "calendar", "right: call"),
    ("double calendar", "double_calendar", ""),
    ("PMCC", "diagonal", ""),
]


@pytest.mark.parametrize(("name", "structure", "right"), NAMES)
def test_other_name_of_a_structure_leads_to_it(name: str, structure: str, right: str) -> None:
    example = [line for line in STRUCTURES[structure].example.keys if not (right and line.startswith("right: "))]

    after, met = mended(written(name, *example), steps_max=1)

    assert [problem.message for problem in met] == [f"no structure '{name}'"]
    assert f"type: {structure}\n" in after
    assert right in after


@pytest.mark.parametrize("structure", STRUCTURES)
def test_template_of_every_structure_passes_and_says_what_pays(structure: str) -> None:
    parsed = parse_strategy(template("x", structure), "x.yaml")

    assert parsed.problems == ()
    assert parsed.value is not None
    assert parsed.value.spread.type == structure


@pytest.mark.parametrize(
    ("pair", "key", "other", "beside"),
    [
        (WidthSides, "call", "$5-$10", "$5-$10"),
        (BrokenWidths, "far", "$5-$10", "$10-$20"),
        (BrokenWidths, "near", "$1,000", "$500"),
        (Expiries, "far", "30-45 days", "65-95 days"),
        (Expiries, "near", "60-90 days", "20-30 days"),
        (Expiries, "far", "next monthly", "50-90 days"),
    ],
)
def test_value_beside_the_one_that_is_written_makes_sense(
    pair: type[WidthSides | BrokenWidths | Expiries], key: str, other: str, beside: str
) -> None:
    assert pair.beside(key, other) == beside
