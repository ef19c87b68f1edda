"""A halt of trading stands until it is over, and two minutes more."""

from engine.store.halts import Halts


def test_halt_holds_until_two_minutes_after_its_end() -> None:
    halts = Halts()

    halts.hear("SPY", 1000.0, False)
    halts.hear("AAPL", 1000.0, True)
    halts.hear("AAPL", 1300.0, False)

    held = [halts.holds("AAPL", at) for at in (1300.0, 1419.0, 1420.0)]
    assert held == [True, True, False]
    assert not halts.holds("SPY", 1000.0)
    assert not halts.holds("MSFT", 1000.0)


def test_halt_that_nobody_ends_stands() -> None:
    halts = Halts()

    halts.hear("AAPL", 1000.0, True)
    halts.hear("AAPL", 1010.0, True)

    assert halts.holds("AAPL", 90_000.0)
