"""`spreads lsp` as an editor sees it, over stdio: what `check` says while typing, sentences, completion, ways out, numbers."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.faces import given
from tests.faces.editors.client import Editor, editor, lsp

pytestmark = pytest.mark.slow

OURS = (sys.executable, "-m", "engine", "lsp")


def play(folder: Path, story: Callable[[Editor], Awaitable[None]], *more: str) -> None:
    async def act() -> None:
        async with editor(folder, *OURS, *more) as made:
            await story(made)

    asyncio.run(act())


def test_server_says_what_check_says_at_its_place_while_a_file_is_typed(tmp_path: Path) -> None:
    path = given.strategy(tmp_path)
    wrong = given.STRATEGY.replace("loss >= 200% of credit", "loss >= 2x credit")

    async def story(made: Editor) -> None:
        assert await made.open(path, given.STRATEGY) == []

        (told,) = await made.open(path, wrong)
        line = next(number for number, text in enumerate(wrong.splitlines()) if "2x" in text)
        assert told.range.start.line == told.range.end.line == line
        assert told.source == "spreads"
        assert told.severity == lsp.DiagnosticSeverity.Error
        which = lsp.TextDocumentIdentifier(path.as_uri())
        params = lsp.CodeActionParams(which, told.range, lsp.CodeActionContext([told]))
        (way_out,) = await made.client.text_document_code_action_async(params)
        (edit,) = way_out.edit.changes[path.as_uri()]
        rows = wrong.split("\n")
        rows[line] = rows[line][: edit.range.start.character] + edit.new_text + rows[line][edit.range.end.character :]
        assert await made.open(path, "\n".join(rows)) == []

        # Two files of one name, and a file of some other program, of which nothing is said.
        (tmp_path / "twin.yaml").write_text(given.STRATEGY)
        (clash,) = await made.open(path, given.STRATEGY + "\n")
        assert "puts" in clash.message
        (tmp_path / "other").mkdir()
        assert await made.open(tmp_path / "other" / "compose.yaml", "services: {web: {image: x}}\n") == []

    play(tmp_path, story)


def test_server_completes_keys_values_measures_units_and_whole_files_and_says_what_words_mean(tmp_path: Path) -> None:
    path = given.strategy(tmp_path)
    lines = given.STRATEGY.splitlines()

    async def story(made: Editor) -> None:
        async def offered(typed: str, below: str) -> dict[str, str]:
            """What is offered at the end of what is typed below a line of the file."""
            at = next(number for number, text in enumerate(lines) if text.startswith(below)) + 1
            await made.open(path, "\n".join([*lines[:at], typed, *lines[at:]]))
            found = await made.complete(path, at, len(typed))
            return {item.label: item.insert_text or item.label for item in found}

        assert {"open", "per_day", "stop_for_day"} <= set(await offered("limits: {", "sizing:"))
        assert {"limits", "entry", "when"} <= set(await offered("", "universe:"))
        assert {"width", "short_delta", "rank"} <= set(await offered("  ", "spread:"))
        assert {"iron_condor", "calendar"} <= set(await offered("  type: ", "spread:"))
        assert {"30-60 days"} <= set(await offered("  expiry: ", "spread:"))
        assert {"profit", "dte", "short_delta"} <= set(await offered("  - ", "exits:"))
        assert "50% of credit" in await offered("  - profit >= ", "exits:")
        assert (await offered("  - ", "when:"))["rsi"] == "rsi(14 days)"
        (tmp_path / "common.yaml").write_text("schema: 1\nviews:\n  calm: within 2% in 30 days\n")
        at_views = await offered("  rank: expected_value at ", "spread:")
        assert (at_views["calm"], at_views["realized_vol"]) == ("calm", "realized_vol(20 days)")
        assert "profit" not in at_views
        await made.open(path, given.STRATEGY)
        at = next(number for number, text in enumerate(lines) if "200% of credit" in text)
        assert "loss" in await made.hover(path, at, lines[at].index("loss") + 1)
        at = next(number for number, text in enumerate(lines) if text.startswith("  expiry"))
        assert "expiration" in await made.hover(path, at, 4)
        empty = tmp_path / "fresh.yaml"
        await made.open(empty, "")
        whole = {item.label: item.insert_text or "" for item in await made.complete(empty, 0, 0)}
        assert await made.open(empty, whole["iron_condor"]) == []

    play(tmp_path, story)


def test_server_writes_amounts_as_traders_do_and_touches_nothing_else(tmp_path: Path) -> None:
    text = (
        given.STRATEGY.replace("{risk: 1% of net liquidation}", '{risk: "$5000"}  # not $5000 here')
        + "limits:\n  stop_for_day: -$12500\n"
    )
    path = given.strategy(tmp_path, text)

    async def story(made: Editor) -> None:
        await made.open(path, text)
        which = lsp.TextDocumentIdentifier(path.as_uri())
        edits = await made.client.text_document_formatting_async(
            lsp.DocumentFormattingParams(which, lsp.FormattingOptions(2, True))
        )
        assert [edit.new_text for edit in edits] == ["5,000", "12,500"]

    play(tmp_path, story)
