"""The doctor's look at the certificate of the API: each thing that keeps it from being served or believed, with what mends it."""

import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.cli.doctor.api import over_tcp
from engine.cli.doctor.check import Check
from engine.settings import Settings
from tests.shell.api.test_remote import certificate

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate of these tests")


def check(cert: Path | None, key: Path | None, after: timedelta = timedelta(), port: int | None = 8443) -> list[Check]:
    """What the doctor says, so long after the certificate of two days was made."""
    return list(over_tcp(Settings(api_port=port, tls_cert=cert, tls_key=key), datetime.now(UTC) + after))


def test_nothing_is_said_where_nobody_wants_the_port() -> None:
    assert check(None, None, port=None) == []


def test_port_without_a_certificate_would_not_be_opened(tmp_path: Path) -> None:
    (found,) = check(None, None)

    assert (found.state, found.found) == ("fail", "SPREADS_TLS_CERT is not set, and nothing is served without TLS")


@pytest.mark.parametrize(
    ("after", "state", "says"),
    [
        (timedelta(days=-1), "fail", "only: no client takes it before"),
        (timedelta(), "warn", "1 days from now"),
        (timedelta(days=3), "fail", "no client takes it any more"),
    ],
)
def test_certificate_is_told_by_how_long_it_is_believed(after: timedelta, state: str, says: str, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)

    (found,) = check(cert, key, after)

    assert (found.state, found.found.endswith(says)) == (state, True), found


def test_certificate_that_is_good_for_long_passes(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, days=40)

    (found,) = check(cert, key)

    assert (found.state, found.mend) == ("ok", "")
    assert found.found.startswith(f"port 8443, {cert} is good until 20")


def test_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    key.chmod(0o640)

    (found,) = check(cert, key)

    assert (found.state, found.found) == ("fail", f"{key}: others may read the private key")
    assert found.mend == f"chmod 600 {key}"


def test_file_that_is_not_there_and_one_that_may_not_be_read_are_named(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)

    (gone,) = check(cert, tmp_path / "gone.key")
    key.chmod(0)
    (shut,) = check(cert, key)

    assert gone.found == f"--tls-key {tmp_path / 'gone.key'}: No such file or directory"
    assert os.geteuid() == 0 or shut.found == f"--tls-key {key}: Permission denied"


def test_key_of_another_certificate_and_one_with_a_passphrase_are_refused_without_asking_for_it(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    cert, key = certificate(tmp_path)
    _, other = certificate(tmp_path / "other")
    locked = tmp_path / "locked.key"
    subprocess.run(
        ["openssl", "rsa", "-aes256", "-passout", "pass:hunter2", "-in", key, "-out", locked], check=True, capture_output=True
    )
    locked.chmod(0o600)

    for wrong in (other, locked):
        (found,) = check(cert, wrong)
        assert (found.state, "they cannot be used together" in found.found) == ("fail", True)
        assert "without a passphrase" in found.mend


def test_certificate_that_no_server_may_use_is_told(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, more="-addext extendedKeyUsage=clientAuth")

    (found,) = check(cert, key)

    assert (found.state, "no client would take it" in found.found) == ("fail", True)
