"""Which metrics the engine publishes, under the names that Prometheus keeps, and which ones an expression looks at."""

import re

from engine.metrics import Published

_WORDS = frozenset({"by", "without", "on", "ignoring", "bool", "and", "or", "unless", "offset", "le", "group_left", "inf", "nan"})


def samples(published: Published) -> tuple[str, ...]:
    """The names of its samples, the first one first."""
    match published.kind:
        case "counter":
            return (f"{published.name}_total",)
        case "histogram":
            return tuple(f"{published.name}_{part}" for part in ("bucket", "sum", "count"))
        case "gauge":
            return (published.name,)


def metrics_of(expression: str) -> dict[str, set[str]]:
    """The metrics of an expression in Prometheus' language, each with the labels it is selected by.

    Functions, whose name is followed by a parenthesis, durations and the labels of a grouping are none.
    """
    grouped = re.sub(r"\b(?:by|without|on|ignoring|group_left)\s*\([^)]*\)", " ", expression)
    found: dict[str, set[str]] = {}
    for name, selector in re.findall(r"(?<![\w\"$.|])([a-zA-Z_][\w:]*)\b(?!\s*\()(\{[^}]*\})?", _outside_quotes(grouped)):
        if name.lower() not in _WORDS:
            found.setdefault(name, set()).update(re.findall(r"(\w+)\s*=", selector.replace("!=", "=").replace("=~", "=")))
    return {name: {label for label in labels if label} for name, labels in found.items()}


def _outside_quotes(expression: str) -> str:
    return re.sub(r'"[^"]*"', '""', expression)
