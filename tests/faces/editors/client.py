"""An editor: a client of a language server over stdio that opens files and hears what is wrong with them."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls", reason="the extra [editor] is not installed")

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

PATIENCE_S = 60.0
"""Until a server that says nothing is given up; a loaded machine starts Node in seconds."""


class Editor:
    """Somebody who types; positions count from 0."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.client = LanguageClient("editor", "1")
        self._heard: dict[tuple[str, int], asyncio.Future[Sequence[lsp.Diagnostic]]] = {}
        self._versions: dict[str, int] = {}

        @self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def heard(told: lsp.PublishDiagnosticsParams) -> None:
            version = told.version if told.version is not None else self._versions.get(told.uri, 0)
            waits = self._heard.get((told.uri, version))
            if waits is not None and not waits.done():
                waits.set_result(told.diagnostics)

        @self.client.feature(lsp.WORKSPACE_CONFIGURATION)
        def asked(what: lsp.ConfigurationParams) -> list[Any]:
            return [settings.get(item.section or "") for item in what.items]

        @self.client.feature(lsp.CLIENT_REGISTER_CAPABILITY)
        def registered(_: lsp.RegistrationParams) -> None:
            return None

    async def start(self, folder: Path, *command: str) -> None:
        await self.client.start_io(*command)
        able = lsp.ClientCapabilities(
            workspace=lsp.WorkspaceClientCapabilities(configuration=True),
            text_document=lsp.TextDocumentClientCapabilities(
                hover=lsp.HoverClientCapabilities(content_format=[lsp.MarkupKind.Markdown]),
                publish_diagnostics=lsp.PublishDiagnosticsClientCapabilities(version_support=True),
                completion=lsp.CompletionClientCapabilities(
                    completion_item=lsp.ClientCompletionItemOptions(snippet_support=True)
                ),
            ),
        )
        await self._in_time(self.client.initialize_async(lsp.InitializeParams(able, root_uri=folder.as_uri())))
        self.client.initialized(lsp.InitializedParams())

    async def open(self, path: Path, text: str) -> list[lsp.Diagnostic]:
        """What is said of a file once it is open, or once its text is another."""
        uri = path.as_uri()
        version = self._versions[uri] = self._versions.get(uri, 0) + 1
        waits = self._heard[uri, version] = asyncio.get_running_loop().create_future()
        if version == 1:
            item = lsp.TextDocumentItem(uri, "yaml", version, text)
            self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        else:
            which = lsp.VersionedTextDocumentIdentifier(version, uri)
            whole = lsp.TextDocumentContentChangeWholeDocument(text)
            self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(which, [whole]))
        return list(await self._in_time(waits))

    async def complete(self, path: Path, line: int, character: int) -> Sequence[lsp.CompletionItem]:
        which, where = lsp.TextDocumentIdentifier(path.as_uri()), lsp.Position(line, character)
        found = await self._in_time(self.client.text_document_completion_async(lsp.CompletionParams(which, where)))
        return found.items if isinstance(found, lsp.CompletionList) else found or []

    async def hover(self, path: Path, line: int, character: int) -> str:
        which, where = lsp.TextDocumentIdentifier(path.as_uri()), lsp.Position(line, character)
        found = await self._in_time(self.client.text_document_hover_async(lsp.HoverParams(which, where)))
        return found.contents.value if found is not None and isinstance(found.contents, lsp.MarkupContent) else ""

    async def _in_time(self, work: Any) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            return await work


@asynccontextmanager
async def editor(folder: Path, *command: str, settings: Mapping[str, Any] | None = None) -> AsyncGenerator[Editor]:
    """An editor with one server, ended with it."""
    made = Editor(settings or {})
    await made.start(folder, *command)
    try:
        yield made
    finally:
        await made.client.shutdown_async(None)
        made.client.exit(None)
        await made.client.stop()
