"""What a release is made of: checksums that the usual tool reads, and a repository that is as it was committed."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.dist import ROOT, SUMS, checksums, unready, version


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum here")
def test_checksums_are_read_by_the_usual_tool(tmp_path: Path) -> None:
    for name in ("one.whl", "two.txt"):
        (tmp_path / name).write_text(name)
    (tmp_path / SUMS).write_text(checksums(sorted(tmp_path.iterdir())))

    good = subprocess.run(["sha256sum", "--check", SUMS], cwd=tmp_path, capture_output=True, check=False)
    (tmp_path / "two.txt").write_text("changed")
    bad = subprocess.run(["sha256sum", "--check", SUMS], cwd=tmp_path, capture_output=True, check=False)

    assert (good.returncode, bad.returncode) == (0, 1)


def test_release_wants_a_commit_and_a_section_of_the_changelog(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "All"]):
        subprocess.run([*git, *words], cwd=tmp_path, check=True)
    assert list(unready(tmp_path)) == []

    text = (tmp_path / "pyproject.toml").read_text().replace(f'version = "{version()}"', 'version = "77.0.0"')
    (tmp_path / "pyproject.toml").write_text(text)

    assert list(unready(tmp_path)) == [
        "1 files are not committed: a release is of a commit",
        "CHANGELOG.md has no section for 77.0.0",
    ]
