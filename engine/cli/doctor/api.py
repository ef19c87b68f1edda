"""What the settings say of the API over TCP: whether it could be served, and for how long others believe its certificate."""

import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta

from engine.api.certificate import problem_of, validity_of
from engine.cli.doctor.check import Check, fail, ok, warn
from engine.settings import Settings

NAME = "API over TCP"
ENDS_SOON = timedelta(days=30)
"""Time to order another one, and to hand it to those who trust it by name."""
ANOTHER = "make or order another one, put it in its place, and start the engine again"


def over_tcp(settings: Settings, now: datetime) -> Iterator[Check]:
    """The certificate of the API's port; nothing where the settings name neither port nor certificate."""
    cert, key = settings.tls_cert, settings.tls_key
    if settings.api_port is None and cert is None and key is None:
        return
    if cert is None or key is None:
        lacks = "SPREADS_TLS_CERT" if cert is None else "SPREADS_TLS_KEY"
        yield fail(NAME, f"{lacks} is not set, and nothing is served without TLS", "name both: SPREADS_TLS_CERT, SPREADS_TLS_KEY")
        return
    problem = problem_of(cert, key)
    if problem is not None:
        yield fail(NAME, problem.found, problem.mend)
        return
    try:
        validity = validity_of(cert, key)
    except ssl.SSLError as error:
        yield fail(NAME, f"{cert}: no client would take it ({error.reason})", ANOTHER)
        return
    port = f"port {settings.api_port}, " if settings.api_port is not None else ""
    if now < validity.since:
        yield fail(NAME, f"{port}{cert} is good from {validity.since:%Y-%m-%d} only: no client takes it before", ANOTHER)
    elif now >= validity.until:
        yield fail(NAME, f"{port}{cert} was good until {validity.until:%Y-%m-%d}: no client takes it any more", ANOTHER)
    elif validity.until - now < ENDS_SOON:
        days = (validity.until - now).days
        yield warn(NAME, f"{port}{cert} is good until {validity.until:%Y-%m-%d}, {days} days from now", ANOTHER)
    else:
        yield ok(NAME, f"{port}{cert} is good until {validity.until:%Y-%m-%d}")
