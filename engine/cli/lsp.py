"""The command that an editor starts."""

from importlib.util import find_spec

from engine.cli.client import VERSION
from engine.domain.errors import UserError


def lsp(*, with_yaml_server: bool = False) -> None:
    """Serve an editor over stdin and stdout: the problems of `check` while typing, sentences on hover, completion, ways out.

    Editors start it by themselves; the page about editors says how.

    Parameters
    ----------
    with_yaml_server
        The editor runs a YAML language server with our schemas too: leave to it what the schemas say, so that nothing is said
        twice.
    """
    if find_spec("pygls") is None or find_spec("jsonschema") is None:
        raise UserError("the language server needs the extra [editor]: pip install 'ibkr-spreads[editor]'")
    from engine.lsp.server import serve  # noqa: PLC0415 - its libraries come with an extra

    serve(VERSION, with_yaml_server=with_yaml_server)
