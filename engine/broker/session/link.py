"""The state of the link, from codes to facts: a table of state and event, told only when it changes.

TWS's socket and TWS's own connection to IBKR fail apart: with the first the session is down, with the second it is
degraded, and orders that already work stay at the exchange. IBKR's nightly reset sends 1100 by the hundred. A loss at a time at
which TWS restarts, or IBKR resets, is told as such.

A farm that was said to be broken works again when TWS says so, or when shares, indices and options are quoted again.
"""

from collections.abc import Callable

from engine.broker.errors import Meaning
from engine.domain.facts.running import LinkChanged, LinkState

US_FARM_PREFIX = "us"
"""Names of the market data farms that carry US stocks, indices and options begin so (usfarm, usopt, usfarm.nj)."""


QUOTED_AFTER_S = 10.0
"""What was under way when a farm broke may still arrive; a quote that comes later than this was sent since."""


class Link:
    """Where the link stands, which market data farms are broken, and whether another login has the market data.

    `state` is what the socket and TWS's own connection are; what is told adds what is known of the data, and whether a loss is
    expected at this time.
    """

    def __init__(self, expected: Callable[[], str] = str) -> None:
        """`expected` says why the link may be gone now; empty where nothing is known of that."""
        self.state: LinkState = "down"
        self.told: LinkState = "down"
        """As it was said last."""
        self.broken_farms: set[str] = set()
        self.is_competed = False
        """Whether TWS has said of a line that another session of the user has its data."""
        self._expected = expected
        self._broken_at = 0.0
        self._attempts = 0
        """To connect, since the session stood last."""
        self._reason = ""
        """Why it was down last."""
        self._quoted: set[str] = set()
        """Kinds of contract that were quoted since then."""

    def connecting(self, text: str) -> LinkChanged | None:
        """An attempt begins. In a row of those that fail the first is told, the second, the fourth, the eighth and so on."""
        self._forget_data()
        self.state = "connecting"
        self._attempts += 1
        is_told = self._attempts & (self._attempts - 1) == 0
        if not is_told or (self.told == "restarting" and self._expected()):
            return None
        return self._say("connecting", None, text)

    def up(self, text: str) -> LinkChanged | None:
        """The session stands. Stays degraded when TWS said meanwhile that it has no connection itself."""
        self._attempts = 0
        return None if self.state == "degraded" else self._to("up", None, text)

    def down(self, text: str) -> LinkChanged | None:
        """It is gone, or an attempt has failed; while attempts go on failing, what is said again is another reason."""
        self._forget_data()
        is_news, self._reason = text != self._reason, text
        told = self._to("down", None, text)
        return LinkChanged("down", None, text) if told is None and is_news and self.told == "down" else told

    def look(self) -> LinkChanged | None:
        """What has changed because time has passed: a loss that was expected outlasts its time, or its time has come."""
        if self.told == "restarting" and not self._expected():
            return self._to(self.state, None, "it is gone for longer than was expected")
        if self.told in {"down", "degraded"} and self._expected():
            return self._to(self.state, None, "it is gone")
        return None

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
                return self._data(meaning.code, meaning.sentence(text))
            case "farm_ok":
                self.broken_farms.discard(farm(text))
                return self._data(meaning.code, meaning.sentence(text))
            case "competing":
                self.is_competed = True
                return self._data(meaning.code, meaning.sentence(text))
            case "none" | "taken" | "slow_down":
                return None

    def quoted(self, kind: str, wanted: set[str], at: float) -> LinkChanged | None:
        """A price came on a line of this kind; once all kinds that are asked for were quoted again, no farm is broken."""
        if at - self._broken_at >= QUOTED_AFTER_S:
            self._quoted.add(kind)
            if wanted <= self._quoted:
                self.broken_farms.clear()
                return self._data(None, "market data come again")
        return None

    def has_data_again(self) -> LinkChanged | None:
        """No line is without its data any more because of another login."""
        self.is_competed = False
        return self._data(None, "the market data of the other login come here again")

    @property
    def is_data_broken(self) -> bool:
        """True while a farm that carries US quotes is broken."""
        return any(name.startswith(US_FARM_PREFIX) for name in self.broken_farms)

    def _forget_data(self) -> None:
        self.broken_farms.clear()
        self.is_competed = False

    def _data(self, code: int | None, text: str) -> LinkChanged | None:
        """What is known of the data has changed; before the session stands that is part of its beginning."""
        return self._to("up", code, text) if self.state == "up" else None

    def _to(self, state: LinkState, code: int | None, text: str) -> LinkChanged | None:
        self.state = state
        if state == "up":
            found: LinkState = "competing" if self.is_competed else "no_data" if self.is_data_broken else "up"
            return self._say(found, code, text)
        because = self._expected()
        return self._say("restarting", code, f"{text}; {because}") if because else self._say(state, code, text)

    def _say(self, told: LinkState, code: int | None, text: str) -> LinkChanged | None:
        if told == self.told:
            return None
        self.told = told
        return LinkChanged(told, code, text)


def farm(text: str) -> str:
    """The farm's name, which ends the notice after a colon, as in `… is broken:usopt`."""
    return text.rpartition(":")[2].strip()
