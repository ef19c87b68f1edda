"""The only file that reads the time. Simulations bring a clock of their own behind the same port."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter

from engine.domain.waited import Leap

LEAP_FROM = timedelta(seconds=2)
"""A clock that is corrected steadily stays within milliseconds; by more than this it was set, or the machine slept."""
SLOWER_BY = 0.1
"""The part by which time goes slower while the machine's clock is behind: ten minutes are made up for in a hundred."""
AHEAD_MAX = timedelta(hours=1)
"""Made up for in ten hours; with more the sessions of the day would be missed, and a person must see to it."""
LEAPS_KEPT = 50


def elapsed_s() -> float:
    """Seconds of the machine since some moment: for how long something takes, whatever the engine's own time does."""
    return perf_counter()


class SystemClock:
    """The machine's clock, as it is."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SteadyClock:
    """The machine's clock for an engine: it never goes back, and says when it went ahead at once.

    Set back, the machine's clock is waited for: time goes on without a jump, a little slower, until the two agree. So no age is
    negative, and patience is counted as by a clock that nobody can set. Set ahead, or after a sleep, it is followed at once.
    """

    def __init__(self, wall: Callable[[], datetime], steady: Callable[[], float]) -> None:
        """`wall` is the machine's clock, `steady` counts seconds and cannot be set."""
        self.leaps: tuple[Leap, ...] = ()
        """When the clock went ahead at once, newest last."""
        self.on_step: Callable[[str, bool], object] = lambda _text, _must_stop: None
        """Told when the machine's clock was set or slept: what happened, and whether nothing may be opened any more."""
        self._wall, self._steady = wall, steady
        self._now, self._counted = wall(), steady()
        self._is_behind_told = False

    def now(self) -> datetime:
        wall, counted = self._wall(), self._steady()
        passed = timedelta(seconds=max(0.0, counted - self._counted))
        before, self._counted = self._now, counted
        ahead = before + passed - wall
        if ahead < -LEAP_FROM:
            self._now = wall
            self._leapt(wall, -ahead)
        else:
            self._now = max(wall, before + passed * (1 - SLOWER_BY))
            self._look_back(self._now - wall)
        return self._now

    def not_before(self, at: datetime) -> bool:
        """Begin at an instant that was written already, where the machine's clock is behind it; False where it is too far."""
        if at - self.now() > AHEAD_MAX:
            return False
        self._now = max(self._now, at)
        return True

    def _leapt(self, at: datetime, by: timedelta) -> None:
        self.leaps = (*self.leaps[1 - LEAPS_KEPT :], Leap(at, by))
        self.on_step(
            f"the machine slept, or its clock was set ahead, by {_span(by)}: what was known before is old; nobody's patience is"
            " used up by it",
            False,
        )

    def _look_back(self, ahead: timedelta) -> None:
        if ahead <= LEAP_FROM:
            self._is_behind_told = False
        elif not self._is_behind_told:
            self._is_behind_told = True
            text = f"the machine's clock was set back by {_span(ahead)}: the engine's time goes on"
            if ahead > AHEAD_MAX:
                self.on_step(f"{text}, and is wrong by more than it can make up for. Set the clock right and start again", True)
            else:
                self.on_step(f"{text}, a tenth slower until the two agree, in about {_span(ahead / SLOWER_BY)}", False)


def _span(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    return f"{seconds} s" if seconds < 180 else f"{seconds // 60} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"
