"""Measures a day: staging against mart against index, and what keeps them from being compared."""

from collections.abc import Iterator, Mapping
from datetime import date
from math import isclose, isinf

from msgspec import Struct
from msgspec.structs import replace

from altui.core.model.health import Cell, Evidence, Finding, StageId, State, TraceRow, worst
from altui.core.model.pipeline import Mart, Measure, Table
from altui.core.model.reading import Series
from altui.core.rules.look import Look
from altui.core.rules.owed import remade
from altui.core.rules.parity import old_words, rebuild, span
from altui.core.rules.trace import COUNTED_BY, LOST, Judge, build_judge, export_judge
from altui.core.words import figure, two_figures

FLOAT32 = 2.0**-23
"""Relative step of a float32, in which an index may keep what a mart holds as a double."""

CHECKS = {StageId.dbt: "parity.measure.mart", StageId.elasticsearch: "parity.measure.index"}
SIDES = {StageId.dbt: ("staging", "mart"), StageId.elasticsearch: ("mart", "index")}
"""The two that are compared at each stage."""


class Difference(Struct, frozen=True):
    """One measure of one day that two neighbours hold differently."""

    mart: Mart
    stage: StageId
    """dbt: mart against staging; elasticsearch: index against mart."""
    day: date
    measure: Measure
    expected: float | None
    found: float | None
    state: State
    """Due while the build or export that should carry it has not ended."""

    @property
    def share(self) -> float:
        """Relative difference; infinite against null or 0."""
        return relative(self.expected, self.found)


def relative(expected: float | None, found: float | None) -> float:
    """|expected - found| / |expected|; 0 where both are null, infinite where one is."""
    if expected == found:
        return 0.0
    if expected is None or found is None or expected == 0:
        return float("inf")
    return abs(expected - found) / abs(expected)


def within(expected: float | None, found: float | None, tolerance: float) -> bool:
    """Whether a mart holds what staging yields: strictly below the tolerance, or equal."""
    return expected == found or relative(expected, found) < tolerance


def stored(expected: float | None, found: float | None) -> bool:
    """Whether an index holds what the mart does, as exactly as a float32 can."""
    if expected is None or found is None:
        return expected is found
    return isclose(expected, found, rel_tol=FLOAT32)


def different(look: Look) -> Iterator[Difference]:
    """Every difference on days whose counts agree; where they do not, the count says more."""
    for mart in look.pipeline.marts:
        if not mart.measures or not look.stands("bigquery.counts"):
            continue
        built, table = look.mart(mart), _table(look, mart)
        if table is not None:
            judge = build_judge(look, mart, look.raw(table))
            yield from _between(mart, StageId.dbt, look.staging(table), built, judge)
        if look.stands("elasticsearch.counts"):
            judge = export_judge(look, mart)
            yield from _between(mart, StageId.elasticsearch, built, look.index(mart), judge)


def marked(
    look: Look, rows: tuple[TraceRow, ...], differing: tuple[Difference, ...]
) -> tuple[TraceRow, ...]:
    """The trace with the cells whose count agrees and whose measure does not in that one's state.

    It is no loss of rows: `first_loss` stays as it is.
    """
    if not differing:
        return rows
    states: dict[tuple[str, date], dict[StageId, State]] = {}
    for item in differing:
        here = states.setdefault((look.pipeline.subject_of(item.mart), item.day), {})
        here[item.stage] = worst([item.state, here.get(item.stage, item.state)])
    return tuple(_marked(row, states.get((row.table, row.day), {})) for row in rows)


def wrong_measures(look: Look, differing: tuple[Difference, ...]) -> Iterator[Finding]:
    """A finding a mart and stage, with its days and its worst measure."""
    found: dict[tuple[StageId, str, bool], list[Difference]] = {}
    for item in differing:
        if item.state in LOST:
            late = item.stage is StageId.dbt and item.state is State.late
            old = late and not remade(look, item.mart, item.day)
            found.setdefault((item.stage, item.mart.name, old), []).append(item)
    for (_, _, old), items in found.items():
        yield _finding(look, items, old=old)


def duplicates(look: Look) -> Iterator[Finding]:
    """Days with more than one document: whatever is summed there is too much."""
    for mart in look.pipeline.marts:
        series = look.index(mart) if look.stands("elasticsearch.counts") else None
        if series is None or not series.duplicates:
            continue
        days = tuple(sorted(series.duplicates))
        key = f"parity.duplicates.{mart.name}"
        most = max(series.duplicates.values())
        where = COUNTED_BY[StageId.elasticsearch]
        yield Finding(
            "parity.duplicates",
            StageId.elasticsearch,
            State.broken,
            f"index {mart.index}: {most} documents of {span(days)}, not one",
            look.first_seen(key),
            days,
            (
                Evidence(
                    StageId.elasticsearch,
                    where,
                    f"{len(days)} days have several documents",
                    look.seen_at(where),
                    {day.isoformat(): count for day, count in series.duplicates.items()},
                ),
            ),
            key,
        )


