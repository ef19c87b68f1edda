"""Reference values of the rules: structures, quotes, signed prices, margin, fees and sizes."""

from datetime import date, timedelta
from decimal import Decimal

from engine.pricing import margin, sizing, ticks
from engine.pricing.assignment import dividend_risk
from engine.pricing.book import beta_dollar_delta, beta_weighted_delta
from engine.pricing.fees import FeeLeg, commission, flat_table
from engine.pricing.payoff import outcome, profile
from engine.pricing.quotes import LegQuote, combo_quote, quote_status
from tests.core.pricing.reference import Case, cases, close, leg_quotes, leg_sign, payoff_legs

FRONT = date(2026, 12, 18)


@cases("structure_metrics")
def test_structure_has_the_expected_profile_and_price(case: Case) -> None:
    i, expected = case["inputs"], case["expected"]
    quote = combo_quote(leg_quotes(i), 1.0)
    net = quote.mid if i["basis"] == "mid" else quote.natural
    assert net is not None

    found = profile(payoff_legs(i), net)

    contracts = sum(leg["ratio"] for leg in i["legs"])
    fees = 0.0
    if "fee_per_contract" in i:
        table = flat_table(i["fee_per_contract"], i["fee_min_per_order"], FRONT)
        fees = float(commission([FeeLeg(contracts, 1)], i["quantity"], table=table))
    gross, costed = (outcome(found, i["multiplier"], i["quantity"], f) for f in (0.0, fees))
    answers = {
        "net_per_share": net,
        "credit_or_debit": "credit" if net > 0 else "debit",
        "tws_buy_combo_limit": ticks.open_price(round(net, 10)),
        "max_profit_per_share": found.max_profit,
        "max_loss_per_share": found.max_loss,
        "max_profit_total": gross.max_profit,
        "max_loss_total": gross.max_loss,
        "return_on_risk": found.return_on_risk,
        "fees_open": fees,
        "max_loss_total_after_open_fees": costed.max_loss,
        "max_profit_total_after_open_fees": costed.max_profit,
        "status": found.status,
    }
    breakevens = expected["breakevens"]
    assert [field for field in expected if field != "breakevens" and not close(case, field, answers[field])] == []
    assert len(found.breakevens) == len(breakevens)
    assert all(abs(a - b) <= 1e-9 for a, b in zip(found.breakevens, breakevens, strict=True))


def _expiry(text: str) -> date:
    return FRONT + timedelta(days=int(text.removeprefix("F").strip("+d") or 0))


def _margin_legs(i: Case) -> list[margin.MarginLeg]:
    return [
        margin.MarginLeg(
            leg_sign(leg),
            leg["ratio"],
            leg["right"],
            Decimal(str(leg["strike"])),
            _expiry(leg["expiry"]),
            Decimal(str(leg["price"])) if "price" in leg else None,
        )
        for leg in i["legs"]
    ]


@cases("margin")
def test_margin_follows_the_exchange_rules(case: Case) -> None:
    i = case["inputs"]
    legs, size = _margin_legs(i), {"quantity": i["quantity"], "multiplier": i["multiplier"]}
    kind = i.get("underlying_type", "equity")

    found = margin.initial_margin(legs, i.get("net_per_share", 0), i["underlying_price"], **size, kind=kind)
    deposit = margin.account_requirement(legs, i["underlying_price"], **size, kind=kind)

    scale = i["quantity"] * i["multiplier"]
    answers = {
        "gross_requirement_total": found.gross,
        "margin_requirement_gross": found.gross,
        "premium_credit_total": found.premium_credit,
        "premium_debit_total": found.premium_debit,
        "buying_power_effect_total": found.buying_power,
        "ibkr_two_spreads_total": margin.broker_gross_per_share(legs, i["underlying_price"]) * scale,
        "margin_requirement": deposit.margin,
        "cash_account_requirement": deposit.cash,
    }
    assert [field for field in case["expected"] if not close(case, field, answers[field])] == []


@cases("margin_ibkr_observed")
def test_margin_formula_stands_near_what_the_broker_asked(case: Case) -> None:
    i, expected = case["inputs"], case["expected"]

    per_share = margin.gross_per_share(_margin_legs(i), i["underlying_price"])
    found = float(per_share * i["quantity"] * i["multiplier"])

    observed = expected["ibkr_observed_initial_margin"]
    near = case["tolerance"].get("observed_vs_formula_rel", case["tolerance"].get("observed_rel"))
    assert abs(found - observed) <= near * max(observed, found)
    if "formula_margin" in expected:
        assert abs(found - expected["formula_margin"]) <= case["tolerance"]["formula_abs"]


