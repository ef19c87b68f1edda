"""Templates as pages: every value is escaped, and one that is missing is an error and not an empty place."""

from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from engine import words

_PAGES = Environment(
    loader=PackageLoader("engine.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_PAGES.filters.update(
    number=words.number,
    dollars=words.dollars,
    signed_dollars=words.signed_dollars,
    percent=words.percent,
    age=words.age,
    countdown=words.countdown,
    clock=words.clock,
)


def page(name: str, values: Mapping[str, object], status: int = 200) -> HTMLResponse:
    """The page of a template with these values."""
    return HTMLResponse(_PAGES.get_template(f"{name}.html").render(values), status)
