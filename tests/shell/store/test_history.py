import os
import re
import shutil
import subprocess
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from engine.domain.errors import IllegalFact, UserError
from engine.domain.facts.orders import (
    ApprovalAsked,
    CancelRequested,
    CommissionReported,
    LegFilled,
    OrderAbsent,
    OrderAcknowledged,
    OrderApproved,
    OrderCanceled,
    OrderDenied,
    OrderRejected,
    OrderRepriced,
    OrderSent,
    OrderTightened,
    OrderUnknown,
)
from engine.domain.facts.positions import PositionSettled
from engine.domain.facts.running import EngineStopped
from engine.domain.facts.union import KINDS, Fact
from engine.domain.gate import Verdict
from engine.domain.ledger import Ledger
from engine.domain.position import Position
from engine.domain.spread import Leg, Spread
from engine.store import chains, views
from engine.store.history import Answer, Ask, query, questions, write_views
from engine.store.journal import Journal
from engine.store.quotes import QuoteStore
from tests.shell.store.facts import NOON, bull_put, fills, placed, proposal, timed, trading_day, written
from tests.shell.store.test_chains import archived
from tests.shell.store.test_quotes import SPX, chain

VIEWS = ("facts", *views.FIXED)
CENT_OF_A_CENT = Decimal("0.0001")


def told(state: Path, story: list[Fact]) -> Ledger:
    """The ledger of a journal that tells this; what cannot follow is not told."""
    journal, ledger = Journal.open(state, "DU1").journal, Ledger()
    for fact, at in timed(story):
        try:
            ledger.apply(fact, at)
        except IllegalFact:
            continue
        journal.append(fact, at)
    journal.close()
    return ledger


def told_apart(state: Path, story: list[Fact]) -> None:
    """The same as a newer engine keeps it, with what explains beside the journal."""
    written(state, timed(story))


class Told:
    """The views of the folder that was asked last, each made once, as a table, over the tables that it builds on.

    As views they would be planned anew with each question, and all that they build on with them.
    """

    def __init__(self) -> None:
        self._of: object = None
        self._database = duckdb.connect()
        self._texts: dict[str, str] = {}

    def ask(self, state: Path, sql: str) -> Answer:
        of = (state, sorted((file, file.stat().st_size, file.stat().st_mtime_ns) for file in state.rglob("*")))
        if of != self._of:
            self._database.close()
            self._database, self._texts, self._of = duckdb.connect(), _texts(state), of
        self._make(sql)
        asked = self._database.execute(sql)
        columns = asked.description or []
        return Answer(tuple(c[0] for c in columns), tuple(str(c[1]) for c in columns), asked.fetchall(), is_cut=False)

    def _make(self, text: str, before: int = len(VIEWS)) -> None:
        """The tables that a text names. A view builds on those before it."""
        for place, name in enumerate(VIEWS[:before]):
            if name in self._texts and re.search(rf"\b{name}\b", text):
                made = self._texts.pop(name)
                self._make(made, place)
                self._database.execute(made)


def _texts(state: Path) -> dict[str, str]:
    """What makes a table of each view. Where nothing explains, no line does."""
    names = [f"{state}/{folder}/{files}" for folder, files in (("journal", "*.jsonl"), ("chains", "**/*.parquet"))]
    explained = f"{state}/explanations/*.jsonl*" if (state / "explanations").is_dir() else os.devnull
    made = views.statements(names[0], explained, names[1])
    return {name: text.replace("OR REPLACE VIEW", "TABLE", 1) for name, text in zip(VIEWS, made, strict=True)}


TOLD = Told()


def rows(state: Path, sql: str) -> list[dict[str, object]]:
    answer = TOLD.ask(state, sql)
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def utc(instant: datetime | None) -> datetime | None:
    return instant and instant.astimezone(UTC).replace(tzinfo=None)


