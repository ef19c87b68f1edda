"""A file of the engine has one subject: none grows beyond what can be read at once."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES_MAX = 350


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_of_the_engine_is_long() -> None:
    sizes = {path.relative_to(ROOT).as_posix(): lines_of(path) for path in (ROOT / "engine").rglob("*.py")}

    assert len(sizes) > 100
    assert {name: size for name, size in sizes.items() if size > LINES_MAX} == {}, (
        f"more than {LINES_MAX} lines: give the second subject of the file a file of its own"
    )
