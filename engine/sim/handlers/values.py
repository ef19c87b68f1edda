"""The values of an account by tag, as account updates and summaries tell them."""

from decimal import Decimal

from engine.sim.exchange.account import Account
from engine.sim.tape import MarketTape

Values = dict[tuple[str, str], str]
"""(tag, currency) to text, in the order of telling."""

LEDGER_TAGS = frozenset(
    [
        "CashBalance",
        "Currency",
        "ExchangeRate",
        "NetLiquidationByCurrency",
        "OptionMarketValue",
        "RealizedPnL",
        "StockMarketValue",
        "TotalCashBalance",
        "UnrealizedPnL",
    ]
)
"""Tags of the cash ledger, which has a section for each currency and one for the base."""

_FOUR_TIMES = 4
"""Day-trading buying power of a margin account: four times the available funds."""


def account_values(account: Account, tape: MarketTape) -> Values:
    """Every tag with its value; amounts in USD, which is the account's base currency."""
    funds = account.funds(tape)
    available = funds.equity_with_loan - funds.initial
    excess = funds.equity_with_loan - funds.maintenance
    net = account.net_liquidation(tape)
    stock, options, gross = _market_values(account, tape)
    values: Values = {
        ("AccountCode", ""): account.name,
        ("AccountReady", ""): "true",
        ("AccountType", ""): "INDIVIDUAL",
        ("Cushion", ""): f"{excess / net if net > 0 else Decimal(0):.6f}",
        ("DayTradesRemaining", ""): "-1",
        ("Leverage-S", ""): f"{gross / net if net > 0 else Decimal(0):.2f}",
        ("LookAheadNextChange", ""): "0",
    }
    amounts = {
        "AccruedCash": Decimal(0),
        "AccruedDividend": Decimal(0),
        "AvailableFunds": available,
        "BuyingPower": max(Decimal(0), available) * _FOUR_TIMES,
        "EquityWithLoanValue": funds.equity_with_loan,
        "ExcessLiquidity": excess,
        "FullAvailableFunds": available,
        "FullExcessLiquidity": excess,
        "FullInitMarginReq": funds.initial,
        "FullMaintMarginReq": funds.maintenance,
        "GrossPositionValue": gross,
        "InitMarginReq": funds.initial,
        "LookAheadAvailableFunds": available,
        "LookAheadExcessLiquidity": excess,
        "LookAheadInitMarginReq": funds.initial,
        "LookAheadMaintMarginReq": funds.maintenance,
        "MaintMarginReq": funds.maintenance,
        "NetLiquidation": net,
        "PostExpirationExcess": Decimal(0),
        "PostExpirationMargin": Decimal(0),
        "PreviousDayEquityWithLoanValue": funds.equity_with_loan,
        "TotalCashValue": account.cash,
    }
    values |= {(tag, "USD"): _money(amount) for tag, amount in amounts.items()}
    return values | _ledger(account, tape, net, stock, options)


def _ledger(account: Account, tape: MarketTape, net: Decimal, stock: Decimal, options: Decimal) -> Values:
    """The cash ledger, once for the base currency and once for the dollar, which are the same here."""
    amounts = {
        "CashBalance": account.cash,
        "TotalCashBalance": account.cash,
        "StockMarketValue": stock,
        "OptionMarketValue": options,
        "NetLiquidationByCurrency": net,
        "UnrealizedPnL": account.unrealized(tape),
        "RealizedPnL": account.realized,
    }
    values: Values = {}
    for currency in ("BASE", "USD"):
        values |= {("Currency", currency): currency, ("ExchangeRate", currency): "1.00"}
        values |= {(tag, currency): _money(amount) for tag, amount in amounts.items()}
    return values


def _market_values(account: Account, tape: MarketTape) -> tuple[Decimal, Decimal, Decimal]:
    """(stock, options, gross of both without signs), USD."""
    stock = options = gross = Decimal(0)
    for position in account.held():
        value = position.value(tape)
        gross += abs(value)
        if position.instrument.option is None:
            stock += value
        else:
            options += value
    return stock, options, gross


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"
