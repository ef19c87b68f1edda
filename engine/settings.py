"""Process settings: where TWS is, which account, which folders. Flags win over the environment (SPREADS_HOST and so on)."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.broker.orders.times import zone_of

Mode = Literal["sim", "paper", "live"]
PORTS: dict[Mode, tuple[int, ...]] = {"sim": (7497,), "paper": (7497, 4002), "live": (7496, 4001)}
"""Where TWS and then IB Gateway listen by default."""


def _named(written: object) -> object:
    """An empty name would be the folder one happens to stand in."""
    if written == "":
        raise ValueError("an empty name is no folder")
    return written


def _zone(written: object) -> object:
    """Any name under which the zone is known."""
    if not isinstance(written, str) or zone_of(written) is None:
        raise ValueError("no time zone of that name")
    return written


class Settings(BaseSettings):
    """What one engine process needs to know before it starts."""

    model_config = SettingsConfigDict(env_prefix="SPREADS_", extra="ignore", frozen=True)

    mode: Mode = "paper"
    host: Annotated[str, Field(min_length=1, max_length=253)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """None tries the default ports of the mode."""
    client_id: Annotated[int, Field(ge=1, le=999_999)] = 17
    """Fixed and not 0: only the same client id may change an order after a restart, and 0 would bind orders made by hand."""
    account: Annotated[str, Field(pattern=r"\S")] | None = None
    """None takes the only one that the broker reports."""
    strategies: Annotated[Path, BeforeValidator(_named)] = Path("strategies")
    state: Annotated[Path, BeforeValidator(_named)] = Path("state")
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Serves /metrics and /health on 127.0.0.1 as well; None leaves them to the socket in the state folder."""
    api_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Serves the API over TCP too, with TLS and for keys only; None leaves it to the socket in the state folder."""
    api_host: Annotated[str, Field(min_length=1, max_length=253)] = "127.0.0.1"
    """Address of this machine that the port is opened on."""
    tls_cert: Annotated[Path, BeforeValidator(_named)] | None = None
    """Certificate of the API's port, PEM with its chain."""
    tls_key: Annotated[Path, BeforeValidator(_named)] | None = None
    """Its private key, PEM, readable by its owner only."""
    lines: Annotated[int, Field(ge=10, le=10_000)] = 100
    """Market data lines of the user."""
    explore_share: Annotated[float, Field(ge=0, le=0.9)] = 0.4
    """Share of the lines for options that goes through the whole chain in turns, where that is larger than the lines; 0 looks
    only at what is guessed to fit."""
    tws_zone: Annotated[str, BeforeValidator(_zone)] = "America/New_York"
    """Time zone that TWS runs in, for the times of executions that name none."""
    tws_restart: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "23:45"
    """When TWS restarts by itself every day, on its own clock; it does not tell, so `spreads doctor` asks here."""
    guard_after_s: Annotated[int, Field(ge=120, le=3_600)] = 300
    """Seconds of the session without a sign of life of the engine after which a guardian takes its place: longer than a service
    manager needs to end one that hangs and to start it again."""
    archive_every_min: Annotated[int, Field(ge=1, le=1440)] = 5
    """How often the chain is kept in the history while the market is open."""
    explain_every_s: Annotated[int, Field(ge=1, le=86_400)] = 60
    """How often at most a strategy's look at the market is kept: its funnel and its best candidates."""
    explain_days: Annotated[int, Field(ge=1, le=3_650)] = 30
    """How long these explanations are kept."""
    chain_days: Annotated[int, Field(ge=30, le=10_000)] | None = None
    """How long archived chains are kept, and longer while a position lives that is older; None keeps them all."""

    def ports(self) -> tuple[int, ...]:
        """Ports to try, in order."""
        return (self.port,) if self.port is not None else PORTS[self.mode]
