"""A journal that has grown: a start from its checkpoint comes to the same as one that folds all of it."""

from pathlib import Path

from bench.long_life import A_DAY, HELD_FOR, measured

SESSIONS = 8


def test_start_from_a_checkpoint_comes_to_the_ledger_of_all_lines(tmp_path: Path) -> None:
    found = measured(tmp_path, SESSIONS)

    assert found.is_same
    assert found.orders == A_DAY * SESSIONS + A_DAY * (SESSIONS - HELD_FOR)
    assert found.lines > 390 * SESSIONS
