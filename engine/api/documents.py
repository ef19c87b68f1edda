"""The API as documents: OpenAPI of what is asked and answered, AsyncAPI of the streams. Both are made from the code that serves.

The examples are what an engine has answered, one for each endpoint: `examples.json` is recorded by `make docs`, and a test asks
again.
"""

import json
from functools import lru_cache
from importlib import resources
from typing import Any, cast

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from engine.api.access.roles import RULES, Rule, rule_of
from engine.api.models.candidates import Candidate
from engine.api.models.stream import (
    Delta,
    Error,
    Heartbeat,
    Hello,
    Resync,
    ShowToken,
    Snapshot,
    Subscribe,
    Unsubscribe,
)
from engine.api.stream.boards import SOURCES

ABOUT = """What a running engine tells and takes. Over the unix socket in its state folder no token is needed; over TCP every
request carries `Authorization: Bearer TOKEN`, and what may send an order an `Idempotency-Key`. Nets are USD per share, + received
and - paid.
"""
EXAMPLES_FILE = "examples.json"
SAID, TOLD = (ShowToken, Subscribe, Unsubscribe, Resync), (Hello, Snapshot, Delta, Heartbeat, Error)
STREAMS = {
    "/v1/stream": "Topics of the engine: the snapshot of each, then what changes, conflated for each client.",
    "/v1/scan/stream": "The topic `scan`: what one search finds; its name is the parameter `scan`.",
}


_TEXT = {"type": "string"}
_WAIT = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}}
REFUSALS: dict[str, dict[str, Any]] = {
    "400": {"description": "The body cannot be read, or what may send an order has no usable Idempotency-Key."},
    "401": {
        "description": "No token, or one that is over.",
        "headers": {"WWW-Authenticate": {"description": "Bearer, where a token is needed.", "schema": _TEXT}},
    },
    "403": {"description": "The role may not, or a page of another origin asks."},
    "404": {"description": "Nothing is called so."},
    "408": {"description": "The body did not come in time."},
    "409": {"description": "Not done; the text says why. Of an Idempotency-Key that was used: what became of the first."},
    "413": {"description": "The body is too long."},
    "422": {"description": "The question is none: what is wrong with it, field by field, or in a sentence."},
    "429": {"description": "Too often, or too much at once.", "headers": _WAIT},
}
"""What is answered instead of what was asked for, by status: the same everywhere, with the reason under `detail`."""
EVERYWHERE = ("400", "403", "408", "413", "429")
"""Those that the door gives before an endpoint is asked; 401 where a token is needed."""


@lru_cache(maxsize=1)
def examples() -> dict[str, dict[str, Any]]:
    """By `METHOD path`: what was asked, and what was answered with which status."""
    text = resources.files("engine.api").joinpath(EXAMPLES_FILE).read_text(encoding="utf-8")
    return json.loads(text)


def openapi(api: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with an example of every endpoint, and who may use it; made once."""
    if api.openapi_schema is None:
        api.openapi_schema = _openapi(api)
    return api.openapi_schema


def _openapi(api: FastAPI) -> dict[str, Any]:
    document = get_openapi(title="spreads", version=api.version, description=ABOUT, routes=api.routes)
    document.setdefault("components", {})["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "Over TCP: from POST /v1/token."}
    }
    for path, methods in cast("dict[str, dict[str, Any]]", document["paths"]).items():
        for method, operation in methods.items():
            _complete(operation, method.upper(), path)
    return document


def _refusal(status: str) -> dict[str, Any]:
    """One of REFUSALS with what is under `detail`: a sentence, and of a wrong question also what is wrong field by field."""
    reason: dict[str, Any] = {"$ref": "#/components/schemas/Problem"}
    if status == "422":
        reason = {"anyOf": [{"$ref": "#/components/schemas/HTTPValidationError"}, reason]}
    return {**REFUSALS[status], "content": {"application/json": {"schema": reason}}}


def _refused(operation: dict[str, Any], path: str, rule: Rule) -> None:
    """What an endpoint may answer beside its own: by who may use it, what it takes, and whether it sends."""
    answers = operation["responses"]
    wanted = {*EVERYWHERE, *(status for status in answers if status in REFUSALS)}
    wanted |= {"401"} if rule.role is not None else set()
    wanted |= {"404"} if "{" in path else set()
    wanted |= {"409"} if rule.sends else set()
    answers |= {status: _refusal(status) for status in sorted(wanted)}


def _complete(operation: dict[str, Any], method: str, path: str) -> None:
    rule = next((one for one in RULES if (one.method, one.path) == (method, path)), None) or rule_of(method, path)
    if rule is not None:
        _refused(operation, path, rule)
        operation["x-role"] = rule.role or "anybody"
        operation["security"] = [{"token": []}] if rule.role is not None else []
        if rule.sends:
            operation.setdefault("parameters", []).append(
                {
                    "name": "Idempotency-Key",
                    "in": "header",
                    "required": False,
                    "description": "Over TCP it is needed, another one for each request: it is done once.",
                    "schema": {"type": "string", "maxLength": 100},
                }
            )
    example = examples().get(f"{method} {path}")
    if example is None:
        return
    if example.get("body") is not None:
        operation["requestBody"]["content"]["application/json"]["example"] = example["body"]
    content = operation["responses"][str(example["status"])].setdefault("content", {"application/json": {}})
    for told in content.values():
        told["example"] = example["answer"]


@lru_cache(maxsize=1)
def asyncapi(version: str) -> dict[str, Any]:
    """The AsyncAPI document of the streams: frames, and the rows of each topic."""
    (_, frames) = msgspec.json.schema_components((*SAID, *TOLD), ref_template="#/components/schemas/{name}")
    schemas: dict[str, Any] = dict(frames)
    rows: dict[str, str] = {}
    for topic, model in {**{topic: source.model for topic, source in SOURCES.items()}, "scan": Candidate}.items():
        made = TypeAdapter(model).json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
        schemas |= made.pop("$defs", {})
        schemas[model.__name__] = made
        rows[topic] = model.__name__
    messages = {one.__name__: {"payload": {"$ref": f"#/components/schemas/{one.__name__}"}} for one in (*SAID, *TOLD)}
    channels = {
        path.strip("/").replace("/", "_"): {
            "address": path,
            "description": about,
            "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        }
        for path, about in STREAMS.items()
    }
    operations: dict[str, Any] = {}
    for name in channels:
        for action, kinds in (("receive", SAID), ("send", TOLD)):
            operations[f"{name}_{action}"] = {
                "action": action,
                "channel": {"$ref": f"#/channels/{name}"},
                "messages": [{"$ref": f"#/channels/{name}/messages/{one.__name__}"} for one in kinds],
            }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "spreads", "version": version, "description": f"Streams of a running engine.\n{ABOUT}"},
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
        "x-rows": {topic: {"$ref": f"#/components/schemas/{name}"} for topic, name in rows.items()},
    }
