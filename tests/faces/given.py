"""What the commands are tried on: a strategy, a recorded chain small enough to read, and a journal."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.cli.client import VERSION
from engine.pricing.black_scholes import THETA_PER_DAY, VEGA_PER_POINT, greeks

ROOT = Path(__file__).parents[2]
MORNING = datetime(2016, 4, 28, 14, 0, tzinfo=UTC)
AFTERNOON = datetime(2016, 4, 28, 19, 0, tzinfo=UTC)
NEXT_DAY = datetime(2016, 4, 29, 14, 0, tzinfo=UTC)
SPOT, EXPIRY = 2000.0, date(2016, 6, 10)

STRATEGY = """\
schema: 1
name: puts
universe: [SPX]
when:
  - vix between 12 and 35
filters:
  - open_interest >= 100
spread:
  type: bull_put
  expiry: 30-60 days
  short_delta: 0.10-0.30
  width: $25-$50
  rules:
    - credit >= 10% of width
  keep: 3
sizing: {risk: 1% of net liquidation}
exits:
  - loss >= 200% of credit
  - dte <= 21
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


def strategy(folder: Path, text: str = STRATEGY, name: str = "puts.yaml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def chain(path: Path, instants: tuple[datetime, ...] = (MORNING, AFTERNOON, NEXT_DAY), underlying: str = "SPX") -> Path:
    """A recorded chain: puts and calls around 2000 at 20% volatility, a dime wide."""
    tables = [_snapshot(instant, underlying) for instant in instants]
    pq.write_table(pa.concat_tables(tables), path)
    return path


def _snapshot(instant: datetime, underlying: str) -> pa.Table:
    strikes = np.arange(1700.0, 2301.0, 25.0)
    strike, sign = np.concatenate([strikes, strikes]), np.repeat([-1, 1], len(strikes))
    years = (datetime(2016, 6, 10, 20, tzinfo=UTC) - instant) / timedelta(days=365)
    found = greeks(SPOT, strike, years, 0.0, 0.0, 0.2, sign)
    mid = np.round(found.price, 1)
    count = len(strike)
    return pa.table(
        {
            "quote_ts": pa.array([instant] * count, pa.timestamp("us", "UTC")),
            "underlying": [underlying] * count,
            "root": ["SPXW" if underlying == "SPX" else underlying] * count,
            "underlying_price": [SPOT] * count,
            "expiry": pa.array([EXPIRY] * count, pa.date32()),
            "strike": strike,
            "right": ["P" if one < 0 else "C" for one in sign],
            "bid": np.maximum(mid - 0.1, 0.0),
            "ask": mid + 0.1,
            "bid_size": [10.0] * count,
            "ask_size": [10.0] * count,
            "last": mid,
            "volume": [50.0] * count,
            "open_interest": [500.0] * count,
            "iv": [0.2] * count,
            "delta": found.delta,
            "gamma": found.gamma,
            "theta": found.theta * THETA_PER_DAY,
            "vega": found.vega * VEGA_PER_POINT,
            "multiplier": [100.0] * count,
        }
    )


@contextmanager
def engine_that_says(
    answer: object,
    state: Path = Path("state"),
    *,
    status: int = 200,
    engine: str = "paper, account DU1234567",
    refuses: str = "",
    version: str = VERSION,
) -> Iterator[list[dict[str, Any]]]:
    """A socket in this state folder that answers every question with the same words, or by path where there is a callable;
    gives the list of what was said to it. It answers `status`, 409 to the method that it refuses, and tells `version`."""
    heard: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = answer(self.command, self.path) if callable(answer) else answer
            body = json.dumps(said).encode()
            self.send_response(409 if self.command == refuses else status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Spreads-Engine", engine)
            if version:
                self.send_header("Spreads-Version", version)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own word
            pass

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        def get_request(self):  # type: ignore[no-untyped-def]
            request, _ = super().get_request()
            return request, ("engine", 0)

    state.mkdir(parents=True, exist_ok=True)
    with Server(str(state / "engine.sock"), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield heard
        finally:
            server.shutdown()
            thread.join()
            (state / "engine.sock").unlink()
