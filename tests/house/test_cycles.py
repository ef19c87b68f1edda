"""No module of the engine needs itself: which one is imported first never decides whether it can be imported."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2]


def modules() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in (ROOT / "engine").rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported_at_once(path: Path, known: dict[str, Path]) -> set[str]:
    """Modules that are imported while this one is: what stands within a function, or is for types alone, comes later or never."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names if name.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = {f"{node.module}.{name.name}" for name in node.names}
            found.update(whole & known.keys() or ({node.module} & known.keys()))
    return found


def test_no_module_imports_itself_by_way_of_others() -> None:
    known = modules()
    assert len(known) > 300

    order = TopologicalSorter({name: imported_at_once(path, known) for name, path in known.items()})

    try:
        order.prepare()
    except CycleError as error:
        raise AssertionError(f"imported in a circle: {' -> '.join(reversed(error.args[1]))}") from None
