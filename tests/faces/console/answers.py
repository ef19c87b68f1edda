"""Answers of the API's own models, as a quiet Monday morning has them; a test changes what it is about."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from engine.api.models.candidates import CandidateNumbers

AT = datetime(2026, 11, 23, 15, 41, 7, tzinfo=UTC)
"""10:41:07 in New York, a Monday."""
JANUARY = date(2027, 1, 15)
CLOSE = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)


def status(**other: Any) -> dict[str, Any]:
    strategies = [
        {
            "name": "spx_bull_put",
            "file": "strategies/spx_bull_put.yaml",
            "digest": "8d3f0a9c1b2e",
            "candidates": 48,
            "scanned_at": AT - timedelta(seconds=12),
            "open": 1,
            "stopped": None,
            "rung": "paper",
            "next_entry": None,
        },
        {
            "name": "spy_condor",
            "file": "strategies/spy_condor.yaml",
            "digest": "1b2e8d3f0a9c",
            "candidates": 0,
            "scanned_at": AT - timedelta(seconds=12),
            "open": 1,
            "stopped": "hours: 10:41 beyond 11:00-15:00 New York",
            "rung": "shadow",
            "next_entry": datetime(2026, 11, 23, 16, tzinfo=UTC),
        },
    ]
    return {
        "version": "0.1.0",
        "mode": "paper",
        "account": "DU1234567",
        "state": "state",
        "at": AT,
        "trading": "on",
        "breakers": [],
        "blocked_exits": [],
        "exercised": [],
        "ending": [],
        "held_edits": [],
        "halt": None,
        "connected": True,
        "link": "connected",
        "link_at": AT - timedelta(hours=2),
        "data": "live",
        "session": {"open": CLOSE - timedelta(hours=6.5), "close": CLOSE, "is_open": True},
        "last_beat_age_s": 0.4,
        "beats": 900,
        "lines_used": 61,
        "lines_max": 100,
        "queue": 0,
        "net_liquidation": 104_210.0,
        "available_funds": 60_000.0,
        "limits": [
            {"limit": "delta", "text": "1% either way", "loss_usd": 118.4, "limit_usd": 312.63, "used": 0.3787},
            {"limit": "vega", "text": "10 points of volatility", "loss_usd": 905.1, "limit_usd": 1042.1, "used": 0.8685},
            {
                "limit": "gamma",
                "text": "3% either way, of what ends within 3 days",
                "loss_usd": 0,
                "limit_usd": 3126.3,
                "used": 0,
            },
            {"limit": "stress", "text": "the worst", "loss_usd": 8_320.0, "limit_usd": 15_631.5, "used": 0.5323},
            {"limit": "total", "text": "all maximum losses together", "loss_usd": 8_325.2, "limit_usd": 26_052.5, "used": 0.3196},
        ],
        "buying_power": 62_800.0,
        "cushion": 0.59,
        "day_pnl": 312.0,
        "account_age_s": 3.2,
        "open_positions": 2,
        "working_orders": 1,
        "waiting_approvals": 1,
        "differences": [],
        "foreign": [],
        "refused": [],
        "changed": [],
        "notices": [],
        "strategies": strategies,
    } | other


def legs(low: float, high: float, right: str = "P") -> list[dict[str, Any]]:
    return [
        {
            "action": "buy",
            "ratio": 1,
            "expiry": JANUARY,
            "strike": low,
            "put_call": right,
            "bid": 18.0,
            "ask": 18.4,
            "delta": -0.10,
            "iv": 0.162,
        },
        {
            "action": "sell",
            "ratio": 1,
            "expiry": JANUARY,
            "strike": high,
            "put_call": right,
            "bid": 26.4,
            "ask": 26.8,
            "delta": -0.15,
            "iv": 0.155,
        },
    ]


def numbers(low: float, high: float, *, score: float = 91.2, rank: int = 1, net: float = 8.45) -> dict[str, Any]:
    return {
        "strategy": "spx_bull_put",
        "underlying": "SPX",
        "root": "SPX",
        "legs": legs(low, high),
        "net": net,
        "natural": net - 0.15,
        "width": high - low,
        "max_profit": net * 100,
        "max_loss": (high - low - net) * 100,
        "fees": 2.6,
        "breakevens": [high - net],
        "pop": 0.78,
        "expected_value": -3.1,
        "return_on_risk": net / (high - low - net),
        "delta": 0.05,
        "gamma": -0.0002,
        "theta": 0.28,
        "vega": -1.1,
        "score": score,
        "rank": rank,
        "forward": 6720.0,
        "forward_from": "parity",
        "spot": 6700.0,
        "age_s": 0.4,
    }


def candidate(number: int, *, net: float = 8.45, score: float | None = None) -> dict[str, Any]:
    high = 6550.0 - 5 * number
    return numbers(high - 50, high, score=91.2 - number if score is None else score, rank=number + 1, net=net) | {
        "candidate": f"c{number:03}",
        "structure": "bull_put",
        "spread": f"SPX 15 Jan 27 {high:g}/{high - 50:g}P bull_put",
        "con_ids": [1, 2],
        "multiplier": 100,
        "dte": 53,
        "initial_margin_usd": 5000.0,
        "buying_power_change_usd": round(net * 100 - 5000.0, 2),
        "found_at": AT,
        "net_now": net,
        "natural_now": net - 0.15,
        "quotes_age_s": 0.4,
        "quotes_obstacle": None,
        "held": False,
    }


def order(ref: str = "sp1-261123-0004", **other: Any) -> dict[str, Any]:
    return {
        "order_ref": ref,
        "strategy": "spx_bull_put",
        "purpose": "open",
        "position": ref,
        "quantity": 2,
        "state": "previewed",
        "spread": "SPX 15 Jan 27 6550/6500P bull_put",
        "limit": 8.4,
        "worst": 7.95,
        "net_now": 8.45,
        "natural_now": 8.3,
        "filled": 0,
        "net_filled": None,
        "commission_usd": None,
        "reprices": 0,
        "proposed_at": AT - timedelta(seconds=48),
        "changed_at": AT - timedelta(seconds=31),
        "sent_at": None,
        "urgent": False,
        "asked_by": None,
        "approved_by": None,
        "max_loss_usd": 8_324.1,
        "reason": "best of spx_bull_put: rank 1, score 91.2",
        "why": "",
    } | other


def approval(ref: str = "sp1-261123-0004", **other: Any) -> dict[str, Any]:
    return (
        order(ref)
        | {
            "expires_at": AT + timedelta(seconds=252),
            "expires_in_s": 252.0,
            "shown_net": 8.45,
            "quotes_age_s": 0.4,
            "quotes_obstacle": None,
            "asked_because": "the strategy asks a person",
            "fees_usd": 5.2,
            "fees_by": "estimate",
            "preview": "fits",
            "preview_text": "",
            "initial_margin_change_usd": 8_320.0,
            "maintenance_margin_change_usd": 8_320.0,
            "preview_commission_usd": 2.6,
            "multiplier": 100,
            "underlying_now": 6700.0,
            "candidate": numbers(6500, 6550),
            "gates": [],
            "gates_asked_now": 43,
            "gates_not_passed_now": [],
        }
        | other
    )


def position(name: str = "sp1-261118-0002", **other: Any) -> dict[str, Any]:
    held = [
        {
            "contract": f"SPX 2027-01-15 {strike:g}P",
            "con_id": number,
            "action": action,
            "ratio": 1,
            "expiry": JANUARY,
            "strike": strike,
            "put_call": "P",
            "opened": 2,
            "held": 2,
            "opening_price": price,
            "closing_price": None,
            "bid": bid,
            "ask": bid + 0.4,
            "age_s": 0.4,
            "delta": delta,
            "gamma": 0.001,
            "theta": -0.9,
            "vega": 3.1,
            "iv": iv,
        }
        for number, (strike, action, price, bid, delta, iv) in enumerate(
            ((6500.0, "buy", 18.2, 12.0, -0.07, 0.162), (6550.0, "sell", 26.6, 17.1, -0.11, 0.155))
        )
    ]
    exits = [
        {
            "rule": "profit >= 50% of credit",
            "action": "close",
            "answer": "no",
            "values": {"profit": 660.0},
            "looks": 0,
            "distances": [
                {"measure": "profit", "value": 660.0, "op": ">=", "bound": 840.0, "unit": "dollars", "distance": 180.0}
            ],
        },
        {
            "rule": "dte <= 21",
            "action": "close",
            "answer": "no",
            "values": {"dte": 53.0},
            "looks": 0,
            "distances": [{"measure": "dte", "value": 53.0, "op": "<=", "bound": 21.0, "unit": "days", "distance": 32.0}],
        },
    ]
    return {
        "position": name,
        "strategy": "spx_bull_put",
        "underlying": "SPX",
        "structure": "bull_put",
        "spread": "SPX 15 Jan 27 6550/6500P bull_put",
        "opened_at": AT - timedelta(days=5),
        "closed_at": None,
        "dte": 53,
        "quantity": 2,
        "opened": 2,
        "opening_net": 8.4,
        "closing_net": None,
        "realised_usd": 0.0,
        "mark": -5.1,
        "natural": -5.3,
        "mark_age_s": 0.4,
        "mark_obstacle": None,
        "unrealised_usd": 660.0,
        "parts": [{"spread": "SPX 15 Jan 27 6550/6500P bull_put", "quantity": 2}],
        "legs": held,
        "sides": [],
        "exits": exits,
        "delta": 8.0,
        "gamma": -0.2,
        "theta": 31.0,
        "vega": -62.0,
        "underlying_now": 6700.0,
        "multiplier": 100,
        "fees_usd": 5.2,
        "max_loss_usd": 8_325.0,
        "max_profit_usd": 1_680.0,
        "state": "open",
        "close_reason": "",
        "rolled_from": None,
        "rolls": {"count": 2, "net_usd": 85.0, "last_on": "2026-11-20"},
        "can_roll": [],
        "best_profit_usd": None,
        "exercised": [],
        "reduced_because": None,
        "ending": None,
        "blocked": None,
        "closing": [],
        "resting": None,
    } | other


def strategies() -> dict[str, Any]:
    funnel = [
        ("all spreads", 41_310),
        ("expiry 30-60 days", 12_118),
        ("short_delta 0.12-0.20", 2_204),
        ("credit >= 15% of width", 48),
    ]
    whole = {
        "about": "Sell puts below the market.",
        "structure": "bull_put",
        "universe": ["SPX"],
        "approval": "manual",
        "mode": "paper",
        "variant": "",
        "takes": [],
        "group": None,
        "ladder": {"lowered": None, "noted": 0, "noted_days": 0, "supposed_open": 0, "supposed_closed": 0},
        "enabled": True,
        "pause": None,
        "working": 0,
        "unrealised_usd": 660.0,
        "stopped_by": [],
        "nearest_miss": None,
        "problems": None,
        "changed": [],
        "funnel": [{"condition": text, "passed": passed, "unknown": 0} for text, passed in funnel],
    }
    first, second = status()["strategies"]
    used = {"name": "premium", "open": 2, "open_at_most": 5, "today": 1, "today_at_most": 4, "risk_usd": 6_090.0}
    laddered = {"lowered": None, "noted": 3, "noted_days": 2, "supposed_open": 1, "supposed_closed": 2}
    other = {
        "mode": "shadow",
        "variant": "spy",
        "takes": ["preset out_at_half", "condition calm"],
        "group": used | {"risk_at_most_usd": 10_000.0, "obstacle": None},
        "ladder": laddered,
    }
    other |= {"structure": "iron_condor", "universe": ["SPY"], "stopped_by": ["hours: 10:41 beyond 11:00-15:00 New York"]}
    return {"strategies": [first | whole, second | whole | other], "refused": []}


def preview() -> dict[str, Any]:
    one = {
        "spread": "SPX 15 Jan 27 6550/6500P bull_put",
        "quantity": 2,
        "mid": -5.1,
        "natural": -5.3,
        "limit": -5.1,
        "worst": -5.6,
    }
    return {
        "position": "sp1-261118-0002",
        "strategy": "spx_bull_put",
        "spread": one["spread"],
        "opened_at": AT,
        "opening_net": 8.4,
        "fees_usd": 5.2,
        "orders": [one],
        "mid": -5.1,
        "natural": -5.3,
        "limit": -5.1,
        "worst": -5.6,
        "realises_at_mid_usd": 660.0,
        "realises_at_worst_usd": 560.0,
        "closing_fees_usd": 5.2,
        "quotes_age_s": 0.4,
        "obstacle": None,
        "legs": [
            {"action": "sell", "quantity": 2, "contract": "SPX 2027-01-15 6500P", "bid": 12.0, "ask": 12.4},
            {"action": "buy", "quantity": 2, "contract": "SPX 2027-01-15 6550P", "bid": 17.1, "ask": 17.5},
        ],
    }


def ideas() -> dict[str, Any]:
    """What a view of SPX makes of the market."""
    told = {name: value for name, value in candidate(0).items() if name in CandidateNumbers.model_fields}
    told |= {"structure": "bull_call", "multiplier": 100, "dte": 53, "view_pop": 0.62, "view_value": 148.0, "view_score": 0.31}
    return {
        "underlying": "SPX",
        "by": "2026-12-18",
        "sure": 0.7,
        "as_of": AT,
        "expected": 6_968.0,
        "low": 6_725.5,
        "high": 7_210.25,
        "market_expected": 6_712.0,
        "market_volatility": 0.152,
        "market_chance": 0.41,
        "ideas": [
            told | {"spread": "SPX 15 Jan 27 6900/6950C bull_call", "quantity": 2},
            told | {"spread": "SPX 15 Jan 27 6850/6900/6950C butterfly", "quantity": 1, "view_pop": None},
        ],
        "nothing": ["put calendar", "bear call"],
        "too_large": False,
    }


def roll_preview(what: str = "roll") -> dict[str, Any]:
    closing = preview()
    return {
        "position": "sp1-261118-0002",
        "strategy": "spx_bull_put",
        "spread": closing["spread"],
        "what": what,
        "closes": closing["orders"][0],
        "closing_legs": closing["legs"],
        "opens": {
            "spread": "SPX 19 Feb 27 6400/6350P bull_put",
            "quantity": 2,
            "expiry": "2027-02-19",
            "mid": 6.2,
            "natural": 6.0,
            "limit": 6.2,
            "worst": 5.75,
            "max_loss_usd": 8_770.0,
            "fees_usd": 5.2,
            "gates": 44,
        },
        "mid": 1.1,
        "natural": 0.7,
        "brings_at_mid_usd": 220.0,
        "brings_at_natural_usd": 140.0,
        "wanted": 0.0,
        "rolled": 0,
        "at_most": 2,
        "obstacle": None,
    }


def why() -> dict[str, Any]:
    return {
        "strategy": "spx_bull_put",
        "as_of": AT,
        "file": "strategies/spx_bull_put.yaml",
        "stopped": ["per_day: 2 beyond at most 1"],
        "refused": [],
        "changed": [],
        "breakers": [],
        "blocked_exits": [],
        "at": AT,
        "funnel": strategies()["strategies"][0]["funnel"],
        "when": [{"line": "vix between 12 and 35", "underlying": "SPX", "answer": "yes", "values": {"vix": 15.5}}],
        "nearest_miss": None,
        "candidates": [],
        "denials": [],
        "orders": [],
    }


def closed_positions() -> list[dict[str, Any]]:
    """Four that are closed: three won, one lost."""
    return [
        position(
            f"sp1-26110{number}-0001",
            state="closed",
            quantity=0,
            realised_usd=made,
            opened_at=AT - timedelta(days=20 - number),
            closed_at=AT - timedelta(days=10 - number),
            close_reason=reason,
            closing_net=-4.2,
            mark=None,
            natural=None,
            mark_age_s=None,
            unrealised_usd=None,
            parts=[],
            exits=[],
            dte=None,
            delta=None,
            gamma=None,
            theta=None,
            vega=None,
            legs=[leg | {"held": 0} for leg in position()["legs"]],
        )
        for number, (made, reason) in enumerate(
            (
                (420.0, "profit >= 50% of credit"),
                (-900.0, "loss >= 200% of credit"),
                (300.0, "profit >= 50% of credit"),
                (250.0, "dte <= 21"),
            )
        )
    ]


def picked(candidate: str, quantity: int | None) -> dict[str, Any]:
    """The order of a picked candidate, which one gate stops from five on."""
    count = quantity or 2
    too_many = count >= 5
    gates = [
        {
            "gate": "per_trade",
            "answer": "fail" if too_many else "pass",
            "text": f"per_trade: ${4162 * count:,} of at most $20,000",
        },
        {"gate": "hours", "answer": "pass", "text": "hours: 10:41 within 10:00-15:30"},
    ]
    return {
        "candidate": candidate,
        "strategy": "spx_bull_put",
        "spread": "SPX 15 Jan 27 6550/6500P bull_put",
        "quantity": count,
        "limit": 8.45,
        "worst": 7.95,
        "net_now": 8.45,
        "natural_now": 8.3,
        "quotes_age_s": 0.4,
        "max_loss_usd": 4162.0 * count,
        "fees_usd": 2.6 * count,
        "preview": "fits",
        "preview_text": "",
        "initial_margin_change_usd": 4160.0 * count,
        "maintenance_margin_change_usd": 4160.0 * count,
        "preview_commission_usd": 1.3 * count,
        "gates": gates,
        "obstacle": gates[0]["text"] if too_many else None,
    }


def adoption(legs: Sequence[int] = (), strategy: str = "") -> dict[str, Any]:
    """A vertical that was opened in TWS, and a short that nothing covers."""
    foreign = [
        {
            "con_id": number,
            "contract": contract,
            "underlying": "SPX",
            "quantity": quantity,
            "average_price": 8.4,
            "bid": 8.3,
            "ask": 8.6,
            "obstacle": obstacle,
        }
        for number, contract, quantity, obstacle in (
            (701, "SPX 15 Jan 27 6550P", -1, None),
            (702, "SPX 15 Jan 27 6500P", 1, None),
            (703, "SPX 15 Jan 27 7100C", -1, "no long covers it"),
        )
    ]
    fits = strategy in {"", "spx_bull_put"}
    return {
        "foreign": foreign,
        "books_age_s": 4.0,
        "position": position("sp1-261123-0009", quantity=1) if legs and fits else None,
        "obstacle": None if fits else f"{strategy} does not trade this structure",
    }


def plan() -> dict[str, Any]:
    """An edit that makes the risk larger and the credit, by which fewer pass."""

    def look(credit: str, found: int, *spreads: str) -> dict[str, Any]:
        funnel = [("puts, 30-60 days", 698), (f"credit >= {credit} of width", found), ("pop >= 70%", found)]
        return {
            "enabled": True,
            "absent": (),
            "when": [{"line": "vix between 14 and 32", "underlying": "SPX", "answer": "yes"}],
            "funnel": [{"condition": condition, "passed": passed, "unknown": 0} for condition, passed in funnel],
            "candidates": found,
            "nearest_miss": None,
            "kept": [{"spread": one, "net": 3.45, "max_loss_usd": 2155.0} for one in spreads],
        }

    held = {"position": "sp3f2a1-261130-0004", "spread": "SPX 15 Jan 27 5775/5750P bull_put", "unknown": ()}
    return {
        "file": "strategies/spx_bull_put.yaml",
        "digest": "b" * 64,
        "is_new": False,
        "effect": "after a yes",
        "direction": "loosened",
        "changes": [
            {"said": "spread.rules: `credit >= 8% of width` is `credit >= 12% of width` now", "loosens": False},
            {"said": "sizing.risk was $900, is $1,900", "loosens": True},
        ],
        "warnings": [],
        "as_of": AT,
        "source": "the newest snapshot",
        "strategies": [
            {
                "strategy": "spx_bull_put",
                "before": look("8%", 48, "SPX 15 Jan 27 5775/5750P bull_put", "SPX 15 Jan 27 5770/5745P bull_put"),
                "after": look("12%", 31, "SPX 15 Jan 27 5775/5750P bull_put"),
                "exits": [held | {"fires": None, "would_fire": "profit >= 40% of credit: close"}],
            }
        ],
    }
