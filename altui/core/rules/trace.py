"""Where each day's rows stand: counts stage by stage, and the first stage that is short.

A difference between neighbours is *due* while the sync, build or export that should carry it has
not ended yet; one that survives it is a loss, whatever its size.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta

from msgspec import Struct

from altui.core.model.days import days_between
from altui.core.model.health import Cell, StageId, State, TraceRow
from altui.core.model.pipeline import Mart, Table
from altui.core.model.reading import Runs, Series
from altui.core.rules.learning import usual_sync
from altui.core.rules.look import Look
from altui.core.rules.owed import (
    came_since,
    difference_key,
    noted_since,
    remade,
    was_remade,
    whole_build,
)
from altui.core.rules.reach import days_seen
from altui.core.rules.running import bad_run, failed_step, running
from altui.core.rules.schedule import CANCELLED, nightly_after
from altui.core.rules.seeing import STATE_OF
from altui.core.rules.serving import newest_wanted

COUNTED_BY: dict[StageId, str] = {
    StageId.postgres: "postgres.counts",
    StageId.fivetran: "bigquery.counts",
    StageId.bigquery: "bigquery.counts",
    StageId.dbt: "bigquery.counts",
    StageId.elasticsearch: "elasticsearch.counts",
    StageId.kibana: "kibana.status",
}
"""The probe that supplies a stage's counts per day."""

LOST = (State.late, State.broken)
ABSENT = Cell(None, State.ok)
NO_DAY = Cell(None, State.off)
"""Of no rows there is no day to make."""
Judge = Callable[[date, int, int | None], State]


class Column(Struct, frozen=True):
    """One stage of one table: its counts, or why there are none, and how to judge a difference."""

    stage: StageId
    by_day: dict[date, int] | None
    blind: State
    judge: Judge
    empty: int | None
    """What a day without a row counts as: 0 for tables, None where a day is one row."""


def trace(look: Look) -> tuple[TraceRow, ...]:
    """Every table's and every ops-fed mart's days, newest first."""
    # at midnight one service's window has moved on, another's not yet: only days in both compare
    first = max(
        (counts.start for counts in (look.source, look.warehouse, look.documents) if counts),
        default=look.today - timedelta(days=look.pipeline.window_days),
    )
    days = tuple(days_between(first, look.today))[::-1]
    rows: list[TraceRow] = []
    for name, columns in subjects(look):
        rows.extend(_rows(name, days, columns))
    return tuple(rows)


def subjects(look: Look) -> Iterator[tuple[str, tuple[Column, ...]]]:
    """What is traced: each table with the mart it feeds, its other marts, each ops-fed mart."""
    for table in look.pipeline.tables:
        columns = _table_columns(look, table)
        marts = [mart for mart in look.pipeline.marts if mart.table == table.name]
        feeds = [
            _mart_columns(look, mart, look.raw(table), look.source_of(table)) for mart in marts
        ]
        yield table.name, columns + (feeds[0] if feeds else ())
        for mart, feed in zip(marts[1:], feeds[1:], strict=True):
            yield look.pipeline.subject_of(mart), (columns[-1], *feed)
    for mart in look.pipeline.marts:
        if mart.ops and (ops := look.ops(mart)) and ops.rows:
            days = _column(look, StageId.bigquery, ops, _never, None)
            # one row a day downstream, however many ops rows the day has
            once = Column(days.stage, dict.fromkeys(ops.by_day, 1), days.blind, _never, None)
            yield mart.name, (once, *_mart_columns(look, mart, ops))


def _rows(table: str, days: Iterable[date], columns: tuple[Column, ...]) -> Iterator[TraceRow]:
    """A row a day. Most days nothing differs: one cell then serves every stage of the row."""
    ok = State.ok  # a year has thousands of cells: what is the same for all is looked up once
    parts = [(one.stage, one.by_day, one.blind, one.judge, one.empty) for one in columns]
    for day in days:
        cells: dict[StageId, Cell] = {}
        upstream: int | None = None
        first_loss: StageId | None = None
        even = ABSENT
        for stage, by_day, blind, judge, empty in parts:
            if by_day is None:
                cells[stage] = Cell(None, blind)
                continue
            count = by_day.get(day, empty)
            if count is None and upstream == 0:
                cells[stage] = NO_DAY
                continue
            if count != upstream:
                even = Cell(count, ok)
            if upstream is None or count == upstream:
                cells[stage] = even
            else:
                state = judge(day, upstream, count)
                cells[stage] = Cell(count, state)
                if state in LOST and first_loss is None:
                    first_loss = stage
            upstream = count
        yield TraceRow(day, table, cells, first_loss)


def _table_columns(look: Look, table: Table) -> tuple[Column, ...]:
    source, raw, staging = look.source_of(table), look.raw(table), look.staging(table)
    return (
        _column(look, StageId.postgres, source, _never, 0),
        _column(look, StageId.fivetran, raw, _sync_judge(look, table), 0),
        _column(look, StageId.bigquery, staging, _view_judge, 0),
    )