def assert_views_are_the_fold(state: Path, ledger: Ledger) -> None:
    orders = {row["order_ref"]: row for row in rows(state, "FROM orders")}
    assert orders.keys() == ledger.orders.keys()
    for ref, order in ledger.orders.items():
        row = orders[ref]
        seen = [row[name] for name in ("state", "changed_at", "filled", "limit_price", "commission", "sent_at", "reprices")]
        expected = [
            order.state,
            utc(order.changed_at),
            order.filled,
            order.limit,
            order.commission,
            utc(order.sent_at),
            order.reprices,
        ]
        assert seen == expected, ref
        assert (row["approved_by"], row["perm_id"]) == (order.approved_by, order.perm_id), ref
        assert close(row["net_filled"], order.net_filled), ref
    positions = {row["position"]: row for row in rows(state, "FROM positions")}
    trades = {row["position"]: row for row in rows(state, "FROM trades")}
    assert positions.keys() == trades.keys() == ledger.positions.keys()
    for ref, position in ledger.positions.items():
        row, trade = positions[ref], trades[ref]
        assert [row[name] for name in ("opened", "closed", "quantity", "is_open", "fees", "close_reason")] == [
            position.opened, position.closed, position.quantity, position.is_open, position.fees, position.close_reason,
        ], ref  # fmt: skip
        assert (row["opened_at"], row["closed_at"]) == (utc(position.opened_at), utc(position.closed_at)), ref
        assert (row["rolled_from"], row["excess"]) == (position.rolled_from, position.excess), ref
        for name in ("closing_net", "realised", "max_loss"):
            assert close(row[name], _bounded(getattr(position, name))), (ref, name)
        assert close(row["opening_net"], ledger.orders[ref].net_filled), ref
        assert_legs_are_the_fold(row, position)
        assert close(trade["pnl"], position.realised - position.fees), ref


def assert_legs_are_the_fold(row: dict[str, Any], position: Position) -> None:
    for seen, lot in zip(row["lots"], position.lots, strict=True):
        told = (seen["con_id"], seen["action"], seen["ratio"], seen["opened"], seen["closed"], seen["held"])
        assert told == (lot.leg.contract.con_id, lot.leg.action, lot.leg.ratio, lot.opened, lot.closed, lot.held), position.id
        assert close(seen["opening_price"], lot.opening_price), position.id
        assert close(seen["closing_price"], lot.closing_price), position.id
    for seen, part in zip(row["parts"], position.parts, strict=True):
        assert (seen["structure"], seen["quantity"]) == (part.spread.structure, part.quantity), position.id
        assert [(leg["con_id"], leg["ratio"] * leg["sign"]) for leg in seen["legs"]] == [
            (leg.contract.con_id, leg.ratio * leg.sign) for leg in part.spread.legs
        ], position.id
        assert close(seen["opening_net"], part.opening_net), position.id
        assert close(seen["max_loss"], _bounded(part.max_loss)), position.id


def _bounded(amount: Decimal | None) -> Decimal | None:
    return None if amount is None or amount.is_infinite() else amount


def close(seen: object, expected: Decimal | None) -> bool:
    if seen is None or expected is None:
        return seen is expected
    return abs(Decimal(str(seen)) - expected) <= CENT_OF_A_CENT


@pytest.fixture(scope="module")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Generator[Ask]:
    """The history of an engine that has done nothing."""
    state = tmp_path_factory.mktemp("nothing")
    Journal.open(state, "DU1").journal.close()
    with questions(state) as ask:
        yield ask


def test_every_view_answers_when_nothing_has_happened_yet(nothing: Ask) -> None:
    for view in VIEWS:
        answer = nothing(f"FROM {view}")
        assert answer.rows == [], view
        assert "account" in answer.columns, view


def test_a_query_makes_nothing_in_a_folder_that_lacks_what_the_views_read(tmp_path: Path) -> None:
    told(tmp_path, trading_day())
    before = sorted(tmp_path.rglob("*"))

    assert query(tmp_path, "SELECT count(*) > 0 FROM orders").rows == [(True,)]
    assert query(tmp_path, "FROM quotes").rows == []
    kinds = query(tmp_path, "SELECT kind FROM explanations ORDER BY seq").rows
    assert kinds == [("FunnelRecorded",), ("CandidatesRecorded",), ("EntryDenied",)]
    assert sorted(tmp_path.rglob("*")) == before


