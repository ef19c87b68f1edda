import json
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.errors import Damaged
from engine.domain.facts.running import EngineStopped
from engine.domain.facts.union import KINDS, Fact
from engine.ports import Line
from engine.store import codec
from tests.shell.store.facts import NOON, any_fact, drawn, instants, proposal


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@settings(max_examples=12)
@given(st.data())
def test_every_kind_of_fact_comes_back_as_it_was_written(kind: type, data: st.DataObject) -> None:
    line = Line(data.draw(st.integers(1, 10**9)), data.draw(instants), data.draw(st.text()), data.draw(drawn(kind)))

    back = codec.decode(codec.encode(line, codec.FIRST_HASH).raw)

    assert back == line
    assert type(back.fact) is kind


@settings(max_examples=30)
@given(any_fact)
def test_a_line_is_one_json_object_in_the_order_of_declaration(fact: Fact) -> None:
    raw = codec.encode(Line(1, NOON, "DU1", fact), codec.FIRST_HASH).raw

    keys = json.loads(raw, object_pairs_hook=lambda pairs: [key for key, _ in pairs])

    assert keys == [*codec.AROUND[:-1], *codec.FIELDS[type(fact).__name__].values(), "hash"]
    assert raw.count(b"\n") == 1
    assert raw.endswith(b"\n")


@settings(max_examples=30)
@given(any_fact)
def test_the_same_fact_makes_the_same_bytes(fact: Fact) -> None:
    line = Line(1, NOON, "DU1", fact)

    assert codec.encode(line, codec.FIRST_HASH) == codec.encode(line, codec.FIRST_HASH)


def test_the_hash_is_of_the_previous_hash_and_the_line_without_it() -> None:
    previous = "ab" * 32

    sealed = codec.encode(Line(7, NOON, "DU1", EngineStopped("end of day")), previous)

    body = b'{"seq":7,"at":"2026-11-23T17:00:00.000000Z","account":"DU1","kind":"EngineStopped","reason":"end of day"}'
    assert sealed.hash == sha256(previous.encode() + body).hexdigest()
    assert sealed.raw == body[:-1] + b',"hash":"' + sealed.hash.encode() + b'"}\n'
    assert codec.is_chained(sealed.raw, previous)
    assert not codec.is_chained(sealed.raw, codec.FIRST_HASH)


def test_no_key_of_a_fact_shadows_what_stands_around_it() -> None:
    for kind, keys in codec.FIELDS.items():
        assert not set(keys.values()) & set(codec.AROUND), kind
        assert len(set(keys.values())) == len(keys), kind


def test_a_kind_that_this_version_does_not_know_is_named() -> None:
    raw = codec.encode(Line(1, NOON, "DU1", proposal("o1")), codec.FIRST_HASH).raw.replace(b"OrderProposed", b"OrderDreamt")

    with pytest.raises(Damaged, match="OrderDreamt is unknown to this version"):
        codec.decode(raw)
