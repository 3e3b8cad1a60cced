"""Writes docs/states.md: how each state of each stage comes about, from the rules' tests."""

from collections.abc import Iterator
from pathlib import Path

from altui.core.model.health import STAGES, State
from tests.unit.rules.cases import CASES, EDGES

OUT = Path(__file__).with_name("states.md")
HEAD = """# States, and how they come about

Written by `python -m docs.states` from the table that the rules are tested with,
`tests/unit/rules/cases/`: each line below is a test, and each boundary three, one unit before it,
at it and after it. The last column names a test that brings the state about on the living pipeline
or on a real server too.
"""


def text() -> str:
    """The page, as the file holds it."""
    return "\n".join((HEAD, *_matrix(), *_cases(), *_edges())) + "\n"


def _matrix() -> Iterator[str]:
    yield "| stage | " + " | ".join(state.value for state in State) + " |"
    yield "|---|" + "---|" * len(State)
    for stage in STAGES:
        ways = [
            sum(1 for case in CASES if (case.stage, case.state) == (stage, state))
            for state in State
        ]
        yield f"| {stage.value} | " + " | ".join(str(n or "-") for n in ways) + " |"
    yield ""
    yield "The figures count the ways below; `-`: the stage is never in that state."


def _cases() -> Iterator[str]:
    for stage in STAGES:
        yield f"\n## {stage.value}\n"
        yield "| state | how it comes about | finding | for real |"
        yield "|---|---|---|---|"
        own = [case for case in CASES if case.stage is stage]
        for case in sorted(own, key=lambda case: list(State).index(case.state)):
            check = f"`{case.check}`" if case.check else ""
            real = case.real.replace("::", "<br>")
            yield f"| {case.state.value} | {case.how} | {check} | {real} |"


def _edges() -> Iterator[str]:
    yield "\n## Boundaries\n"
    yield "| stage | boundary | one before | at | one after | finding |"
    yield "|---|---|---|---|---|---|"
    for edge in sorted(EDGES, key=lambda edge: STAGES.index(edge.stage)):
        states = f"{edge.before.value} | {edge.at_boundary.value} | {edge.after.value}"
        check = f"`{edge.check}`" if edge.check else ""
        yield f"| {edge.stage.value} | {edge.boundary} | {states} | {check} |"


if __name__ == "__main__":
    OUT.write_text(text(), encoding="utf-8")
