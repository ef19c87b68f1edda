"""Builds what a release is made of into dist/: the wheel, its constraints, the image where a Docker runs, and their checksums.

`make release` runs it behind the checks. The wheel of one commit is the same, byte for byte, on any machine: its times are the
commit's.
"""

import gzip
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[2]
SUMS = "SHA256SUMS"


def version(root: Path = ROOT) -> str:
    """As pyproject.toml has it."""
    found = re.search(r'^version = "(.+)"$', (root / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None, "pyproject.toml has a version"
    return found[1]


def unready(root: Path = ROOT) -> Iterator[str]:
    """What of the repository is not as a release has it, a sentence each."""
    changed = _said(["git", "status", "--porcelain"], root)
    if changed:
        yield f"{len(changed.splitlines())} files are not committed: a release is of a commit"
    if f"## [{version(root)}]" not in (root / "CHANGELOG.md").read_text(encoding="utf-8"):
        yield f"CHANGELOG.md has no section for {version(root)}"


def build(target: Path, root: Path = ROOT) -> list[Path]:
    """The files of a release, made in `target`, the checksums last."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": _said(["git", "log", "-1", "--format=%ct"], root)}
    words = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--wheel-dir",
        str(target),
    ]
    subprocess.run([*words, "."], cwd=root, env=environment, check=True)
    shutil.copy(root / "constraints.txt", target / f"ibkr_spreads-{version(root)}-constraints.txt")
    if _docker_runs():
        name = f"ibkr-spreads:{version(root)}"
        subprocess.run(["docker", "build", "--quiet", "--tag", name, "."], cwd=root, check=True)
        saved = subprocess.run(["docker", "save", name], check=True, capture_output=True).stdout
        (target / f"ibkr_spreads-{version(root)}-image.tar.gz").write_bytes(gzip.compress(saved, mtime=0))
    made = sorted(target.iterdir())
    (target / SUMS).write_text(checksums(made), encoding="ascii")
    return [*made, target / SUMS]


def checksums(files: Iterable[Path]) -> str:
    """A line a file, as `sha256sum --check` reads them."""
    return "".join(f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


def _docker_runs() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


def _said(words: list[str], root: Path) -> str:
    return subprocess.run(words, cwd=root, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    found = list(unready())
    if found:
        sys.exit("\n".join(found))
    for made in build(ROOT / "dist"):
        print(made.relative_to(ROOT))
    if not _docker_runs():
        print("no image: no Docker runs here", file=sys.stderr)
