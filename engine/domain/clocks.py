"""The clocks that decisions go by, in one place, because each only works beside the others; a test holds their order.

A stop first holds on some quote. Its legs are asked for at once and every `ASKED_AGAIN_AFTER`; it is believed on three looks over
`CONFIRMED_OVER`, sooner where the market runs on, dropped by the first fresh quote that contradicts it, or said to have no price
after `DECIDED_WITHIN`.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

POSITIONS_FOLLOW_WITHIN = timedelta(seconds=30)
"""Books that agree within this after the end of an order may be from before its last fill."""


@dataclass(frozen=True, slots=True)
class BackOff:
    """One more try: each wait is a multiple of the one before, up to a longest one."""

    first: timedelta
    longest: timedelta
    factor: int = 2

    def wait(self, tries: int) -> timedelta:
        """How long to wait after so many tries in a row that came to nothing; nothing before the first."""
        if tries <= 0:
            return timedelta(0)
        growths = min(tries - 1, (self.longest // self.first).bit_length())
        return min(self.longest, self.first * self.factor**growths)


def _seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


# Quotes.

PRICED_WITHIN = _seconds(15)
"""No price is set or changed on quotes older than this."""
NUMBERS_STAND_FOR = _seconds(60)
"""Nothing is opened on a number whose oldest quote is older than this. For exits, and for what is held, `STANDS_FOR` counts."""
TOLD_WITHIN = _seconds(30)
"""A close is decided while one leg was told within this: it shows that data come."""
STANDS_FOR = _seconds(120)
"""And no leg is older than this: in session a live option's price or size is told more often."""
QUIET_FOR = _seconds(100)
"""The line of a held leg that was not told for so long is opened anew: TWS begins it with the quote as it stands."""
ANSWERED_WITHIN = _seconds(5)
"""A line that is opened anew is answered within a second; five are silence."""
ASKED_AGAIN_AFTER = _seconds(5)
"""Between two questions for the quote of one leg, while a stop waits for it; each is two messages of fifty in a second."""
NO_PRICE_AGAIN = BackOff(_seconds(10), _seconds(120))
"""Between two questions for the quotes of an exit that has no price."""

EXPLORED_FOR = _seconds(5)
"""A turn of an option on the lines that go through the chain: TWS begins a line with the quote as it stands."""
NEAR_EVERY = _seconds(10)
"""Between two looks for what would pass but for its age, up to `STANDS_FOR`: it gets lines, and is judged once it is fresh."""

# Stops.

CONFIRMED_BY = 3
"""Looks at fresh quotes on which a stop must hold, over the time below."""
CONFIRMED_OVER = _seconds(15)
RUNS_OVER = _seconds(5)
"""A stop is believed sooner, after this, where each leg was told anew and the market ran on."""
RUNS_BY = Decimal("0.02")
"""The market runs where closing brings less than on the first look by this share of it, and by half the width of its quotes."""
TRIGGERED_WITHIN = _seconds(5)
"""A quote told so shortly before a rule first held may be what made it hold: it must be told again."""
DECIDED_WITHIN = _seconds(30)
"""From the first look on which it held a stop is believed or dropped by then, or it is said that it has no price."""
FORGOTTEN_AFTER = _seconds(60)
"""A stop that was not looked at for so long is counted from the start."""
JUDGED_WITHIN = timedelta(minutes=5)
"""A rule that nobody could answer for so long, while the market was open, is said: whether it is due is not known."""

# Closes.

SETTLES_AFTER = _seconds(20)
"""After a close has ended its last fills may still be travelling; nothing is decided on the position meanwhile."""
CLOSE_PATIENCE = _seconds(90)
"""A close that has not filled by now is canceled and decided anew."""
URGENT_STEP, CLOSE_STEP = BackOff(_seconds(5), _seconds(40)), BackOff(_seconds(10), _seconds(40))
"""Between two prices of a close, of one that stops a loss and of any other, by the number of its price changes so far."""
CLOSE_AGAIN = BackOff(_seconds(20), timedelta(minutes=10))
"""Between two closes of which none filled: it must be closed, so it is tried for as long as its rule holds."""
TARGET_AGAIN = BackOff(_seconds(20), timedelta(hours=2), factor=4)
"""The same where a profit is taken, or nobody bids for what is sold: nothing is lost by waiting."""
MESSAGES_A_DAY = 20
"""Order messages of one position for a profit, or where nobody bids: more would count against the account's order efficiency."""

ROLL_SEARCHED_AGAIN = timedelta(minutes=1)
"""Between two searches for the successor of a position that is kept for want of one: each is a search of the chain."""

# Orders.

CANCEL_PATIENCE = _seconds(15)
"""TWS may hold a cancel for five seconds to let the last leg finish; three times that is silence."""
CANCEL_AGAIN = BackOff(_seconds(15), timedelta(minutes=5))
"""Between two cancels of one order that goes on working."""

# The machine's clock.

CLOCK_SKEW_MAX_S = 2.0
"""Seconds by which the machine's clock and TWS's may differ for an opening: windows, ages and expiries are read from ours."""


def skew_words(ahead_s: float) -> str:
    """How the machine's clock stands to TWS's, which is ahead by so many seconds."""
    return f"{abs(ahead_s):.1f} s {'behind' if ahead_s > 0 else 'ahead of'} TWS" if ahead_s else "agrees with TWS"


# The account.

ACCOUNT_STANDS_FOR = _seconds(200)
"""TWS tells the account's values every three minutes and at a change of position: what is older is of a dead subscription."""
ACCOUNT_OPENS_WITHIN = _seconds(60)
"""Nothing is opened on older values: they are asked for anew, and the opening waits for the answer."""
ACCOUNT_KEPT_WITHIN = _seconds(45)
"""While an opening waits for a yes they are kept younger than that, so that the yes meets values it may open on."""
ACCOUNT_AGAIN_AFTER = _seconds(5)
"""Between two questions for them; each is four messages of fifty in a second."""
ACCOUNT_ANSWERED_WITHIN = _seconds(10)
"""They are told within a second of the question; ten are silence, and that is said."""
ACCOUNT_LOOKED_AT_EVERY = timedelta(milliseconds=200)
"""While the answer is awaited: it comes by itself, and wakes nobody."""

# The beat.

LOOKED_AT_EVERY = _seconds(1)
"""While an order is on its way or a stop waits to be believed: their patience is counted in seconds."""

# The demonstration, which looks away while nothing is at stake.

DEMO_CADENCE = _seconds(5)
"""One step of its market, and the quotes of its lines while an order works or a leg is asked for."""
DEMO_HELD_CADENCE = _seconds(15)
"""Between two looks at what is held: what has moved far is told at once."""
DEMO_IDLE_CADENCE = _seconds(90)
"""The quotes of its lines otherwise."""
