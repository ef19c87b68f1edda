"""Every declared message, at every version, written and read again; and nothing but WireError for anything else."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import given as having
from hypothesis import strategies as st

from engine.sim.wire.codec import decode, encode, encode_frame, frame_encoder
from engine.sim.wire.errors import WireError
from engine.sim.wire.frames import FrameReader, fields_of
from engine.sim.wire.message import Message
from engine.sim.wire.requests import REQUESTS
from engine.sim.wire.responses import RESPONSES
from engine.sim.wire.tables import BY_NAME

from . import given

REQUEST_NAMES = frozenset(declaration.name for declaration in REQUESTS)
NAMES = sorted(BY_NAME)


def test_numbers_and_names_are_unique() -> None:
    request_ids = [declaration.msg_id for declaration in REQUESTS]
    response_ids = [declaration.msg_id for declaration in RESPONSES]

    assert len(set(request_ids)) == len(request_ids)
    assert len(set(response_ids)) == len(response_ids)
    assert len(NAMES) == len(request_ids) + len(response_ids)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@having(st.data(), st.sampled_from(NAMES), st.sampled_from(given.VERSIONS))
def test_any_message_reads_as_it_was_written(data: st.DataObject, name: str, version: int) -> None:
    message = data.draw(given.messages(name, version))

    fields = encode(message, version)

    assert decode("c2s" if name in REQUEST_NAMES else "s2c", fields, version) == message


@pytest.mark.parametrize("version", given.VERSIONS)
def test_message_of_ids_alone_is_written_with_what_tws_prints_for_the_rest(version: int) -> None:
    message = Message("open_order", {"order_id": 5, "perm_id": 9, "sec_type": "OPT", "order_type": "LMT"})

    again = decode("s2c", encode(message, version), version)

    assert again.values["clearing_intent"] == "IB"
    assert again.values["exempt_code"] == -1
    assert again.values["dn_open_close"] == "?"
    assert again.values["display_size"] is None
    assert again.rows("legs") == ()


MUTATIONS = ("drop", "add", "garble", "swap", "huge", "empty")


@settings(max_examples=600)
@having(st.data(), st.integers(0, 10_000), st.sampled_from(MUTATIONS), st.sampled_from(given.VERSIONS))
def test_mutated_message_reads_or_is_refused_with_its_place(data: st.DataObject, pick: int, mutation: str, version: int) -> None:
    vectors = given.golden()
    vector = vectors[pick % len(vectors)]
    fields = _mutated(data, list(vector.fields), mutation)

    message, refusal = _read(vector.direction, fields, version)

    if message is None:
        assert refusal is not None
        assert not fields or refusal.index is not None
    else:
        assert decode(vector.direction, encode(message, version), version) == message


def _read(direction: str, fields: list[str], version: int) -> tuple[Message | None, WireError | None]:
    try:
        return decode(direction, fields, version), None
    except WireError as refusal:
        return None, refusal


def _mutated(data: st.DataObject, fields: list[str], mutation: str) -> list[str]:
    at = data.draw(st.integers(0, len(fields) - 1))
    match mutation:
        case "drop":
            del fields[at]
        case "add":
            fields.insert(at, data.draw(st.sampled_from(["", "0", "1", "x"])))
        case "garble":
            fields[at] = data.draw(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=6))
        case "swap":
            other = data.draw(st.integers(0, len(fields) - 1))
            fields[at], fields[other] = fields[other], fields[at]
        case "huge":
            fields[at] = data.draw(st.sampled_from(["9" * 400, "1e308", "-1", "99999999", "1" + "0" * 5000, "x" * 9000]))
        case _:
            fields[at] = ""
    return fields


@settings(max_examples=200)
@having(st.binary(max_size=80), st.sampled_from(["c2s", "s2c"]))
def test_any_body_reads_or_is_refused(body: bytes, direction: str) -> None:
    try:
        fields = fields_of(body)
    except WireError:
        fields = []

    message, refusal = _read(direction, fields, 178)

    assert refusal is not None or message.name in BY_NAME


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ([], "the message is empty"),
        (["999", "1"], "field 0: no c2s message has the number '999'"),
        (["4", "1", "x"], "cancel_order field 2 (order_id): needs a whole number, not 'x'"),
        (["4", "1", "7"], "cancel_order field 3 (manual_cancel_time): missing, the message ends before it"),
        (["4", "1", "7", "", "z"], "cancel_order field 4: 1 left over, first 'z'"),
    ],
)
def test_refusal_says_where_and_why(fields: list[str], place: str) -> None:
    with pytest.raises(WireError) as refused:
        decode("c2s", fields, 178)

    assert str(refused.value).strip(" :") == place


def test_group_is_refused_when_it_counts_more_rows_than_fields() -> None:
    with pytest.raises(WireError, match="counts 1000000 rows with 2 fields left"):
        decode("s2c", ["93", "26", "1000000", "0", "0.01"], 178)


@pytest.mark.parametrize(
    "message",
    [
        Message("no_such_message", {}),
        Message("tick_price", {"req_id": 1, "tick_type": 1, "prise": 2.0}),
        Message("tick_price", {"tick_type": 1}),
        Message("tick_price", {"req_id": "1", "tick_type": 1}),
        Message("market_rule", {"market_rule_id": 1, "increments": 5}),
        Message("market_rule", {"market_rule_id": 1, "increments": (5,)}),
        Message("sec_def_opt_param", {"req_id": 1, "strikes": ({"strike": 1.0},)}),
        Message("account_value", {"key": "a\0b"}),
    ],
)
def test_message_is_refused_when_it_cannot_be_written(message: Message) -> None:
    with pytest.raises(WireError):
        encode(message, 178)


@settings(max_examples=150)
@having(st.data(), st.sampled_from(["tick_price", "tick_size", "tick_option_computation", "tick_string"]))
def test_quick_writer_writes_what_the_plain_one_writes(data: st.DataObject, name: str) -> None:
    message = data.draw(given.messages(name, 178))

    quick = frame_encoder(name, 178)(*message.values.values())

    assert quick == encode_frame(message, 178)


def test_quick_writer_refuses_what_it_cannot_write() -> None:
    write = frame_encoder("tick_string", 178)

    for values in [(1, 45), (1, 45, "a", "b"), (1, 45, "a\0b"), (1, 45, "\ud800"), (None, 45, "a")]:
        with pytest.raises(WireError, match="tick_string"):
            write(*values)
    with pytest.raises(WireError, match="groups"):
        frame_encoder("open_order", 178)


def test_recorded_bag_order_reads_as_the_trader_placed_it() -> None:
    rows = [row for row in given.client_requests() if row.get("msg_id") == 3]
    order = decode("c2s", next(row["fields"] for row in rows if row["fields"][1] == "21"), 178)

    assert order.whole("order_id") == 21
    assert order.number("lmt_price") == -1.63
    assert order.size("total_quantity") == Decimal(2)
    assert order.flag("transmit")
    assert [leg.text("action") for leg in order.rows("legs")] == ["SELL", "BUY", "SELL", "BUY"]
    assert [leg.whole("ratio") for leg in order.rows("legs")] == [1, 1, 1, 1]
    assert order.optional_whole("duration") is None


def test_accessor_refuses_a_name_that_is_not_declared() -> None:
    message = decode("c2s", ["4", "1", "7", ""], 178)

    with pytest.raises(WireError, match="no such field"):
        message.text("ordre_id")
    with pytest.raises(WireError, match="needs text"):
        message.text("order_id")


def test_accessor_reads_what_a_version_lacks_as_absent() -> None:
    message = decode("c2s", ["4", "1", "7"], 157)

    assert message.text("manual_cancel_time") == ""


@having(st.data())
def test_frames_of_any_messages_come_back_from_one_stream(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(["tick_price", "error", "account_value"]), max_size=4))
    sent = [data.draw(given.messages(name, 178)) for name in names]
    assume(sent)

    bodies = FrameReader().feed(b"".join(encode_frame(message, 178) for message in sent))

    assert [decode("s2c", fields_of(body), 178) for body in bodies] == sent
