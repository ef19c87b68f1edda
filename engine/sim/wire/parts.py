"""Runs of fields that several messages share: the contract, combo legs, tag and value pairs, order conditions.

Requests and answers differ in one respect. Clients print, leave out or fill with a sentinel what they do not use, each
in its own way, so a request reads an empty, a zero and an absent number alike; answers are read as TWS prints them.
"""

from __future__ import annotations

from engine.sim.wire.fields import Field, Group, Item, rows, text, texts, when, whole
from engine.sim.wire.kinds import Double, Flag, Kind, Row, Size, Text, Whole


def request_whole(name: str) -> Field:
    """A whole number in a request that is 0 when a client leaves it out."""
    return Field(name, Whole(blank=0, sentinel=True, int32=True), 0)


def request_id_field(name: str) -> Field:
    """A request or order id: any number stands for itself, and a client may leave its zero out."""
    return Field(name, Whole(blank=0, int32=True), 0)


def optional_whole(name: str) -> Field:
    """A whole number in a request where empty, zero and the largest int all mean: none."""
    return Field(name, Whole(sentinel=True, zero_is_absent=True, int32=True))


def optional_price(name: str) -> Field:
    """A number in a request where empty, zero and the largest double all mean: none."""
    return Field(name, Double(zero_is_absent=True))


def request_price(name: str) -> Field:
    """A number in a request where zero is a price of its own, as in an even-money combo; empty means none."""
    return Field(name, Double())


def request_amount(name: str) -> Field:
    """A number in a request that is 0 when a client leaves it out."""
    return Field(name, Double(blank=0.0), 0.0)


def request_size(name: str) -> Field:
    return Field(name, Size())


def request_flag(name: str) -> Field:
    return Field(name, Flag())


UNDERLYING_ASKED: tuple[Item, ...] = (
    request_whole("con_id"),
    *texts("symbol", "sec_type", "expiry"),
    optional_price("strike"),
    *texts("right", "multiplier"),
)
"""A contract up to its multiplier, where requests go on with their own choice of exchanges."""

CONTRACT_ASKED: tuple[Item, ...] = (
    *UNDERLYING_ASKED,
    *texts("exchange", "primary_exchange", "currency", "local_symbol", "trading_class"),
)
"""A contract as requests name it (C12 in short)."""

LEG_ASKED: tuple[Item, ...] = (request_whole("con_id"), request_whole("ratio"), *texts("action", "exchange"))


def contract(strike: Kind, *exchange: str) -> tuple[Item, ...]:
    """A contract as TWS names it; `strike` says how it is printed, `exchange` which exchange fields there are."""
    return (
        whole("con_id", 0),
        *texts("symbol", "sec_type", "expiry"),
        Field("strike", strike, 0.0),
        *texts("right", "multiplier", *exchange, "currency", "local_symbol", "trading_class"),
    )


def is_bag(values: Row) -> bool:
    return values["sec_type"] == "BAG"


def tag_values(name: str) -> Group:
    return rows(name, *texts("tag", "value"))


def has_delta_neutral_contract(values: Row) -> bool:
    return values["dn_contract"] is True


def is_delta_neutral(values: Row) -> bool:
    return bool(values["dn_order_type"])


def hedges(values: Row) -> bool:
    return bool(values["hedge_type"])


def has_algo(values: Row) -> bool:
    return bool(values["algo_strategy"])


def scales(values: Row) -> bool:
    """Whether the scale details follow: the price increment is above zero."""
    increment = values["scale_price_increment"]
    return isinstance(increment, (int, float)) and increment > 0


def pegs_to_benchmark(values: Row) -> bool:
    return values["order_type"] in ("PEG BENCH", "PEGBENCH")


def _is_price(values: Row) -> bool:
    return values["type"] == 1


def _is_time(values: Row) -> bool:
    return values["type"] == 3


def _is_margin(values: Row) -> bool:
    return values["type"] == 4


def _is_execution(values: Row) -> bool:
    return values["type"] == 5


def _is_volume(values: Row) -> bool:
    return values["type"] == 6


def _is_percent_change(values: Row) -> bool:
    return values["type"] == 7


def _has_conditions(values: Row) -> bool:
    return bool(values["conditions"])


_IS_MORE = Field("is_more", Flag())
_CONTRACT_WATCHED = (whole("con_id", 0), text("exchange"))

CONDITIONS: tuple[Item, ...] = (
    rows(
        "conditions",
        Field("type", Whole(required=True, among=(1, 3, 4, 5, 6, 7))),
        text("conjunction", "a"),
        when(_is_price, _IS_MORE, Field("price", Double()), *_CONTRACT_WATCHED, Field("trigger_method", Whole(blank=0), 0)),
        when(_is_time, _IS_MORE, text("time")),
        when(_is_margin, _IS_MORE, whole("percent")),
        when(_is_execution, *texts("sec_type", "exchange", "symbol")),
        when(_is_volume, _IS_MORE, whole("volume"), *_CONTRACT_WATCHED),
        when(_is_percent_change, _IS_MORE, Field("change_percent", Double()), *_CONTRACT_WATCHED),
    ),
    when(_has_conditions, Field("conditions_ignore_rth", Flag()), Field("conditions_cancel_order", Flag())),
)
"""Order conditions; conjunction `a` (and) or `o` (or) binds a condition to the next."""

PEG_TO_BENCHMARK: tuple[Item, ...] = (
    whole("reference_contract_id", 0),
    Field("is_pegged_change_amount_decrease", Flag()),
    Field("pegged_change_amount", Double(), 0.0),
    Field("reference_change_amount", Double(), 0.0),
    Field("reference_exchange_id", Text()),
)

DELTA_NEUTRAL_CONTRACT: tuple[Item, ...] = (
    request_flag("dn_contract"),
    when(
        has_delta_neutral_contract,
        request_whole("dn_contract_con_id"),
        request_amount("dn_contract_delta"),
        request_amount("dn_contract_price"),
    ),
)
"""The delta-neutral contract of a request, behind a flag that says whether there is one."""
