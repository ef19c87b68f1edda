"""Who may do what: one table, a row an endpoint. Nothing is open that has no row.

viewer    reads
trader    answers, orders, closes, rolls, pauses and halts: whatever trades within the limits, or stops
operator  resumes, lifts, releases, adopts, migrates, accepts edits: whatever lets more happen again, ends or begins exits
admin     real money, and keys
"""

import re
from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["viewer", "trader", "operator", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do what those before it may."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One endpoint."""

    method: str
    path: str
    role: Role | None
    """Who may at the least; None is anybody."""
    sends: bool = False
    """Whether it may make an order leave: then it is done once for each idempotency key."""
    is_kept: bool = True
    """Whether it is kept in the journal who asked for it; reading is not."""


def _reads(*paths: str) -> tuple[Rule, ...]:
    return tuple(Rule("GET", path, "viewer", is_kept=False) for path in paths)


RULES: tuple[Rule, ...] = (
    Rule("GET", "/health", None, is_kept=False),
    Rule("POST", "/v1/token", None, is_kept=False),
    *_reads(
        "/metrics",
        "/v1/status",
        "/v1/candidates",
        "/v1/approvals",
        "/v1/positions",
        "/v1/positions/{position}",
        "/v1/positions/{position}/close",
        "/v1/positions/{position}/roll",
        "/v1/orders",
        "/v1/orders/{order_ref}",
        "/v1/executions",
        "/v1/strategies",
        "/v1/strategies/{strategy}/arm",
        "/v1/strategies/{strategy}/plan",
        "/v1/why/{strategy}",
        "/v1/adoption",
        "/v1/edits",
        "/v1/migration",
        "/v1/flatten",
        "/v1/openapi.json",
        "/v1/asyncapi.json",
    ),
    Rule("GET", "/v1/stream", "viewer", is_kept=False),
    *_reads("/v1/scan/status", "/v1/scan/filters", "/v1/scan/results", "/v1/scan/stream"),
    Rule("POST", "/v1/scan/start", "viewer", is_kept=False),
    Rule("POST", "/v1/scan/filters", "viewer", is_kept=False),
    Rule("DELETE", "/v1/scan/stop", "viewer", is_kept=False),
    *_reads("/v1/filters/presets", "/v1/filters/presets/export"),
    Rule("POST", "/v1/filters/presets", "trader", is_kept=False),
    Rule("POST", "/v1/filters/presets/import", "trader", is_kept=False),
    Rule("DELETE", "/v1/filters/presets/{name}", "trader", is_kept=False),
    Rule("POST", "/v1/ideas", "viewer", is_kept=False),
    Rule("POST", "/v1/strategies/check", "viewer", is_kept=False),
    Rule("POST", "/v1/strategies/plan", "viewer", is_kept=False),
    Rule("POST", "/v1/sql", "viewer", is_kept=False),
    Rule("POST", "/v1/orders/preview", "trader", is_kept=False),
    Rule("POST", "/v1/orders/execute", "trader", sends=True),
    Rule("POST", "/v1/approvals/{order_ref}/approve", "trader", sends=True),
    Rule("POST", "/v1/approvals/{order_ref}/decline", "trader"),
    Rule("POST", "/v1/approvals/{order_ref}/edit", "trader", sends=True),
    Rule("POST", "/v1/positions/{position}/close", "trader", sends=True),
    Rule("POST", "/v1/positions/{position}/roll", "trader", sends=True),
    Rule("POST", "/v1/orders/{order_ref}/modify", "trader", sends=True),
    Rule("POST", "/v1/orders/{order_ref}/cancel", "trader"),
    Rule("POST", "/v1/strategies/{strategy}/pause", "trader"),
    Rule("POST", "/v1/strategies/{strategy}/disarm", "trader"),
    Rule("POST", "/v1/halt", "trader"),
    Rule("POST", "/v1/flatten", "trader", sends=True),
    Rule("POST", "/v1/flatten/stop", "operator"),
    Rule("POST", "/v1/strategies/{strategy}/resume", "operator"),
    Rule("POST", "/v1/resume", "operator"),
    Rule("POST", "/v1/edits/accept", "operator"),
    Rule("POST", "/v1/breakers/{name}/lift", "operator"),
    Rule("POST", "/v1/positions/{position}/release", "operator"),
    Rule("POST", "/v1/adoption", "operator"),
    Rule("POST", "/v1/migration", "operator"),
    Rule("POST", "/v1/strategies/{strategy}/arm", "admin"),
    Rule("GET", "/v1/keys", "admin", is_kept=False),
    Rule("DELETE", "/v1/keys/{key}", "admin"),
)
"""In the order in which they are looked at: what is named before what is a place for a name."""

_PATTERNS = [(rule, re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(rule.path)))) for rule in RULES]


def rule_of(method: str, path: str) -> Rule | None:
    """The row of an endpoint; None where there is none."""
    return next((rule for rule, pattern in _PATTERNS if rule.method == method and pattern.fullmatch(path)), None)


def may(role: Role, rule: Rule) -> bool:
    """Whether somebody of this role may use the endpoint."""
    return rule.role is None or ROLES.index(role) >= ROLES.index(rule.role)
