"""The clocks of exits: each only works beside the others."""

from dataclasses import replace
from datetime import timedelta

from engine.cli.demo.demo import SIM_OPTIONS, WATCHED_SIM_OPTIONS
from engine.domain import clocks
from engine.domain.clocks import BackOff


def test_wait_doubles_with_every_try_up_to_the_longest() -> None:
    again = BackOff(timedelta(seconds=20), timedelta(minutes=2))

    assert [again.wait(tries).total_seconds() for tries in (0, 1, 2, 3, 4, 5, 400)] == [0, 20, 40, 80, 120, 120, 120]
    assert [replace(again, factor=4).wait(tries).total_seconds() for tries in (1, 2, 3)] == [20, 80, 120]


def test_stop_is_decided_in_time_where_its_quotes_come_only_when_they_are_asked_for() -> None:
    asked_and_answered = clocks.ASKED_AGAIN_AFTER + clocks.ANSWERED_WITHIN

    assert clocks.CONFIRMED_OVER + asked_and_answered < clocks.DECIDED_WITHIN
    assert clocks.CONFIRMED_BY * clocks.ASKED_AGAIN_AFTER <= clocks.CONFIRMED_OVER
    assert clocks.LOOKED_AT_EVERY < clocks.ASKED_AGAIN_AFTER
    assert clocks.TRIGGERED_WITHIN < clocks.CONFIRMED_OVER


def test_stop_is_not_forgotten_while_its_quotes_are_waited_for() -> None:
    assert clocks.DECIDED_WITHIN < clocks.FORGOTTEN_AFTER


def test_quiet_leg_is_asked_for_and_answered_before_it_is_no_longer_believed() -> None:
    assert clocks.QUIET_FOR + clocks.LOOKED_AT_EVERY + clocks.ANSWERED_WITHIN < clocks.STANDS_FOR
    assert clocks.PRICED_WITHIN < clocks.TOLD_WITHIN < clocks.STANDS_FOR


def test_opening_asks_more_of_its_numbers_than_an_exit_and_less_than_of_its_price() -> None:
    assert clocks.PRICED_WITHIN < clocks.NUMBERS_STAND_FOR < clocks.STANDS_FOR


def test_quotes_of_the_demonstration_never_grow_older_than_what_is_believed() -> None:
    for options in (SIM_OPTIONS, WATCHED_SIM_OPTIONS):
        assert options.idle_cadence_s is not None
        assert options.idle_cadence_s < clocks.QUIET_FOR.total_seconds()
        assert options.held_every_s is not None
        assert options.held_every_s <= clocks.CONFIRMED_OVER.total_seconds()
        assert options.cadence_s <= clocks.ASKED_AGAIN_AFTER.total_seconds()


def test_hopeless_profit_or_a_leg_that_nobody_bids_for_takes_few_messages_a_day() -> None:
    session, waited, tries = timedelta(hours=6, minutes=30), timedelta(0), 0
    while waited < session:
        tries, waited = tries + 1, waited + clocks.CLOSE_PATIENCE + clocks.TARGET_AGAIN.wait(tries + 1)
    changes_of_the_first, moment = 0, clocks.CLOSE_STEP.wait(1)
    while moment < clocks.CLOSE_PATIENCE:
        changes_of_the_first, moment = changes_of_the_first + 1, moment + clocks.CLOSE_STEP.wait(max(1, changes_of_the_first + 1))

    assert tries * len(("send", "cancel")) + changes_of_the_first <= clocks.MESSAGES_A_DAY


def test_turn_through_the_chain_is_long_enough_for_a_quote_and_what_it_finds_is_looked_at_before_it_is_too_old() -> None:
    assert clocks.ANSWERED_WITHIN <= clocks.EXPLORED_FOR < clocks.NEAR_EVERY
    assert clocks.NUMBERS_STAND_FOR + clocks.NEAR_EVERY + clocks.EXPLORED_FOR < clocks.STANDS_FOR
    assert clocks.ASKED_AGAIN_AFTER <= clocks.EXPLORED_FOR, "the quotes of exits are asked for at least as often"
