"""The failures that are drilled: what fails, and what the engine is to do. One list for the command, its test and the docs."""

from dataclasses import dataclass
from typing import Literal

from engine.domain.facts.running import ErrorHeard, LinkChanged, LoginReminded, RestartTold
from engine.domain.facts.union import Fact

When = Literal["start", "asked", "at work", "held"]


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure."""

    name: str
    says: str
    """What fails, as a person would tell it."""
    expects: str
    """What the engine is to do."""
    faults: tuple[str, ...] = ()
    """Of the simulated TWS, as `spreads sim --fault` writes them, without a time."""
    when: When = "at work"
    """It comes as the day begins, once an opening was previewed, once one works, or once something is held."""
    kill: Literal["", "sent", "acknowledged", "filled"] = ""
    """The engine is killed the moment such a fact is on disk."""
    down_s: float = 60.0
    """How long a killed engine stays away."""
    is_guarded: bool = False
    """Whether nobody starts a killed engine again, and a guardian watches."""
    at: str = ""
    """When it begins, New York, where that is its own; the faults then have times of their own."""
    needs_person: bool = False
    """Whether something is left that only a person may end."""
    shows: tuple[type[Fact], ...] = ()
    """Facts that must be in the journal from then on."""
    minutes: int = 0
    """How long it is watched, where that is its own."""
    mode: Literal["sim", "paper"] = "sim"
    """What the engine is started for: TWS's weekly login concerns none on a simulator."""
    explores: bool = False
    """Whether lines take turns through the chain, and are few."""


LINK = "sends nothing while the link is gone, connects again, asks the broker, then goes on"
LINKED = (LinkChanged,)
ASKS = "never sends again; asks the broker until it knows"