def test_views_that_cannot_be_written_leave_nothing_behind(tmp_path: Path) -> None:
    Journal.open(tmp_path, "DU1").journal.close()
    (tmp_path / "history.duckdb").mkdir()

    with pytest.raises(UserError, match="the views cannot be written"):
        write_views(tmp_path)

    assert list(tmp_path.glob("*.tmp*")) == []


def test_the_views_are_the_fold_of_an_ordinary_day(tmp_path: Path) -> None:
    ledger = told(tmp_path, trading_day())

    assert_views_are_the_fold(tmp_path, ledger)
    assert ledger.positions["o1"].realised == Decimal("155.00")
    for view in ("orders", "positions", "trades"):
        sql = f"FROM {view} ORDER BY ALL"
        assert query(tmp_path, sql).rows == TOLD.ask(tmp_path, sql).rows, view


def test_the_views_are_the_fold_of_corrections_repeats_partial_closes_and_settlement(tmp_path: Path) -> None:
    corrected = next(iter(fills("o1", 3, ("5.00", "3.50"))))
    assert isinstance(corrected, LegFilled)
    ledger = told(
        tmp_path,
        [
            proposal("o1", quantity=3),
            *placed("o1"),
            *fills("o1", 3, ("5.00", "3.50")),
            corrected,
            replace(corrected, exec_id="o1.a0.02", price=Decimal("5.10")),
            proposal("c1", position="o1", quantity=1),
            OrderApproved("c1", "exit", Decimal("-1.00")),
            OrderSent("c1", Decimal("-1.00")),
            OrderUnknown("c1", "silence"),
            *fills("c1", 1, ("2.00", "1.10"), closes=True),
            PositionSettled("o1", Decimal("-0.25"), "expired"),
            proposal("o2", quantity=2),
            *placed("o2"),
            *list(fills("o2", 1, ("5.00", "3.50")))[:2],
            OrderUnknown("o2", "link lost"),
            OrderAcknowledged("o2", 77, 5, "Submitted"),
            *list(fills("o2", 1, ("5.00", "3.50")))[2:],
            OrderCanceled("o2", "end of day"),
            *fills("o2", 1, ("5.00", "3.50"), tag="late"),
        ],
    )

    assert ledger.orders["o2"].state == "filled"
    assert ledger.positions["o1"].close_reason == "settled at expiry"
    assert_views_are_the_fold(tmp_path, ledger)


def test_the_views_are_the_fold_of_two_legs_that_share_a_number_and_of_times_nobody_can_read(tmp_path: Path) -> None:
    short, long = (
        LegFilled("o1", f"77.1.0{n}", leg.contract.con_id, leg.action, 2, Decimal(paid), None, 77)
        for n, (leg, paid) in enumerate(zip(bull_put().legs, ("5.00", "3.50"), strict=True), 1)
    )
    ledger = told(
        tmp_path,
        [
            proposal("o1"),
            *placed("o1"),
            replace(short, quantity=1),
            *(short, long),
            CommissionReported("o1", "77.1.01", Decimal("1.30"), short.con_id, "sell"),
            CommissionReported("o1", "77.1.02", Decimal("1.31"), long.con_id, "buy"),
        ],
    )

    assert (ledger.orders["o1"].state, ledger.orders["o1"].commission) == ("filled", Decimal("2.61"))
    assert_views_are_the_fold(tmp_path, ledger)
    assert rows(tmp_path, "SELECT count(*) AS n, count(executed_at) AS timed, sum(commission) AS paid FROM fills") == [
        {"n": 2, "timed": 0, "paid": Decimal("2.610000")}
    ]


def test_the_views_are_the_fold_of_fills_that_were_made_and_of_the_executions_that_took_their_place(tmp_path: Path) -> None:
    first, second = bull_put().legs
    provisional = [
        LegFilled("o1", f"o1/{leg.contract.con_id}/1-2", leg.contract.con_id, leg.action, 2, Decimal(paid), None, 77, True)
        for leg, paid in ((first, "5.00"), (second, "3.40"))
    ]
    real = [
        LegFilled("o1", f"77.{n}.01", leg.contract.con_id, leg.action, 1, Decimal(paid), NOON, 77)
        for n, (leg, paid) in enumerate(((first, "5.00"), (second, "3.50"), (first, "5.10"), (second, "3.50")))
    ]
    story = [proposal("o1"), *placed("o1"), OrderUnknown("o1", "restarted"), *provisional]

    made = told(tmp_path / "made", story)
    replaced = told(tmp_path / "replaced", [*story, *real])

    assert_views_are_the_fold(tmp_path / "made", made)
    assert_views_are_the_fold(tmp_path / "replaced", replaced)
    assert replaced.orders["o1"].net_filled == Decimal("1.55")
    assert rows(tmp_path / "made", "SELECT DISTINCT provisional FROM fills") == [{"provisional": True}]
    assert rows(tmp_path / "replaced", "SELECT count(*) AS n FROM fills WHERE NOT provisional") == [{"n": 4}]


