"""TWS error codes: one table from a code to what it means, what the engine does and what a person can do.

TWS sends one kind of message for notices, refusals and alarms, and the same code means different things for an order, a
market-data line and the link. So each code says what it does to each of the three. A code that is not in the table leaves
an order's fate unknown: the broker is asked, nothing is believed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ENDED = 202
"""An order was cancelled, mostly by us."""

OrderEffect = Literal["notice", "rejects_new", "ask"]
"""What a code says of the order it is addressed to.

notice: the order lives on. rejects_new: an order that TWS never acknowledged is dead; one that worked must be asked about,
because the code may belong to a change of it. ask: nothing is known before the broker has been asked.
"""
LineEffect = Literal["none", "full", "drop", "blind"]
"""What a code says of a market-data line: nothing, no more lines are free, it will never quote, or it is silent for now."""
LinkEffect = Literal[
    "none", "broken", "restored", "restored_empty", "farm_broken", "farm_ok", "taken", "slow_down", "moved", "competing"
]
"""What a code says of the session as a whole; `restored_empty` means that every subscription must be made anew."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one code means."""

    code: int
    text: str
    """What happened, for people."""
    advice: str
    """What to do about it, for people; empty where nothing needs doing."""
    order: OrderEffect = "ask"
    line: LineEffect = "none"
    link: LinkEffect = "none"
    is_warning: bool = False
    is_quiet: bool = False
    """True where it is routine: counted, not journaled."""
    may_retry: bool = False
    """True where the same read may succeed a little later."""

    @property
    def is_failure(self) -> bool:
        """Whether something that was asked for was not done: no notice, and nothing about the link."""
        asks_for_nothing = self.is_warning or self.order == "notice" or self.code == ENDED
        return not asks_for_nothing and self.link in {"none", "slow_down", "competing"}

    def sentence(self, heard: str) -> str:
        """The code's meaning with TWS's own words and the way out."""
        parts = [self.text, f"TWS says: {heard.strip()}" if heard.strip() else "", self.advice]
        return "; ".join(part.rstrip(".") for part in parts if part)


def meaning(code: int) -> Meaning:
    """The row of a code; an unlisted one in TWS's range of warnings is a notice, any other leaves everything open."""
    known = MEANINGS.get(code)
    if known is not None:
        return known
    if code in WARNING_RANGE:
        return Meaning(code, "a TWS warning", "", order="notice", is_warning=True)
    return Meaning(code, "an error that this engine does not know", "look the code up in IBKR's list of message codes")


UNREAD = 0
"""No code of TWS: its answer came and could not be read."""
CANCEL_REFUSED = frozenset({135, 136, 161, 10147, 10148})
"""What TWS answers to a cancel that it does not carry out."""
WARNING_RANGE = range(2100, 2200)
"""IBKR keeps these numbers for warnings."""

_PRESETS = "in TWS: Global Configuration, API, Precautions: tick Bypass Order Precautions for API Orders"
_SUBSCRIBE = "check the account's market data subscriptions and the API acknowledgement in the Client Portal"

