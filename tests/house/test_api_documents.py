"""The documents of the API say what is served: every endpoint with an example that an engine answers again, every frame."""

import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from engine.api.access.roles import RULES
from engine.api.documents import SAID, STREAMS, TOLD, asyncapi, examples
from engine.api.models.stream import TOPICS, Said, Snapshot, Told
from tests.house.api_examples import recorded
from tests.shell.api.test_access import Port, play

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def shape(value: Any) -> Any:
    """The keys and kinds of a value: what a program that reads it counts on."""
    match value:
        case dict():
            return {key: shape(part) for key, part in value.items()}
        case list():
            return [shape(part) for part in value]
        case bool() | None | str():
            return type(value).__name__
        case _:
            return "number"


def test_engine_answers_every_example_again_as_it_is_told() -> None:
    again = json.loads(recorded())

    assert set(again) == set(examples()), "run `make docs`"
    for name, example in examples().items():
        assert again[name]["status"] == example["status"], name
        if name != "GET /metrics":
            assert shape(again[name]["answer"]) == shape(example["answer"]), f"{name}: run `make docs`"


def test_every_endpoint_has_an_example() -> None:
    assert set(examples()) == {f"{rule.method} {rule.path}" for rule in RULES if rule.path not in STREAMS}


def test_openapi_is_whole() -> None:
    async def story(port: Port) -> None:
        token = await port.token(port.key("viewer"))
        document = (await port.ask("GET", "/v1/openapi.json", token)).json()
        operations = {(m.upper(), path): one for path, methods in document["paths"].items() for m, one in methods.items()}
        for rule in RULES:
            if rule.path in STREAMS:
                continue
            told = operations[rule.method, rule.path]
            assert told["x-role"] == (rule.role or "anybody")
            assert bool(told["security"]) == (rule.role is not None)
            assert told["description"], rule
            content = [answer.get("content", {}) for answer in told["responses"].values()]
            assert any("example" in told for one in content for told in one.values()), rule
            if rule.sends:
                assert "Idempotency-Key" in {parameter["name"] for parameter in told["parameters"]}
            if examples()[f"{rule.method} {rule.path}"]["body"] is not None:
                assert "example" in told["requestBody"]["content"]["application/json"]
        for name, model in document["components"]["schemas"].items():
            if name in {"HTTPValidationError", "ValidationError"}:
                continue
            for place, told in model.get("properties", {}).items():
                assert "description" in told, f"{name}.{place} has no sentence"
        assert_refs(document)

    play(story)


def test_asyncapi_has_every_frame_and_the_rows_of_every_topic() -> None:
    document = asyncapi("0.1.0")

    assert {channel["address"] for channel in document["channels"].values()} == set(STREAMS)
    assert set(document["components"]["messages"]) == {one.__name__ for one in (*SAID, *TOLD)}
    assert {one.__name__ for one in get_args(Said) + get_args(Told)} == {one.__name__ for one in (*SAID, *TOLD)}
    assert set(document["x-rows"]) == set(TOPICS)
    assert_refs(document)


def test_frame_is_what_its_schema_says() -> None:
    schema = asyncapi("0.1.0")["components"]["schemas"]["Snapshot"]

    frame = json.loads(msgspec.json.encode(Snapshot("orders", 1, "now", "order_ref", ("order_ref",), [["a"]])))

    assert set(frame) == set(schema["properties"])
    assert schema["properties"]["type"]["enum"] == ["snapshot"]


@pytest.mark.parametrize("rule", list(RULES), ids=lambda rule: f"{rule.method} {rule.path}")  # type: ignore[no-any-return]
def test_page_names_every_endpoint_with_its_role(rule: Any) -> None:
    assert f"| `{rule.method} {rule.path}` | {rule.role or 'anybody'} |" in PAGE.read_text(encoding="utf-8")


def assert_refs(document: dict[str, Any]) -> None:
    """Every reference leads somewhere in the document."""
    for ref in references(document):
        found: Any = document
        for part in ref.removeprefix("#/").split("/"):
            assert part in found, ref
            found = found[part]


def references(value: Any) -> list[str]:
    match value:
        case dict():
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [ref for part in value.values() for ref in references(part)]
        case list():
            return [ref for part in value for ref in references(part)]
        case _:
            return []
