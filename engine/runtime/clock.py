"""The only file that reads the time. Simulations bring a clock of their own behind the same port."""

from datetime import UTC, datetime


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)
