"""Plans of edits over the API: on the newest snapshot, beside what runs and the positions that it holds."""

from pathlib import Path

import pytest

from engine.runtime.edited import Running, edited
from engine.runtime.reloads import InForce
from tests import given
from tests.shell.api.test_access import Port, play
from tests.shell.runtime.serving import REF

TEXT = given.strategy_text()


def test_plan_tells_which_exits_of_open_positions_the_edited_rules_would_fire() -> None:
    async def story(port: Port) -> None:
        port.bench.broker.habits.fill = "at_once"
        trader = await port.token(port.key("trader"))
        await port.ask_while_beating("POST", f"/v1/approvals/{REF}/approve", trader, {}, Idempotency_Key="a")
        await port.bench.until(lambda: port.bench.ledger.positions.get(REF) is not None)
        edited = TEXT.replace("  - profit >= 50% of credit", "  - price >= $100\n  - profit >= 50% of credit")

        told = await port.ask_while_beating("POST", "/v1/strategies/plan", trader, {"text": edited, "file": "puts.yaml"})

        assert told.status_code == 200, told.text
        plan = told.json()
        (strategy,) = plan["strategies"]
        (held,) = strategy["exits"]
        assert (plan["direction"], plan["effect"]) == ("tightened", "at once")
        assert (held["position"], held["fires"], held["would_fire"]) == (REF, None, "price >= $100: close")
        assert held["unknown"] == []
        assert strategy["before"]["candidates"] == strategy["after"]["candidates"] > 0
        # Nothing of it was put in force.
        assert port.bench.ledger.positions[REF].is_open
        assert port.bench.ledger.positions[REF].digest != plan["digest"]

    play(story)


def test_plan_beside_takes_what_the_file_says_then_the_draft_then_says_that_there_is_none() -> None:
    async def story(port: Port) -> None:
        token = await port.token(port.key("viewer"))
        folder = port.folder / "strategies"
        folder.mkdir()
        path = folder / "puts.yaml"
        path.write_text(TEXT)

        async def risk() -> tuple[int, str]:
            told = await port.ask_while_beating("GET", "/v1/strategies/puts/plan", token)
            found = told.json()
            return told.status_code, found["changes"][0]["said"] if told.status_code == 200 else found["detail"]

        assert await risk() == (404, "what runs of puts is what its file says, and no draft lies beside it")
        path.with_name("puts.yaml.draft").write_text(TEXT.replace("$900", "$700"))
        assert await risk() == (200, "sizing.risk was $900, is $700")
        path.write_text(TEXT.replace("$900", "$1,900"))
        assert await risk() == (200, "sizing.risk was $900, is $1,900")
        path.write_text(TEXT.replace("$900", "900"))
        code, said = await risk()
        assert code == 422
        assert "puts.yaml would be refused" in said

    play(story)


@pytest.mark.parametrize(
    ("mode", "unattended", "effect"),
    [
        ("paper", True, "after a yes"),
        ("paper", False, "at once"),
        ("live", True, "at once, and real money must be armed anew"),
    ],
)
def test_effect_of_what_loosens_is_that_of_saving_it(mode: str, *, unattended: bool, effect: str) -> None:

    text = TEXT.replace("manual, expires in 10 min", "auto\n  auto_up_to: $5,000 risk, 20 orders per day") if unattended else TEXT
    text = text.replace("limits: {", 'limits: {stop_for_day: "-$500", ')
    known = given.strategy(text)
    running = Running({"puts": known}, InForce({}), mode == "live", Path(), lambda _: None)

    edit = edited(text.replace("$900", "$1,900").encode(), "draft", "puts.yaml", running)

    assert edit.effect == effect
    assert edit.changes.looser == ("sizing.risk was $900, is $1,900",)
