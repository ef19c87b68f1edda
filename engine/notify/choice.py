"""What a person wants to be told of, where, and when not: the table `[notify]` of spreads.toml."""

import re
from datetime import datetime, time
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

Kind = Literal["fill", "approval", "halt", "trip", "link", "exit", "expiry", "digest"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"


def _zone(written: object) -> object:
    try:
        ZoneInfo(str(written))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no time zone of that name") from None
    return written


def _address(written: str) -> str:
    """An address of pages, without a slash at its end. A link is a secret: it travels over TLS, or not at all."""
    found = re.fullmatch(r"(https?)://([a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?/?", written)
    if found is None or (found[1] == "http" and found[2] not in {"localhost", "127.0.0.1", "[::1]"}):
        raise ValueError("no address of pages with TLS")
    return written.rstrip("/")


class Choice(BaseModel):
    """The table as it is written; what is left out has a default, what is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    urls: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Addresses as apprise writes them: ntfy://topic, tgram://…, mailto://…. They hold secrets and are never shown."""
    web: Annotated[str, AfterValidator(_address)] | None = None
    """Where people reach `spreads web`, as https://trading.example:8480: messages that ask for a yes then have a link to it."""
    urls_file: str | None = None
    """A file with one such address a line; for secrets that are kept elsewhere."""
    tell: tuple[Kind, ...] = KINDS
    """Which kinds of message are sent."""
    quiet: Annotated[str, Field(pattern=rf"^{_CLOCK}-{_CLOCK}$")] | None = None
    """Hours in which only what is urgent is sent; the rest comes together when they end."""
    zone: Annotated[str, BeforeValidator(_zone)] = "America/New_York"
    """Time zone of `quiet` and `digest`."""
    digest: Annotated[str, Field(pattern=rf"^{_CLOCK}$")] = "16:30"
    """When the day is summed up, on days on which the exchange was open."""

    def is_quiet(self, now: datetime) -> bool:
        """Whether now lies in the quiet hours, which may pass midnight."""
        if self.quiet is None:
            return False
        first, last = (time.fromisoformat(part) for part in self.quiet.split("-"))
        at = now.astimezone(ZoneInfo(self.zone)).time()
        return first <= at < last if first <= last else at >= first or at < last

    def digest_at(self, now: datetime) -> datetime:
        """The moment of the digest on the day that now is in the person's zone."""
        there = now.astimezone(ZoneInfo(self.zone))
        return datetime.combine(there.date(), time.fromisoformat(self.digest), there.tzinfo)
