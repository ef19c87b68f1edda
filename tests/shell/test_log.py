"""The log: one JSON object a line, from the engine and from its libraries alike, with what was going on as fields of its own."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.logs import FILE, log_to
from engine.domain.facts.orders import OrderAbsent
from engine.domain.facts.positions import ExitBlocked
from engine.log import about, logger
from tests import given


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


def written(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / FILE).read_text(encoding="utf-8").splitlines()]


def test_line_says_which_order_position_and_strategy_it_is_about(tmp_path: Path) -> None:
    log_to(tmp_path)

    with about(OrderAbsent("o1")):
        logger("engine.runtime").warning("hearing it failed")
    with about(ExitBlocked("p1", "21 days", "no bid", "nobody bids", 1, given.NOW)):
        logging.getLogger("ib_async").warning("odd")
    with about(given.proposal("o2", position="p2")):
        logger("engine.runtime").warning("and this")
    logger("engine.runtime").warning("about nothing")

    places = [{name: line.get(name) for name in ("order", "position", "strategy")} for line in written(tmp_path)]
    assert places == [
        {"order": "o1", "position": None, "strategy": None},
        {"order": None, "position": "p1", "strategy": None},
        {"order": "o2", "position": "p2", "strategy": "puts"},
        {"order": None, "position": None, "strategy": None},
    ]


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2",
        "{'api_key': 'hunter2', 'account': 'DU1'}",
        "Authorization: Bearer hunter2hunter2",
        "a request with bearer hunter2.hunter2",
        "eyJhbGciOi.hunter2eyJzdWI.hunter2",
        "cannot reach https://ada:hunter2@example.com/x",
        "tgram://hunter2/12345 did not answer",
        "mailto://ada:hunter2@example.com",
    ],
)
def test_secret_is_in_no_line_whoever_writes_it_and_wherever_it_stands(text: str, tmp_path: Path) -> None:
    log_to(tmp_path)

    logging.getLogger("apprise").warning(text)
    logger("engine.notify").warning("failed", problem=text, parts=[text, {"token": "hunter2"}], password="hunter2")
    try:
        raise OSError(text)
    except OSError:
        logger("engine.notify").exception("failed")

    told = (tmp_path / FILE).read_text(encoding="utf-8")
    assert "hunter2" not in told
    assert "***" in told


def test_what_is_no_secret_stays_as_it_is(tmp_path: Path) -> None:
    log_to(tmp_path)
    text = "order sp3f2a1-261130-0004: 201: the order was rejected; see http://127.0.0.1:9109/metrics"

    logger("engine.broker").warning(text, order="o1", tokens=3)

    (line,) = written(tmp_path)
    assert (line["event"], line["order"], line["tokens"]) == (text, "o1", 3)