events = st.tuples(st.integers(0, 5), st.integers(0, 13), st.integers(1, 3), st.integers(0, 3))


@settings(max_examples=8, phases=[Phase.explicit, Phase.generate])
@given(st.lists(events, min_size=40, max_size=160))
def test_the_views_are_the_fold_of_whatever_can_happen(drawn: list[tuple[int, int, int, int]]) -> None:
    story = [proposal(f"o{n}", quantity=n % 3 + 1, spread=bull_put(6000 - 100 * n, 5950 - 100 * n)) for n in range(4)]
    story += [
        proposal(f"o{n}", position=f"o{n - 4}", quantity=2, spread=bull_put(6400 - 100 * n, 6350 - 100 * n)) for n in (4, 5)
    ]
    for n in range(6):
        story += placed(f"o{n}")[1:3]
    for n, event, quantity, number in drawn:
        story.append(happened(f"o{n}", event, quantity, number, 6000 - 100 * (n % 4)))

    with TemporaryDirectory() as folder:
        ledger = told(Path(folder), story)
        assert_views_are_the_fold(Path(folder), ledger)


def happened(ref: str, event: int, quantity: int, number: int, short: int) -> Fact:
    closes = ref in ("o4", "o5")
    price = Decimal(number + 1) / 4
    match event:
        case 0 | 1 | 2:
            leg_action = "buy" if closes else "sell"
            return LegFilled(ref, f"{ref}.s{number}.0{event}", short, leg_action, quantity, price + 2, NOON, 9)
        case 3 | 4 | 5:
            leg_action = "sell" if closes else "buy"
            return LegFilled(
                ref, f"{ref}.l{number}.0{event}", short - 50, leg_action, quantity, price, NOON - timedelta(minutes=event)
            )
        case 6:
            return CommissionReported(ref, f"{ref}.s{number}.00", price)
        case 7:
            return OrderUnknown(ref, "silence")
        case 8:
            return OrderAcknowledged(ref, number, 5, "Submitted")
        case 9:
            return OrderRepriced(ref, price, number)
        case 10:
            return CancelRequested(ref, "too long")
        case 11:
            return OrderCanceled(ref, "canceled") if quantity == 3 else OrderRepriced(ref, price, number)
        case 12:
            return OrderRejected(ref, 201, "no") if quantity == 3 else OrderAcknowledged(ref, 0, 5, "Submitted")
        case _:
            if quantity == 3 and not closes:
                return PositionSettled(ref, -price, "expired")
            return OrderAbsent(ref) if number == 3 else OrderUnknown(ref, "again")


def test_position_is_over_when_the_exchange_settled_it(tmp_path: Path) -> None:
    """A half day closes three hours before the regular hour, which is all that an expiration day alone tells."""
    expired_at = datetime(2026, 12, 18, 18, 0, tzinfo=UTC)
    opening = [proposal("a"), *placed("a"), *fills("a", 2, ("5.00", "3.50"))]
    settled = PositionSettled("a", Decimal("-1.00"), "expired", expired_at)
    story = [*timed(opening), (settled, expired_at + timedelta(hours=1))]
    journal, ledger = Journal.open(tmp_path, "DU1").journal, Ledger()
    for fact, at in story:
        journal.append(fact, at)
        ledger.apply(fact, at)
    journal.close()

    assert ledger.positions["a"].closed_at == expired_at
    assert_views_are_the_fold(tmp_path, ledger)


