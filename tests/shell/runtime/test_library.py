"""The trader's folder: what is in force, what is refused, and what positions keep."""

from datetime import timedelta
from pathlib import Path

import pytest

from engine.domain.errors import UserError
from engine.domain.facts.files import EditAccepted, EditHeld, SharedFileLoaded, StrategyLoaded, StrategyRefused, StrategyRemoved
from engine.domain.facts.running import EngineStarted
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.runtime.library import Library
from engine.runtime.reading import FILES_MAX, Reading, read_folder
from engine.strategy.account import Account
from tests import given

ACCOUNT = "schema: 1\nrisk: {per_trade: %s}\n"


def text(name: str = "puts", width: str = "$5-$5") -> str:
    return f"""\
schema: 1
name: {name}
universe: [SPY]
spread:
  type: bull_put
  expiry: 20-30 days
  short_delta: 0.15-0.30
  width: {width}
  rank: return_on_risk
sizing: {{risk: $900}}
exits:
  - loss >= 200% of credit
  - dte <= 7
"""


class Folder:
    """The trader's files and the archive beside them, and a ledger that hears what changes."""

    def __init__(self, root: Path) -> None:
        self.files, self.archive = root / "strategies", root / "state"
        self.files.mkdir(parents=True, exist_ok=True)
        self.ledger = Ledger()

    def write(self, name: str, content: str) -> None:
        (self.files / name).write_text(content, encoding="utf-8")

    def open(self) -> tuple[Library, tuple[Fact, ...]]:
        library = Library(self.files, self.archive)
        return library, self.hear(library.open(self.ledger))

    def hear(self, facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
        given.told(self.ledger, *facts)
        return facts


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_kind_of_event_that_ends_soon_is_a_notice(folder: Folder) -> None:
    folder.write("puts.yaml", text() + "when: [no FOMC within 2 days]\n")
    folder.write("events.yaml", "schema: 1\nhorizon: {FOMC: 2026-12-31}\n")
    library, _ = folder.open()

    (notice,) = library.notices(given.NOW)

    assert notice.startswith("events.yaml knows FOMC to 2026-12-31 only: puts asks 2 days ahead")
    assert library.notices(given.NOW - timedelta(days=60)) == []


def kinds(facts: tuple[Fact, ...]) -> list[str]:
    return [type(fact).__name__ for fact in facts]


def test_files_are_loaded_once_and_told_once(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    folder.write("account.yaml", ACCOUNT % "$700")
    folder.write(".hidden.yaml", "nonsense")
    (folder.files / "folder.yaml").mkdir()

    library, facts = folder.open()

    assert kinds(facts) == ["SharedFileLoaded", "StrategyLoaded"]
    assert list(library.in_force.strategies) == ["puts"]
    assert library.in_force.account.risk.per_trade.usd == 700  # type: ignore[union-attr]
    assert library.in_force.refused == {}
    assert library.reload() == ()


def test_missing_folder_is_the_traders_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        Library(tmp_path / "nowhere", tmp_path / "state").open(Ledger())


def test_file_that_does_not_pass_keeps_its_last_good_version(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    library, _ = folder.open()
    digest = library.in_force.strategies["puts"].digest

    folder.write("puts.yaml", text().replace("width", "wdith"))
    facts = library.reload()

    assert kinds(facts) == ["StrategyRefused"]
    assert isinstance(facts[0], StrategyRefused)
    assert "wdith" in facts[0].problems
    assert library.in_force.strategies["puts"].digest == digest
    assert list(library.in_force.refused) == [str(folder.files / "puts.yaml")]
    assert library.reload() == (), "told once"

    folder.write("puts.yaml", text(width="$5-$10"))
    assert kinds(library.reload()) == ["StrategyLoaded"]
    assert library.in_force.refused == {}


def test_last_good_version_survives_a_restart(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    folder.open()
    folder.write("puts.yaml", "schema: 1\nname: [")

    library, facts = folder.open()

    assert kinds(facts) == ["StrategyRefused"]
    assert library.in_force.strategies["puts"].spread.width.high == 5


def test_changed_file_brings_a_version_and_keeps_the_old_one_for_its_positions(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    library, _ = folder.open()
    old = library.in_force.strategies["puts"]

    folder.write("puts.yaml", text(width="$5-$10"))
    (loaded,) = library.reload()

    assert isinstance(loaded, StrategyLoaded)
    assert library.in_force.versions[old.digest] == old
    assert library.in_force.versions[loaded.digest].spread.width.high == 10


def test_position_keeps_its_rules_across_restart_and_deletion(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    library, _ = folder.open()
    born = library.in_force.strategies["puts"]
    given.told(folder.ledger, *given.opened(given.proposal(by=born)))
    (folder.files / "puts.yaml").unlink()

    removed = folder.hear(library.reload())
    again, facts = folder.open()

    assert removed == (StrategyRemoved("puts"),)
    assert facts == ()
    assert again.in_force.strategies == {}
    assert again.in_force.versions[born.digest].exits == born.exits


def test_deletion_while_the_engine_was_off_is_told_at_the_start(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    folder.open()
    (folder.files / "puts.yaml").unlink()

    _, facts = folder.open()

    assert facts == (StrategyRemoved("puts"),)


def test_changed_limit_is_told_and_loosening_is_called_that(folder: Folder) -> None:
    folder.write("account.yaml", ACCOUNT % "$700")
    library, _ = folder.open()

    folder.write("account.yaml", ACCOUNT % "$900")
    (looser,) = folder.hear(library.reload())
    folder.write("account.yaml", ACCOUNT % "$400")
    (tighter,) = folder.hear(library.reload())

    assert shared(looser) == ("account.yaml", ("risk.per_trade was $700, is $900",), True)
    assert shared(tighter) == ("account.yaml", ("risk.per_trade was $900, is $400",), False)
    assert library.reload() == ()


def test_file_that_says_the_same_in_other_words_is_told_without_a_change(folder: Folder) -> None:
    folder.write("account.yaml", ACCOUNT % "$700")
    library, _ = folder.open()

    folder.write("account.yaml", "# mine\n" + ACCOUNT % "$700.00")

    assert shared(*library.reload()) == ("account.yaml", (), False)


def test_deleted_account_is_told_and_its_defaults_hold_at_once_as_after_a_restart(folder: Folder) -> None:
    folder.write("account.yaml", ACCOUNT % "$700")
    library, _ = folder.open()

    (folder.files / "account.yaml").unlink()
    (gone,) = folder.hear(library.reload())
    again, facts = folder.open()

    assert isinstance(gone, SharedFileLoaded)
    assert shared(gone) == ("account.yaml", ("risk.per_trade was $700, is 1% of net liquidation",), True)
    assert gone.digest == ""
    assert library.in_force.account == again.in_force.account == Account(schema=1)
    assert facts == ()


def test_limit_changed_while_the_engine_was_off_is_told_at_the_start(folder: Folder) -> None:
    folder.write("account.yaml", ACCOUNT % "$700")
    folder.open()

    folder.write("account.yaml", ACCOUNT % "$900")
    _, changed = folder.open()
    (folder.files / "account.yaml").unlink()
    _, deleted = folder.open()

    assert shared(*changed) == ("account.yaml", ("risk.per_trade was $700, is $900",), True)
    assert shared(*deleted) == ("account.yaml", ("risk.per_trade was $900, is 1% of net liquidation",), True)


def test_limits_of_which_the_earlier_version_is_lost_are_told_as_unknown_before(folder: Folder) -> None:
    folder.write("account.yaml", ACCOUNT % "$700")
    folder.open()
    for path in folder.archive.rglob("*account.yaml"):
        path.unlink()

    folder.write("account.yaml", ACCOUNT % "$900")
    _, facts = folder.open()

    assert shared(*facts) == ("account.yaml", ("the version before is not kept, so nobody knows what is different",), True)


def test_list_that_grows_and_events_that_go_are_told(folder: Folder) -> None:
    folder.write("common.yaml", "schema: 1\nlists: {funds: [SPY]}\n")
    folder.write("events.yaml", "schema: 1\nhorizon: {FOMC: 2027-12-31}\n")
    folder.write("puts.yaml", text().replace("universe: [SPY]", "universe: {list: funds}"))
    library, _ = folder.open()

    folder.write("common.yaml", "schema: 1\nlists: {funds: [SPY, QQQ]}\n")
    (folder.files / "events.yaml").unlink()
    facts = library.reload()

    *of_shared, loaded = facts
    assert [shared(fact) for fact in of_shared] == [
        ("common.yaml", ("lists.funds was [SPY], is [SPY, QQQ]",), True),
        ("events.yaml", ("it is gone: no event is known, and what asks for one opens nothing",), False),
    ]
    assert isinstance(loaded, StrategyLoaded)
    assert (loaded.changes, loaded.loosens) == (("universe was [SPY], is [SPY, QQQ]",), True)
    assert library.in_force.strategies["puts"].universe == ("SPY", "QQQ")


def test_changed_strategy_tells_what_changed(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    library, (first,) = folder.open()

    folder.write("puts.yaml", text().replace("$900", "$1900"))
    (loaded,) = library.reload()

    assert isinstance(first, StrategyLoaded)
    assert isinstance(loaded, StrategyLoaded)
    assert (first.changes, first.loosens) == ((), False)
    assert (loaded.changes, loaded.loosens) == (("sizing.risk was $900, is $1,900",), True)


def test_strategy_changed_while_the_engine_was_off_tells_what_changed(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    folder.open()

    folder.write("puts.yaml", text().replace("$900", "$500"))
    _, (loaded,) = folder.open()

    assert isinstance(loaded, StrategyLoaded)
    assert (loaded.changes, loaded.loosens) == (("sizing.risk was $900, is $500",), False)


def test_folder_that_is_gone_keeps_what_is_in_force_and_says_so(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    folder.write("account.yaml", ACCOUNT % "$700")
    library, _ = folder.open()
    before = library.in_force

    folder.files.rename(folder.files.with_name("moved"))
    with pytest.raises(UserError, match="the folder is gone"):
        library.reload()
    folder.files.symlink_to(folder.files.with_name("nowhere"))
    with pytest.raises(UserError, match="this link leads nowhere"):
        library.reload()

    assert library.in_force == before


def test_folder_that_is_another_one_tells_every_change(folder: Folder, tmp_path: Path) -> None:
    folder.write("puts.yaml", text())
    folder.write("account.yaml", ACCOUNT % "$700")
    library, _ = folder.open()
    other = Folder(tmp_path / "other")
    other.write("puts.yaml", text(width="$5-$10"))
    other.write("account.yaml", ACCOUNT % "$900")

    folder.files.rename(folder.files.with_name("moved"))
    folder.files.symlink_to(other.files)
    limits, loaded = library.reload()

    assert shared(limits) == ("account.yaml", ("risk.per_trade was $700, is $900",), True)
    assert isinstance(loaded, StrategyLoaded)
    assert (loaded.changes, loaded.loosens) == (("spread.width was $5, is $5-$10",), True)


def shared(fact: Fact) -> tuple[str, tuple[str, ...], bool]:
    assert isinstance(fact, SharedFileLoaded)
    return Path(fact.file).name, fact.changes, fact.loosens


def test_damaged_archive_is_not_believed(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    library, _ = folder.open()
    born = library.in_force.strategies["puts"]
    given.told(folder.ledger, *given.opened(given.proposal(by=born)))
    (folder.archive / f"{born.digest}.yaml").write_text(text(width="$1-$50"))
    (folder.files / "puts.yaml").unlink()

    library, _ = folder.open()

    assert born.digest not in library.in_force.versions


@pytest.mark.parametrize("copy", ["a_copy.yaml", "z_copy.yaml"])
def test_copy_under_the_same_name_is_refused_and_the_original_stays(folder: Folder, copy: str) -> None:
    folder.write("puts.yaml", text())
    library, _ = folder.open()

    folder.write(copy, text(width="$1-$50"))
    (refused,) = library.reload()

    assert isinstance(refused, StrategyRefused)
    assert refused.file.endswith(copy)
    assert "give this one a name of its own" in refused.problems or "give it a name of its own" in refused.problems
    assert library.in_force.strategies["puts"].file.endswith("puts.yaml")


def test_renamed_file_and_renamed_strategy_are_followed(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    library, _ = folder.open()
    (folder.files / "puts.yaml").rename(folder.files / "income.yaml")

    (file,) = folder.hear(library.reload())
    again, restarted = folder.open()
    folder.write("income.yaml", text("income"))
    name, removed = library.reload()

    assert isinstance(file, StrategyLoaded)
    assert (file.strategy, Path(file.file).name, file.loosens) == ("puts", "income.yaml", False)
    assert file.changes == (f"the file is {folder.files / 'income.yaml'}, it was {folder.files / 'puts.yaml'}",)
    assert again.in_force.strategies["puts"].file.endswith("income.yaml")
    assert restarted == ()
    assert isinstance(name, StrategyLoaded)
    assert name.changes == ("the name is income, it was puts: its limits count from nothing",)
    assert name.loosens
    assert removed == StrategyRemoved("puts")


def test_bad_account_stops_the_start_and_later_keeps_the_last_good_limits(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    folder.write("account.yaml", ACCOUNT % "lots")
    with pytest.raises(UserError, match=r"account\.yaml"):
        folder.open()

    folder.write("account.yaml", ACCOUNT % "$700")
    library, _ = folder.open()
    folder.write("account.yaml", ACCOUNT % "lots")
    (refused,) = library.reload()

    assert isinstance(refused, StrategyRefused)
    assert refused.file.endswith("account.yaml")
    assert library.in_force.account.risk.per_trade.usd == 700  # type: ignore[union-attr]


def test_broken_common_list_keeps_the_last_good_one(folder: Folder) -> None:
    folder.write("common.yaml", "schema: 1\nlists: {funds: [SPY, QQQ]}\n")
    folder.write("puts.yaml", text().replace("universe: [SPY]", "universe: {list: funds}"))
    library, _ = folder.open()

    folder.write("common.yaml", "schema: 1\nlists: {funds: [")
    facts = library.reload()

    assert [fact.file for fact in facts if isinstance(fact, StrategyRefused)] == [str(folder.files / "common.yaml")]
    assert library.in_force.strategies["puts"].universe == ("SPY", "QQQ")


def test_version_that_cannot_be_kept_is_not_put_in_force(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    folder.archive.write_text("a file where the archive should be")

    library = Library(folder.files, folder.archive)
    facts = library.open(Ledger())

    assert kinds(facts) == ["StrategyRefused"]
    assert library.in_force.strategies == {}


def test_too_many_files_are_refused(folder: Folder) -> None:
    for number in range(FILES_MAX + 1):
        folder.write(f"s{number}.yaml", "")

    with pytest.raises(UserError, match=f"{FILES_MAX} is the most"):
        read_folder(folder.files)


def automatic(risk: str = "$900", name: str = "puts") -> str:
    """A strategy that sends orders without asking."""
    limits = 'limits: {stop_for_day: -$500}\nentry: {approval: auto, auto_up_to: "$2,000 risk, 2 orders per day"}\n'
    return text(name).replace("$900", risk) + limits


def test_edit_that_loosens_what_trades_without_asking_waits_for_a_person(folder: Folder) -> None:
    # Given a strategy that sends orders by itself
    folder.write("puts.yaml", automatic())
    library, _ = folder.open()
    before = library.in_force.strategies["puts"]

    # When its risk grows
    folder.write("puts.yaml", automatic("$1,900"))
    (held,) = folder.hear(library.reload())

    # Then nothing is different, it is said once, and the edit waits
    assert isinstance(held, EditHeld)
    assert held.changes == ("sizing.risk was $900, is $1,900",)
    assert library.in_force.strategies["puts"] == before
    assert library.reload() == ()
    assert [edit.digest for edit in library.edits.waiting.values()] == [held.digest]

    # When a person accepts it
    folder.hear((EditAccepted(held.file, held.digest, "trader"),))
    library.edits.accept(held.file, held.digest)
    (loaded,) = folder.hear(library.reload())

    # Then it is in force, and loosening is called that
    assert isinstance(loaded, StrategyLoaded)
    assert (loaded.changes, loaded.loosens) == (("sizing.risk was $900, is $1,900",), True)
    assert library.edits.waiting == {}
    assert folder.ledger.files.accepted == {}


def test_accepting_one_text_accepts_no_other_and_no_second_time(folder: Folder) -> None:
    folder.write("puts.yaml", automatic())
    library, _ = folder.open()
    folder.write("puts.yaml", automatic("$1,200"))
    (held,) = library.reload()
    assert isinstance(held, EditHeld)

    folder.write("puts.yaml", automatic("$1,900"))
    library.edits.accept(held.file, held.digest)
    (another,) = library.reload()
    folder.write("puts.yaml", automatic("$1,200"))
    (taken,) = library.reload()
    folder.write("puts.yaml", automatic())
    library.reload()
    folder.write("puts.yaml", automatic("$1,200"))
    (again,) = library.reload()

    assert kinds((another, taken, again)) == ["EditHeld", "StrategyLoaded", "EditHeld"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (automatic(), automatic("$500")),  # tighter
        (text(), text().replace("$900", "$1,900")),  # asks a person for every order
    ],
    ids=["tightened", "asks"],
)
def test_edit_that_tightens_or_asks_for_every_order_takes_effect_at_once(folder: Folder, first: str, second: str) -> None:
    folder.write("puts.yaml", first)
    library, _ = folder.open()

    folder.write("puts.yaml", second)

    assert kinds(library.reload()) == ["StrategyLoaded"]


def test_edit_that_waits_waits_after_a_restart_too_and_one_that_was_accepted_does_not(folder: Folder) -> None:
    folder.write("puts.yaml", automatic())
    folder.open()
    folder.write("puts.yaml", automatic("$1,900"))

    waiting, (held,) = folder.open()
    assert isinstance(held, EditHeld)
    folder.hear((EditAccepted(held.file, held.digest, "trader"),))
    accepted, (loaded,) = folder.open()

    assert waiting.in_force.strategies["puts"].sizing.risk.usd == 900  # type: ignore[union-attr]
    assert kinds((loaded,)) == ["StrategyLoaded"]
    assert accepted.in_force.strategies["puts"].sizing.risk.usd == 1900  # type: ignore[union-attr]


def test_edit_that_is_taken_back_no_longer_waits(folder: Folder) -> None:
    folder.write("puts.yaml", automatic())
    library, _ = folder.open()
    folder.write("puts.yaml", automatic("$1,900"))
    library.reload()

    folder.write("puts.yaml", automatic())

    assert library.reload() == ()
    assert library.edits.waiting == {}


@pytest.mark.parametrize("second", [ACCOUNT % "$900", None], ids=["looser", "gone"])
def test_looser_limits_of_the_account_wait_where_something_trades_without_asking(folder: Folder, second: str | None) -> None:
    folder.write("puts.yaml", automatic())
    folder.write("account.yaml", ACCOUNT % "$700")
    library, _ = folder.open()

    if second is None:
        (folder.files / "account.yaml").unlink()
    else:
        folder.write("account.yaml", second)
    (held,) = folder.hear(library.reload())
    assert isinstance(held, EditHeld)
    in_force = library.in_force.account.risk.per_trade.usd  # type: ignore[union-attr]
    library.edits.accept(held.file, held.digest)
    (loaded,) = folder.hear(library.reload())

    assert in_force == 700
    assert isinstance(loaded, SharedFileLoaded)
    assert loaded.loosens


def test_renamed_strategy_that_trades_without_asking_waits_under_its_old_name(folder: Folder) -> None:
    folder.write("puts.yaml", automatic())
    library, _ = folder.open()

    folder.write("puts.yaml", automatic(name="income"))
    (held,) = library.reload()

    assert isinstance(held, EditHeld)
    assert "its limits count from nothing" in held.changes[0]
    assert list(library.in_force.strategies) == ["puts"]


def test_strategy_that_becomes_automatic_waits(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    library, _ = folder.open()

    folder.write("puts.yaml", automatic())

    assert kinds(library.reload()) == ["EditHeld"]


def test_with_real_money_an_edit_ends_the_arms_and_nothing_waits(folder: Folder) -> None:
    folder.ledger.apply(EngineStarted("0.1.0", "live", "spt"), given.NOW)
    folder.write("puts.yaml", automatic())
    library, _ = folder.open()

    folder.write("puts.yaml", automatic("$1,900"))
    (loaded,) = library.reload()

    assert isinstance(loaded, StrategyLoaded)
    assert loaded.loosens


def test_reading_parses_what_has_changed_and_touches_nothing_in_force(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    folder.write("calls.yaml", text("calls"))
    library, _ = folder.open()
    before = library.in_force
    unchanged, same = library.read(), library.read()
    folder.write("calls.yaml", text("calls", width="$10"))

    reading = library.read()

    assert library.in_force is before
    assert parsed_of(unchanged, folder, "puts") is parsed_of(same, folder, "puts") is parsed_of(reading, folder, "puts")
    assert parsed_of(reading, folder, "calls") is not parsed_of(unchanged, folder, "calls")
    assert [fact.strategy for fact in library.reload(reading) if isinstance(fact, StrategyLoaded)] == ["calls"]


def parsed_of(reading: Reading, folder: Folder, name: str) -> object:
    return reading.strategies(f"{name}.yaml", str(folder.files / f"{name}.yaml"), None, "")


def test_half_of_a_save_changes_nothing_but_what_it_says(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    folder.write("calls.yaml", text("calls"))
    library, _ = folder.open()
    whole = library.in_force.strategies
    lines = text("puts", width="$10").splitlines(keepends=True)

    for half in range(len(lines)):
        last = library.in_force.strategies["puts"]
        folder.write("puts.yaml", "".join(lines[:half]))
        facts = folder.hear(library.reload())

        assert library.in_force.strategies["calls"] is whole["calls"]
        if library.in_force.refused:
            assert library.in_force.strategies["puts"] is last
        else:
            (loaded,) = facts
            assert isinstance(loaded, StrategyLoaded)
            assert loaded.changes


COMMON = """\
schema: 1
conditions:
  calm: [%s]
presets:
  out_at_half:
    exits: [profit >= 50%% of credit, loss >= 200%% of credit, dte <= 7]
"""


def named(risk: str = "$900") -> str:
    """A strategy that sends orders without asking, in the market that common.yaml calls calm."""
    return automatic(risk).split("exits:")[0] + "use: out_at_half\nwhen: [calm]\n" + automatic(risk).split("dte <= 7\n")[1]


def test_condition_of_common_that_loosens_waits_like_any_edit_that_loosens(folder: Folder) -> None:
    # Given a strategy that sends orders by itself, and takes its condition from common.yaml
    folder.write("common.yaml", COMMON % "vix <= 20")
    folder.write("puts.yaml", named())
    library, _ = folder.open()
    before = library.in_force.strategies["puts"]

    # When that condition lets more through
    folder.write("common.yaml", COMMON % "vix <= 25")
    (held,) = folder.hear(library.reload())

    # Then common.yaml waits, with what it changes of the strategy
    assert isinstance(held, EditHeld)
    assert Path(held.file).name == "common.yaml"
    assert "puts: when: `vix <= 20` is `vix <= 25` now" in held.changes
    assert library.in_force.strategies["puts"] == before

    # And a strategy that is edited meanwhile is read with what is in force, through a restart too
    folder.write("puts.yaml", named("$800"))
    folder.hear(library.reload())
    again, _ = folder.open()
    assert again.in_force.strategies["puts"].when[0].text == "vix <= 20"
    assert again.in_force.strategies["puts"].sizing.risk.usd == 800  # type: ignore[union-attr]

    # When a person accepts it
    again.edits.accept(held.file, held.digest)
    shared_fact, loaded = folder.hear(again.reload())

    # Then it is told of the strategy, as loosened
    assert shared(shared_fact)[:2] == ("common.yaml", ("conditions.calm was vix <= 20, is vix <= 25",))
    assert isinstance(loaded, StrategyLoaded)
    assert (loaded.changes, loaded.loosens) == (("when: `vix <= 20` is `vix <= 25` now",), True)


def test_condition_of_common_that_tightens_takes_effect_at_once(folder: Folder) -> None:
    folder.write("common.yaml", COMMON % "vix <= 20")
    folder.write("puts.yaml", named())
    library, _ = folder.open()

    folder.write("common.yaml", COMMON % "vix <= 15")
    _, loaded = library.reload()

    assert isinstance(loaded, StrategyLoaded)
    assert not loaded.loosens
    assert library.in_force.strategies["puts"].when[0].text == "vix <= 15"


def test_positions_keep_what_their_version_took_from_common(folder: Folder) -> None:
    # Given a position that was opened with the exits of a preset
    folder.write("common.yaml", COMMON % "vix <= 20")
    folder.write("puts.yaml", named())
    library, _ = folder.open()
    born = library.in_force.strategies["puts"]
    given.told(folder.ledger, *given.opened(given.proposal(by=born)))

    # When the preset says something else, and the engine is started again
    folder.write("common.yaml", (COMMON % "vix <= 20").replace("profit >= 50%", "profit >= 40%"))
    folder.hear(library.reload())
    library, _ = folder.open()

    # Then the position has its own exits and new ones have the others
    assert library.in_force.versions[born.digest].exits[0].text == "profit >= 50% of credit"
    assert library.in_force.strategies["puts"].exits[0].text == "profit >= 40% of credit"
    assert library.in_force.strategies["puts"].digest != born.digest


def test_what_a_strategy_does_not_use_of_common_makes_no_version_of_it(folder: Folder) -> None:
    folder.write("common.yaml", COMMON % "vix <= 20")
    folder.write("puts.yaml", automatic())
    library, _ = folder.open()

    folder.write("common.yaml", COMMON % "vix <= 25")
    facts = library.reload()

    assert kinds(facts) == ["SharedFileLoaded"]


VARIANTS = "variants:\n  spy: {universe: [SPY]}\n  qqq: {universe: [QQQ], sizing: {risk: %s}}\n"


def test_variants_are_strategies_of_their_own_with_one_file(folder: Folder) -> None:
    folder.write("puts.yaml", text() + VARIANTS % "$400")
    library, loaded = folder.open()

    assert {fact.strategy for fact in loaded if isinstance(fact, StrategyLoaded)} == {"puts_spy", "puts_qqq"}
    spy, qqq = (library.in_force.strategies[name] for name in ("puts_spy", "puts_qqq"))
    assert (spy.universe, qqq.universe) == (("SPY",), ("QQQ",))
    assert spy.digest != qqq.digest

    # After a restart each is known by its own version
    again, facts = folder.open()
    assert facts == ()
    assert set(again.in_force.strategies) == {"puts_spy", "puts_qqq"}

    # A broken save keeps both
    folder.write("puts.yaml", text() + VARIANTS % "400")
    assert kinds(again.reload()) == ["StrategyRefused"]
    assert again.in_force.strategies["puts_qqq"] == qqq


def test_variant_that_loosens_holds_the_whole_file_and_is_called_by_its_name(folder: Folder) -> None:
    folder.write("puts.yaml", automatic() + VARIANTS % "$400")
    library, _ = folder.open()
    before = dict(library.in_force.strategies)

    folder.write("puts.yaml", automatic() + VARIANTS % "$800")
    (held,) = folder.hear(library.reload())

    assert isinstance(held, EditHeld)
    assert held.changes == ("puts_qqq: sizing.risk was $400, is $800",)
    assert library.in_force.strategies == before
    library.edits.accept(held.file, held.digest)
    spy, qqq = sorted(folder.hear(library.reload()), key=lambda fact: fact.loosens)  # type: ignore[union-attr]
    assert (spy.changes, qqq.changes) == ((), ("sizing.risk was $400, is $800",))  # type: ignore[union-attr]


def test_variant_that_is_gone_opens_nothing_more(folder: Folder) -> None:
    folder.write("puts.yaml", text() + VARIANTS % "$400")
    library, _ = folder.open()

    folder.write("puts.yaml", text() + "variants:\n  spy: {universe: [SPY]}\n")
    facts = library.reload()

    assert StrategyRemoved("puts_qqq") in facts
    assert set(library.in_force.strategies) == {"puts_spy"}
