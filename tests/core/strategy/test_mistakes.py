"""Every kind of mistake in every file of the cookbook: the right place, and a printed way out that leads to a file that passes.

`make test` takes a share of it; `make long` at least one of each kind in each file, which is more than 500 files, and prints the
share that passes by kind. Another seed: SEED=7.
"""

import os
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from engine.strategy.parse import check_files
from engine.strategy.problems import Problem, in_order, render_all
from tests.core.strategy.mistakes import KINDS, Wrong, wrong_files
from tests.core.strategy.printed import followed, printed_problems

ROOT = Path(__file__).parents[3]
COOKBOOK = {path.name: path.read_text() for path in sorted((ROOT / "docs" / "cookbook").glob("*.yaml"))}
EVENTS = {"events.yaml": (ROOT / "strategies" / "events.yaml").read_text()}
SEED = int(os.environ.get("SEED", "20261201"))
SHARE_SEED = 20261201
EACH = int(os.environ.get("EACH", "2"))
"""How many wrong files of each kind are made of one file of the cookbook."""
STEPS_MAX = 7
WANTED = 0.95


def problems_of(text: str) -> tuple[Problem, ...]:
    return in_order(check_files({**EVENTS, "x.yaml": text}))


def story_of(wrong: Wrong, before: tuple[Problem, ...]) -> str | None:
    """Why the printed ways out of a wrong file do not lead to one that passes; None where they do.

    What the file was told before it was made wrong is passed over, such as a risk beside a smaller account.
    """
    text, met, told_before = wrong.text, list[tuple[str, str]](), {one.message for one in before}
    for step in range(STEPS_MAX):
        problems = tuple(one for one in problems_of(text) if one.message not in told_before)
        told = sorted(printed_problems(render_all(problems)), key=lambda one: one.is_warning)
        if not told:
            return None
        if step == 0 and not any(one.line in wrong.lines for one in told):
            return f"told in line {told[0].line} and stands in {wrong.lines}: {told[0].message}"
        first = told[0]
        line = text.split("\n")[first.line - 1]
        if (first.message, line) in met:
            return f"comes back: {first.message} = {first.hint}"
        met.append((first.message, line))
        after = followed(text, first)
        if after is None:
            return f"nobody can follow this: {first.message} = {first.hint}"
        text = after
    return f"no end of problems: {met}"


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=pytest.mark.slow if n % 4 else ()) for n, kind in enumerate(KINDS)])
def test_printed_way_out_of_a_drawn_mistake_leads_to_a_file_that_passes(kind: str) -> None:
    rng = Random(f"{SHARE_SEED} {kind}")
    drawn = [
        (name, rng.choice(found)) for name in rng.sample(sorted(COOKBOOK), 3) if (found := wrong_files(kind, COOKBOOK[name]))
    ]

    stories = {(name, wrong.wrote): story_of(wrong, problems_of(COOKBOOK[name])) for name, wrong in drawn}

    assert drawn or kind == "legs written out"
    assert not any(stories.values()), f"{SHARE_SEED=} {stories}"


@pytest.mark.long
def test_printed_ways_out_lead_to_files_that_pass_for_every_kind_of_mistake() -> None:
    rng = Random(SEED)
    right, made = Counter[str](), Counter[str]()
    stories: list[str] = []

    for name, text in COOKBOOK.items():
        before = problems_of(text)
        for kind in KINDS:
            found = wrong_files(kind, text)
            for wrong in rng.sample(found, min(EACH, len(found))):
                story = story_of(wrong, before)
                made[kind] += 1
                right[kind] += story is None
                if story is not None:
                    stories.append(f"{kind}: {name}: {wrong.wrote!r}: {story}")

    table = "\n".join(f"{kind:24}{right[kind]:5} of {made[kind]:4}  {right[kind] / made[kind]:6.1%}" for kind in made)
    total = f"all kinds, SEED={SEED}: {right.total()} of {made.total()}, {right.total() / made.total():.1%}"
    print(f"\n{table}\n{total}", *stories, sep="\n")
    assert made.total() >= 300
    assert right.total() >= WANTED * made.total(), total
    assert all(right[kind] >= WANTED * made[kind] for kind in made), table