def test_facts_have_a_column_for_every_field_and_real_types(tmp_path: Path) -> None:
    told(tmp_path, trading_day())

    types = {name: kind for name, kind, *_ in query(tmp_path, "DESCRIBE facts").rows}

    assert [types[name] for name in ("seq", "recorded_at", "limit_price", "quantity", "executed_at", "spread")] == [
        "BIGINT", "TIMESTAMP", "DECIMAL(18,6)", "BIGINT", "TIMESTAMP", "JSON",
    ]  # fmt: skip
    assert rows(tmp_path, "SELECT count(*) AS n, max(seq) AS last FROM facts") == [
        {"n": len(trading_day()), "last": len(trading_day())}
    ]
    assert rows(tmp_path, "SELECT DISTINCT account FROM facts") == [{"account": "DU1"}]


@pytest.mark.parametrize("view", VIEWS)
def test_no_column_needs_quotes(nothing: Ask, view: str) -> None:
    columns = nothing(f"FROM {view}").columns

    answer = nothing(f"SELECT {', '.join(columns)} FROM {view} ORDER BY {columns[0]}")

    assert answer.columns == columns


def test_every_kind_of_fact_reaches_the_facts_view(tmp_path: Path) -> None:
    assert set(KINDS) >= {str(row["kind"]) for row in rows_of_a_day(tmp_path)}
    keys = views.fact_columns()
    for fields in views.FIELDS.values():
        assert set(fields.values()) <= keys.keys()


def rows_of_a_day(state: Path) -> list[dict[str, object]]:
    told(state, trading_day())
    return rows(state, "SELECT DISTINCT kind FROM facts")


@pytest.mark.parametrize("keep", [told, told_apart])
def test_decisions_candidates_funnels_fills_and_equity_are_told(
    keep: Callable[[Path, list[Fact]], object], tmp_path: Path
) -> None:
    keep(tmp_path, trading_day())

    assert rows(
        tmp_path, "SELECT decision, reason FROM decisions WHERE decision IN ('EntryDenied', 'ExitTriggered') ORDER BY seq"
    ) == [
        {"decision": "EntryDenied", "reason": "open_risk"},
        {"decision": "ExitTriggered", "reason": "profit >= 50%"},
    ]
    assert rows(tmp_path, "SELECT strategy, rank, net, pop FROM candidates") == [
        {"strategy": "income", "rank": 1, "net": 1.5, "pop": None}
    ]
    assert rows(tmp_path, "SELECT step, condition, passed, unknown FROM funnels") == [
        {"step": 1, "condition": "delta between 0.1 and 0.2", "passed": 20, "unknown": 3}
    ]
    assert rows(
        tmp_path, "SELECT sum(cash) AS cash, sum(commission) AS paid, count(*) AS n FROM fills WHERE order_ref = 'o1'"
    ) == [{"cash": Decimal("295.0000"), "paid": Decimal("2.600000"), "n": 4}]
    assert rows(tmp_path, "SELECT net_liquidation FROM equity") == [{"net_liquidation": Decimal("100000.000000")}]


def test_quotes_and_daily_volatility_come_from_the_archive(tmp_path: Path) -> None:
    Journal.open(tmp_path, "DU1").journal.close()
    _, snapshot = archived(tmp_path)

    quote = rows(tmp_path, "SELECT * FROM quotes WHERE con_id = 105")[0]
    counted = rows(tmp_path, 'SELECT account, "date", underlying, count(*) AS n FROM quotes GROUP BY ALL ORDER BY underlying')
    daily = rows(tmp_path, "SELECT underlying, near_days, near_iv, iv30, spot FROM iv_daily")

    row = snapshot.rows_by_con_id[105]
    assert (quote["root"], quote["dte"], quote["put_call"], quote["strike"]) == ("SPXW", 25, "C", Decimal("6000.000"))
    assert abs(float(str(quote["bid"])) - snapshot.table["bid"][row].as_py()) <= 0.005 + 1e-9
    assert quote["as_of"] == datetime(2026, 11, 23, 15, 0)
    assert [(c["account"], c["underlying"], c["n"]) for c in counted] == [("DU1", "SPX", 22), ("DU1", "SPY", 22)]
    assert [(d["underlying"], d["near_days"], d["iv30"]) for d in daily] == [("SPX", 25, None)]
    assert daily[0]["near_iv"] == pytest.approx(0.2, abs=1e-4)


