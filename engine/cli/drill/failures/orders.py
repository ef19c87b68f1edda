"""Previews and orders, from the question to the end."""

from engine.cli.drill.failure import ASKS, LINKED, Failure
from engine.domain.facts.halts import Halted

ORDERS: tuple[Failure, ...] = (
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
        "cancel-refused",
        "cancels are refused, and the order works on",
        "tries again, ever more seldom",
        ("cancel_refused",),
        act="cancel",
    ),
    Failure(
        "filled-while-canceled",
        "an order fills while its cancel is on its way",
        "counts the fill",
        ("fill_on_cancel",),
        act="cancel",
    ),
    Failure("id-jump", "the next order id jumps by a thousand", "follows it", ("id_jump",), when="asked"),
    Failure("what-if-error", "the what-if is answered with an error", "takes it as a no", ("what_if_error",), when="start"),
    Failure(
        "read-only",
        "the API is switched to read-only for two minutes (321)",
        "is over with what was refused, and says why",
        ("read_only=120",),
        when="asked",
    ),
    Failure(
        "id-used",
        "an order is refused because its number was used before (103)",
        "is over with it, and takes a higher one for the next",
        ("reject=103",),
        when="asked",
    ),
    Failure(
        "change-mismatched",
        "a change of price does not match the combination as TWS keeps it (105)",
        "knows that the order works on as it was",
        ("reject_modify=105",),
    ),
    Failure(
        "several-rejected",
        "three orders in a row are rejected",
        "halts openings, and says so",
        ("reject=201x3",),
        when="asked",
        needs_person=True,
        shows=(Halted,),
    ),
    Failure(
        "closed-without-bids",
        "everything is to be closed while nobody bids for options",
        "gives nothing away, buys back what is sold, and closes the rest when somebody bids again",
        ("no_bids=180",),
        "held",
        "close",
    ),
    Failure(
        "closed-while-lost",
        "everything is to be closed while TWS has lost IBKR",
        "sends nothing into a link that is in doubt, and closes when it is back",
        ("link_lost=120",),
        "held",
        "close",
        shows=LINKED,
    ),
    Failure(
        "closed-in-parts",
        "everything is to be closed, and fills come in parts",
        "closes what is left of it, and never more than is held",
        ("partial_fills",),
        "held",
        "close",
    ),
)
