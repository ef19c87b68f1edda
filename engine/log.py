"""Diagnosis: one logger a module, an event and its circumstances a line; for who mends the engine. People are told by facts."""

import logging
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import cast

import structlog
from structlog.stdlib import BoundLogger
from structlog.typing import EventDict, Processor, WrappedLogger

CIRCUMSTANCES: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)
"""What every line says beside its event."""
MASK = "***"
_NAMES = r"pass(?:word|wd|phrase)?|secret|(?:access_|refresh_)?token|api[_-]?key|authorization|credentials?|urls?"
_IS_SECRET = re.compile(_NAMES, re.IGNORECASE)
_SECRETS = (
    (
        re.compile(rf"\b((?:{_NAMES})[\"']?\s*[:=]\s*[\"']?)(?:bearer\s+|basic\s+)?[^\s\"',;}})]+", re.IGNORECASE),
        rf"\1{MASK}",
    ),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), MASK),
    (re.compile(r"\b(https?://)[^\s/@\"']+@"), rf"\1{MASK}@"),
    (re.compile(r"\b(?!https?:|file:)([a-z][a-z0-9+.-]*://)[^\s\"',)]+", re.IGNORECASE), rf"\1{MASK}"),
)
"""A name with its value · a token with its kind · a signed token · who logs in to an address · an address of a service that
notifies, of which every part may be a secret."""
_OF = {"order": "order_ref", "position": "position", "strategy": "strategy"}


def logger(name: str) -> BoundLogger:
    """The logger of a module. Its lines go where the standard library's go."""
    return structlog.wrap_logger(
        logging.getLogger(name),
        processors=[*CIRCUMSTANCES, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=BoundLogger,
    )


def about(thing: object) -> AbstractContextManager[object]:
    """While it lasts, every line says which order, position and strategy this fact or decision belongs to."""
    named = {name: getattr(thing, attribute, None) for name, attribute in _OF.items()}
    return structlog.contextvars.bound_contextvars(**{name: of for name, of in named.items() if isinstance(of, str) and of})


def masked(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """The line without secrets, whoever wrote it: by the names of its fields, and wherever a text looks like one."""
    return {name: MASK if _IS_SECRET.fullmatch(name) else _masked(value) for name, value in line.items()}


def _masked(value: object) -> object:
    if isinstance(value, str):
        for pattern, instead in _SECRETS:
            value = pattern.sub(instead, value)
        return value
    if isinstance(value, Mapping):
        inner = cast("Mapping[object, object]", value)
        return {key: MASK if _IS_SECRET.fullmatch(str(key)) else _masked(part) for key, part in inner.items()}
    if isinstance(value, list | tuple):
        return [_masked(part) for part in cast("list[object]", value)]
    return value
