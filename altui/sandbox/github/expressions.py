"""The expressions of workflow files: `${{ secrets.X }}`, `vars.X || 'default'`, `always()`.

A subset of GitHub's language ("Evaluate expressions in workflows and actions"): literals, contexts,
`!`, `==`, `!=`, `&&`, `||`, parentheses and the four status functions. Anything else is refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

Value = str | float | bool | None
Context = Mapping[str, object]

_EMBEDDED = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)|'(?P<text>(?:[^']|'')*)'"
    r"|(?P<path>[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)|(?P<operator>&&|\|\||==|!=|!|\(|\)))"
)
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None}


class ExpressionError(Exception):
    """The expression is not one this runner understands; the message quotes it."""


@dataclass(frozen=True)
class Status:
    """What the status functions answer from: how the job has gone so far."""

    failed: bool = False
    cancelled: bool = False

    def call(self, name: str) -> bool:
        answers = {
            "always": True,
            "cancelled": self.cancelled,
            "failure": self.failed and not self.cancelled,
            "success": not self.failed and not self.cancelled,
        }
        return answers[name]


_FUNCTIONS = ("always", "cancelled", "failure", "success")


def evaluate(expression: str, context: Context, status: Status | None = None) -> Value:
    """The value of one expression without its `${{ }}`. An unknown member is null, as on GitHub."""
    parser = _Parser(expression, context, status or Status())
    value = parser.either()
    if parser.peek() is not None:
        raise ExpressionError(f"not understood: {expression.strip()!r}")
    return value


def expand(text: str, context: Context) -> str:
    """`text` with each `${{ }}` replaced by its value; null is empty, booleans are lower case."""
    return _EMBEDDED.sub(lambda found: as_text(evaluate(found[1], context)), text)


def holds(condition: str | None, context: Context, status: Status) -> bool:
    """Whether a step with this `if:` runs. Without a status function `success()` is implied."""
    if condition is None:
        return status.call("success")
    embedded = _EMBEDDED.fullmatch(condition.strip())
    inner = embedded[1] if embedded else condition
    if not re.search(rf"\b({'|'.join(_FUNCTIONS)})\s*\(", inner) and not status.call("success"):
        return False
    return truthy(evaluate(inner, context, status))


def truthy(value: Value) -> bool:
    return value not in (None, False, 0, "")


def as_text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else f"{value:g}"


@dataclass
class _Parser:
    source: str
    context: Context
    status: Status
    tokens: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    place: int = 0

    def __post_init__(self) -> None:
        at, source = 0, self.source.rstrip()
        while at < len(source):
            found = _TOKEN.match(source, at)
            if found is None or found.lastgroup is None:
                raise ExpressionError(f"not understood: {self.source.strip()!r}")
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()

    def peek(self) -> str | None:
        """The next operator or word; None at the end."""
        return self.tokens[self.place][1] if self.place < len(self.tokens) else None

    def take(self, operator: str) -> bool:
        taken = self.place < len(self.tokens) and self.tokens[self.place] == ("operator", operator)
        self.place += taken
        return taken

    def either(self) -> Value:
        value = self.both()
        while self.take("||"):
            other = self.both()
            value = value if truthy(value) else other
        return value

    def both(self) -> Value:
        value = self.compared()
        while self.take("&&"):
            other = self.compared()
            value = other if truthy(value) else value
        return value

    def compared(self) -> Value:
        value = self.single()
        if self.take("=="):
            return _equal(value, self.single())
        if self.take("!="):
            return not _equal(value, self.single())
        return value

    def single(self) -> Value:
        if self.take("!"):
            return not truthy(self.single())
        if self.take("("):
            value = self.either()
            self.close()
            return value
        if self.peek() is None:
            raise ExpressionError(f"ends too early: {self.source.strip()!r}")
        kind, word = self.tokens[self.place]
        self.place += 1
        if kind == "number":
            return float(word)
        if kind == "text":
            return word.replace("''", "'")
        if kind != "path":
            raise ExpressionError(f"not understood: {self.source.strip()!r}")
        return self.named(word)

    def named(self, word: str) -> Value:
        if self.take("("):
            self.close()
            if word not in _FUNCTIONS:
                raise ExpressionError(f"function not offered by this runner: {word}()")
            return self.status.call(word)
        if word in _WORDS:
            return _WORDS[word]
        value: object = self.context
        head, *rest = word.split(".")
        if head not in self.context:
            raise ExpressionError(f"unknown context: {head}")
        for name in (head, *rest):
            value = _member(value, name)
        return value if isinstance(value, str | float | bool) else None

    def close(self) -> None:
        if not self.take(")"):
            raise ExpressionError(f"a bracket is open: {self.source.strip()!r}")


def _member(value: object, name: str) -> object:
    """Names are matched without regard to case, as GitHub does."""
    if not isinstance(value, Mapping):
        return None
    mapping = cast(Mapping[str, object], value)
    return next((v for k, v in mapping.items() if k.lower() == name.lower()), None)


def _equal(a: Value, b: Value) -> bool:
    if isinstance(a, str) and isinstance(b, str):
        return a.lower() == b.lower()
    return a == b
