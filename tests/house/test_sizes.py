"""A file of the engine has one subject: none grows beyond what can be read at once."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES_MAX = 350
WAITING = {"engine/runtime/engine.py": 475}
"""Files that are to be cut still, with what they must not grow beyond meanwhile."""


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_of_the_engine_is_long() -> None:
    sizes = {path.relative_to(ROOT).as_posix(): lines_of(path) for path in (ROOT / "engine").rglob("*.py")}

    assert len(sizes) > 100
    assert {name: size for name, size in sizes.items() if size > WAITING.get(name, LINES_MAX)} == {}, (
        f"more than {LINES_MAX} lines: give the second subject of the file a file of its own"
    )


def test_every_file_that_waits_to_be_cut_is_long() -> None:
    assert [name for name in WAITING if lines_of(ROOT / name) <= LINES_MAX] == []
