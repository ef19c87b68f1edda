"""Contracts and hours that the account never allows: told beside the file that asks for them."""

import pytest

from engine.strategy.parse import check_files
from engine.strategy.problems import Problem
from tests.core.strategy.mending import applied

FILE = """\
schema: 1
name: asks
universe: [SPX]
spread:
  type: bull_put
  expiry: 30-60 days
  width: $10
sizing: {{risk: $9000, contracts: {contracts}}}
entry:
  {entry}
exits: [loss >= 50% of max_loss, dte <= 10]
"""
ALLOWED = "window: 10:00-15:00 New York"


def told(contracts: str = "1", entry: str = ALLOWED, account: str = "") -> list[Problem]:
    text = FILE.format(contracts=contracts, entry=entry)
    return check_files({"asks.yaml": text, "account.yaml": f"schema: 1\n{account}"})


@pytest.mark.parametrize(
    ("contracts", "entry", "account", "says"),
    [
        ("8-20", ALLOWED, "", "the account allows at most 5 (counts.contracts_per_order), so nothing is opened"),
        ("3-9", ALLOWED, "counts: {contracts_per_order: 2}", "the account allows at most 2 (counts.contracts_per_order)"),
        (
            "3-9", ALLOWED, "counts: {contracts_per_order: 2, contracts_per_trade: 2}",
            "the account allows at most 2 (counts.contracts_per_order)",
        ),
        ("1", "window: 15:35-15:50 New York", "", "the account opens from 09:45-15:30 New York (session.open), so nothing is"),
        ("1", "window: 14:35-14:50 Chicago", "", "the account opens from 09:45-15:30 New York (session.open), so nothing is"),
        ("1", "at: 09:35 New York, within 5 min", "", "so nothing is opened at 09:35"),
        ("1", ALLOWED, "session: {open: 15:00-15:30 New York}", "the account opens from 15:00-15:30 New York (session.open)"),
    ],
)  # fmt: skip
def test_what_the_account_never_allows_is_told(contracts: str, entry: str, account: str | None, says: str) -> None:
    found = told(contracts, entry, account)

    assert [(problem.file, problem.severity) for problem in found] == [("asks.yaml", "warning")]
    assert found[0].message.startswith(says) or found[0].message.endswith(says)


@pytest.mark.parametrize(
    ("contracts", "entry", "account"),
    [
        ("5-20", ALLOWED, ""),
        ("8-20", ALLOWED, "counts: {contracts_per_order: 10}"),
        ("1", "window: 15:00-15:50 New York", ""),
        ("1", "window: 08:45-14:50 Chicago", ""),
        ("1", "at: 09:35 New York, within 15 min", ""),
        ("1", "at: 09:35 New York, within 5 min", "session: {open: 09:30-15:30 New York}"),
    ],
)
def test_what_the_account_allows_in_part_is_none(contracts: str, entry: str, account: str) -> None:
    assert told(contracts, entry, account) == []


def test_a_wrong_account_says_only_what_is_wrong_with_itself() -> None:
    assert {problem.file for problem in told("8-20", account="counts: {contracts_per_order: none}")} == {"account.yaml"}


def test_the_way_out_passes() -> None:
    text = FILE.format(contracts="8-20", entry="window: 15:35-15:50 New York")
    edits = [edit for problem in check_files({"asks.yaml": text, "account.yaml": "schema: 1"}) for edit in problem.edits]

    assert len(edits) == 2
    assert check_files({"asks.yaml": applied(text, edits), "account.yaml": "schema: 1"}) == []


def test_a_file_without_its_account_is_not_held_against_one() -> None:
    assert check_files({"asks.yaml": FILE.format(contracts="8-20", entry=ALLOWED)}) == []
