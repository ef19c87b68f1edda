"""The log: one JSON object a line, from the engine and from its libraries alike, with what was going on as fields of its own."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.logs import FILE, log_to
from engine.log import logger


@pytest.fixture(autouse=True)
def _handlers_are_put_back() -> Iterator[None]:
    root = logging.getLogger()
    kept, level, disabled = list(root.handlers), root.level, root.manager.disable
    logging.disable(logging.NOTSET)
    yield
    logging.disable(disabled)
    for added in [one for one in root.handlers if one not in kept]:
        root.removeHandler(added)
        added.close()
    for one in kept:
        if one not in root.handlers:
            root.addHandler(one)
    root.setLevel(level)


def test_line_has_its_event_its_circumstances_and_what_was_raised(tmp_path: Path) -> None:
    log_to(tmp_path)

    try:
        raise ValueError("no such order")
    except ValueError:
        logger("engine.broker").exception("the last cancel failed", order="o1")
    logging.getLogger("ib_async").warning("peer closed %s", "the connection")

    first, second = (json.loads(line) for line in (tmp_path / FILE).read_text(encoding="utf-8").splitlines())
    assert (first["event"], first["order"], first["level"], first["logger"]) == (
        "the last cancel failed", "o1", "error", "engine.broker",
    )  # fmt: skip
    assert "ValueError: no such order" in first["exception"]
    assert first["timestamp"].endswith("Z")
    assert (second["event"], second["logger"]) == ("peer closed the connection", "ib_async")
