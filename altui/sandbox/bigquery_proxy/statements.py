"""Which tables and columns a piece of GoogleSQL reads and writes.

Works on tokens, not on a syntax tree: scripts, DML and DDL that no parser of ours accepts still
name their tables after the same few words, and a large statement costs a few milliseconds.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from sqlglot import tokenize
from sqlglot.errors import TokenError

LONGEST = 100_000
"""Characters looked at: a statement names its tables long before its thousandth row of values."""


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


class TableName(NamedTuple):
    project: str
    dataset: str
    table: str


@dataclass(frozen=True)
class Statement:
    """What a statement or a script touches."""

    reads: frozenset[TableName] = frozenset()
    writes: frozenset[TableName] = frozenset()
    drops: frozenset[TableName] = frozenset()
    words: frozenset[str] = frozenset()
    """Every word in lower case: a column that is none of them is not read."""
    star: bool = False
    """Some `SELECT *`: every column is read."""
    catalog: bool = False
    """Reads an INFORMATION_SCHEMA view."""


@lru_cache(maxsize=512)
def understand(sql: str, project: str, dataset: str = "") -> Statement:
    """The tables of `sql`; names of one part belong to `dataset`, or to nothing without one."""
    try:
        found = tokenize(sql[:LONGEST], read="bigquery")
    except TokenError:
        return Statement()
    tokens = [_Token(t.token_type.name, t.text, t.start, t.end) for t in found]
    return _Reader(tokens, project, dataset).read()


_CREATED = {"OR", "REPLACE", "TEMP", "TEMPORARY", "EXTERNAL", "MATERIALIZED", "SNAPSHOT"}
_GUARD = {"IF", "NOT", "EXISTS"}
_QUOTED = {"IDENTIFIER", "STRING"}


class _Reader:
    def __init__(self, tokens: list[_Token], project: str, dataset: str) -> None:
        self._tokens = tokens
        self._words = ["" if token.kind in _QUOTED else token.text.upper() for token in tokens]
        self._project = project
        self._dataset = dataset
        self._reads: set[TableName] = set()
        self._writes: set[TableName] = set()
        self._drops: set[TableName] = set()
        self._catalog = False

    def read(self) -> Statement:
        star = False
        for at, word in enumerate(self._words):
            if word == "*" and at:
                star = star or self._words[at - 1] in {"SELECT", "DISTINCT", "ALL", ",", "."}
            elif word in {"FROM", "JOIN", "USING"}:
                self._sources(at + 1)
            else:
                self._target(word, at + 1)
        return Statement(
            frozenset(self._reads),
            frozenset(self._writes),
            frozenset(self._drops),
            frozenset(token.text.lower() for token in self._tokens),
            star,
            self._catalog,
        )

    def _target(self, word: str, at: int) -> None:
        match word:
            case "INSERT" | "MERGE" | "UPDATE" | "DELETE":
                name, _ = self._name(self._past(at, {"INTO", "FROM"}))
                if name:
                    self._writes.add(name)
                    if word in {"MERGE", "UPDATE"}:  # they scan their target as well
                        self._reads.add(name)
            case "CREATE" | "TRUNCATE" | "ALTER" | "DROP":
                at = self._past(at, _CREATED)
                if self._word(at) in {"TABLE", "VIEW"}:
                    name, _ = self._name(self._past(at + 1, _GUARD))
                    if name:
                        (self._drops if word == "DROP" else self._writes).add(name)
            case _:
                pass

    def _sources(self, at: int) -> None:
        """The comma-separated tables that start here, with or without an alias."""
        while self._is_name(at):
            name, at = self._name(at)
            if name:
                self._reads.add(name)
            at = self._past(at, {"AS"})
            if self._word(at) != "," and self._word(at + 1) == ",":
                at += 1
            if self._word(at) != ",":
                return
            at += 1

    def _name(self, at: int) -> tuple[TableName | None, int]:
        """A table's name that starts here, and the index behind it."""
        parts: list[str] = []
        if not self._is_name(at):
            return None, at
        text = self._tokens[at].text
        at += 1
        while at + 1 < len(self._tokens):
            if self._words[at] == "-" and self._touches(at):  # project-with-dashes
                text += "-" + self._tokens[at + 1].text
            elif self._words[at] == ".":
                parts += text.split(".")
                text = self._tokens[at + 1].text
            else:
                break
            at += 2
        parts += text.split(".")
        return (None if self._word(at) == "(" else self._resolved(parts)), at

    def _resolved(self, parts: list[str]) -> TableName | None:
        if "INFORMATION_SCHEMA" in (part.upper() for part in parts):
            self._catalog = True
            return None
        if len(parts) == 1 and not self._dataset:
            return None
        whole = [self._project, self._dataset][: 3 - len(parts)] + parts
        return TableName(*whole) if len(whole) == 3 else None

    def _is_name(self, at: int) -> bool:
        return at < len(self._tokens) and self._tokens[at].kind in {"VAR", "IDENTIFIER"}

    def _touches(self, at: int) -> bool:
        before, after = self._tokens[at - 1], self._tokens[at + 1]
        return before.end + 1 == self._tokens[at].start and self._tokens[at].end + 1 == after.start

    def _past(self, at: int, words: set[str]) -> int:
        while self._word(at) in words:
            at += 1
        return at

    def _word(self, at: int) -> str:
        return self._words[at] if at < len(self._words) else ""
