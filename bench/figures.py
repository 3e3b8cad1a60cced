"""A measured figure beside its budget, and the page that holds a table of them."""

from collections.abc import Iterable
from dataclasses import dataclass

HOW = """\
First paint: from the start of a program until the first frame of its main screen is written to a
terminal of 120 × 40; what is filled in later is not waited for. Memory: what the screen's process
holds a second later; altui's observer is a process of its own and has a row of its own. Programs
take turns, each after the one before has ended, and were opened once before; figures are medians
unless said otherwise. Programs without a budget are there to compare with: `altui 0.5 x` says that
altui takes half of that, by the median of the turns.
"""


@dataclass(frozen=True)
class Figure:
    """Without `measured` the note says why; without `budget` it is there to compare with."""

    what: str
    measured: float | None
    budget: float | None
    unit: str
    note: str = ""

    @property
    def kept(self) -> bool:
        """A budget that could not be measured is not kept."""
        if self.budget is None:
            return True
        return self.measured is not None and self.measured <= self.budget

    @property
    def verdict(self) -> str:
        if self.budget is None:
            return "-"
        return "kept" if self.kept else "**over**"


def table(figures: Iterable[Figure]) -> str:
    """Markdown, so that it can be pasted where people discuss it."""
    lines = ["| what | measured | budget | verdict | |", "|---|---|---|---|---|"]
    for figure in figures:
        measured = "-" if figure.measured is None else f"{figure.measured:.4g} {figure.unit}"
        budget = "-" if figure.budget is None else f"{figure.budget:g} {figure.unit}"
        lines.append(
            f"| {figure.what} | {measured} | {budget} | {figure.verdict} | {figure.note} |"
        )
    return "\n".join(lines)


def page(figures: Iterable[Figure], measured: str) -> str:
    """The table with what it was measured on and how; `measured` is a line of Markdown."""
    return f"# Budgets\n\n{measured}\n\n{table(figures)}\n\n{HOW}"
