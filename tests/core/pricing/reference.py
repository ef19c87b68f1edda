"""Reference cases by category: our own, which stand in own.json, and those of a file that may lie beside the repository.

Where that file is absent, a category that has no cases of our own skips.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.pricing.payoff import PayoffLeg
from engine.pricing.quotes import LegQuote
from tests.core.pricing import own

Case = dict[str, Any]

FILE = Path(__file__).parents[4] / "shared" / "reference" / "reference_dev.json"


@cache
def _by_category() -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for file in filter(Path.exists, (own.FILE, FILE)):
        for case in json.loads(file.read_text(encoding="utf-8"))["cases"]:
            found.setdefault(case["category"], []).append(case)
    return found


def cases(category: str) -> pytest.MarkDecorator:
    """Parametrises a test with every case of the category, or with one that skips."""
    found = _by_category().get(category, [])
    if not found:
        missing = pytest.param(None, marks=pytest.mark.skip(reason=f"{FILE.name} is not beside the repository"))
        return pytest.mark.parametrize("case", [missing], ids=["absent"])
    return pytest.mark.parametrize("case", found, ids=[case["id"] for case in found])


def tolerance(case: Case, expected: float, field: str = "") -> float:
    """How far an answer may lie from `expected`: the greater of the absolute and the relative tolerance."""
    allowed = case["tolerance"]
    return max(allowed.get(f"{field}_abs", allowed.get("abs", 0.0)), allowed.get("rel", 0.0) * abs(expected))


def close(case: Case, field: str, got: object) -> bool:
    """Whether `got` is what the case expects of the field; None where it expects null or inf."""
    expected = case["expected"][field]
    if expected is None or expected in {"inf", "-inf"}:
        return got is None
    if isinstance(expected, str | bool):
        return got == expected
    return got is not None and abs(float(got) - expected) <= tolerance(case, expected, field)  # type: ignore[arg-type]


def option_sign(inputs: Case) -> int:
    return 1 if inputs["right"] == "C" else -1


def leg_sign(leg: Case) -> int:
    return 1 if leg["side"] == "BUY" else -1


def market(inputs: Case) -> tuple[float, float, float, float]:
    return inputs["S"], inputs["T"], inputs["r"], inputs["q"]


def payoff_legs(inputs: Case) -> list[PayoffLeg]:
    return [PayoffLeg(leg_sign(leg), leg["ratio"], leg["right"], leg["strike"]) for leg in inputs["legs"]]


def leg_quotes(inputs: Case) -> list[LegQuote]:
    return [LegQuote(leg_sign(leg), leg["ratio"], leg["bid"], leg["ask"]) for leg in inputs["legs"]]
