"""The ways in which programs write a text: on a page, in an address, as a literal, on one line."""

import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

USER_MARKS = "!$&'()*+,;=:"
"""Marks that may stand as they are in the user part of an address (RFC 3986)."""
JSON_MARKS = ("<>&", "<>&='")
"""Marks that some writers of JSON escape too: those of Go, of Gson."""


def forms(text: str) -> set[str]:
    """The text as it is, and as it stands after it was escaped, once or within a literal again."""
    once = {text, _line(text), *_pages(text), *_addresses(text), *_literals(text)}
    return once | {deeper for form in once for deeper in _literals(form)}


def _line(text: str) -> str:
    """Without what moves a cursor, as services' words are kept."""
    kept = (character for character in text if character.isspace() or character.isprintable())
    return " ".join("".join(kept).split())


def _pages(text: str) -> Iterator[str]:
    quoted = html.escape(text)
    yield from (html.escape(text, quote=False), quoted)
    yield quoted.replace("&quot;", "&#34;").replace("&#x27;", "&#39;")
    yield quoted.replace("&#x27;", "&#39;")


def _addresses(text: str) -> Iterator[str]:
    raw = text.encode("utf-8", "surrogatepass")
    for coded in (*(quote(raw, safe) for safe in ("", "/", USER_MARKS)), quote_plus(raw)):
        yield coded
        yield re.sub("%..", lambda code: code[0].lower(), coded)


def _literals(text: str) -> Iterator[str]:
    """Python's and JSON's, without the quotes; a single quote is escaped or not."""
    raw = text.encode("utf-8", "surrogatepass")
    # the double quote that is added, and taken away again, makes Python escape single ones
    for inner in (repr(text + '"')[1:-2], ascii(text + '"')[1:-2], repr(raw + b'"')[2:-2]):
        yield inner
        yield inner.replace("\\'", "'")
    for written in (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
        yield written
        for marks in JSON_MARKS:
            yield written.translate({ord(mark): f"\\u{ord(mark):04x}" for mark in marks})
