"""Sessions and small markets for the tests of the simulated market."""

from datetime import UTC, date, datetime, timedelta

from engine.domain.session import Session
from engine.sim.market.generated import GeneratedMarket
from engine.sim.market.series import Breadth

NARROW = Breadth(dailies=3, weeklies=2, monthlies=2, deviations=2.0)
MONDAY = date(2026, 11, 23)
THANKSGIVING = date(2026, 11, 26)
HALF_DAY = date(2026, 11, 27)


def session(day: date) -> Session:
    """The day's session in winter time; the day after Thanksgiving closes at 13:00 in New York."""
    close = 18 if day == HALF_DAY else 21
    return Session(
        day,
        datetime(day.year, day.month, day.day, 14, 30, tzinfo=UTC),
        datetime.combine(day, datetime.min.time(), UTC).replace(hour=close),
    )


def sessions(first: date = MONDAY, days: int = 40) -> list[Session]:
    """Sessions of so many calendar days, without Thanksgiving and Christmas."""
    calendar = (first + timedelta(days=n) for n in range(days))
    closed = {THANKSGIVING, date(2026, 12, 25)}
    return [session(day) for day in calendar if day.weekday() < 5 and day not in closed]


def at(hour: int, minute: int = 0, second: int = 0, day: date = MONDAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)


def market(
    seed: int = 7,
    start: datetime | None = None,
    underlyings: tuple[str, ...] = ("SPX", "SPY", "VIX"),
    cadence_s: float = 60.0,
) -> GeneratedMarket:
    """A market with a narrow listing, before its first opening unless told otherwise."""
    return GeneratedMarket(seed, start or at(14), sessions(), underlyings, NARROW, cadence_s)
