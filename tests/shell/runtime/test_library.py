"""The trader's folder: what is in force, what is refused, and what positions keep."""

from datetime import timedelta
from pathlib import Path

import pytest

from engine.domain.errors import UserError
from engine.domain.facts import Fact, StrategyLoaded, StrategyRefused, StrategyRemoved
from engine.domain.ledger import Ledger
from engine.runtime.library import FILES_MAX, Library, read_folder
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
        self.files.mkdir(exist_ok=True)
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

    assert kinds(facts) == ["StrategyLoaded"]
    assert list(library.shelf.strategies) == ["puts"]
    assert library.shelf.account.risk.per_trade.usd == 700  # type: ignore[union-attr]
    assert library.shelf.refused == {}
    assert library.reload() == ()


def test_missing_folder_is_the_traders_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        Library(tmp_path / "nowhere", tmp_path / "state").open(Ledger())


def test_file_that_does_not_pass_keeps_its_last_good_version(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    library, _ = folder.open()
    digest = library.shelf.strategies["puts"].digest

    folder.write("puts.yaml", text().replace("width", "wdith"))
    facts = library.reload()

    assert kinds(facts) == ["StrategyRefused"]
    assert isinstance(facts[0], StrategyRefused)
    assert "wdith" in facts[0].problems
    assert library.shelf.strategies["puts"].digest == digest
    assert list(library.shelf.refused) == [str(folder.files / "puts.yaml")]
    assert library.reload() == (), "told once"

    folder.write("puts.yaml", text(width="$5-$10"))
    assert kinds(library.reload()) == ["StrategyLoaded"]
    assert library.shelf.refused == {}


def test_last_good_version_survives_a_restart(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    folder.open()
    folder.write("puts.yaml", "schema: 1\nname: [")

    library, facts = folder.open()

    assert kinds(facts) == ["StrategyRefused"]
    assert library.shelf.strategies["puts"].spread.width.high == 5


def test_changed_file_brings_a_version_and_keeps_the_old_one_for_its_positions(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    library, _ = folder.open()
    old = library.shelf.strategies["puts"]

    folder.write("puts.yaml", text(width="$5-$10"))
    (loaded,) = library.reload()

    assert isinstance(loaded, StrategyLoaded)
    assert library.shelf.versions[old.digest] == old
    assert library.shelf.versions[loaded.digest].spread.width.high == 10


def test_position_keeps_its_rules_across_restart_and_deletion(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    library, _ = folder.open()
    born = library.shelf.strategies["puts"]
    given.told(folder.ledger, *given.opened(given.proposal(by=born)))
    (folder.files / "puts.yaml").unlink()

    removed = folder.hear(library.reload())
    again, facts = folder.open()

    assert removed == (StrategyRemoved("puts"),)
    assert facts == ()
    assert again.shelf.strategies == {}
    assert again.shelf.versions[born.digest].exits == born.exits


def test_deletion_while_the_engine_was_off_is_told_at_the_start(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    folder.open()
    (folder.files / "puts.yaml").unlink()

    _, facts = folder.open()

    assert facts == (StrategyRemoved("puts"),)


def test_damaged_archive_is_not_believed(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    library, _ = folder.open()
    born = library.shelf.strategies["puts"]
    given.told(folder.ledger, *given.opened(given.proposal(by=born)))
    (folder.archive / f"{born.digest}.yaml").write_text(text(width="$1-$50"))
    (folder.files / "puts.yaml").unlink()

    library, _ = folder.open()

    assert born.digest not in library.shelf.versions


@pytest.mark.parametrize("copy", ["a_copy.yaml", "z_copy.yaml"])
def test_copy_under_the_same_name_is_refused_and_the_original_stays(folder: Folder, copy: str) -> None:
    folder.write("puts.yaml", text())
    library, _ = folder.open()

    folder.write(copy, text(width="$1-$50"))
    (refused,) = library.reload()

    assert isinstance(refused, StrategyRefused)
    assert refused.file.endswith(copy)
    assert "give this one a name of its own" in refused.problems or "give it a name of its own" in refused.problems
    assert library.shelf.strategies["puts"].file.endswith("puts.yaml")


def test_renamed_file_and_renamed_strategy_are_followed(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    library, _ = folder.open()
    (folder.files / "puts.yaml").rename(folder.files / "income.yaml")

    library.reload()
    assert library.shelf.strategies["puts"].file.endswith("income.yaml")

    folder.write("income.yaml", text("income"))
    assert kinds(library.reload()) == ["StrategyLoaded", "StrategyRemoved"]


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
    assert library.shelf.account.risk.per_trade.usd == 700  # type: ignore[union-attr]


def test_broken_common_list_keeps_the_last_good_one(folder: Folder) -> None:
    folder.write("common.yaml", "schema: 1\nlists: {funds: [SPY, QQQ]}\n")
    folder.write("puts.yaml", text().replace("universe: [SPY]", "universe: {list: funds}"))
    library, _ = folder.open()

    folder.write("common.yaml", "schema: 1\nlists: {funds: [")
    facts = library.reload()

    assert [fact.file for fact in facts if isinstance(fact, StrategyRefused)] == [str(folder.files / "common.yaml")]
    assert library.shelf.strategies["puts"].universe == ("SPY", "QQQ")


def test_version_that_cannot_be_kept_is_not_put_in_force(folder: Folder) -> None:
    folder.write("puts.yaml", text())
    folder.archive.write_text("a file where the archive should be")

    library = Library(folder.files, folder.archive)
    facts = library.open(Ledger())

    assert kinds(facts) == ["StrategyRefused"]
    assert library.shelf.strategies == {}


def test_too_many_files_are_refused(folder: Folder) -> None:
    for number in range(FILES_MAX + 1):
        folder.write(f"s{number}.yaml", "")

    with pytest.raises(UserError, match=f"{FILES_MAX} is the most"):
        read_folder(folder.files)
