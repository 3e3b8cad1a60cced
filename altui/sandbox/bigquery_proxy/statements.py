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
                if self._word(at - 3) != "EXTRACT":  # EXTRACT(DAY FROM column)
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
        while self._is_name(at) or self._word(at) == "(":
            name, at = self._name(at)
            if self._word(at) == "(":  # a function or a query, whose own FROM is read by itself
                at = self._behind(at)
            elif name:
                self._reads.add(name)
            at = self._past(at, {"AS"})
            if self._word(at) != "," and self._word(at + 1) == ",":
                at += 1
            if self._word(at) != ",":
                return
            at += 1

    def _name(self, at: int) -> tuple[TableName | None, int]:
        """A table's name that starts here, and the index behind it: what stands without a gap.

        A project may have dashes, and its last part may look like a number: `my-project-1.d.t`.
        """
        if not self._is_name(at):
            return None, at
        text = self._tokens[at].text
        at += 1
        while at < len(self._tokens) and self._continues(at):
            text += self._tokens[at].text
            at += 1
        return self._resolved(text.split(".")), at

    def _continues(self, at: int) -> bool:
        before, token = self._tokens[at - 1], self._tokens[at]
        nameable = token.text in {".", "-"} or token.text[:1].isalnum() or token.text[:1] == "_"
        return before.end + 1 == token.start and nameable

    def _behind(self, at: int) -> int:
        """The index behind the bracket that opens here."""
        depth = 0
        while at < len(self._tokens):
            depth += {"(": 1, ")": -1}.get(self._words[at], 0)
            at += 1
            if not depth:
                break
        return at

    def _resolved(self, parts: list[str]) -> TableName | None:
        if "INFORMATION_SCHEMA" in (part.upper() for part in parts):
            self._catalog = True
            return None
        if len(parts) == 1 and not self._dataset:
            return None
        whole = [self._project, self._dataset][: 3 - len(parts)] + parts
        return TableName(*whole) if len(whole) == 3 else None

    def _is_name(self, at: int) -> bool:
        return at < len(self._tokens) and self._tokens[at].kind in {"VAR", "IDENTIFIER", "UNNEST"}

    def _past(self, at: int, words: set[str]) -> int:
        while self._word(at) in words:
            at += 1
        return at

    def _word(self, at: int) -> str:
        return self._words[at] if at < len(self._words) else ""
