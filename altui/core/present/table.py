"""The health report for people: `altui check`."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from altui.core.model.health import STAGES, StageId
from altui.core.present.report import IndicesPanel, ParityPanel, Report, WorkflowPanel


def table(report: Report) -> Iterator[str]:
    """Lines of at most 100 columns: verdict, stages, findings, and each panel's figures."""
    verdict = report.verdict
    yield f"{verdict.state.upper():8}{verdict.headline}"
    yield f"{'WHY':8}{verdict.why}"
    yield f"{'DO':8}{verdict.do}"
    yield ""
    for stage in STAGES:
        health = report.stages[stage]
        age = f"{span(report.generated_at - health.age_of):>7}" if health.age_of else " " * 7
        yield f"{stage.value:14}{health.state.value:8}{age}  {health.detail}".rstrip()
    if report.findings:
        yield ""
        for finding in report.findings:
            age = span(report.generated_at - finding.since)
            yield f"{finding.state.value:8}{finding.stage.value:14}{finding.subject} ({age})"
            for evidence in finding.evidence:
                yield f"{'':22}{evidence.words} [{evidence.where}]"
    yield ""
    yield from _fivetran(report)
    yield from _workflow(report.panels.workflow)
    yield from _indices(report.panels.indices)
    yield from _parity(report.panels.parity)
    yield from _days(report)


def span(length: timedelta) -> str:
    """`4m`, `3h`, `2d`: ages step by the minute."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes}m"
    return f"{minutes // 60}h" if minutes < 48 * 60 else f"{minutes // 1440}d"


def _fivetran(report: Report) -> Iterator[str]:
    panel = report.panels.fivetran
    if panel.connection is None:
        words = panel.seen.error.words if panel.seen.error else "not looked yet"
        yield f"fivetran      {words}"
        return
    sync = panel.connection
    yield (
        f"fivetran      {sync.id}: {sync.sync_state}, synced {_time(sync.succeeded_at)}, "
        f"next {_time(panel.next_sync_at)}, {len(sync.tasks)} tasks, {len(sync.warnings)} warnings"
    )


def _workflow(panel: WorkflowPanel) -> Iterator[str]:
    if panel.seen.error and not panel.runs:
        yield f"workflow      {panel.seen.error.words}"
        return
    for run in panel.runs:
        took = (
            f"{(run.updated_at - run.started_at).total_seconds():.0f} s"
            if run.updated_at and run.started_at
            else "-"
        )
        note = "  seeded" if "(seeded)" in run.title else ""
        yield (
            f"workflow      #{run.number} {run.event:18}{_time(run.created_at)}  "
            f"{run.conclusion or run.status}  {took}{note}"
        )


def _indices(panel: IndicesPanel) -> Iterator[str]:
    for index in panel.indices.values():
        yield (
            f"indices       {index.name}: latest {_day(index.latest)}, "
            f"wanted {_day(index.wanted)}, "
            f"{_number(index.documents)} documents, {index.health or '-'}"
        )


def _parity(panel: ParityPanel) -> Iterator[str]:
    for name, figures in panel.tables.items():
        here = figures.postgres.rows if figures.postgres else None
        there = figures.bigquery.rows if figures.bigquery else None
        percent = f" ({figures.delta_pct:.2f} %)" if figures.delta_pct is not None else ""
        yield (
            f"parity        {name}: postgres {_number(here)}, bigquery {_number(there)}, "
            f"difference {_number(figures.delta_rows)}{percent}"
        )
    yield f"parity        staging = mart = index through {_day(panel.equal_through)}"


def _days(report: Report) -> Iterator[str]:
    yield ""
    yield f"{'day':14}" + "".join(f"{stage.value:>14}" for stage in STAGES)
    first = report.trace[0].table if report.trace else ""
    for row in [row for row in report.trace if row.table == first][:3]:
        cells = "".join(f"{_number(row.counts.get(StageId(stage))):>14}" for stage in STAGES)
        yield f"{_day(row.day):14}{cells}"


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _day(day: date | None) -> str:
    return day.isoformat() if day else "-"


def _time(moment: datetime | None) -> str:
    return f"{moment:%d %b %H:%M}Z" if moment else "-"
