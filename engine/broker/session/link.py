"""The state of the link, from codes to facts: a table of state and event, told only when it changes.

TWS's socket and TWS's own connection to IBKR fail apart: with the first the session is down, with the second it is
degraded, and orders that already work stay at the exchange. IBKR's nightly reset sends 1100 by the hundred.

A farm that was said to be broken works again when TWS says so, or when shares, indices and options are quoted again.
"""

from engine.broker.errors import Meaning
from engine.domain.facts.running import LinkChanged, LinkState

US_FARM_PREFIX = "us"
"""Names of the market data farms that carry US stocks, indices and options begin so (usfarm, usopt, usfarm.nj)."""


QUOTED_AFTER_S = 10.0
"""What was under way when a farm broke may still arrive; a quote that comes later than this was sent since."""


class Link:
    """Where the link stands, and which market data farms are broken."""

    def __init__(self) -> None:
        self.state: LinkState = "down"
        self.broken_farms: set[str] = set()
        self._broken_at = 0.0
        self._quoted: set[str] = set()
        """Kinds of contract that were quoted since then."""

    def connecting(self, text: str) -> LinkChanged | None:
        self.broken_farms.clear()
        return self._to("connecting", None, text)

    def up(self, text: str) -> LinkChanged | None:
        """The session stands. Stays degraded when TWS said meanwhile that it has no connection itself."""
        return None if self.state == "degraded" else self._to("up", None, text)

    def down(self, text: str) -> LinkChanged | None:
        self.broken_farms.clear()
        return self._to("down", None, text)

    def received(self, meaning: Meaning, text: str, at: float = 0.0) -> LinkChanged | None:
        """What a code changes; None when it changes nothing. `at` is the loop's time."""
        match meaning.link:
            case "broken" | "moved":
                return None if self.state == "down" else self._to("degraded", meaning.code, meaning.sentence(text))
            case "restored" | "restored_empty":
                return self._to("up", meaning.code, meaning.text) if self.state == "degraded" else None
            case "farm_broken":
                self.broken_farms.add(farm(text))
                self._broken_at = at
                self._quoted.clear()
            case "farm_ok":
                self.broken_farms.discard(farm(text))
            case "none" | "taken" | "slow_down":
                pass
        return None

    def quoted(self, kind: str, wanted: set[str], at: float) -> None:
        """A price came on a line of this kind; once all kinds that are asked for were quoted again, no farm is broken."""
        if at - self._broken_at >= QUOTED_AFTER_S:
            self._quoted.add(kind)
            if wanted <= self._quoted:
                self.broken_farms.clear()

    @property
    def is_data_broken(self) -> bool:
        """True while a farm that carries US quotes is broken."""
        return any(name.startswith(US_FARM_PREFIX) for name in self.broken_farms)

    def _to(self, state: LinkState, code: int | None, text: str) -> LinkChanged | None:
        if state == self.state:
            return None
        self.state = state
        return LinkChanged(state, code, text)


def farm(text: str) -> str:
    """The farm's name, which ends the notice after a colon, as in `… is broken:usopt`."""
    return text.rpartition(":")[2].strip()
