"""Totals of a round as they are kept, and how far the two sides usually are apart."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from statistics import median_low

from altui.core.model.health import Assessment, StageId, State
from altui.core.model.history import Drift, Totals
from altui.core.model.observed import Snapshot
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Counts
from altui.core.rules.trace import LOST

LATELY = timedelta(hours=24)
USUALLY = timedelta(days=14)


def totals_of(snapshot: Snapshot, pipeline: Pipeline, assessment: Assessment) -> Iterator[Totals]:
    """Each table whose two sides were both counted when last asked."""
    seen = [snapshot.observations.get(f"{name}.counts") for name in ("postgres", "bigquery")]
    source, raw = (side.value if side and side.error is None else None for side in seen)
    if not isinstance(source, Counts) or not isinstance(raw, Counts):
        return
    at = max((side.at for side in seen if side and side.at), default=snapshot.at)
    for table in pipeline.tables:
        upper, lower = source.series.get(table.name), raw.series.get(f"raw.{table.name}")
        if upper is None or lower is None:
            continue
        lag = (
            (upper.latest - lower.latest).total_seconds() if upper.latest and lower.latest else None
        )
        due, lost = _rows(assessment, table.name)
        yield Totals(at, table.name, upper.rows, lower.rows, due, lost, lag)


def same(one: Totals, other: Totals | None) -> bool:
    """Whether nothing but the moment differs."""
    return other is not None and (one.source, one.raw, one.due, one.lost, one.lag_s) == (
        other.source,
        other.raw,
        other.due,
        other.lost,
        other.lag_s,
    )


def drift(history: Iterable[Totals], now: datetime) -> dict[str, Drift]:
    """By table, from the rounds that were kept; a table without any of late has none."""
    by_table: dict[str, list[Totals]] = {}
    for totals in history:
        if now - USUALLY <= totals.at <= now:
            by_table.setdefault(totals.table, []).append(totals)
    found: dict[str, Drift] = {}
    for table, rounds in by_table.items():
        lately = [totals for totals in rounds if totals.at >= now - LATELY]
        if lately:
            most = max(lately, key=lambda totals: (totals.difference, totals.at))
            usual = median_low([totals.difference for totals in rounds])
            found[table] = Drift(most.difference, most.at, usual, len(rounds), _hours(lately))
    return found


def _hours(rounds: Iterable[Totals]) -> dict[datetime, int]:
    """The largest difference of each hour, oldest first."""
    found: dict[datetime, int] = {}
    for totals in rounds:
        began = totals.at.replace(minute=0, second=0, microsecond=0)
        found[began] = max(found.get(began, 0), totals.difference)
    return found


def _rows(assessment: Assessment, table: str) -> tuple[int, int]:
    """Rows by which the days of the trace differ: due, and late or broken."""
    due = lost = 0
    for row in assessment.trace:
        source, raw = row.cells.get(StageId.postgres), row.cells.get(StageId.fivetran)
        if row.table != table or not source or not raw or source.count is None or raw.count is None:
            continue
        apart = abs(source.count - raw.count)
        due += apart if raw.state is State.due else 0
        lost += apart if raw.state in LOST else 0
    return due, lost