CATALOGUE: tuple[Failure, ...] = (
    Failure("link-lost", "TWS loses IBKR for a minute and keeps the data (1100, 1102)", LINK, ("link_lost",), shows=LINKED),
    Failure("link-lost-data", "TWS loses IBKR and the data with it (1100, 1101)", LINK, ("link_lost_data_lost",), shows=LINKED),
    Failure("link-lost-unsaid", "TWS loses IBKR and never says that it is back", LINK, ("link_lost_unsaid",), shows=LINKED),
    Failure("server-lost", "the server of IBKR is gone for a minute (2110)", LINK, ("server_lost",), shows=LINKED),
    Failure(
        "farm-lost",
        "the market data farm is gone for a minute (2103)",
        "opens nothing without live quotes",
        ("farm_lost",),
        shows=LINKED,
    ),
    Failure("restart", "TWS restarts and is away for two minutes", LINK, ("restart",), shows=LINKED),
    Failure(
        "restart-at-night",
        "TWS restarts by itself at 23:45 and is away for two minutes",
        "says so five minutes before, sends nothing around it, and says when link, books and quotes are back",
        ("restart=120@23:45",),
        when="start",
        at="23:38",
        shows=(LinkChanged, RestartTold),
    ),
    Failure(
        "login-late",
        "TWS ends before the open and waits two hours and a half for the login that it wants once a week",
        "reminds a person, waits as long as it takes, connects by itself, asks the broker, then goes on",
        ("restart=9600@07:27",),
        when="start",
        at="07:25",
        shows=(LinkChanged, LoginReminded),
        minutes=190,
        mode="paper",
    ),
    Failure(
        "clock-wrong",
        "this machine's clock is half a minute behind TWS's",
        "opens nothing until the clocks agree, and says so",
        ("clock_ahead",),
    ),
    Failure("closed", "the connection is closed", LINK, ("close",), shows=LINKED),
    Failure("half-open", "the connection stays open and nothing goes through", LINK, ("half_open",), shows=LINKED),
    Failure("refused", "the port refuses connections for a minute", LINK, ("close", "refuse"), shows=LINKED),
    Failure(
        "id-taken",
        "the engine's client id is still in use when it connects again (326)",
        LINK,
        ("client_id_takenx2", "close"),
        shows=LINKED,
    ),
    Failure("torn", "the connection is reset in the middle of a message", LINK, ("reset",), shows=LINKED),
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
    Failure("slow", "every answer of TWS is two seconds late", "waits, and sends nothing twice", ("slow",)),
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
        "what-if-unset",
        "the what-if is first answered without numbers",
        "waits for the numbers",
        ("what_if_unset",),
        when="start",
    ),
    Failure(
        "what-if-silent", "the what-if is never answered", "asks again, then asks a person", ("what_if_silent",), when="start"
    ),
    Failure("what-if-no", "the what-if has numbers, and words that say no", "takes it as a no", ("what_if_no",), when="start"),
    Failure("order-lost", "an order vanishes on its way in", ASKS, ("order_lost",), when="asked"),
    Failure("acknowledgement-lost", "an order works, and nobody says so", ASKS, ("ack_lost",), when="asked"),
    Failure(
        "rejected", "an order is rejected (201)", "is over with it, and halts after several in a row", ("reject",), when="asked"
    ),
    Failure(
        "tick-refused",
        "an order is refused for its price increment (110)",
        "is over with it, and says so",
        ("tick_refused",),
        when="asked",
    ),
    Failure(
        "preset-notice",
        "TWS comments an order by a preset of its own, and works it (10349)",
        "takes no notice for the end of an order",
        ("preset_notice",),
        when="asked",
    ),
    Failure(
        "acknowledged-late",
        "an order is acknowledged after its fill",
        "counts the fill, whichever comes first",
        ("ack_after_fill",),
        when="asked",
    ),
    Failure("change-rejected", "a change of price is refused", "knows that the order works on as it was", ("reject_modify",)),
    Failure(
        "canceled-by-broker", "the broker cancels a working order (202)", "counts what filled, and looks anew", ("cancelled",)
    ),
    Failure(
        "inactive", "an order goes inactive and comes back", "asks what became of it before it acts", ("inactive",), when="asked"
    ),
    Failure(
        "cancel-refused", "cancels are refused, and the order works on", "tries again, ever more seldom", ("cancel_refused",)
    ),
    Failure("filled-while-canceled", "an order fills while its cancel is on its way", "counts the fill", ("fill_on_cancel",)),
    Failure(
        "partial",
        "whatever can be split fills in parts",
        "counts every part once, exits from the first on",
        ("partial_fills",),
        when="asked",
    ),
    Failure(
        "executions-late",
        "executions come 45 s after the status says filled",
        "waits for the executions",
        ("executions_late",),
        when="asked",
    ),
    Failure(
        "status-twice",
        "statuses come twice and before the executions",
        "counts executions only",
        ("duplicate_status", "status_before_exec"),
        when="asked",
    ),
    Failure(
        "positions-late",
        "positions are told 15 s after they are asked for",
        "waits for the whole answer",
        ("positions_latex3", "close"),
    ),
    Failure(
        "references-missing",
        "executions and completed orders are told without their reference",
        "knows them by their permanent id",
        ("no_reference",),
        when="asked",
    ),
    Failure(
        "shared-execution-ids",
        "the legs of a fill share all of the execution id but its end",
        "counts each leg once",
        ("shared_exec_ids=7200",),
        when="asked",
    ),
    Failure(
        "commission-late",
        "commissions are told half a minute late",
        "keeps its estimate until then",
        ("commission_late",),
        when="asked",
    ),
    Failure("commission-never", "commissions are never told", "keeps its estimate", ("commission_never",), when="asked"),
    Failure(
        "corrected",
        "an execution is corrected by a cent",
        "books the correction in the place of the first",
        ("exec_corrected",),
        when="asked",
    ),
    Failure("no-permanent-id", "orders that work have no permanent id for a minute", ASKS, ("no_perm_id",), when="asked"),
    Failure(
        "odd-times", "executions have times that nobody can read", "counts them, their time unknown", ("odd_times",), when="asked"
    ),
    Failure("id-jump", "the next order id jumps by a thousand", "follows it", ("id_jump",), when="asked"),
    Failure(
        "by-hand",
        "somebody sells a leg of a position in TWS",
        "opens nothing, closes nothing that would open something, and says so",
        ("by_hand",),
        "held",
        needs_person=True,
    ),
    Failure("killed-sending", "the engine is killed (kill -9) the moment an order is sent", ASKS, kill="sent"),
    Failure("killed-filling", "the engine is killed between two executions of one fill", "makes the fill whole", kill="filled"),
    Failure(
        "killed-while-it-filled",
        "the engine is killed with an order at work, which fills meanwhile",
        "finds the fill by its execution id",
        ("fill_unheard",),
        kill="acknowledged",
        down_s=120.0,
    ),
    Failure(
        "killed-for-good",
        "the engine is killed between two executions of one fill, and nobody starts it again",
        "has a guardian take its place, which opens nothing and goes on with the exits",
        kill="filled",
        is_guarded=True,
    ),
)
"""In the order in which they are drilled."""


def named(names: tuple[str, ...]) -> tuple[Failure, ...]:
    """The failures of these names in the catalogue's order, all of them for none. Raises KeyError with a name that is none."""
    known = {one.name for one in CATALOGUE}
    for name in names:
        if name not in known:
            raise KeyError(name)
    return tuple(one for one in CATALOGUE if not names or one.name in names)