def test_open_position_is_marked_at_the_last_archived_quotes_of_all_its_legs_on_each_day(tmp_path: Path) -> None:
    spread = Spread("bull_put", (Leg(chain()[15], "sell"), Leg(chain()[13], "buy")))
    opened = [proposal("o1", spread=spread), *placed("o1"), *fills("o1", 2, ("5.00", "3.50"), spread=spread)]
    closed = [proposal("o2", spread=spread), *placed("o2"), *fills("o2", 2, ("5.00", "3.50"), spread=spread)]
    closing = [proposal("c2", position="o2", spread=spread), OrderApproved("c2", "exit", Decimal("-1.00"))]
    closing += [OrderSent("c2", Decimal("-1.00")), *fills("c2", 2, ("2.00", "1.10"), closes=True, spread=spread)]
    told(tmp_path, [*opened, *closed, *closing])
    later, next_day = NOON + timedelta(hours=1), NOON + timedelta(days=1)
    quoted(tmp_path, NOON - timedelta(hours=1), short=("9.00", "9.20"), long=("1.00", "1.20"))
    quoted(tmp_path, later, short=("4.00", "4.20"), long=("3.00", "3.10"))
    quoted(tmp_path, later + timedelta(minutes=5), short=("4.00", "4.20"), long=(None, "0.60"))
    quoted(tmp_path, next_day, short=("5.00", "5.20"), long=("3.00", "3.10"))

    found = rows(tmp_path, 'SELECT position, "date", marked_at, quantity, mark, unrealised FROM marks ORDER BY "date"')

    first_at, next_at = later - timedelta(seconds=8), next_day - timedelta(seconds=8)
    assert [(row["position"], row["quantity"]) for row in found] == [("o1", 2), ("o1", 2)]
    assert [row["marked_at"] for row in found] == [utc(first_at), utc(next_at)]
    assert [row["mark"] for row in found] == [Decimal("-1.05"), Decimal("-2.05")]
    assert [row["unrealised"] for row in found] == [Decimal(90), Decimal(-110)]


def test_long_leg_without_a_bid_brings_nothing_in_the_mark_of_that_moment(tmp_path: Path) -> None:
    spread = Spread("bull_put", (Leg(chain()[15], "sell"), Leg(chain()[13], "buy")))
    told(tmp_path, [proposal("o1", spread=spread), *placed("o1"), *fills("o1", 2, ("5.00", "3.50"), spread=spread)])
    later = NOON + timedelta(hours=1)
    quoted(tmp_path, NOON, short=("4.00", "4.20"), long=("3.00", "3.10"))
    quoted(tmp_path, later, short=("4.00", "4.20"), long=(None, "0.10"))

    (mark,) = rows(tmp_path, "SELECT as_of, marked_at, mark, unrealised FROM marks")

    assert (mark["as_of"], mark["marked_at"]) == (utc(later), utc(later - timedelta(seconds=2)))
    # It costs 4.10 to close at mid: 2.60 more than the 1.50 it brought, twice.
    assert (mark["mark"], mark["unrealised"]) == (Decimal("-4.10"), Decimal(-520))


def quoted(state: Path, at: datetime, *, short: tuple[str | None, str], long: tuple[str | None, str]) -> None:
    """Two puts quoted at these prices, bid and ask, the older of them eight seconds before."""
    store = QuoteStore()
    store.layout(chain(), {"SPX": SPX})
    store.underlying("SPX", at.timestamp(), 6000.0)
    for contract, (bid, ask), age in ((chain()[15], short, 2), (chain()[13], long, 8)):
        store.option(contract.con_id, at.timestamp() - age, bid=None if bid is None else float(bid), ask=float(ask))
    chains.save(state, store.snapshot(at), "DU1", store.carries)


