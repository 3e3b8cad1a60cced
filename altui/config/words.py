"""The settings' docstrings, for people who do not read the code."""

import ast
import inspect
import textwrap
from functools import cache
from itertools import pairwise

from msgspec import Struct


@cache
def words_of(struct: type[Struct]) -> dict[str, str]:
    """Field → the string that stands below it in the source, on one line."""
    parsed = ast.parse(textwrap.dedent(inspect.getsource(struct))).body[0]
    assert isinstance(parsed, ast.ClassDef)  # noqa: S101 - the source of a class
    return {
        field.target.id: " ".join(below.value.value.split())
        for field, below in pairwise(parsed.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }


def about(struct: type[Struct]) -> str:
    """The first sentence of the Struct's own docstring."""
    text = inspect.cleandoc(struct.__doc__ or "")
    return " ".join(text.split("\n\n")[0].split())
