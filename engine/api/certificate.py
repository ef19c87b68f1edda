"""A certificate and its private key: whether a server can use them, and from when until when others believe them."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from engine.domain.errors import UserError

_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, X509_VERIFY_PARAM_set_flags(3): one that is over is read like any other."""
_FLIGHTS = 6
"""Messages that a handshake needs at the most, there and back."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a certificate and its key cannot be served."""

    found: str
    mend: str


@dataclass(frozen=True, slots=True)
class Validity:
    """When a certificate is believed."""

    since: datetime
    until: datetime


def check_certificate(cert: Path, key: Path) -> None:
    """Raises UserError where a certificate and its private key cannot be served, or others may read the key."""
    problem = problem_of(cert, key)
    if problem is not None:
        raise UserError(f"{problem.found}; {problem.mend}")


def problem_of(cert: Path, key: Path) -> Problem | None:
    """Why they cannot be served; None where they can."""
    for flag, file in (("--tls-cert", cert), ("--tls-key", key)):
        try:
            with file.open("rb"):
                pass
        except OSError as error:
            return Problem(f"{flag} {file}: {error.strerror}", "name a file in PEM that the engine's user may read")
    try:
        _server(cert, key)
    except (OSError, ssl.SSLError, ValueError) as error:
        told = _reason(error)
        return Problem(
            f"--tls-cert {cert}, --tls-key {key}: they cannot be used together ({told})",
            "name a certificate and the key that it was made with, without a passphrase: nobody is there to type it",
        )
    if key.stat().st_mode & 0o077:
        return Problem(f"{key}: others may read the private key", f"chmod 600 {key}")
    return None


def validity_of(cert: Path, key: Path) -> Validity:
    """When a certificate that can be served is believed. Raises ssl.SSLError where no server may use it, whenever it is."""
    there, here = _server(cert, key), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    here.check_hostname = False
    here.load_verify_locations(cert)
    here.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME
    asked, answered = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = here.wrap_bio(answered, asked)
    both = (client, there.wrap_bio(asked, answered, server_side=True))
    for number in range(_FLIGHTS):
        try:
            both[number % 2].do_handshake()
        except ssl.SSLWantReadError:
            continue
    told = client.getpeercert() or {}
    return Validity(_instant(str(told["notBefore"])), _instant(str(told["notAfter"])))


def _server(cert: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # Without it OpenSSL asks the terminal for the passphrase of a key that has one.
    context.load_cert_chain(cert, key, password="")
    return context


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None)
    return str(reason or error)


def _instant(written: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(written), UTC)
