"""A trading session through the official Python client's interface, run by that client's own interpreter.

Takes the port as its argument; prints one JSON object: what it was told, by topic, and every complaint of the client's
decoder. Knows nothing of the simulator, and runs against any TWS with a paper account.
"""

import json
import logging
import sys
import threading
import time

from ibapi.client import EClient
from ibapi.contract import ComboLeg, Contract
from ibapi.order import Order
from ibapi.wrapper import EWrapper

try:
    from ibapi.order_cancel import OrderCancel

    CANCEL_TERMS = (OrderCancel(),)
except ImportError:  # an older client cancels without terms
    CANCEL_TERMS = ()

CONDORS = 10
"""Condors in one order: more than one, so that it can fill in parts."""
PATIENCE_S = 20
"""Real seconds that an answer may take."""


class Complaints(logging.Handler):
    """Keeps what the client's own code logs as warnings and errors."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage()[:300])


class Trader(EWrapper, EClient):
    """Writes down what it is told."""

    def __init__(self):
        EWrapper.__init__(self)
        EClient.__init__(self, self)
        self.ended = {}
        self.errors = []
        self.details = {}
        self.chains = []
        self.prices = {}
        self.greeks = {}
        self.what_if = None
        self.statuses = []
        self.fills = []
        self.fees = []
        self.held = {}
        self.values = {}
        self.bars = []
        self.next_id = None

    def wait(self, topic):
        event = self.ended.setdefault(topic, threading.Event())
        if not event.wait(PATIENCE_S):
            raise TimeoutError(f"no answer: {topic}")

    def end(self, topic):
        self.ended.setdefault(topic, threading.Event()).set()

    def error(self, *told):
        codes = [part for part in told if isinstance(part, int)]
        texts = [part for part in told if isinstance(part, str)]
        self.errors.append([codes[0], codes[-1], texts[0] if texts else ""])

    def nextValidId(self, orderId):
        self.next_id = orderId
        self.end("id")

    def contractDetails(self, reqId, contractDetails):
        self.details.setdefault(reqId, []).append(contractDetails)

    def contractDetailsEnd(self, reqId):
        self.end(("details", reqId))

    def securityDefinitionOptionParameter(self, reqId, exchange, underlyingConId, tradingClass, multiplier, expirations, strikes):
        self.chains.append((exchange, tradingClass, sorted(expirations), sorted(strikes)))

    def securityDefinitionOptionParameterEnd(self, reqId):
        self.end("chain")

    def tickPrice(self, reqId, tickType, price, attrib):
        self.prices[reqId, int(tickType)] = price
        if (reqId, 1) in self.prices and (reqId, 2) in self.prices:
            self.end(("quote", reqId))

    def tickOptionComputation(self, reqId, tickType, *greeks):
        self.greeks[reqId, int(tickType)] = greeks
        self.end(("greeks", reqId))

    def tickSnapshotEnd(self, reqId):
        self.end(("snapshot", reqId))

    def openOrder(self, orderId, contract, order, orderState):
        if order.whatIf:
            self.what_if = [
                orderState.initMarginChange,
                orderState.equityWithLoanChange,
                str(orderState.maxCommission if hasattr(orderState, "maxCommission") else orderState.maxCommissionAndFees),
            ]
            self.end("what-if")

    def orderStatus(self, orderId, status, filled, remaining, avgFillPrice, *rest):
        self.statuses.append([orderId, status, float(filled), float(remaining), avgFillPrice])
        self.end((status, orderId))

    def execDetails(self, reqId, contract, execution):
        row = [contract.secType, execution.side, float(execution.shares), execution.price, execution.execId]
        self.fills.append([*row, execution.orderId, contract.conId])

    def execDetailsEnd(self, reqId):
        self.end("executions")

    def commissionReport(self, commissionReport):
        self.fees.append(commissionReport.commission)

    def commissionAndFeesReport(self, report):
        self.fees.append(report.commissionAndFees)

    def position(self, account, contract, position, avgCost):
        self.held[contract.conId] = float(position)

    def positionEnd(self):
        self.end("positions")

    def accountSummary(self, reqId, account, tag, value, currency):
        self.values[tag] = value

    def accountSummaryEnd(self, reqId):
        self.end("summary")

    def historicalData(self, reqId, bar):
        self.bars.append([bar.date, bar.close])

    def historicalDataEnd(self, reqId, start, end):
        self.end("bars")

    def completedOrdersEnd(self):
        self.end("completed")

    def openOrderEnd(self):
        self.end("open orders")


def stock():
    contract = Contract()
    contract.symbol, contract.secType, contract.exchange, contract.currency = "SPY", "STK", "SMART", "USD"
    return contract


def option(expiry, right="P"):
    contract = stock()
    contract.secType, contract.lastTradeDateOrContractMonth, contract.right = "OPT", expiry, right
    return contract


def combination(*legs):
    contract = stock()
    contract.secType, contract.comboLegs = "BAG", []
    for leg, action in legs:
        part = ComboLeg()
        part.conId, part.ratio, part.action, part.exchange = leg.conId, 1, action, "SMART"
        contract.comboLegs.append(part)
    return contract


def limit_order(price, what_if=False, action="BUY", quantity=1):
    order = Order()
    order.action, order.orderType, order.totalQuantity, order.lmtPrice, order.tif = action, "LMT", quantity, price, "DAY"
    order.orderRef, order.whatIf, order.eTradeOnly, order.firmQuoteOnly = "foreign", what_if, False, False
    return order


def session(trader):
    """Connect, chain, quotes, what-if, cancel, fill, a condor there and back, positions, history."""
    trader.wait("id")
    trader.reqContractDetails(1, stock())
    trader.wait(("details", 1))
    spy = trader.details[1][0].contract
    trader.reqSecDefOptParams(2, "SPY", "", "STK", spy.conId)
    trader.wait("chain")
    expiry = next(chain for chain in trader.chains if chain[0] == "SMART")[2][-1]
    trader.reqContractDetails(3, option(expiry))
    trader.wait(("details", 3))
    trader.reqMktData(4, spy, "", True, False, [])
    trader.wait(("snapshot", 4))
    puts = sorted((found.contract for found in trader.details[3]), key=lambda put: put.strike)
    short = min(puts, key=lambda put: abs(put.strike - 0.98 * trader.prices[4, 4]))
    long = puts[puts.index(short) - 5]
    for req_id, leg in ((5, short), (6, long)):
        trader.reqMktData(req_id, leg, "100,101", False, False, [])
        trader.wait(("quote", req_id))
        trader.wait(("greeks", req_id))
    natural = round(trader.prices[6, 2] - trader.prices[5, 1], 2)
    bag, number = combination((short, "SELL"), (long, "BUY")), trader.next_id
    trader.placeOrder(number, bag, limit_order(natural, what_if=True))
    trader.wait("what-if")
    trader.placeOrder(number + 1, bag, limit_order(round(natural - 1, 2)))
    trader.wait(("Submitted", number + 1))
    trader.reqAllOpenOrders()
    trader.wait("open orders")
    trader.cancelOrder(number + 1, *CANCEL_TERMS)
    trader.wait(("Cancelled", number + 1))
    trader.placeOrder(number + 2, bag, limit_order(round(natural + 0.2, 2)))
    trader.wait(("Filled", number + 2))
    condor = trade_condor(trader, number + 3, expiry, [short, long])
    trader.reqPositions()
    trader.wait("positions")
    trader.reqAccountSummary(7, "All", "NetLiquidation,AvailableFunds")
    trader.wait("summary")
    trader.reqHistoricalData(8, spy, "", "10 D", "1 day", "TRADES", 1, 1, False, [])
    trader.wait("bars")
    trader.reqCompletedOrders(False)
    trader.wait("completed")
    time.sleep(0.3)
    return [short.conId, long.conId], natural, condor


def trade_condor(trader, number, expiry, puts):
    """Four legs: asked what they take, opened, filled in parts where the market does so, closed; which legs, under which ids."""
    trader.reqContractDetails(9, option(expiry, "C"))
    trader.wait(("details", 9))
    calls = {found.contract.strike: found.contract for found in trader.details[9]}
    width = puts[0].strike - puts[1].strike
    sold = min(
        (strike for strike in calls if strike + width in calls), key=lambda strike: abs(strike - 1.02 * trader.prices[4, 4])
    )
    legs = [(puts[0], "SELL"), (puts[1], "BUY"), (calls[sold], "SELL"), (calls[sold + width], "BUY")]
    for req_id, (leg, _) in ((10, legs[2]), (11, legs[3])):
        trader.reqMktData(req_id, leg, "", False, False, [])
        trader.wait(("quote", req_id))
    quotes = [(trader.prices[req_id, 1], trader.prices[req_id, 2]) for req_id in (5, 6, 10, 11)]
    ask = sum(ask if action == "BUY" else -bid for (bid, ask), (_, action) in zip(quotes, legs, strict=True))
    bid = sum(bid if action == "BUY" else -ask for (bid, ask), (_, action) in zip(quotes, legs, strict=True))
    trader.ended.pop("what-if")
    trader.placeOrder(number, combination(*legs), limit_order(round(ask, 2), what_if=True, quantity=CONDORS))
    trader.wait("what-if")
    trader.placeOrder(number + 1, combination(*legs), limit_order(round(ask + 0.2, 2), quantity=CONDORS))
    trader.wait(("Filled", number + 1))
    trader.placeOrder(number + 2, combination(*legs), limit_order(round(bid - 0.2, 2), action="SELL", quantity=CONDORS))
    trader.wait(("Filled", number + 2))
    return {
        "legs": {leg.conId: action for leg, action in legs},
        "opening": number + 1,
        "closing": number + 2,
        "width": width,
        "ask": ask,
        "what_if": trader.what_if,
    }


def main():
    complaints = Complaints()
    logging.getLogger().addHandler(complaints)
    trader = Trader()
    trader.connect("127.0.0.1", int(sys.argv[1]), 11)
    reader = threading.Thread(target=trader.run, daemon=True)
    reader.start()
    problem = ""
    legs, natural, condor = [], None, None
    try:
        legs, natural, condor = session(trader)
    except Exception as wrong:  # noqa: BLE001 - whatever went wrong is the result
        problem = f"{type(wrong).__name__}: {wrong}"
    told = {
        "problem": problem,
        "version": trader.serverVersion(),
        "complaints": complaints.lines,
        "errors": trader.errors,
        "details": sum(len(found) for found in trader.details.values()),
        "legs": legs,
        "natural": natural,
        "condor": condor,
        "model_greeks": trader.greeks.get((5, 13)),
        "what_if": trader.what_if,
        "statuses": trader.statuses,
        "fills": trader.fills,
        "fees": trader.fees,
        "held": {str(con_id): quantity for con_id, quantity in trader.held.items() if quantity},
        "values": trader.values,
        "bars": len(trader.bars),
    }
    trader.disconnect()
    print(json.dumps(told, default=str))


main()