def unmeasured(look: Look) -> Iterator[Finding]:
    """Measures that could not be read: a column, field or expression that is not there."""
    for stage, probe, counts in (
        (StageId.dbt, "bigquery.counts", look.warehouse),
        (StageId.elasticsearch, "elasticsearch.counts", look.documents),
    ):
        by_series: dict[str, list[tuple[str, str]]] = {}
        for name, words in (counts.unmeasured if counts and look.stands(probe) else {}).items():
            series, _, measure = name.rpartition(".")
            by_series.setdefault(series, []).append((measure, words))
        for series, failed in by_series.items():
            key = f"parity.unmeasured.{series}"
            more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
            kind, _, bare = series.partition(".")
            yield Finding(
                "parity.unmeasured",
                stage,
                State.unknown,
                f"measure {failed[0][0]}{more} cannot be read in {kind} {bare}",
                look.first_seen(key),
                (),
                tuple(
                    Evidence(
                        stage, f"pipeline.marts.measures: {measure}", words, look.seen_at(probe)
                    )
                    for measure, words in failed
                ),
                key,
            )


def _table(look: Look, mart: Mart) -> Table | None:
    return next((table for table in look.pipeline.tables if table.name == mart.table), None)


def _between(
    mart: Mart, stage: StageId, upper: Series | None, lower: Series | None, judge: Judge
) -> Iterator[Difference]:
    if upper is None or lower is None:
        return
    # a mart without a count of its own has one row a day whatever staging has
    counted = stage is StageId.elasticsearch or mart.count is not None
    for measure in mart.measures:
        above = upper.measures.get(measure.name)
        below = lower.measures.get(measure.name)
        if above is None or below is None or above == below:
            continue
        for day, found in below.items():
            if day not in above or found == (expected := above[day]):
                continue
            if counted and upper.by_day.get(day) != lower.by_day.get(day):
                continue
            if not _agree(stage, expected, found, measure):
                yield Difference(mart, stage, day, measure, expected, found, judge(day, 1, 1))


def _agree(stage: StageId, expected: float | None, found: float | None, measure: Measure) -> bool:
    if stage is StageId.dbt:
        return within(expected, found, measure.tolerance)
    return stored(expected, found)


def _marked(row: TraceRow, states: Mapping[StageId, State]) -> TraceRow:
    cells = {
        stage: Cell(row.cells[stage].count, state)
        for stage, state in states.items()
        if stage in row.cells and row.cells[stage].state is State.ok
    }
    return replace(row, cells=row.cells | cells) if cells else row


def _finding(look: Look, items: list[Difference], *, old: bool) -> Finding:
    most = max(items, key=lambda item: (item.share, item.day))
    days = tuple(sorted({item.day for item in items}))
    names = sorted({item.measure.name for item in items})
    upper, lower = SIDES[most.stage]
    check = CHECKS[most.stage]
    where = COUNTED_BY[most.stage]
    name = most.mart.name if most.stage is StageId.dbt else f"index {most.mart.index}"
    subject = (
        f"{name}: {most.measure.name} of {span((most.day,))} is {figure(most.found)}, "
        f"{upper} has {figure(most.expected)}"
    )
    words = f"{upper} {figure(most.expected)}, {lower} {figure(most.found)}{_beyond(most)}"
    if len(names) > 1 or len(days) > 1:
        words += f"; {span(days)}: {', '.join(names)}"
    words += old_words(look, days) if old else ""
    figures: dict[str, int | float | str | None] = {upper: most.expected, lower: most.found}
    if most.stage is StageId.dbt:
        figures["sql"] = most.measure.sql
    key = f"{check}.{most.mart.name}{'.old' if old else ''}"
    return Finding(
        check,
        most.stage,
        State.broken if any(item.state is State.broken for item in items) else State.late,
        subject,
        look.first_seen(key),
        days,
        (Evidence(most.stage, where, words, look.seen_at(where), figures),),
        key,
        rebuild(days) if old else "",
    )


def _beyond(item: Difference) -> str:
    """By how much, where that can be said."""
    if isinf(item.share):
        return ""
    limit = item.measure.tolerance if item.stage is StageId.dbt else FLOAT32
    return f" ({two_figures(100 * item.share)} %, must be under {two_figures(100 * limit)} %)"
