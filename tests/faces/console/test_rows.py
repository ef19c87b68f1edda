"""The rows of a live table: a selection is a key, an order holds until another is asked for, and what is gone is not acted on."""

from datetime import UTC, datetime

from hypothesis import given as over
from hypothesis import strategies as st

from engine.console.table.rows import Rows

NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 18, tzinfo=UTC)


def scored(**scores: float | None) -> dict[str, tuple[object, ...]]:
    return {key: (key, score) for key, score in scores.items()}


def by_score(**scores: float | None) -> Rows:
    rows = Rows()
    rows.update(scored(**scores))
    rows.sort(1, NOON, descending=True)
    return rows


def test_first_row_is_selected_when_rows_come() -> None:
    rows = Rows()

    rows.update(scored(a=1, b=2))

    assert rows.selected == "a"


def test_sort_puts_the_largest_first_and_the_unknown_last() -> None:
    assert by_score(a=1, b=None, c=3, d=2).order == ["c", "d", "a", "b"]


def test_selection_stays_with_its_row_through_sort_insert_and_remove() -> None:
    rows = by_score(a=1, b=2, c=3)
    rows.select("b")

    rows.update(scored(d=9, a=8))
    rows.update({}, ["c"])
    rows.resort(LATER)

    assert rows.selected == "b"
    assert rows.order == ["d", "a", "b"]


def test_changed_value_moves_no_row_and_tells_that_the_order_has_drifted() -> None:
    rows = by_score(a=1, b=2, c=3)

    rows.update(scored(a=9))

    assert rows.order == ["c", "b", "a"]
    assert rows.has_drifted
    assert rows.sorted_at == NOON


def test_changed_value_that_keeps_its_place_is_no_drift() -> None:
    rows = by_score(a=1, b=5, c=9)

    rows.update(scored(b=6))

    assert not rows.has_drifted


def test_new_row_goes_where_it_belonged_when_the_rows_were_sorted() -> None:
    rows = by_score(a=1, b=2, c=3)
    rows.update(scored(a=9))

    rows.update(scored(d=2.5))

    assert rows.order == ["c", "d", "b", "a"]


def test_selected_row_that_is_removed_stays_on_its_line_and_is_not_acted_on() -> None:
    rows = by_score(a=1, b=2, c=3)
    rows.select("b")

    rows.update({}, ["b"])

    assert rows.order == ["c", "b", "a"]
    assert (rows.selected, rows.gone, rows.actionable()) == ("b", "b", None)


def test_gone_row_leaves_with_the_selection() -> None:
    rows = by_score(a=1, b=2, c=3)
    rows.select("b")
    rows.update({}, ["b"])

    rows.move(1)

    assert rows.order == ["c", "a"]
    assert rows.actionable() == "a"


def test_gone_row_that_comes_back_is_acted_on_again() -> None:
    rows = by_score(a=1, b=2)
    rows.select("b")
    rows.update({}, ["b"])
    assert rows.actionable() is None

    rows.update(scored(b=4))

    assert rows.actionable() == "b"


def test_last_row_that_is_gone_can_be_left() -> None:
    rows = by_score(a=1)
    rows.update({}, ["a"])

    rows.move(1)

    assert rows.order == []
    assert rows.selected is None


def test_filter_hides_what_does_not_pass_and_selects_the_first_that_does() -> None:
    rows = by_score(a=1, b=2, c=3)
    rows.select("a")

    rows.filter(lambda values: isinstance(values[1], int) and values[1] > 1, LATER)

    assert rows.order == ["c", "b"]
    assert rows.selected == "c"


def test_row_that_no_longer_passes_stays_until_the_rows_are_sorted_again() -> None:
    rows = by_score(a=1, b=2, c=3)
    rows.filter(lambda values: isinstance(values[1], int) and values[1] > 1, LATER)

    rows.update(scored(c=0))
    assert rows.order == ["c", "b"]

    rows.resort(LATER)
    assert rows.order == ["b"]


def test_replace_removes_what_is_not_there_any_more() -> None:
    rows = by_score(a=1, b=2, c=3)
    rows.select("c")

    rows.replace(scored(c=3, d=4))

    assert rows.order == ["d", "c"]
    assert rows.selected == "c"


KEYS = st.sampled_from("abcdefgh")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("upsert"), KEYS, st.integers(0, 9)),
        st.tuples(st.just("remove"), KEYS, st.just(0)),
        st.tuples(st.just("sort"), KEYS, st.just(0)),
        st.tuples(st.just("replace"), KEYS, st.integers(0, 9)),
    ),
    max_size=30,
)


@over(STEPS, KEYS)
def test_no_change_of_rows_moves_the_selection(steps: list[tuple[str, str, int]], chosen: str) -> None:
    rows = by_score(a=1, b=2, c=3, d=4, e=5, f=6, g=7, h=8)
    rows.select(chosen)

    for what, key, score in steps:
        match what:
            case "upsert":
                rows.update({key: (key, score)})
            case "remove":
                rows.update({}, [key])
            case "sort":
                rows.sort(1, LATER, descending=score > 4)
            case _:
                rows.replace({key: (key, score)})

        assert rows.selected == chosen
        assert rows.order[rows.place(chosen) or 0] == chosen
        assert rows.actionable() in {chosen, None}
        assert len(set(rows.order)) == len(rows.order)
        assert set(rows.order) == set(rows.values)