def test_names_of_underlyings_survive_the_folder_names(tmp_path: Path) -> None:
    Journal.open(tmp_path, "DU1").journal.close()
    _, snapshot = archived(tmp_path)
    odd = replace(snapshot, underlyings=("BRK/B", "A=B c"))
    chains.save(tmp_path, replace(odd, as_of=NOON), "DU1", dict.fromkeys(odd.underlyings, chains.Carry(0.04, 0.01)))

    found = rows(tmp_path, "SELECT DISTINCT underlying FROM quotes ORDER BY underlying")

    assert [row["underlying"] for row in found] == ["A=B c", "BRK/B", "SPX", "SPY"]


def test_history_is_read_while_the_engine_writes_and_a_torn_line_is_passed_over(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "DU1").journal
    journal.append(EngineStopped("one"), NOON)
    with (tmp_path / "journal" / "2026-11-23.jsonl").open("ab") as file:
        file.write(b'{"seq":2,"at":"2026-')

    assert rows(tmp_path, "SELECT seq, reason FROM facts") == [{"seq": 1, "reason": "one"}]
    journal.close()


def test_the_database_opens_anywhere_and_while_others_hold_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = tmp_path / "a [b] 'c'*" / "state"
    ledger = told(state, trading_day())
    database = write_views(state)
    monkeypatch.chdir("/")

    with duckdb.connect(database, read_only=True) as shell:
        assert shell.execute("SELECT count(*) FROM positions").fetchall() == [(len(ledger.positions),)]
        write_views(state)
        assert len(query(state, "FROM positions").rows) == len(ledger.positions)


