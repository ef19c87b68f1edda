"""What goes wrong where nobody looks, what is done about it, and the drill or the test that tries it: one row each.

`make docs` writes the table of docs/drills.md from it, and from the catalogue of the drills; a test holds every name against what
is there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.cli.drill.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "drills.md"
DRILLS, TRIED = "failure | what fails | the engine", "what goes wrong | what is done about it | tried by"


@dataclass(frozen=True, slots=True)
class Tried:
    """One thing that goes wrong."""

    what: str
    done: str
    drills: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    """`place.name`: a file of the tests, and a test in it."""


SUBJECTS: tuple[tuple[str, tuple[Tried, ...]], ...] = (
    (
        "The session with TWS",
        (
            Tried(
                "the connection is lost and does not come back, and nobody is told",
                "not connected is a failing beat; a page goes out within a minute, unless the loss is expected then",
                ("link-lost-unsaid", "closed", "refused"),
                ("simulation/engine/test_prometheus.py:test_what_the_simulated_tws_breaks_is_what_fires",),
            ),
            Tried(
                "the connection stays open and is dead",
                "TWS is asked for the time every ten seconds",
                (
                    "half-open",
                    "silent-at-login",
                ),
            ),
            Tried(
                "the connection ends in the middle of a message",
                "what was cut off counts for nothing",
                (
                    "torn",
                    "split",
                    "lost-while-connecting",
                ),
            ),
            Tried(
                "IBKR's servers reset at night, or TWS restarts by itself",
                "told before, nothing sent around it, told when link, books and quotes are back",
                ("restart-at-night", "restart"),
                ("core/domain/test_maintenance.py:test_loss_is_expected_while_the_broker_resets",),
            ),
            Tried(
                "an order is sent in the second in which TWS restarts",
                "no order message leaves from half a minute before; what may have left is asked about, never sent again",
                (
                    "restart-at-night",
                    "order-lost",
                    "restart-while-sending",
                ),
                ("core/decide/order/test_orders.py:test_no_order_message_leaves_from_half_a_minute_before_tws_restarts",),
            ),
            Tried(
                "TWS wants its weekly login, and it comes late",
                "reminders from Friday on; waits for as long as it takes and goes on by itself",
                ("login-late",),
                ("core/domain/test_login.py:test_reminder_comes_at_its_time_and_after_the_end_only_where_no_login_was_seen",),
            ),
            Tried(
                "1100, then 1101 or 1102, or 2110",
                "a state each; after 1101 every subscription is made anew, after both the books are asked for",
                ("link-lost", "link-lost-data", "server-lost"),
            ),
            Tried(
                "after a reconnect streams are dead although it is connected",
                "what is wanted is asked for anew, and the age of each quote decides",
                ("link-lost-data", "frozen"),
                ("shell/broker/data/test_quotes.py:test_lines_are_asked_for_again_when_tws_lost_them_or_the_link_is_new",),
            ),
            Tried("a data farm is broken", "nothing is opened without live quotes; orders pass", ("farm-lost",)),
            Tried("another login takes the market data", "said as such; opens nothing, resumes by itself", ("competing",)),
            Tried(
                "the engine's client id is taken",
                "said with the way out at the first start, waited for later",
                ("id-taken",),
                ("simulation/engine/test_refusals.py:test_client_id_that_is_taken_is_named",),
            ),
            Tried(
                "this machine's clock is wrong",
                "opens nothing while it differs from TWS's by more than two seconds",
                (
                    "clock-wrong",
                    "clock-set-ahead",
                    "clock-set-back",
                ),
                ("simulation/engine/test_clock.py:test_clock_that_was_set_back_by_hours_stops_openings",),
            ),
            Tried(
                "TWS answers late",
                "every question has a deadline, and none is sent twice",
                (
                    "slow",
                    "answer-lost",
                    "question-lost",
                ),
            ),
        ),
    ),
    (
        "Requests and market data",
        (
            Tried(
                "TWS complains of too many messages, or of history asked for too often",
                "every message has a class with its limits; less than half as many for half a minute after a complaint",
                (
                    "pacing",
                    "history-refused",
                ),
                (
                    (
                        "contract/broker/test_requests.py:"
                        "test_burst_of_more_than_a_thousand_requests_of_all_classes_ends_without_a_violation"
                    ),
                    "contract/broker/test_requests.py:test_same_bars_are_not_asked_for_again_within_the_time_that_tws_forbids",
                ),
            ),
            Tried(
                "a question is never answered and holds up everything",
                "a deadline each; a kind that is not answered rests, and no other waits",
                (
                    "contracts-silent",
                    "contracts-endless",
                ),
                (
                    "contract/broker/test_requests.py:test_class_whose_questions_fail_rests_and_is_said_while_the_others_go_on",
                    (
                        "simulation/engine/test_no_chain.py:"
                        "test_expiry_whose_list_never_ends_is_left_out_for_a_minute_while_the_rest_is_traded"
                    ),
                ),
            ),
            Tried(
                "an order waits behind market data",
                "exits leave first, then openings",
                (),
                ("simulation/engine/test_traffic.py:test_order_reaches_the_broker_at_once_behind_300_market_data_requests",),
            ),
            Tried(
                "loading the chain takes long at a start in the middle of the day",
                "what was told today is kept on the disk",
                (),
                ("contract/broker/test_warm_start.py:test_second_start_of_a_day_asks_for_expiries_and_strikes_only",),
            ),
            Tried(
                "the market data lines are used up, or the chain is larger than they are",
                "believes in fewer; what is held keeps its own; the rest takes turns",
                ("lines-taken",),
                (
                    (
                        "simulation/engine/test_exploration.py:"
                        "test_whole_chain_is_seen_in_turns_and_the_legs_of_a_position_keep_their_lines"
                    ),
                ),
            ),
            Tried(
                "quotes are delayed, frozen or old",
                "nothing is opened, sent or closed by itself on what is not live or too old",
                (
                    "delayed",
                    "frozen",
                    "no-data",
                    "no-option-data",
                ),
                (
                    "core/decide/risk/test_gate.py:test_old_or_bad_quotes_stop_an_opening",
                    "core/decide/exit/test_exits.py:test_nothing_closes_where_no_order_could_be_sent",
                    "core/decide/order/test_orders.py:test_yes_on_old_quotes_sends_nothing",
                ),
            ),
            Tried(
                "absent numbers come as -1, not-a-number or the largest there is",
                "read as absent in one place; absent never passes",
                (),
                ("shell/broker/test_translate.py:test_number_is_absent_when_tws_prints_no_number",),
            ),
            Tried(
                "trading in the underlying is halted",
                "nothing is opened until two minutes after it trades again; its quotes grow old and set no price",
                (
                    "frozen",
                    "trading-halted",
                ),
                (
                    "shell/broker/data/test_quotes.py:test_halt_of_an_underlying_is_told_and_what_is_not_known_is_no_halt",
                    "shell/store/test_halts.py:test_halt_holds_until_two_minutes_after_its_end",
                    "core/decide/exit/test_exits.py:test_nothing_closes_where_no_leg_was_quoted_within_half_a_minute",
                ),
            ),
            Tried("greeks are late or absent", "the engine's own, from the middle of the quotes", ("no-greeks",)),
            Tried(
                "nobody bids, or bid and ask are crossed",
                "no price is believed; the short is bought back alone where its long has no bid",
                (
                    "no-bids",
                    "crossed",
                    "closed-without-bids",
                    "combination-unquoted",
                ),
                (
                    (
                        "simulation/engine/test_legs_apart.py:"
                        "test_short_whose_long_nobody_bids_for_is_bought_back_and_the_long_sold_later"
                    ),
                ),
            ),
            Tried(
                "markets are wide at the open",
                "windows, and a limit on the width of each quote",
                ("wide",),
                ("core/decide/entry/test_entries.py:test_nothing_is_searched_outside_the_window_or_without_a_session",),
            ),
        ),
    ),
    (
        "Orders",
        (
            Tried(
                "an order is sent twice after a timeout or a reconnect",
                "what is sent is written first under a name of its own; in doubt the broker is asked",
                ("order-lost", "acknowledgement-lost", "killed-sending"),
                ("core/domain/test_order.py:test_nothing_is_sent_twice_because_only_an_approved_order_can_be_sent",),
            ),
            Tried(
                "a change of price in a doubtful moment becomes a second order",
                "nothing about an order leaves while the link is in doubt",
                (
                    "link-lost",
                    "change-rejected",
                    "closed-while-lost",
                ),
                ("shell/broker/orders/test_orders.py:test_order_is_not_sent_when_the_link_is_in_doubt",),
            ),
            Tried(
                "an order is called canceled and works on",
                "an error leaves it unknown until the broker was asked",
                ("preset-notice", "inactive", "cancel-refused"),
                ("simulation/engine/test_misleading_errors.py:test_error_on_a_change_is_asked_about_and_the_order_works_on",),
            ),
            Tried("the broker cancels an order by itself", "what filled counts, then it looks anew", ("canceled-by-broker",)),
            Tried(
                "order ids jump, or were used before",
                "follows them; the highest is kept over restarts",
                (
                    "id-jump",
                    "id-used",
                ),
            ),
            Tried(
                "only the client that placed an order may change it",
                "one client id, always; an order of another one is left alone and said",
                (),
                ("shell/broker/orders/test_books.py:test_order_of_another_client_id_is_not_touched",),
            ),
            Tried(
                "a change does not match the combination as TWS keeps it (105)",
                "changes use the combination as TWS told it",
                ("change-mismatched",),
                ("shell/broker/orders/test_orders.py:test_repricing_uses_the_combination_that_tws_returned",),
            ),
            Tried("a price is no whole number of ticks (110)", "rounded by class and side, signed", ("tick-refused",)),
            Tried(
                "the sign of a price is turned round, or it is beyond what the spread can be worth",
                "one signed net; a price outside of floor and cap never leaves",
                (),
                (
                    "core/pricing/test_ticks.py:test_net_survives_the_way_to_the_order_and_back",
                    "core/decide/order/test_price.py:test_close_stays_between_nothing_and_the_width",
                ),
            ),
            Tried(
                "an order is refused (201), or a precaution of TWS holds it",
                "over, and openings stop after several in a row; what is held is asked about",
                (
                    "rejected",
                    "several-rejected",
                    "read-only",
                ),
                ("shell/broker/orders/test_orders.py:test_order_is_asked_about_when_a_precaution_holds_it_inactive",),
            ),
            Tried(
                "the what-if is empty, silent, or numbers come with a no",
                "fits, refused or unknown; unknown never trades by itself",
                (
                    "what-if-silent",
                    "what-if-no",
                    "what-if-unset",
                    "what-if-error",
                ),
                ("core/decide/order/test_orders.py:test_unknown_preview_asks_a_person_even_where_the_policy_would_not",),
            ),
            Tried(
                "a walk of prices takes too many messages for its fills",
                "bounded by the account's limit, and openings stop above it",
                (),
                ("core/decide/risk/test_gate.py:test_many_messages_for_few_fills_stop_openings",),
            ),
            Tried(
                "openings are left at work when the engine ends",
                "canceled and waited for; what rests is said",
                ("stopped",),
                ("shell/broker/orders/test_orders.py:test_orders_and_cancels_leave_before_the_session_does",),
            ),
            Tried(
                "a resting order is gone in the morning",
                "placed again each day, and given up before anything else closes",
                (),
                ("simulation/engine/test_resting.py:test_a_profit_rests_at_its_price_and_fills_there",),
            ),
            Tried(
                "a person is asked for an opening and is not there",
                "nothing is sent that nobody approved; the question expires, and price and gates are asked again at a late yes",
                ("nobody-answers",),
                ("core/decide/order/test_orders.py:test_yes_on_old_quotes_sends_nothing",),
            ),
            Tried(
                "two orders close the same thing",
                "one writer; what may fill meanwhile is waited for",
                (
                    "filled-while-canceled",
                    "closed-in-parts",
                ),
                ("simulation/engine/test_resting.py:test_what_fills_while_its_cancel_travels_is_not_closed_again",),
            ),
        ),
    ),
    (
        "Fills and books",
        (
            Tried(
                "one side fills and the other does not",
                "one guaranteed combination; legs that do not match halt, and are said",
                (
                    "partial",
                    "killed-filling",
                    "foreign-leg",
                ),
                (
                    "shell/broker/orders/test_ratios.py:test_order_is_whole_when_every_leg_has_its_ratio_and_doubted_when_one_stays_away",
                ),
            ),
            Tried(
                "fills come in parts, in any order, twice, or before their order",
                "executions count, each once by its id, whatever the status says",
                (
                    "partial",
                    "status-twice",
                    "acknowledged-late",
                    "executions-late",
                    "shared-execution-ids",
                    "status-first",
                    "commission-first",
                    "partial-then-canceled",
                ),
                ("core/domain/test_order.py:test_execution_counts_once_however_often_it_is_told",),
            ),
            Tried(
                "fills are missed while the link is gone, or the engine is dead",
                "the broker is asked for its executions before anything is opened",
                (
                    "killed-while-it-filled",
                    "link-lost",
                    "positions-late",
                    "filled-while-away",
                    "completed-unreadable",
                ),
            ),
            Tried(
                "executions lack names or times",
                "known by their permanent id",
                ("references-missing", "no-permanent-id", "odd-times"),
            ),
            Tried("commissions come late or never", "an estimate until then", ("commission-late", "commission-never")),
            Tried(
                "an execution is corrected",
                "booked in the place of the first",
                (
                    "corrected",
                    "busted",
                ),
            ),
            Tried(
                "a person trades in TWS",
                "said; nothing is opened, and nothing closed that would open something; adopt or release it",
                ("by-hand",),
                ("simulation/engine/test_release.py:test_release_of_what_somebody_traded_by_hand_lets_openings_go_on",),
            ),
            Tried("account values are late, or not ready", "opens nothing on what is old", ("account-late", "account-not-ready")),
            Tried(
                "two strategies trade one contract against each other",
                "no contract is traded both ways",
                ("wanted-both-ways",),
                ("core/decide/risk/test_gate.py:test_no_contract_is_traded_both_ways",),
            ),
            Tried(
                "a login has several accounts",
                "the account is named once; values, positions, orders and executions of another one are none of ours",
                (),
                (
                    (
                        "simulation/engine/test_several_accounts.py:"
                        "test_positions_of_another_account_are_neither_counted_nor_closed"
                    ),
                    "shell/broker/orders/test_names.py:test_order_under_our_name_in_another_account_is_none_of_ours_and_is_said",
                ),
            ),
            Tried(
                "two engines on one account",
                "a lock on the folder; orders of another journal stop openings",
                ("another-engine", "another-engine-elsewhere", "another-engine-beside"),
                (
                    "simulation/engine/test_refusals.py:test_second_engine_on_the_same_state_is_refused_and_the_first_goes_on",
                    (
                        "simulation/engine/test_two_engines.py:"
                        "test_engine_that_takes_the_client_id_of_another_opens_nothing_and_the_other_waits_for_it"
                    ),
                    (
                        "simulation/engine/test_two_engines.py:"
                        "test_engines_that_begin_at_once_see_each_other_and_each_closes_what_is_its_own"
                    ),
                    (
                        "simulation/engine/test_other_books.py:"
                        "test_order_of_another_engine_that_works_at_the_broker_stops_openings_until_it_is_over"
                    ),
                ),
            ),
            Tried(
                "the account is kept in another currency",
                "refused at the start",
                (),
                ("shell/broker/session/test_session.py:test_connecting_refuses_an_account_in_another_currency",),
            ),
        ),
    ),
    (
        "Exits, risk and expiry",
        (
            Tried(
                "a stop is hit by one bad print",
                "believed on several fresh looks, with the leg told anew, and never beyond the width",
                ("bad-print",),
                ("core/decide/exit/test_exits.py:test_one_bad_print_closes_nothing_and_counting_starts_again",),
            ),
            Tried(
                "an exit is due and cannot act",
                "tried again, ever more seldom, and said",
                ("no-bids",),
                ("core/decide/exit/test_stops.py:test_exit_of_the_clock_that_cannot_be_sent_speaks",),
            ),
            Tried(
                "losses by the middle of wide quotes stop a day",
                "a breaker trips on what is confirmed, and stays tripped",
                (
                    "wide",
                    "bad-print",
                ),
                ("core/decide/risk/test_breakers.py:test_bad_print_that_stands_there_stops_no_day",),
            ),
            Tried(
                "the broker raises its margin",
                "a thin cushion closes what frees most",
                ("margin-raised",),
                ("core/decide/exit/test_exits.py:test_thin_cushion_closes_the_position_that_frees_most_once_it_is_believed",),
            ),
            Tried(
                "a roll leaves a short that outlives its long",
                "every short is covered by a long that lives as long, before and after every order",
                ("killed-rolling",),
                (
                    "core/domain/test_cover.py:test_long_covers_a_short_of_its_right_that_it_outlives",
                    "core/decide/exit/test_cuts.py:test_no_fill_of_any_orders_of_one_close_leaves_a_short_uncovered",
                ),
            ),
            Tried(
                "a roll finds no successor, or dies half-way",
                "closes or keeps, as the file says",
                ("killed-rolling", "roll-rejected", "roll-without-successor"),
                (
                    (
                        "simulation/engine/test_rolled.py:"
                        "test_engine_that_is_killed_between_the_two_orders_ends_the_roll_or_leaves_it"
                    ),
                ),
            ),
            Tried(
                "a short is assigned, overnight or over a weekend",
                "shares become a part that is only reduced, and openings stop for what nobody can explain",
                ("assigned",),
                ("simulation/engine/test_assignment.py:test_an_assigned_short_becomes_shares_that_are_only_reduced",),
            ),
            Tried(
                "a dividend makes early exercise worth while",
                "a call in the money is not sold unattended before it, and closed on the afternoon before",
                ("dividend",),
                ("core/decide/order/test_orders.py:test_call_in_the_money_that_may_be_exercised_early_is_not_sold_unattended",),
            ),
            Tried(
                "options end in the morning, in shares, or near their strike",
                "a plan three sessions ahead; near the money they are closed before",
                ("expiry-day", "morning-settlement"),
                (
                    "core/decide/exit/test_exits.py:test_am_settled_options_near_the_money_are_not_carried_over_their_last_night",
                    "core/decide/exit/test_exits.py:test_short_near_the_money_is_not_carried_into_a_physical_expiry",
                    "simulation/engine/test_expiry_of_structures.py:test_structure_settles_as_a_whole_and_to_the_cent",
                ),
            ),
            Tried(
                "options are adjusted for a split or a merger",
                "not traded; held ones are said and guarded",
                (
                    "adjusted",
                    "terms-changed",
                ),
                (
                    "contract/broker/test_warm_start.py:test_contract_whose_terms_are_others_than_they_were_is_said",
                    (
                        "core/decide/exit/test_exits.py:"
                        "test_contract_whose_terms_have_changed_is_guarded_however_far_its_old_strike_is_from_the_money"
                    ),
                ),
            ),
            Tried(
                "a half day, a holiday, or the change of the clocks",
                "the exchange's calendar; instants in UTC",
                (
                    "half-day",
                    "clocks-change",
                ),
                (
                    "core/decide/exit/test_exits.py:test_guard_begins_earlier_on_a_half_day",
                    "shell/broker/orders/test_times.py:test_time_of_summer_is_read_by_the_clocks_of_its_zone",
                ),
            ),
            Tried(
                "the exchange's calendar ends before the longest option does",
                "weekdays stand in, and `spreads doctor` says how far it reaches",
                (),
                ("core/domain/test_calendar.py:test_weekdays_stand_in_where_the_calendar_does_not_reach",),
            ),
            Tried(
                "an option expires and stays in the books",
                "settled at its expiry, also where that was missed",
                ("expiry-day",),
                ("core/decide/exit/test_expiries.py:test_what_is_sold_is_settled_half_an_hour_after_its_own_expiry",),
            ),
        ),
    ),
    (
        "The program itself",
        (
            Tried(
                "it is killed at any point",
                "nothing is lost, nothing sent twice",
                ("killed-sending", "killed-filling", "killed-while-it-filled"),
                ("simulation/engine/test_kill_processes.py:test_killed_processes_send_nothing_twice_and_lose_nothing",),
            ),
            Tried(
                "it is dead or stuck, and nobody starts it",
                "the guardian takes its place; silence is told outside",
                ("killed-for-good",),
                (
                    (
                        "simulation/engine/test_guardian_processes.py:"
                        "test_guardian_ends_a_suspended_engine_and_brings_what_it_held_to_its_end"
                    ),
                ),
            ),
            Tried(
                "a file is changed while orders work",
                "what is held keeps the rules that it was opened with; a broken file changes nothing",
                (
                    "file-changed",
                    "file-broken",
                ),
                ("simulation/engine/test_reload.py:test_changed_file_takes_over_and_its_positions_keep_their_rules",),
            ),
            Tried(
                "the disk is full, or the folder goes away",
                "nothing is done that cannot be written",
                ("disk-full",),
                (
                    "simulation/engine/test_refusals.py:test_full_disk_ends_the_engine_before_anything_more_leaves",
                    (
                        "simulation/engine/test_state_folder.py:"
                        "test_engine_opens_nothing_more_and_closes_what_is_open_when_its_folder_is_gone"
                    ),
                ),
            ),
            Tried(
                "why did it not trade?",
                "the funnel, the nearest miss and the gate, for any past minute",
                (),
                ("simulation/engine/test_explanations.py:test_a_restarted_engine_still_says_why",),
            ),
            Tried(
                "many things go wrong at once",
                "the books agree a minute later",
                (),
                ("simulation/chaos/test_chaos.py:test_hour_in_which_much_goes_wrong_ends_with_books_that_agree",),
            ),
        ),
    ),
)


def page(text: str) -> str:
    """The page with the table of the drills and those of what is tried made new."""
    head, _, rest = text.partition(f"| {DRILLS} |")
    _, heading, _ = rest.partition("## What is tried, and by what")
    assert heading, "the page has the place of both"
    drills = "\n".join([f"| {DRILLS} |", "| --- | --- | --- |", *_drills()])
    return f"{head}{drills}\n\n{heading}\n\n{INTRODUCTION}\n{''.join(_tried())}"


INTRODUCTION = (
    "What users of programs like this one have suffered, and what is done about it; [Unattended](unattended.md) says more.\n"
    "A name in `code` is a drill, or a test of this repository. Whether real money fills as a paper account does\n"
    "cannot be tried here: it shows with one lot.\n"
)


def _drills() -> Iterator[str]:
    return (f"| {one.name} | {one.says} | {one.expects} |" for one in CATALOGUE)


def _tried() -> Iterator[str]:
    for subject, rows in SUBJECTS:
        yield f"\n### {subject}\n\n| {TRIED} |\n| --- | --- | --- |\n"
        for row in rows:
            names = [*row.drills, *(test.partition(":")[2] for test in row.tests)]
            yield f"| {row.what} | {row.done} | {', '.join(f'`{name}`' for name in names)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
