"""What sends something asks twice: priced at the keypress, confirmed, once; and HALT opens above everything."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.faces.console.answers import AT, approval, order, status
from tests.faces.console.conftest import NARROW, Desk, Opened

REF = "sp1-261123-0004"


@pytest.mark.asyncio
async def test_approval_is_priced_at_the_keypress_and_sent_at_the_price_that_was_seen(
    desk: Opened, snapshot: SnapshotAssertion
) -> None:
    async with desk() as at:
        await at.press("3")
        at.engine.told_approvals = [approval(net_now=8.05)]
        await at.press("a")
        assert at.screen == snapshot
        assert at.engine.said == []

        await at.press("enter")

        assert at.engine.said == [("approve", REF, 8.05, "ada")]


@pytest.mark.asyncio
async def test_approval_that_moved_is_shown_anew_and_not_sent_by_itself(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk() as at:
        await at.press("3", "a")
        at.engine.refusal = "nothing was sent: it brings 8.05 now, you were shown 8.45; ask again to accept"
        at.engine.told_approvals = [approval(net_now=8.05)]
        await at.press("enter")
        assert at.screen == snapshot
        assert len(at.engine.said) == 1

        at.engine.refusal = None
        await at.press("enter")

        assert at.engine.said[1:] == [("approve", REF, 8.05, "ada")]
        assert len(at.app.screen_stack) == 1


@pytest.mark.asyncio
async def test_second_enter_sends_nothing_while_the_first_is_on_its_way(desk: Opened) -> None:
    async with desk() as at:
        await at.press("3", "a")

        await at.press("enter", "enter", "enter")

        assert len(at.engine.said) == 1


@pytest.mark.asyncio
async def test_real_money_is_sent_by_a_typed_word_alone(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk() as at:
        at.engine.told_status = status(mode="live", account="U7654321")
        await at.look()
        await at.press("3", "a")
        await at.press("enter")
        await at.press(*"send", "enter")
        assert at.engine.said == []
        assert at.screen == snapshot

        await at.press(*["backspace"] * 4, *"SEND", "enter")

        assert [word[0] for word in at.engine.said] == ["approve"]


@pytest.mark.asyncio
async def test_approval_that_somebody_else_has_answered_says_who_and_sends_nothing(desk: Opened) -> None:
    async with desk() as at:
        await at.press("3")
        at.engine.told_approvals = []
        at.engine.told_orders = [order(state="approved", approved_by="web")]
        await at.pilot.press("a")
        await at.look()

        assert "it does not wait any more: approved by web" in at.screen
        await at.press("enter")
        assert at.engine.said == []


@pytest.mark.asyncio
async def test_key_acts_on_the_approval_that_was_looked_at_when_another_takes_its_place(desk: Opened) -> None:
    async with desk() as at:
        await at.press("3")
        at.engine.told_approvals = [approval("sp1-261123-0009", spread="SPX 15 Jan 27 6400/6350P bull_put")]
        await at.look()

        await at.press("a")

        assert "the selected row has gone" in at.screen
        assert len(at.app.screen_stack) == 1
        assert at.engine.said == []


@pytest.mark.asyncio
async def test_rejection_asks_why(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk() as at:
        await at.press("3", "r")
        assert at.screen == snapshot

        await at.press("2")

        assert at.engine.said == [("decline", REF, "an event ahead", "ada")]


@pytest.mark.asyncio
async def test_rejection_takes_a_reason_of_ones_own(desk: Opened) -> None:
    async with desk() as at:
        await at.press("3", "r", "4", *"gap risk", "enter")

        assert at.engine.said == [("decline", REF, "gap risk", "ada")]


@pytest.mark.asyncio
async def test_close_and_roll_show_what_they_would_do_and_which_part(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk() as at:
        await at.press("4", "C")
        assert at.screen == snapshot

        await at.press("down", "enter")

        assert at.engine.said == [("close", "sp1-261118-0002", -5.1, None, True, False, "ada")]

        at.engine.said.clear()
        at.engine.told_positions[0]["can_roll"] = ("roll", "roll put side")
        await at.look()
        await at.press("L", "down")
        assert at.screen == snapshot(name="roll")
        await at.press("enter")

        assert at.engine.said == [("roll", "sp1-261118-0002", 1.1, "roll put side", "ada")]


@pytest.mark.asyncio
async def test_order_is_ended_once_it_is_confirmed(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk() as at:
        await at.press("5", "X")
        assert at.screen == snapshot
        assert at.engine.said == []

        await at.press("enter")

        assert at.engine.said == [("cancel", REF, "canceled in the console", "ada")]


@pytest.mark.asyncio
async def test_halt_opens_above_an_order_and_wants_its_word(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk() as at:
        await at.press("3", "a", "f12")
        assert at.screen == snapshot

        await at.press(*"halt", "enter")
        assert at.engine.said == []
        await at.press(*["backspace"] * 4, *"HALT", "enter")

        assert at.engine.said == [("halt", "typed HALT in the console", "ada")]


@pytest.mark.asyncio
@pytest.mark.parametrize("keys", [(), ("3", "a"), ("3", "r"), ("2", "c"), ("2", "slash"), ("question_mark",), ("colon",)])
async def test_halt_opens_from_everywhere(keys: tuple[str, ...], desk: Opened) -> None:
    async with desk() as at:
        await at.press(*keys)

        await at.press("f12", *"HALT", "enter")

        assert [word[0] for word in at.engine.said] == ["halt"]


def told(at: Desk) -> str:
    """Every sentence that stands on the screen for a while."""
    return " ".join(one.message for one in at.app._notifications)


@pytest.mark.asyncio
async def test_halt_that_the_engine_does_not_hear_is_left_as_a_file(desk: Opened, tmp_path: Path) -> None:
    (tmp_path / "state" / "journal").mkdir(parents=True)
    async with desk() as at:
        at.app.setup = replace(at.app.setup, state=tmp_path / "state")
        at.engine.is_there = False

        await at.press("f12", *"HALT", "enter")

        assert (tmp_path / "state" / "HALT").read_text() == "ada: typed HALT in the console\n"
        assert "it halts within a beat" in told(at)


@pytest.mark.asyncio
async def test_halt_that_can_be_left_nowhere_says_that_nothing_was_halted(desk: Opened, tmp_path: Path) -> None:
    async with desk() as at:
        at.app.setup = replace(at.app.setup, state=tmp_path / "nowhere")
        at.engine.is_there = False

        await at.press("f12", *"HALT", "enter")

        assert "NOT HALTED: no engine answers" in told(at)


@pytest.mark.asyncio
async def test_halt_says_what_else_there_is_where_the_engine_does_not_answer(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk(size=NARROW) as at:
        at.engine.is_there = False
        await at.press("f12")

        assert at.screen == snapshot


@pytest.mark.asyncio
async def test_resume_says_what_happens_and_is_harder_than_halt(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk() as at:
        at.engine.told_status = status(halt={"by": "ada", "reason": "CPI"}, trading="halted")
        await at.look()
        at.app.action_resume()
        await at.pilot.pause()
        assert at.screen == snapshot

        await at.press("enter", *"RESUME", "enter")

        assert at.engine.said == [("resume", "typed RESUME in the console", "ada")]


@pytest.mark.asyncio
async def test_palette_finds_the_halt_by_typing(desk: Opened) -> None:
    async with desk() as at:
        await at.press("colon", *"hal")
        await at.pilot.pause(0.3)
        await at.press("enter")
        await at.pilot.pause(0.1)

        assert "Working entries are canceled" in at.screen


@pytest.mark.asyncio
async def test_help_lists_every_key_of_the_screen(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk(size=(100, 60)) as at:
        await at.press("3", "question_mark")

        assert at.screen == snapshot


@pytest.mark.asyncio
async def test_columns_are_chosen_and_moved(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk() as at:
        await at.press("2", "c")
        assert at.screen == snapshot

        await at.press("space", "j", "J", "enter")

        assert at.app.view is not None
        assert at.app.view.table is not None
        assert [at.app.view.table.columns[place].name for place in at.app.view.table.shown[:3]] == ["dte", "exp", "strikes"]


@pytest.mark.asyncio
async def test_why_is_one_key_away(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk() as at:
        await at.press("2", "w")

        assert at.screen == snapshot


@pytest.mark.asyncio
async def test_picture_turns_to_the_table_of_prices_and_dates(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk() as at:
        await at.press("2", "p")

        assert at.screen == snapshot


@pytest.mark.asyncio
async def test_countdown_goes_on_between_two_answers(desk: Opened) -> None:
    async with desk() as at:
        await at.press("3")
        at.clock.now += 10
        at.app.draw()
        await at.pilot.pause()

        assert "expires in 4:02" in at.screen
        assert at.app.feed.now() == AT + timedelta(seconds=10)


@pytest.mark.asyncio
async def test_candidate_is_ordered_in_the_quantity_that_was_chosen_once_it_is_confirmed(
    desk: Opened, snapshot: SnapshotAssertion
) -> None:
    async with desk() as at:
        await at.press("2")
        await at.press("O")
        assert at.screen == snapshot
        assert at.engine.said == []

        await at.press("down", "down", "enter")

        assert at.engine.said == [("execute", "c000", 8.45, 2, "ada")]


@pytest.mark.asyncio
async def test_order_that_a_gate_stops_cannot_be_sent(desk: Opened) -> None:
    async with desk() as at:
        await at.press("2")
        await at.press("O", "down", "down", "down")
        assert "cannot be sent: per_trade: $20,810 of at most $20,000" in at.screen

        await at.press("enter")

        assert at.engine.said == []


@pytest.mark.asyncio
async def test_strategy_is_paused_with_a_reason_and_goes_on_once_it_is_confirmed(desk: Opened) -> None:
    async with desk() as at:
        await at.press("6")
        await at.press("P", "1")
        assert at.engine.said == [("pause", "spx_bull_put", "an event ahead", "ada")]

        at.engine.told_strategies["strategies"][0]["pause"] = {"by": "ada", "reason": "an event ahead", "at": AT}
        await at.look()
        assert "⚠ paused by ada" in at.screen
        await at.press("P")
        assert "Its openings would be allowed again." in at.screen
        await at.press("enter")

        assert at.engine.said[1:] == [("unpause", "spx_bull_put", "ada")]


@pytest.mark.asyncio
async def test_history_is_asked_in_sql_and_answers_in_a_table(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk() as at:
        await at.press("7")
        await at.press("e", *"nonsense", "enter")
        assert "syntax error at or near nonsense" in at.screen

        await at.press("down", "enter")

        assert at.screen == snapshot
        assert [word[0] for word in at.engine.said] == ["sql"]


@pytest.mark.asyncio
async def test_plan_of_an_edit_is_shown_or_that_there_is_none(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk() as at:
        await at.press("6")
        await at.press("e")
        assert at.screen == snapshot

        await at.press("escape", "down", "e")
        assert "no draft lies beside it" in told(at)
