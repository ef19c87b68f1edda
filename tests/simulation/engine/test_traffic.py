"""What else is on the wire does not hold up an order, and a question without an answer holds up nobody else."""

from datetime import timedelta
from pathlib import Path

from engine.domain.facts.orders import CancelRequested, OrderPreviewed, OrderRepriced, OrderSent
from engine.domain.order import Order
from engine.ports import Broker
from engine.sim.simulator import Simulator
from tests.simulation.engine import given
from tests.simulation.engine.world import Life, World, play, sim_options

AT_ONCE = timedelta(milliseconds=100)
REQUESTS = 300


class Crowded:
    """A broker before which three hundred market data requests are lined up whenever an order message comes."""

    def __init__(self, broker: Broker, sim: Simulator) -> None:
        self._broker, self._sim = broker, sim
        self._watched = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._broker, name)

    def send(self, order: Order, limit: object) -> None:
        self._crowd()
        self._broker.send(order, limit)

    def reprice(self, order: Order, limit: object) -> None:
        self._crowd()
        self._broker.reprice(order, limit)

    def cancel(self, order: Order) -> None:
        self._crowd()
        self._broker.cancel(order)

    def _crowd(self) -> None:
        """Ask for as many lines as there are, and the next time for none of them again."""
        market = self._sim.tape.market
        listed = [market.contract(int(con_id)) for con_id in market.listing.con_id[:REQUESTS]]
        assert len(listed) == REQUESTS
        self._broker.watch(listed, ())


def test_order_reaches_the_broker_at_once_behind_300_market_data_requests(tmp_path: Path) -> None:
    shy = given.strategy("shy", price="from $0.40 better than mid, $0.01 every 5 s, no worse than natural", patience="12 s")

    async def act(world: World) -> Life:
        life = await world.start(wrap_broker=lambda broker: Crowded(broker, world.sim), lines=REQUESTS + 50)
        await world.when(lambda: life.orders("open") and life.orders("open")[0].state == "canceled")
        await life.stop()
        return life, world.sim

    life, sim = play(act, tmp_path, strategies={"shy.yaml": shy}, sim_options=sim_options(max_lines=500), strikes=3.0)

    [order] = life.orders("open")
    left = [at for at, fact in life.facts if isinstance(fact, OrderSent | OrderRepriced | CancelRequested)]
    arrived = [request.at for request in sim.received if concerns(request.message, order)]
    assert len(left) == len(arrived) >= 3
    assert all(there - here < AT_ONCE for here, there in zip(left, arrived, strict=True))
    asked = [request.at for request in sim.received if request.name == "req_mkt_data"]
    assert len(asked) > REQUESTS
    assert sum(at > arrived[0] for at in asked) > REQUESTS * 0.8


def test_orders_of_a_start_leave_at_once_although_everything_is_asked_for(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start(lines=100)
        await world.until("09:40:30")
        await life.stop()
        return life, world.sim

    life, sim = play(act, tmp_path, sim_options=sim_options(max_lines=100), strikes=3.0)

    left = {fact.order_ref: at for at, fact in life.facts if isinstance(fact, OrderSent)}
    arrived = first_arrivals(sim)
    assert left
    assert all(arrived[ref] - at < AT_ONCE for ref, at in left.items())


def test_unanswered_preview_is_asked_again_and_the_engine_trades_on_meanwhile(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start()
        await world.when(lambda: len(life.all(OrderPreviewed)) > 1)
        await world.when(lambda: all(order.state == "filled" for order in life.orders("open")))
        await life.stop()
        return life

    life = play(act, tmp_path, schedule=("what_if_silent",))

    answered = {fact.order_ref: at for at, fact in life.facts if isinstance(fact, OrderPreviewed)}
    silent, other = life.orders("open")
    assert (other.preview.outcome, silent.preview.outcome) == ("fits", "fits")
    assert answered[silent.ref] - silent.proposed_at >= timedelta(seconds=5), "the first question had no answer"
    assert (other.state, silent.state) == ("filled", "filled")


def concerns(message: object, order: Order) -> bool:
    """A new order, a change or a cancel of this order; a what-if is none of them."""
    if message.name == "cancel_order":
        return message.whole("order_id") == order.order_id
    return message.name == "place_order" and not message.flag("what_if") and message.text("order_ref") == order.ref


def first_arrivals(sim: Simulator) -> dict[str, object]:
    found: dict[str, object] = {}
    for request in sim.received:
        if request.name == "place_order" and not request.message.flag("what_if"):
            found.setdefault(request.message.text("order_ref"), request.at)
    return found