def test_a_query_answers_while_another_process_holds_the_database_for_writing(tmp_path: Path) -> None:
    told(tmp_path, trading_day())
    database = write_views(tmp_path)
    holder = subprocess.Popen(
        [os.sys.executable, "-c", f"import duckdb; c = duckdb.connect({str(database)!r}); print('held', flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"

        assert len(query(tmp_path, "FROM orders").rows) == 4
    finally:
        holder.communicate("\n")


def test_views_are_written_anew_when_the_folder_has_moved(tmp_path: Path) -> None:
    told(tmp_path / "old", trading_day())
    write_views(tmp_path / "old")
    shutil.move(tmp_path / "old", tmp_path / "new")

    database = write_views(tmp_path / "new")

    with duckdb.connect(database, read_only=True) as shell:
        assert shell.execute("SELECT count(*) FROM facts").fetchone() == (len(trading_day()),)
    assert not (tmp_path / "old").exists()


def test_views_are_left_alone_when_they_are_right(tmp_path: Path) -> None:
    database = write_views(tmp_path)
    before = database.stat().st_mtime_ns, database.stat().st_ino

    write_views(tmp_path)

    assert (database.stat().st_mtime_ns, database.stat().st_ino) == before


@pytest.mark.parametrize(
    "sql",
    [
        "COPY facts TO '{state}/journal/copy.csv'",
        "EXPLAIN ANALYZE COPY facts TO '{state}/journal/copy.csv'",
        "SELECT 1; SELECT 2",
        "CREATE TABLE t (i INT)",
        "INSTALL httpfs",
        "ATTACH '{state}/other.duckdb'",
        "SET enable_external_access = true",
        "PRAGMA database_list",
        "",
    ],
)
def test_a_query_is_one_select(tmp_path: Path, sql: str) -> None:
    Journal.open(tmp_path, "DU1").journal.close()

    with pytest.raises(UserError, match="answers one SELECT at a time"):
        query(tmp_path, sql.format(state=tmp_path))

    assert list((tmp_path / "journal").glob("*.csv")) == []


@pytest.mark.parametrize(
    "sql",
    ["FROM read_text('/etc/hostname')", "FROM read_csv('{state}/lock')", "FROM glob('/*')", "FROM '{state}/journal/../lock'"],
)
def test_a_query_reaches_no_other_files(tmp_path: Path, sql: str) -> None:
    Journal.open(tmp_path, "DU1").journal.close()

    with pytest.raises(UserError, match=r"the query was refused: .*(Permission|Catalog) Error"):
        query(tmp_path, sql.format(state=tmp_path))


def test_a_query_is_cut_at_its_rows_and_stopped_at_its_time(tmp_path: Path) -> None:
    Journal.open(tmp_path, "DU1").journal.close()

    answer = query(tmp_path, "SELECT * FROM range(100) AS t(i)", max_rows=3)

    assert (answer.rows, answer.is_cut) == ([(0,), (1,), (2,)], True)
    assert not query(tmp_path, "SELECT * FROM range(3)", max_rows=3).is_cut
    with pytest.raises(UserError, match=r"took longer than 0\.05 s"):
        query(tmp_path, "SELECT count(*) FROM range(1000000000000) AS t(i) WHERE i % 7 = 3", timeout_s=0.05)


def test_a_query_that_cannot_be_says_why(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no journal here"):
        query(tmp_path, "SELECT 1")
    Journal.open(tmp_path, "DU1").journal.close()
    with pytest.raises(UserError, match="the query cannot be read: Parser Error"):
        query(tmp_path, "SELEC 1")
    with pytest.raises(UserError, match='Referenced column "nope" not found'):
        query(tmp_path, "SELECT nope FROM facts")


def test_an_instant_with_a_zone_comes_out_in_utc(tmp_path: Path) -> None:
    Journal.open(tmp_path, "DU1").journal.close()

    answer = query(tmp_path, "SELECT TIMESTAMPTZ '2026-11-23 12:00:00-05' AS moment, 1 AS one;")

    assert answer.rows == [(datetime(2026, 11, 23, 17, 0), 1)]


def test_an_obstacle_of_a_gate_can_be_asked_for(tmp_path: Path) -> None:
    obstacle = Verdict("buying_power", "unknown", "unknown", "$1,000", "broker")
    told(tmp_path, [proposal("o1"), OrderDenied("o1", obstacle)])

    assert rows(tmp_path, "SELECT state, why FROM orders") == [{"state": "denied", "why": "buying_power"}]


def test_opening_that_was_made_smaller_is_counted_as_the_fold_counts_it(tmp_path: Path) -> None:
    smaller = OrderTightened("o1", "ada", "half", 1, Decimal("1.45"))
    ask = ApprovalAsked("o1", NOON, Decimal("1.50"), "the strategy asks")
    sent = placed("o1")
    story = [proposal("o1", quantity=3), sent[0], ask, smaller, *sent[1:], *fills("o1", 1, ("3.00", "1.50"))]

    ledger = told(tmp_path, story)

    (order,) = rows(tmp_path, "SELECT state, quantity, worst, filled, max_loss, fees_estimated FROM orders")
    known = ledger.orders["o1"]
    assert (order["state"], order["quantity"], order["filled"]) == (known.state, known.quantity, known.filled) == ("filled", 1, 1)
    assert order["worst"] == known.proposed.worst
    assert (order["max_loss"], order["fees_estimated"]) == (known.max_loss, known.fees)
    assert_views_are_the_fold(tmp_path, ledger)


def test_asked_prices_tell_where_each_price_stood_in_its_quote_and_what_ended_it(tmp_path: Path) -> None:
    story = [
        proposal("o1"),
        OrderSent("o1", Decimal("1.50"), Decimal("1.50"), Decimal("1.30")),
        OrderRepriced("o1", Decimal("1.45"), 1, Decimal("1.50"), Decimal("1.30")),
        *fills("o1", 1, ("5.10", "3.65")),
        OrderRepriced("o1", Decimal("1.40"), 2, Decimal("1.50"), Decimal("1.30")),
        OrderCanceled("o1", "worked too long"),
        proposal("c1", position="o1", limit="-0.70"),
        OrderSent("c1", Decimal("-0.70"), Decimal("-0.70"), Decimal("-0.70")),
        proposal("o2"),
        OrderSent("o2", Decimal("1.50")),
    ]
    told_apart(tmp_path, story)

    found = rows(tmp_path, "SELECT order_ref, legs, quantity, limit_price, beyond_mid, is_filled FROM asked_prices ORDER BY seq")

    assert [tuple(row.values()) for row in found] == [
        ("o1", 2, 2, Decimal("1.50"), 0.0, False),
        ("o1", 2, 2, Decimal("1.45"), 0.25, True),
        ("o1", 2, 2, Decimal("1.40"), 0.5, False),
        ("c1", 2, 2, Decimal("-0.70"), None, False),
        ("o2", 2, 2, Decimal("1.50"), None, False),
    ], "a quote without a width has no middle to be beyond, and an older journal has no quote"