@cases("commission")
def test_commission_follows_the_published_steps(case: Case) -> None:
    i = case["inputs"]
    if "combo_legs" in i:
        legs, quantity = [FeeLeg(leg["ratio"], leg["leg_premium"]) for leg in i["combo_legs"]], i["quantity"]
    else:
        legs, quantity = [FeeLeg(1, i["premium"])], i["contracts"]

    found = commission(legs, quantity, contracts_this_month=i["monthly_contracts"], smart_routed=i.get("smart_routed", True))

    assert all(close(case, field, found) for field in case["expected"])


@cases("tws_price")
def test_signed_price_follows_the_combination_rules(case: Case) -> None:
    i = case["inputs"]
    answers: dict[str, object] = {}
    if "open_buy_price" in i:
        prices = i["open_buy_price"], i["close_sell_price"]
        answers["realised_pnl_before_fees"] = ticks.realised(*prices, i["quantity"], i["multiplier"])
    elif "example" in i:
        long_20 = 1 if i["intent"] == "BUY debit" else -1
        quotes = [LegQuote(long_20, 1, i["bid_20"], i["ask_20"]), LegQuote(-long_20, 1, i["bid_30"], i["ask_30"])]
        answers["lmt_price_natural"] = combo_quote(quotes, 1.0).ask
    else:
        opens = i["intent"] == "OPEN"
        side = "BUY" if opens else "SELL"
        exact_price = ticks.open_price(i["net_per_share"]) if opens else ticks.close_price(i["target_cashflow_per_share"])
        answers = {
            "action": side,
            "lmt_price_unrounded": exact_price,
            "lmt_price_passive": ticks.round_passive(exact_price, i["tick"], side),
            "lmt_price_aggressive": ticks.round_aggressive(exact_price, i["tick"], side),
        }

    assert [field for field in case["expected"] if not close(case, field, answers[field])] == []


@cases("tick_rules")
def test_tick_follows_class_and_premium(case: Case) -> None:
    i = case["inputs"]

    assert close(case, "tick", ticks.tick_for(i["price_class"], i["price"]))


@cases("quote_quality")
def test_quote_is_judged_before_it_decides(case: Case) -> None:
    i = case["inputs"]
    if "legs" not in i:
        assert quote_status(i["bid"], i["ask"]) == case["expected"]["status"]
        return

    found = combo_quote(leg_quotes(i), i["max_width_fraction_of_abs_mid"])

    answers = {
        "net_mid": found.mid,
        "net_natural": found.natural,
        "net_best": found.best,
        "half_width": found.half_width,
        "slippage_mid_to_natural": found.half_width,
        "width_fraction_of_abs_mid": found.width_fraction,
        "status": found.status,
    }
    assert [field for field in case["expected"] if not close(case, field, answers[field])] == []


@cases("sizing")
def test_size_is_a_floor_of_what_may_be_lost(case: Case) -> None:
    i = case["inputs"]
    match i["method"]:
        case "kelly_binary":
            terms = i["p_win"], i["win"], i["loss"]
            answers: dict[str, object] = {
                "kelly_fraction_of_equity_at_risk": sizing.kelly_fraction(*terms),
                "used_fraction": sizing.kelly_share(*terms, i["fraction_multiplier"]),
            }
        case "pct_net_liq":
            terms = i["net_liq"], i["risk_pct"], i["max_loss_per_lot"], i["fees_per_lot"], i["max_contracts"]
            answers = {"contracts": sizing.by_net_liquidation(*terms)}
        case _:
            answers = {
                "beta_weighted_delta_index_units": beta_weighted_delta(i["delta_shares"], i["beta"], i["S"], i["index_price"]),
                "dollar_delta": i["delta_shares"] * i["S"],
                "beta_dollar_delta": beta_dollar_delta(i["delta_shares"], i["beta"], i["S"]),
            }

    assert [field for field in case["expected"] if not close(case, field, answers[field])] == []


@cases("dividend_assignment_risk")
def test_dividend_risk_follows_extrinsic_value(case: Case) -> None:
    i = case["inputs"]

    found = dividend_risk(
        i["right"],
        i["S"],
        i["K"],
        i["call_mid"],
        i["next_dividend"],
        ex_date_is_next_session=i["ex_date_is_next_session"],
    )

    assert close(case, "extrinsic", found.extrinsic)
    assert found.at_risk is case["expected"]["at_risk"]