def _mart_columns(
    look: Look, mart: Mart, feed: Series | None, source: Series | None = None
) -> tuple[Column, ...]:
    index = look.index(mart)
    build = build_judge(look, mart, feed)
    export = export_judge(look, mart, source)
    documents = _column(look, StageId.elasticsearch, index, export, None)
    seen = None
    shown = days_seen(look, documents.by_day or ())
    if documents.by_day is not None and shown is not None:
        seen = {day: n for day, n in documents.by_day.items() if day in shown}
    reader = Column(StageId.kibana, seen, _blind(look, "kibana.status"), _reader_judge(look), None)
    built = _column(look, StageId.dbt, look.mart(mart), build, None)
    return (built, documents, reader)


def _column(
    look: Look, stage: StageId, series: Series | None, judge: Judge, empty: int | None
) -> Column:
    probe = COUNTED_BY[stage]
    by_day = series.by_day if series is not None and look.answers(probe) else None
    return Column(stage, by_day, _blind(look, probe), judge, empty)


def _blind(look: Look, probe: str) -> State:
    observation = look.observation(probe)
    if observation is None or observation.error is None:
        return State.unknown
    state = STATE_OF.get(observation.error.trouble, State.unknown)
    return State.unknown if state is State.broken else state


def _never(day: date, upstream: int, count: int | None) -> State:
    return State.ok


def _view_judge(day: date, upstream: int, count: int | None) -> State:
    """Staging reads the live raw rows and was counted with them: nothing is ever due."""
    return State.broken


def _sync_judge(look: Look, table: Table) -> Judge:
    source, raw = look.source_of(table), look.raw(table)
    carried_until = synced_until(look, raw)
    seen_at = look.seen_at("postgres.counts")

    def copied_since(day: date, source_at: datetime) -> bool:
        """Rows of this day, or their ends, were copied after the source was counted."""
        copied = raw.changed.get(day) if raw else None
        return copied is not None and copied > source_at - margin(look)

    def judge(day: date, upstream: int, count: int | None) -> State:
        if look.source is None or source is None or count is None:
            return State.due
        known = State.late if loss_key(table.name, day) in look.since else State.due
        source_at = look.source.counted_at(day, seen_at)
        if carried_until is None or source_at is None or source_at < carried_until:
            return known  # before the sync that counts: only counting again can heal or find a loss
        if copied_since(day, source_at):
            return known
        if count < source.older.get(day, 0) and look.source.older_than is not None:
            # a busy day's newest write tells nothing of its rows of long ago
            return State.late if look.source.older_than <= carried_until else known
        if count > upstream:
            # deleted at the source after the sync, or counted there before it
            first = look.first_seen(difference_key(table.name, day))
            after = source_at > carried_until + margin(look)
            return State.late if after and first <= carried_until else State.due
        written = source.changed.get(day)
        return State.due if written is None or written > carried_until else State.late

    return judge


def margin(look: Look) -> timedelta:
    """Rows written so shortly before a sync or build ended may be left for the next one."""
    return timedelta(minutes=look.pipeline.sync.margin_minutes)


def synced_until(look: Look, raw: Series | None) -> datetime | None:
    """Rows written before this must be in the raw table as it was counted; None: nothing must."""
    counted_at = look.seen_at("bigquery.counts")
    observation = look.observation("fivetran.connection")
    if raw is None or counted_at is None:
        return None
    if look.connection is None or observation is None or observation.error is not None:
        # nobody tells when a sync ended: the schedule's promise is all there is
        return counted_at - look.pipeline.sync.promise
    synced_at = look.connection.succeeded_at
    return _began(look, synced_at) - margin(look) if synced_at and counted_at >= synced_at else None


def _began(look: Look, ended: datetime) -> datetime:
    """When the sync that ended then began, as far as looks and the rows it carried tell.

    It reads the source at its beginning: what was written while it ran waits for the next one.
    """
    watched = [one.began for one in look.syncs if one.ended == ended and one.began]
    turn = ended - timedelta(minutes=look.pipeline.sync.every_minutes)
    copied = [raw.synced for table in look.pipeline.tables if (raw := look.raw(table))]
    carried = [synced for synced in copied if synced and turn < synced <= ended]
    told = [*watched, *([max(carried)] if carried else [])]
    return min(told, default=ended - usual_sync(look.syncs, look.pipeline.sync))


