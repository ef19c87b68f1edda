"""What TWS tells and is asked: requests, quotes, account values."""

from engine.cli.drill.failure import LINKED, Failure
from engine.domain.facts.running import ErrorHeard

DATA: tuple[Failure, ...] = (
    Failure(
        "pacing",
        "TWS complains of too many messages (100)",
        "sends less than half as many for half a minute, orders first",
        ("too_many_messages",),
        shows=(ErrorHeard,),
    ),
    Failure(
        "lines-taken",
        "other programs take every market data line that is free (101), and the chain is larger than the rest",
        "does with the lines that it has, goes through the chain in turns, and trades on fresh quotes alone",
        ("lines_taken=120",),
        explores=True,
    ),
    Failure(
        "delayed",
        "the connection is closed, and for ten minutes only delayed data are there for whoever asks (354)",
        "opens nothing without live quotes",
        ("delayed=600", "close"),
        shows=LINKED,
    ),
    Failure(
        "competing",
        "another login takes the market data (10197)",
        "opens nothing without live quotes",
        ("competing",),
        shows=LINKED,
    ),
    Failure("frozen", "quotes stand still for a minute", "opens nothing on quotes that are old", ("frozen",)),
    Failure("crossed", "bid and ask change places for half a minute", "believes no quote that is crossed", ("crossed",)),
    Failure("no-bids", "nobody bids for options for a minute", "gives nothing away, and tries again", ("no_bids",), "held"),
    Failure("no-greeks", "TWS tells no greeks for a minute", "uses its own", ("no_greeks",)),
    Failure(
        "account-late", "account values are not told after a fill", "opens nothing on values that are old", ("account_slow",)
    ),
    Failure(
        "account-not-ready",
        "account values come while TWS says that they are not ready",
        "believes none of them, and opens nothing on what is old",
        ("account_not_ready=180",),
    ),
    Failure(
        "contracts-silent",
        "for two minutes TWS answers no question about contracts",
        "gives up each question at its deadline, lets that kind rest, and goes on with the others",
        ("contracts_silent=120",),
        when="start",
    ),
    Failure(
        "contracts-endless",
        "the list of one expiry's options never ends",
        "leaves that expiry out and goes on with the others",
        ("contracts_endless",),
        at_once=True,
    ),
    Failure(
        "history-refused",
        "daily bars are refused for pacing (162)",
        "opens nothing on what is unknown without them, and asks again later",
        ("history_refused=120",),
        when="start",
    ),
    Failure(
        "no-data", "new requests are told that their data are not subscribed (354)", "opens nothing", ("no_data=120", "close")
    ),
    Failure(
        "no-option-data",
        "data of options are not subscribed, those of underlyings are (354)",
        "opens nothing without live quotes",
        ("no_option_data=120", "close"),
    ),
    Failure(
        "combination-unquoted", "combinations have no quote of their own", "prices by the legs", ("bag_silent",), when="start"
    ),
    Failure("wide", "quotes are five times as wide for a minute", "believes no middle of what is that wide", ("wide",), "held"),
    Failure(
        "bad-print",
        "what is sold is quoted at four times its worth for some seconds",
        "closes nothing on one print, and stops no day for it",
        ("bad_print",),
        "held",
    ),
    Failure(
        "trading-halted",
        "trading is halted for five minutes: quotes stand still and nothing fills",
        "opens nothing until two minutes after it trades again",
        ("trading_halted",),
    ),
    Failure(
        "margin-raised",
        "the broker asks for one and a half times the margin",
        "sizes and opens by what the broker says now",
        ("margin_raised",),
        "held",
    ),
    Failure(
        "adjusted",
        "an option is told with another multiplier, as after a split",
        "trades none that is not of the usual size",
        ("multiplier",),
        at_once=True,
    ),
    Failure(
        "terms-changed",
        "options that are held change their terms, as at a merger",
        "opens nothing, says what has changed, and goes on once they are as they were",
        ("terms_changed=120", "close"),
        "held",
    ),
)
