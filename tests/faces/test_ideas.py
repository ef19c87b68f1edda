"""ideas: spreads of every structure under a view, from a recorded chain."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.faces import given
from tests.faces.conftest import Spreads

VIEW = "SPX 2% to 4% higher by 1 Jun, 70% sure"


def test_ideas_rank_structures_and_draw_the_best(spreads: Spreads, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    given.chain(tmp_path / "chain.parquet")

    ran = spreads("ideas", VIEW, "--chain", "chain.parquet", "--top", "4")

    assert ran.code == 0
    assert (ran.out, ran.err) == snapshot


def test_ideas_of_an_account_fit_its_limits(spreads: Spreads, tmp_path: Path) -> None:
    chain = given.chain(tmp_path / "chain.parquet")

    rows = list(csv.DictReader(StringIO(
        spreads("ideas", VIEW, "--chain", chain, "--size", "100000", "--each", "3", "--format", "csv").out
    )))  # fmt: skip

    assert rows
    assert all(int(row["quantity"]) >= 1 and int(row["quantity"]) * float(row["max_loss"]) <= 1000 for row in rows)
    assert [float(row["view_score"]) for row in rows] == sorted((float(row["view_score"]) for row in rows), reverse=True)


def test_ideas_as_json_have_every_number_of_a_candidate(spreads: Spreads, tmp_path: Path) -> None:
    chain = given.chain(tmp_path / "chain.parquet")

    rows = json.loads(spreads("ideas", VIEW, "--chain", chain, "--format", "json").out)

    assert {"legs", "breakevens", "natural", "view_value", "view_score", "view_pop"} <= set(rows[0])
    assert all(row["view_pop"] > row["pop"] for row in rows[:1])


@pytest.mark.parametrize(
    ("view", "more", "tells"),
    [
        ("up a lot", (), "no view of a price; write one as"),
        ("SPX 2% higher by 1 Jun 2019", (), "say an earlier day"),
        ("RUT 2% higher by 1 Jun", (), "this chain has no RUT"),
        (VIEW, ("--size", "-5"), "--size -5: dollars, above 0"),
        (VIEW, ("--each", "0"), "--each 0: a number from 1"),
    ],
)
def test_what_cannot_be_searched_is_refused_with_a_way_out(
    spreads: Spreads, tmp_path: Path, view: str, more: tuple[str, ...], tells: str
) -> None:
    chain = given.chain(tmp_path / "chain.parquet")

    ran = spreads("ideas", view, "--chain", chain, *more)

    assert (ran.code, ran.out) == (2, "")
    assert tells in " ".join(ran.err.split())


def test_nothing_fits_a_small_account_and_that_is_said(spreads: Spreads, tmp_path: Path) -> None:
    chain = given.chain(tmp_path / "chain.parquet")

    ran = spreads("ideas", VIEW, "--chain", chain, "--size", "500")

    assert ran.code == 0
    assert "too large for the limits of account.yaml" in ran.err
