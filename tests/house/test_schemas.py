"""The committed schemas are those that the models make, and they fit the files that ship."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from engine.strategy.model import StrategyFile
from engine.strategy.schema import MODELS, schemas
from engine.strategy.spreads.union import STRUCTURES, Spread

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "schemas"


@pytest.mark.parametrize("name", [f"{name}.schema.json" for name in MODELS])
def test_committed_schema_is_what_the_models_say(name: str) -> None:
    committed = (SCHEMAS / name).read_text(encoding="utf-8")

    assert committed == schemas()[name], "run `make schema`"


def test_no_other_schema_lies_around() -> None:
    assert {path.name for path in SCHEMAS.glob("*.json")} == set(schemas())


def test_every_pattern_accepts_its_own_examples() -> None:
    checked = 0
    for text in schemas().values():
        for node in nodes(json.loads(text)):
            if "pattern" not in node:
                continue
            for example in node.get("examples", []):
                assert re.search(node["pattern"], example), (node["pattern"], example)
                checked += 1

    assert checked > 40


def test_editor_marks_a_misspelled_measure_and_no_line_that_is_right() -> None:
    schema = json.loads(schemas()["strategy.schema.json"])
    when = re.compile(schema["properties"]["when"]["items"]["pattern"])

    assert when.search("price > sma(50 days) and vix between 14 and 32 or no event within 2 days")
    assert when.search("no FOMC today and no CPI within 1 day")
    assert when.search("time >= 15:45 New York and minutes_to_close <= 15min")
    assert not when.search("iv_rnk >= 25%")
    assert not when.search("vix > 20 and ivrank > 5%")


def test_every_pattern_is_understood_by_editors_too() -> None:
    for text in schemas().values():
        for node in nodes(json.loads(text)):
            assert "(?P" not in node.get("pattern", "")
            assert "(?<" not in node.get("pattern", "")


def test_every_key_of_a_strategy_is_described() -> None:
    schema = json.loads(schemas()["strategy.schema.json"])

    described = [(owner, key) for owner, key, field in fields(schema) if not field.get("description") and key != "type"]

    assert described == []
    assert schema["required"] == ["schema", "name"]
    needed = ["schema", "name", "universe", "spread", "sizing"]
    assert needed in [one.get("then", {}).get("required") for one in schema["allOf"]]
    assert schema["additionalProperties"] is False


def test_every_structure_is_in_the_union_the_template_and_the_schema() -> None:
    union = {member.model_fields["type"].default for member in Spread.__args__[0].__args__}
    schema = json.loads(schemas()["strategy.schema.json"])

    typed = [part["properties"]["type"] for part in schema["definitions"].values() if "type" in part["properties"]]

    assert union == set(STRUCTURES) == {one["const"] for one in typed if "const" in one}
    assert [set(one["enum"]) for one in typed if "enum" in one] == [union], "what a variant may say of its spread"
    assert StrategyFile.model_fields["spread"].is_required()


def test_every_file_that_ships_names_its_schema() -> None:
    for path in sorted((ROOT / "strategies").glob("*.yaml")):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        match = re.fullmatch(r"# yaml-language-server: \$schema=\.\./schemas/(\w+\.schema\.json)", first)

        assert match, path.name
        assert match[1] in schemas()


def nodes(node: Any) -> list[dict[str, Any]]:
    """Every mapping of a schema."""
    if isinstance(node, list):
        return [found for part in node for found in nodes(part)]
    if not isinstance(node, dict):
        return []
    return [node, *(found for part in node.values() for found in nodes(part))]


def fields(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Every key that can be written, with the model it belongs to."""
    owners = {"strategy": schema, **schema["definitions"]}
    return [(owner, key, field) for owner, part in owners.items() for key, field in part.get("properties", {}).items()]