def build_judge(look: Look, mart: Mart, feed: Series | None) -> Judge:
    """What a difference between staging and mart is; equal counts: one between their measures."""
    # table metadata unseen: a build of the schedule began no earlier than this
    built_at = look.mart_built_at(mart) or nightly_after(
        look.due.wanted_day, look.pipeline.workflow
    )
    counted_at = look.seen_at("bigquery.counts")
    building = running(look.runs) is not None or bool(counted_at and counted_at < built_at)
    uncounted = _uncounted(look, "bigquery.counts", written="bigquery.tables")
    older = _older(look, "bigquery.counts")
    failed = _failed_in(look) not in (None, look.pipeline.workflow.export_step)
    # rows are marked when their sync begins, and reach the warehouse by its end
    on_the_way = max(margin(look), usual_sync(look.syncs, look.pipeline.sync))
    seen_until = whole_build(look, mart) - on_the_way

    def absent(day: date) -> State:
        noted = mart.ops and noted_since(look, mart, day)
        if day > look.due.wanted_day or noted or came_since(look, mart, day):
            return State.due if remade(look, mart, day) else State.late
        return State.broken if failed and remade(look, mart, day) else State.late

    def judge(day: date, upstream: int, count: int | None) -> State:
        if building or day > look.due.coming_day or (uncounted and was_remade(look, mart, day)):
            return State.due
        if count is None:
            return absent(day)
        if older or (mart.count is None and count != upstream):
            return State.due  # of another time, or rows that are no days' rows: not to be compared
        changed = feed.changed.get(day) if feed else None
        if not was_remade(look, mart, day):
            return State.late
        if changed and changed > seen_until:
            return State.due if remade(look, mart, day) else State.late
        return State.broken  # a partial day: the build saw these rows and left some out

    return judge


def export_judge(look: Look, mart: Mart, source: Series | None = None) -> Judge:
    """What a difference between mart and index is; equal counts: one between their measures.

    `source` stands in for the marts while BigQuery cannot be seen.
    """
    built_at = look.mart_built_at(mart)
    exported_at = _exported_at(look.runs)
    exporting = running(look.runs) is not None or _may_export(look, built_at)
    exporting = exporting or _uncounted(look, "elasticsearch.counts")
    failed = _failed_in(look) == look.pipeline.workflow.export_step
    # one side may have been counted before the last run changed it, the other after
    counted_since = not _older(look, "bigquery.counts") and all(
        made is None or (counted := look.seen_at(probe)) is None or counted >= made
        for probe, made in (("bigquery.counts", built_at), ("elasticsearch.counts", exported_at))
    )
    direct = look.warehouse is None

    def judge(day: date, upstream: int, count: int | None) -> State:
        if exporting or day > look.due.coming_day:
            return State.due
        if count is None:
            if day > look.due.wanted_day or came_since(look, mart, day):
                return State.due
            return State.broken if failed else State.late
        if direct:
            return _directly(look, source, day, count > upstream)
        newer = built_at and exported_at and built_at > exported_at
        return State.due if newer or not counted_since else State.late

    return judge


def _may_export(look: Look, built_at: datetime | None) -> bool:
    """Without GitHub nobody tells that a run goes on: a build is given the usual time after it."""
    if look.answers("github.runs") or built_at is None:
        return False
    return look.now < built_at + timedelta(seconds=look.due.usual_duration_s)


def _directly(look: Look, source: Series | None, day: date, more: bool) -> State:
    """The index against the source, nothing seen between: what the last build had to carry.

    Rows that were deleted at the source since cannot be timed: such a day is not judged.
    """
    written = source.changed.get(day) if source else None
    if more or written is None:
        return State.unknown
    built = nightly_after(look.due.wanted_day, look.pipeline.workflow)
    return State.late if written <= built - look.pipeline.sync.promise else State.due


def _reader_judge(look: Look) -> Judge:
    newest = newest_wanted(look)

    def judge(day: date, upstream: int, count: int | None) -> State:
        # only the newest day must show; older ones leave the dashboard's range rightly
        return State.broken if day == newest else State.ok

    return judge


def _older(look: Look, probe: str) -> bool:
    """Whether the counts were read before the newest run ended, so that they tell nothing of it."""
    ended, counted_at = _exported_at(look.runs), look.seen_at(probe)
    return ended is not None and counted_at is not None and counted_at < ended


def _uncounted(look: Look, probe: str, written: str = "") -> bool:
    """Whether a run ended since the counts were read: what they lack it may have brought.

    A run that did not succeed may have brought nothing; a probe that tells when tables were
    `written`, asked since, says so.
    """
    counted_at, told_at = look.seen_at(probe), look.seen_at(written) if written else None
    for run in look.runs.runs if look.runs and counted_at else ():
        ended = run.updated_at if run.status == "completed" else None
        if ended is None or counted_at is None or ended <= counted_at:
            continue
        if run.conclusion == "success" or not written or (told_at and told_at < ended):
            return True
    return False


def _exported_at(runs: Runs | None) -> datetime | None:
    return next(
        (run.updated_at for run in (runs.runs if runs else ()) if run.conclusion == "success"),
        None,
    )


def _failed_in(look: Look) -> str | None:
    """The step in which the run that should have carried the day failed; None without one."""
    run = bad_run(look)
    return (failed_step(run) or "?") if run and run.conclusion != CANCELLED else None


def loss_key(table: str, day: date) -> str:
    return f"loss.{table}.{day.isoformat()}"
