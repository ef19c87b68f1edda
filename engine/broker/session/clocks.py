"""Holds TWS's clock against ours, and says when they part and when they agree again."""

import math

from engine.broker.gauges import BrokerGauges
from engine.domain.clocks import CLOCK_SKEW_MAX_S, skew_words
from engine.domain.facts.running import ErrorHeard
from engine.ports import Clock, Publish

HALF_S = 0.5
"""TWS tells whole seconds: in the middle of one it is off by half at the most."""


class Clocks:
    """The difference goes to the gauges."""

    def __init__(self, clock: Clock, gauges: BrokerGauges, publish: Publish) -> None:
        self._clock, self._gauges, self._publish = clock, gauges, publish
        self._is_off = False

    def compare(self, seconds: int, took_s: float) -> None:
        """Take TWS's time, UTC seconds since 1970, as it answered a question that was open for so long.

        It was told at some moment of that while: what this and the whole seconds explain is no difference.
        """
        found_s = seconds + HALF_S - (self._clock.now().timestamp() - took_s / 2)
        ahead_s = math.copysign(max(0.0, abs(found_s) - HALF_S - took_s / 2), found_s)
        self._gauges.clock_skew_seconds = ahead_s
        was_off, self._is_off = self._is_off, abs(ahead_s) > CLOCK_SKEW_MAX_S
        if self._is_off and not was_off:
            then = "nothing is opened until they agree; have the system set it: timedatectl set-ntp true"
            self._publish(ErrorHeard(0, f"this machine's clock is {skew_words(ahead_s)}: {then}"))
        elif was_off and not self._is_off:
            self._publish(ErrorHeard(0, "this machine's clock agrees with TWS's again"))
