"""`spreads explain` in dollars: of the account that is said, of the one that the engine heard last, and of none."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from engine.domain.facts.account import EquityRecorded
from engine.store.journal import Journal
from tests.faces import given
from tests.faces.conftest import Spreads

HEARD = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def dollars_of(out: str) -> list[str]:
    return out.partition("In an account worth ")[2].splitlines()


@pytest.mark.parametrize(
    ("worth", "account", "says"),
    [
        # 10% of the width at least is earned, so $2,250 of $25 and $4,500 of $50 are lost at most.
        (
            "1000000", "",
            "One spread $25 to $50 wide loses at most about $2,250 to $4,500, so a position has 1 of them.",
        ),
        # $25 less $23 a share.
        ("230000", "", "loses at most about $2,250 to $4,500, so a position has at most 1 of them."),
        ("220000", "", "loses at most about $2,250 to $4,500: it opens only what brings 3.00 a share or more."),
        ("100000", "", "nothing of it fits, and it opens nothing."),
        (
            "1000000", "risk: {per_trade: 0.5% of net liquidation}",
            "One position may lose $5,000: account.yaml allows 0.5% of net liquidation, which is less than the 1%",
        ),
        ("1000000", "risk: {per_trade: $30,000, hard_cap: $40,000}", "One position may lose $10,000, 1% of net liquidation."),
        ("1000000", "risk: {new_per_day: $7,000}", "and what all strategies open on one day $7,000."),
        ("$1,000,000", "", "All that is open of it may lose $10,000,"),
    ],
)  # fmt: skip
def test_dollars_are_those_of_the_file_and_of_the_account(
    worth: str, account: str, says: str, spreads: Spreads, tmp_path: Path
) -> None:
    path = given.strategy(tmp_path / "strategies")
    (path.parent / "account.yaml").write_text(f"schema: 1\n{account}\n", encoding="utf-8")

    ran = spreads("explain", path, "--net-liquidation", worth)

    assert ran.code == 0, ran.err
    assert any(says in line for line in dollars_of(ran.out)), ran.out


def test_several_contracts_are_counted_for_the_widest_and_the_narrowest(spreads: Spreads, tmp_path: Path) -> None:
    path = given.strategy(tmp_path, given.STRATEGY.replace("{risk: 1% of", "{contracts: 1-9, risk: 1% of"))

    ran = spreads("explain", path, "--net-liquidation", "950000")

    assert "so a position has 2 to 4 of them." in ran.out


def test_without_a_word_they_are_those_that_the_engine_heard_last(spreads: Spreads, tmp_path: Path) -> None:
    path, state = given.strategy(tmp_path), tmp_path / "state"
    journal = Journal.open(state, "DU1").journal
    for worth in ("500000", "1000000"):
        journal.append(EquityRecorded(Decimal(worth), None, None, None), HEARD)
    journal.sync()
    journal.close()

    ran = spreads("explain", path, "--state", state)

    assert dollars_of(ran.out)[0] == "$1,000,000, as the engine heard it on 23 Nov 2026:"


def test_where_nobody_knows_nothing_is_said_of_dollars(spreads: Spreads, tmp_path: Path) -> None:
    ran = spreads("explain", given.strategy(tmp_path), "--state", tmp_path / "nothing")

    assert ran.code == 0
    assert dollars_of(ran.out) == []
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("worth", ["-5", "0", "nan", "1e9", "much"])
def test_what_is_no_worth_is_refused(worth: str, spreads: Spreads, tmp_path: Path) -> None:
    ran = spreads("explain", given.strategy(tmp_path), f"--net-liquidation={worth}")

    assert ran.code == 2
    assert "is no worth of an account" in ran.err


def test_limits_that_cannot_be_read_are_told_with_their_place(spreads: Spreads, tmp_path: Path) -> None:
    path = given.strategy(tmp_path)
    (tmp_path / "account.yaml").write_text("schema: 1\nrisk: {per_trade: 5}\n", encoding="utf-8")

    ran = spreads("explain", path, "--net-liquidation", "100000")

    assert ran.code == 2
    assert "account.yaml:2:" in ran.err
