"""How TWS prints values, and what it means by what it leaves out."""

from __future__ import annotations

from decimal import Decimal
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.wire.errors import WireError
from engine.sim.wire.kinds import JAVA_MAX_DOUBLE, Double, Flag, Size, Text, Whole

LARGEST_DOUBLES = (JAVA_MAX_DOUBLE, "1.7976931348623157e+308")


@pytest.mark.parametrize(
    ("number", "java", "plain", "cents"),
    [
        (0.0, "0.0", "0", "0.00"),
        (70.0, "70.0", "70", "70.00"),
        (196.52, "196.52", "196.52", "196.52"),
        (3124.6, "3124.6", "3124.6", "3124.60"),
        (-0.005, "-0.005", "-0.005", "-0.005"),
        (0.0001, "1.0E-4", "0.0001", "0.0001"),
        (12345678.9, "1.23456789E7", "12345678.9", "12345678.90"),
        (1e22, "1.0E22", "10000000000000000000000", "10000000000000000000000.00"),
        (1e300, "1.0E300", "1.0E300", "1.0E300"),
    ],
)
def test_double_prints_in_the_style_of_its_field(number: float, java: str, plain: str, cents: str) -> None:
    printed = (Double().write(number), Double(style="plain").write(number), Double(style="cents").write(number))

    assert printed == (java, plain, cents)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["java", "plain", "cents"]))
def test_double_always_reads_back_as_printed(number: float, style: str) -> None:
    kind = Double(style=style)
    text = kind.write(number)

    assert len(text) <= 64
    if abs(number) < 1.7e308:
        assert kind.read(text) == number


@pytest.mark.parametrize("text", ["", *LARGEST_DOUBLES])
def test_absent_double_is_none_whichever_way_it_is_left_out(text: str) -> None:
    assert Double().read(text) is None


@pytest.mark.parametrize("text", ["", "2147483647", "9223372036854775807"])
def test_absent_whole_is_none_whichever_way_it_is_left_out(text: str) -> None:
    assert Whole(sentinel=True).read(text) is None


@pytest.mark.parametrize("text", ["", "0", "0.0", *LARGEST_DOUBLES])
def test_zero_and_absent_mean_the_same_where_a_request_says_so(text: str) -> None:
    assert Double(zero_is_absent=True).read(text) is None


def test_double_is_infinite_only_where_declared() -> None:
    assert Double(infinite=True).read("Infinity") == inf
    assert Double(infinite=True).write(inf) == "Infinity"
    with pytest.raises(WireError):
        Double().read("Infinity")


@pytest.mark.parametrize("text", ["1_000", "0x1", "nan", "inf", "1e999", " 1", "1 ", "١", "1" * 65, "1e99999", "--1"])
def test_double_is_refused_when_it_is_no_number(text: str) -> None:
    with pytest.raises(WireError):
        Double().read(text)


@pytest.mark.parametrize("text", ["1.0", "1e3", "1_0", "٣", "9" * 21, "x"])
def test_whole_is_refused_when_it_is_no_whole_number(text: str) -> None:
    with pytest.raises(WireError):
        Whole().read(text)


@pytest.mark.parametrize(("size", "text"), [(Decimal("1.50"), "1.5"), (100, "100"), (0.7143, "0.7143"), (2.0, "2")])
def test_size_prints_without_trailing_zeros(size: Decimal, text: str) -> None:
    assert Size().write(size) == text


@pytest.mark.parametrize("text", ["1e99", "NaN", "-", "1e-90"])
def test_size_is_refused_when_it_is_no_quantity(text: str) -> None:
    with pytest.raises(WireError):
        Size().read(text)


@pytest.mark.parametrize("value", [nan, inf, "1", True, ()])
def test_number_is_refused_when_its_value_is_of_another_kind(value: object) -> None:
    with pytest.raises(WireError):
        Double().write(value)


def test_flag_reads_as_the_clients_read_it() -> None:
    assert [Flag().read(text) for text in ("0", "1", "", "100")] == [False, True, False, True]
    with pytest.raises(WireError):
        Flag().read("true")


@given(st.text(st.characters(exclude_characters="\0\\", exclude_categories=("Cs",)), max_size=20))
def test_escaped_text_travels_in_ascii_and_comes_back(text: str) -> None:
    kind = Text(escaped=True)

    sent = kind.write(text)

    assert sent.isascii()
    assert kind.read(sent) == text


def test_text_is_refused_when_it_would_split_its_field() -> None:
    with pytest.raises(WireError):
        Text().write("a\0b")


def test_escape_of_half_a_character_stays_as_it_came() -> None:
    assert Text(escaped=True).read("x\\ud800") == "x\\ud800"
