"""Whatever is asked, the answer is one of those that are documented: no question breaks the engine or its journal."""

import json

import msgspec
import pytest

from engine.api.access.roles import RULES
from engine.api.documents import STREAMS
from engine.runtime import control
from tests.shell.api.test_access import Port, play

ODD_BODIES = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'"x"',
    b"{}",
    b"[" * 5_000,
    b'{"by": "\\u0000", "reason": "\\ud800"}',
    b'{"shown_net": NaN, "worst": 1e400, "quantity": 1e400, "limit": "Infinity"}',
    b'{"shown_net": "1e-400", "worst": "-0", "quantity": -1}',
    b'{"quantity": 99999999999999999999999999, "worst": 0.1}',
    b'{"candidate": ":", "quantity": 1, "limit": "NaN"}',
    b'{"candidate": "puts:", "shown_net": 1e308}',
    b'{"sql": ";", "limit": 0}',
    b'{"sql": "SELECT * FROM facts", "within_s": 1e-9}',
    b'{"text": "a: &a [*a]", "file": "account.yaml"}',
    b'{"text": "\\u0000"}',
    b'{"strategy": "puts", "spread": {"type": ["x"]}, "universe": [""]}',
    b'{"name": "x", "filters": {"strategy": "../../etc/passwd"}}',
    b'{"text": "presets: [{name: x, filters: {strategy: y, spread: {a: .nan}}}]"}',
    b"\xff\xfe{}",
)
ODD_NAMES = ("x", "..%2f..", "%00", "a%0d%0aSet-Cookie:x", "%ff", "x" * 61, "puts", "spt-261123-0001")
WORDS = [rule for rule in RULES if rule.method in {"POST", "DELETE"} and rule.role is not None]
QUESTIONS = [rule for rule in RULES if rule.method == "GET" and rule.path not in STREAMS]
DOCUMENTED = {200, 400, 404, 409, 422}


@pytest.mark.parametrize("rule", WORDS, ids=lambda rule: f"{rule.method} {rule.path}")
def test_odd_words_are_answered_as_documented(rule: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "ANSWER_PATIENCE_S", 0.1)  # nothing beats while it is asked

    async def story(port: Port) -> None:
        token = await port.token(port.key("admin"))
        (port.folder / "journal").mkdir()
        path = rule.path  # type: ignore[attr-defined]
        for number, body in enumerate(ODD_BODIES):
            name = ODD_NAMES[number % len(ODD_NAMES)]
            where = "/".join(name if part.startswith("{") else part for part in path.split("/"))
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"{number}", "Content-Type": "application/json"}
            told = await port.client.request(rule.method, where, content=body, headers=headers)  # type: ignore[attr-defined]
            assert told.status_code in {*DOCUMENTED, 429}, (where, body, told.text)
            json.loads(told.content)
        await port.bench.beats(1)
        for fact in port.bench.facts:
            msgspec.json.encode(fact)

    play(story)


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.method == "GET" and rule.path not in STREAMS], ids=lambda r: r.path
)
def test_odd_questions_are_answered_as_documented(rule: object) -> None:
    async def story(port: Port) -> None:
        token = await port.token(port.key("admin"))
        for name in ODD_NAMES:
            where = "/".join(name if part.startswith("{") else part for part in rule.path.split("/"))  # type: ignore[attr-defined]
            for query in ("", f"scan={name}&limit=-1&open=maybe&at=never&side=both", f"at=2026-11-23T10:00:00Z&strategy={name}"):
                told = await port.ask("GET", f"{where}?{query}", token)
                assert told.status_code in {*DOCUMENTED, 429, 503}, (where, query, told.text)

    play(story)
