"""A measured figure beside its budget, and how a table of them is printed."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    what: str
    measured: float
    budget: float | None
    unit: str
    note: str = ""

    @property
    def kept(self) -> bool:
        return self.budget is None or self.measured <= self.budget


def table(figures: Iterable[Figure]) -> str:
    """Markdown, so that it can be pasted where people discuss it."""
    lines = ["| what | measured | budget | |", "|---|---|---|---|"]
    for figure in figures:
        budget = "-" if figure.budget is None else f"{figure.budget:g} {figure.unit}"
        word = "kept" if figure.kept else "**over**"
        lines.append(
            f"| {figure.what} | {figure.measured:.4g} {figure.unit} | {budget} |"
            f" {word}{': ' + figure.note if figure.note else ''} |"
        )
    return "\n".join(lines)
