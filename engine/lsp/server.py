"""A language server over stdio for the trader's files: the problems of `spreads check` while typing, sentences, completion.

Positions of the protocol count from 0 and in units that client and server agree on; ours count from 1, in characters.
"""

from collections.abc import Sequence
from pathlib import Path

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path
from pygls.workspace import TextDocument

from engine.lsp import completing
from engine.lsp.folder import is_ours, kind_of, problems_of, views_here
from engine.lsp.formatting import formatted
from engine.lsp.places import cursor_at, path_of, structure_of, word_at
from engine.lsp.said import lines_said
from engine.strategy.problems import Edit, Problem

SOURCE = "spreads"
_SEVERITY = {"error": lsp.DiagnosticSeverity.Error, "warning": lsp.DiagnosticSeverity.Warning}


def serve(version: str, *, with_yaml_server: bool) -> None:
    """Answer an editor on stdin and stdout until it leaves. `with_yaml_server` leaves to a YAML server what the schema says."""
    server_of(version, with_yaml_server=with_yaml_server).start_io()


def server_of(version: str, *, with_yaml_server: bool) -> LanguageServer:
    """The server, before it is started."""
    server = LanguageServer("spreads", version, text_document_sync_kind=lsp.TextDocumentSyncKind.Full)

    def publish(uri: str) -> None:
        document = server.workspace.get_text_document(uri)
        told = [_diagnostic(server, document, one) for one in _problems(document, with_yaml_server=with_yaml_server)]
        server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, told, document.version))

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        publish(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        publish(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(_: lsp.DidSaveTextDocumentParams) -> None:
        for uri in list(server.workspace.text_documents):  # what one file says may be a problem of another
            publish(uri)

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        return _hover(server.workspace.get_text_document(params.text_document.uri), server, params.position)

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[" ", ":", "-", "{"]))
    def complete(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        return _completion(server.workspace.get_text_document(params.text_document.uri), server, params.position)

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix]))
    def ways_out(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        document = server.workspace.get_text_document(params.text_document.uri)
        first, last = params.range.start.line + 1, params.range.end.line + 1
        found = [one for one in problems_of(_path(document), document.source) if first <= one.line <= last and one.edits]
        return [_way_out(server, document, one) for one in found]

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def numbers(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
        document = server.workspace.get_text_document(params.text_document.uri)
        edits = formatted(document.source) if is_ours(_path(document), document.source) else ()
        return [lsp.TextEdit(_range(server, document, one), one.text) for one in edits]

    _ = (opened, changed, saved, hover, complete, ways_out, numbers)
    return server


def _problems(document: TextDocument, *, with_yaml_server: bool) -> Sequence[Problem]:
    found = problems_of(_path(document), document.source)
    if not with_yaml_server or not found:
        return found
    said = lines_said(kind_of(_path(document)), document.source)
    return [one for one in found if one.line not in said]


def _diagnostic(server: LanguageServer, document: TextDocument, one: Problem) -> lsp.Diagnostic:
    where = _range(server, document, Edit(one.line, one.column, one.line, one.end_column, ""))
    message = f"{one.message}\n{one.hint}" if one.hint else one.message
    return lsp.Diagnostic(where, message, severity=_SEVERITY[one.severity], source=SOURCE)


def _way_out(server: LanguageServer, document: TextDocument, one: Problem) -> lsp.CodeAction:
    edits = [lsp.TextEdit(_range(server, document, edit), edit.text) for edit in one.edits]
    title = one.hint.splitlines()[0]
    change = lsp.WorkspaceEdit(changes={document.uri: edits})
    told = [_diagnostic(server, document, one)]
    return lsp.CodeAction(title, kind=lsp.CodeActionKind.QuickFix, diagnostics=told, edit=change, is_preferred=True)


def _hover(document: TextDocument, server: LanguageServer, position: lsp.Position) -> lsp.Hover | None:
    where = server.workspace.position_codec.position_from_client_units(document.lines, position)
    lines = document.source.split("\n")
    if where.line >= len(lines) or not is_ours(_path(document), document.source):
        return None
    word, start, end = word_at(lines[where.line], where.character)
    cursor = cursor_at(lines, where.line, end)
    told = completing.sentence_of(kind_of(_path(document)), path_of(cursor), word, lines[where.line], structure_of(lines))
    if not told:
        return None
    marked = _range(server, document, Edit(where.line + 1, start + 1, where.line + 1, end + 1, ""))
    return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, told), marked)


def _completion(document: TextDocument, server: LanguageServer, position: lsp.Position) -> list[lsp.CompletionItem]:
    where = server.workspace.position_codec.position_from_client_units(document.lines, position)
    lines, path = document.source.split("\n"), _path(document)
    if path.suffix not in {".yaml", ".yml"} or where.line >= len(lines):
        return []
    offers = completing.offers(kind_of(path), lines, where.line, where.character, views_here(path, document.source))
    return [
        lsp.CompletionItem(
            offer.label,
            insert_text=offer.text,
            documentation=offer.sentence or None,
            sort_text=f"{number:04}",
            kind=lsp.CompletionItemKind.Snippet if "\n" in offer.text else lsp.CompletionItemKind.Value,
        )
        for number, offer in enumerate(offers)
    ]


def _path(document: TextDocument) -> Path:
    return Path(to_fs_path(document.uri) or document.uri)


def _range(server: LanguageServer, document: TextDocument, edit: Edit) -> lsp.Range:
    last = max(0, len(document.lines))
    start = lsp.Position(min(edit.line - 1, last), edit.column - 1)
    end = lsp.Position(min(edit.end_line - 1, last), edit.end_column - 1)
    return server.workspace.position_codec.range_to_client_units(document.lines, lsp.Range(start, end))
