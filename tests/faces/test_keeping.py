"""`spreads backup`, `restore` and `upgrade --check`: by hand, as a person does them; and both ways between versions."""

import gzip
import json
from datetime import timedelta
from pathlib import Path

import pytest

from engine.cli.client import VERSION
from engine.domain.facts.halts import Halted
from engine.store import codec
from engine.store.books import books
from engine.store.checkpoint import recover
from engine.store.lines import day_files
from tests.faces import given
from tests.faces.conftest import Spreads
from tests.shell.store.facts import NOON, trading_day, written
from tests.shell.store.test_recorded_journal import JOURNALS

NEWER = "9.9.0"


@pytest.fixture
def traded(spreads: Spreads) -> Spreads:
    """A folder that an engine has traded from."""
    written(Path("state"), [(fact, NOON + timedelta(seconds=second)) for second, fact in enumerate(trading_day())])
    given.strategy(Path("strategies"))
    return spreads


def by_a_newer_version(state: Path, **line: object) -> None:
    """Lines at the journal's end as another version writes them: its start, and one more."""
    path = day_files(state / "journal")[-1]
    for body in ({"kind": "EngineStarted", "version": NEWER, "mode": "paper", "lease": "k3v"}, line):
        last = path.read_bytes().splitlines(keepends=True)[-1]
        head = codec.header(last)
        around = {"seq": head.seq + 1, "at": head.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "account": "DU1"}
        with path.open("ab") as file:
            file.write(codec.sealed(json.dumps({**around, **body}, separators=(",", ":")).encode(), head.hash).raw)


def told(ran: given.Ran) -> dict[str, dict[str, str]]:
    return {row["check"]: row for row in json.loads(ran.out)}


def test_backup_is_proved_and_put_back(traded: Spreads) -> None:
    made = traded("backup", "--to", "b.tar.gz")
    proved = traded("restore", "b.tar.gz", "--verify")
    restored = traded("restore", "b.tar.gz", "elsewhere")

    assert (made.code, made.out) == (0, "b.tar.gz\n")
    assert "copy it to another machine" in made.err
    assert proved.code == restored.code == 0
    assert "equal to what was saved" in proved.out
    assert "the backup is good; nothing was kept of the trial" in proved.err
    assert books(Path("elsewhere/state")).digest == books(Path("state")).digest
    assert traded("trades", "--state", "elsewhere/state").out == traded("trades").out
    assert traded("check", "elsewhere/strategies").code == traded("check", "strategies").code


def test_name_of_a_backup_says_whose_and_when(traded: Spreads) -> None:
    ran = traded("backup")

    (file,) = Path().glob("spreads-DU1-*Z.tar.gz")
    assert ran.out == f"{file}\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("restore", "b.tar.gz", "--verify"), "b.tar.gz: no such file"),
        (("restore", "strategies/puts.yaml", "--verify"), "this is no backup"),
        (("restore", "strategies/puts.yaml"), "name a folder to restore into, or say --verify"),
        (("restore", "strategies/puts.yaml", "there", "--verify"), "name a folder to restore into, or say --verify"),
        (("backup", "--state", "nowhere"), "nowhere: no such folder"),
        (("upgrade",), "say --check"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_sentence(words: tuple[str, ...], says: str, traded: Spreads) -> None:
    ran = traded(*words)

    assert ran.code == 2
    assert says in ran.err


def test_journal_of_an_older_version_is_taken_over(spreads: Spreads) -> None:
    Path("state/journal").mkdir(parents=True)
    for packed in sorted(JOURNALS.glob("*.jsonl.gz")):
        (Path("state/journal") / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))

    found = told(spreads("upgrade", "--check", "--format", "json"))

    assert (found["version"]["state"], found["facts"]["state"]) == ("ok", "ok")
    assert found["facts"]["found"] == "all 1,409 lines can be read"


def test_older_version_refuses_a_newer_fact_by_name_and_says_how_to_go_back(traded: Spreads) -> None:
    by_a_newer_version(Path("state"), kind="MarginCalled", usd="12")

    ran = traded("upgrade", "--check", "--format", "json")

    found = told(ran)
    assert ran.code == 1
    assert found["version"]["found"] == f"this is {VERSION}, older than {NEWER}, which ran last"
    assert found["version"]["mend"] == f"pip install ibkr-spreads=={NEWER}"
    assert "the fact MarginCalled is unknown to this version" in found["facts"]["found"]


def test_older_version_refuses_what_is_new_in_a_known_fact(traded: Spreads) -> None:
    by_a_newer_version(Path("state"), kind="Resumed", by="anna", until="2027-01-01")

    found = told(traded("upgrade", "--check", "--format", "json"))

    assert "the fact Resumed has what is unknown to this version: until" in found["facts"]["found"]
    assert f"version {NEWER} wrote it: pip install ibkr-spreads=={NEWER}" in found["facts"]["found"]


def test_start_of_an_older_version_names_the_fact_and_opens_nothing(traded: Spreads) -> None:
    by_a_newer_version(Path("state"), kind="MarginCalled", usd="12")

    recovered = recover(Path("state"), "DU1")
    recovered.journal.close()

    (odd,) = recovered.odd
    assert "MarginCalled" in odd
    assert f"pip install ibkr-spreads=={NEWER}" in odd
    assert recovered.ledger.orders, "what is open goes on being watched"


def test_newer_version_reads_what_the_older_one_wrote_and_the_older_one_what_it_can(traded: Spreads) -> None:
    before = books(Path("state"))
    by_a_newer_version(Path("state"), kind="Halted", by="anna", reason="trying it")

    found = told(traded("upgrade", "--check", "--format", "json"))

    assert (found["version"]["state"], found["facts"]["state"]) == ("warn", "ok")
    after = books(Path("state"))
    assert after.ledger.halt == Halted("anna", "trying it")
    assert after.ledger.positions == before.ledger.positions


def test_backup_of_the_last_line_is_found(traded: Spreads) -> None:
    missing = told(traded("upgrade", "--check", "--format", "json"))["backup"]
    traded("backup")
    there = told(traded("upgrade", "--check", "--format", "json"))["backup"]

    assert (missing["state"], missing["mend"]) == ("warn", "spreads backup")
    assert there["state"] == "ok"


def test_position_whose_rules_are_lost_is_named(traded: Spreads) -> None:
    found = told(traded("upgrade", "--check", "--format", "json"))

    assert found["open positions"]["state"] == "fail"
    assert "cannot be read by this version" in found["open positions"]["found"]


def test_prune_shows_what_would_go_and_needs_a_yes(traded: Spreads) -> None:
    old = Path("state/chains/date=2020-01-02/underlying=SPX")
    old.mkdir(parents=True)
    (old / "150000000000.parquet").write_bytes(b"chain")

    asked = traded("prune", "--chain-days", "90")
    done = traded("prune", "--chain-days", "90", "--yes")
    again = traded("prune", "--chain-days", "90", "--yes")

    assert asked.code == 2
    assert "1 days, date=2020-01-02 to date=2020-01-02" in asked.err
    assert "say --yes" in asked.err
    assert (done.code, again.code) == (0, 0)
    assert "nothing is older than 90 days" in again.err
    assert not old.exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "say what is to go"),
        (("--journal", "--chain-days", "90"), "say what is to go"),
        (("--chain-days", "3"), "--chain-days 3: at least 30"),
        (("--journal", "--yes"), "a journal is laid aside when nothing is"),
    ],
)
def test_prune_refuses_what_is_not_meant(words: tuple[str, ...], says: str, traded: Spreads) -> None:
    ran = traded("prune", *words)

    assert ran.code == 2
    assert says in ran.err