# An order that breaks a precaution may wait in TWS, inactive, for a person to transmit it: asked about, never believed dead.
_ORDER_ROWS = (
    Meaning(103, "the order id was used before", "the engine takes a new id; nothing is sent twice"),
    Meaning(104, "a filled order cannot be changed", "the engine asks what happened to it"),
    Meaning(105, "the change does not match the original order; the original works on", "cancel it and let it be replaced"),
    Meaning(106, "the order cannot be transmitted", "", order="rejects_new"),
    Meaning(107, "the order is incomplete and was not transmitted", "", order="rejects_new"),
    Meaning(109, "the price is outside the precautionary range", _PRESETS),
    Meaning(110, "the price is not a whole number of ticks", "check the tick table of this trading class", order="rejects_new"),
    Meaning(111, "the time in force and the order type do not go together", "", order="rejects_new"),
    Meaning(135, "TWS knows no order with this id", "the engine asks what happened to it"),
    Meaning(136, "the order can no longer be cancelled", "the engine asks what happened to it"),
    Meaning(161, "the order is not in a state in which it can be cancelled", "the engine asks what happened to it"),
    Meaning(163, "the price is further from the market than the precautions allow", _PRESETS),
    Meaning(
        200, "there is no such contract, or more than one", "check symbol, expiry and strike", order="rejects_new", line="drop"
    ),
    Meaning(201, "the order was rejected", "read TWS's reason: funds, permissions or an opposite order", order="rejects_new"),
    Meaning(202, "the order was cancelled by the system, the exchange or a person", ""),
    Meaning(203, "the contract may not be traded in this account", "check trading permissions", order="rejects_new"),
    Meaning(312, "the combination's details are not valid", "this is a defect of the engine", order="rejects_new"),
    Meaning(313, "the combination's details for a leg are not valid", "this is a defect of the engine", order="rejects_new"),
    Meaning(314, "the combination needs BAG as its security type", "this is a defect of the engine", order="rejects_new"),
    Meaning(315, "the stock range of the combination is not valid", "this is a defect of the engine", order="rejects_new"),
    Meaning(
        321,
        "TWS could not read the request",
        "if the API is read-only, untick Read-Only API in TWS",
        line="drop",
        is_warning=True,
    ),
    Meaning(325, "the discretionary amount cannot be set", "", order="rejects_new"),
    Meaning(329, "the order's type cannot be changed; the original works on", "", is_warning=True),
    Meaning(355, "the size does not conform to the market's rule", "", order="rejects_new"),
    Meaning(356, "a smart combination cannot be in an OCA group", "exits are the engine's own", order="rejects_new"),
    Meaning(358, "a smart combination cannot be a child order", "exits are the engine's own", order="rejects_new"),
    Meaning(359, "a smart combination allows only OCA type 3", "exits are the engine's own", order="rejects_new"),
    Meaning(360, "there is no what-if for this combination", "the engine's own margin is used", order="rejects_new"),
    Meaning(382, "the price breaks the precaution on ticks", _PRESETS),
    Meaning(383, "the size breaks the precaution on size", _PRESETS),
    Meaning(387, "the order type is not supported here", "", order="rejects_new"),
    Meaning(388, "the order is smaller than the market's minimum", "", order="rejects_new"),
    Meaning(391, "the end time is not valid", "", order="rejects_new"),
    Meaning(399, "TWS has a note on the order", "", order="notice", is_warning=True),
    Meaning(404, "the shares to sell short are being located", "", order="notice", is_warning=True),
    Meaning(413, "a what-if needs the transmit flag", "this is a defect of the engine", order="rejects_new"),
    Meaning(434, "the order's size is zero", "", is_warning=True),
    Meaning(451, "the order's value breaks the precaution on value", _PRESETS),
    Meaning(460, "no trading permission", "ask for the permission in the Client Portal", order="rejects_new"),
    Meaning(463, "the market data permission that the order needs is missing", _SUBSCRIBE, order="rejects_new"),
    Meaning(492, "TWS has a note on the order", "", order="notice", is_warning=True),
    Meaning(2102, "the order is still being processed and cannot be changed yet", "", is_warning=True),
    Meaning(2109, "trading outside regular hours is ignored for this order", "", order="notice", is_warning=True, is_quiet=True),
    Meaning(2137, "the order closes more than the position or adds to it", "", order="notice", is_warning=True),
    Meaning(10000, "the legs of the combination are defined differently", "", order="rejects_new"),
    Meaning(10001, "a leg of the combination is not valid", "", order="rejects_new"),
    Meaning(10002, "a leg of the combination must be set", "", order="rejects_new"),
    Meaning(10006, "the parent order is missing", "", order="rejects_new"),
    Meaning(10011, "the legs are not guaranteed and the account did not agree to it", "", order="rejects_new"),
    Meaning(10058, "prices for single legs need a non-guaranteed order of two legs", "", order="rejects_new"),
    Meaning(10147, "TWS does not know the order that should be cancelled", "the engine asks what happened to it"),
    Meaning(10148, "the order cannot be cancelled in its state", "the engine asks what happened to it"),
    Meaning(10233, "the order inherited a setting", "", order="notice", is_warning=True),
    Meaning(10318, "TWS changed a setting of the order to its preset", "check the order presets in TWS"),
    Meaning(10349, "the time in force was set by an order preset", "", order="notice", is_warning=True),
)
_DATA_ROWS = (
    Meaning(UNREAD, "the answer could not be read", "", may_retry=True),
    Meaning(101, "all market data lines are in use", "close quotes in TWS or raise the account's lines", line="full"),
    Meaning(162, "historical data was refused", "", may_retry=True),
    Meaning(165, "the historical data service has a note", "", order="notice", is_warning=True, is_quiet=True),
    Meaning(300, "no such market data line", "", order="notice", is_warning=True, is_quiet=True),
    Meaning(310, "no such subscription", "", order="notice", is_warning=True, is_quiet=True),
    Meaning(322, "TWS could not process the request", "", may_retry=True),
    Meaning(354, "no subscription to this market data", _SUBSCRIBE, line="drop"),
    Meaning(366, "no such historical query", "", order="notice", is_warning=True, is_quiet=True),
    Meaning(10089, "this market data needs an additional subscription for the API", _SUBSCRIBE, line="drop"),
    Meaning(10090, "part of this market data is not subscribed; greeks may be missing", _SUBSCRIBE),
    Meaning(10091, "part of this market data needs an additional subscription for the API", _SUBSCRIBE),
    Meaning(10167, "delayed quotes are shown instead of live ones", _SUBSCRIBE, order="notice", is_warning=True),
    Meaning(10168, "neither live nor delayed quotes are available", _SUBSCRIBE, line="drop"),
    Meaning(10186, "neither live nor delayed quotes are available", _SUBSCRIBE, line="drop"),
    Meaning(
        10197,
        "another session of the same user took the market data",
        "log out of TWS, the app or the web",
        line="blind",
        link="competing",
    ),
    Meaning(10225, "bars were corrected", "", order="notice", is_warning=True, is_quiet=True),
)
_LINK_ROWS = (
    Meaning(100, "more than 50 messages in a second", "the engine slows down", link="slow_down"),
    Meaning(326, "the client id is taken", "choose another client id, or close the program that uses it", link="taken"),
    Meaning(502, "TWS cannot be reached", "start TWS or IB Gateway and enable its API", link="broken"),
    Meaning(504, "not connected to TWS", "", link="broken"),
    Meaning(507, "TWS closed the connection", "", link="broken"),
    Meaning(1100, "TWS lost its connection to IBKR", "it comes back by itself; working orders stay", link="broken"),
    Meaning(1101, "TWS is connected to IBKR again, subscriptions were lost", "", link="restored_empty"),
    Meaning(1102, "TWS is connected to IBKR again", "", link="restored"),
    Meaning(1300, "TWS changed its API port", "give the new port to the engine", link="moved"),
    Meaning(2103, "a market data farm is broken", "", order="notice", link="farm_broken", is_warning=True),
    Meaning(2104, "a market data farm is connected", "", order="notice", link="farm_ok", is_warning=True, is_quiet=True),
    Meaning(2105, "a historical data farm is broken", "", order="notice", is_warning=True),
    Meaning(2106, "a historical data farm is connected", "", order="notice", is_warning=True, is_quiet=True),
    Meaning(2107, "a historical data farm sleeps until it is needed", "", order="notice", is_warning=True, is_quiet=True),
    Meaning(
        2108, "a market data farm sleeps until it is needed", "", order="notice", link="farm_ok", is_warning=True, is_quiet=True
    ),
    Meaning(2110, "TWS lost its connection to IBKR", "it comes back by itself", link="broken", is_warning=True),
    Meaning(2119, "a market data farm is connecting", "", order="notice", is_warning=True, is_quiet=True),
    Meaning(2157, "the contract details farm is broken", "", order="notice", is_warning=True),
    Meaning(2158, "the contract details farm is connected", "", order="notice", is_warning=True, is_quiet=True),
)

MEANINGS: Mapping[int, Meaning] = {row.code: row for row in (*_ORDER_ROWS, *_DATA_ROWS, *_LINK_ROWS)}
"""Source: IBKR, TWS API message codes; which of them leave an order alive was seen with ib_async 2.1.0."""
