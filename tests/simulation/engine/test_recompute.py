"""The numbers of a demonstration's openings are those of the quotes that were archived when they were proposed."""

import subprocess
import sys
from pathlib import Path

from tests.recompute import openings, problems

ROOT = Path(__file__).parents[3]


def test_openings_have_the_numbers_of_their_quotes(tmp_path: Path) -> None:
    words = ("demo", "--headless", "--days", "1", "--seed", "10", "--state", str(tmp_path / "demo"))
    subprocess.run([sys.executable, "-m", "engine", *words], cwd=ROOT, check=True, capture_output=True, timeout=600)

    assert list(openings(tmp_path / "demo"))
    assert list(problems(tmp_path / "demo")) == []
