"""What stands in for a service that cannot be seen, so that less is blind than was lost.

Without Fivetran the rows' own `_fivetran_synced` tells how fresh the copy is; without GitHub the
marts' modification time tells whether the nightly build was done. While the service itself is seen
its own word is better; but a success after which the source's writes were not synced is none.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from altui.core.model.days import day_of
from altui.core.model.health import Evidence, Finding, StageId, State
from altui.core.model.pipeline import Table, risk_mart
from altui.core.model.reading import Series
from altui.core.rules.look import Look
from altui.core.rules.schedule import nightly_after
from altui.core.words import behind, clock, took

FIVETRAN, GITHUB = "fivetran.connection", "github.runs"
STALE = "bigquery.stale"
NOT_BUILT = "dbt.not_built"


def freshness(look: Look) -> Iterator[Finding]:
    """BigQuery's copy by `_fivetran_synced`: late when rows wait for longer than the promise.

    `_fivetran_synced` moves only when rows change. Where the source is seen, what was written there
    since decides; where it is not, a copy may be as quiet as its longest gap of the last days.
    """
    if look.warehouse is None:
        return
    if look.answers(FIVETRAN):
        late = _left_behind(look)
    else:
        late = _waiting(look) if look.source is not None else _too_quiet(look)
    if late is None:
        return
    synced, words = late
    yield Finding(
        STALE,
        StageId.bigquery,
        State.late,
        f"nothing was synced into BigQuery since {clock(look.now, synced)}",
        look.first_seen(STALE),
        evidence=(
            Evidence(
                StageId.bigquery, "max(_fivetran_synced)", words, look.seen_at("bigquery.counts")
            ),
        ),
        do=""
        if look.answers(FIVETRAN)
        else "look at the connection in Fivetran's own page: it cannot be seen from here",
    )


def nightly(look: Look) -> Iterator[Finding]:
    """Without GitHub: a mart that was not built since the schedule, and lacks the day it owes."""
    mart = risk_mart(look.pipeline)
    built = look.mart_built_at(mart)
    if look.answers(GITHUB) or built is None:
        return
    scheduled = nightly_after(look.due.wanted_day, look.pipeline.workflow)
    series = look.mart(mart)
    newest = series.latest if series else None
    if built >= scheduled or (newest is not None and day_of(newest) >= look.due.wanted_day):
        return
    usual = f"{took(look.due.usual_delay_s)} late at most, {took(look.due.usual_duration_s)} long"
    yield Finding(
        NOT_BUILT,
        StageId.dbt,
        State.late,
        f"{mart.name} not built since {clock(look.now, built)}",
        look.first_seen(NOT_BUILT),
        (look.due.wanted_day,),
        (
            Evidence(
                StageId.dbt,
                "table metadata, modified",
                f"the run of {clock(look.now, scheduled)} is unseen; usually {usual}",
                look.seen_at("bigquery.tables"),
            ),
        ),
        do="open the workflow's page on GitHub: its runs cannot be seen from here",
    )


def unsynced(look: Look) -> Iterator[str]:
    """A key for each table that waits for a sync nobody can tell of, to remember since when.

    The key holds the newest sync: it is another one as soon as anything arrives.
    """
    if look.answers(FIVETRAN) or look.source is None:
        return
    for table in look.pipeline.tables:
        if (waits := _waits(look, table)) is not None:
            yield _key(table, waits[0])


def _left_behind(look: Look) -> tuple[datetime, str] | None:
    """Writes that a success of Fivetran's should have carried, and after which nothing was synced.

    Only what was written longer than the promise after the newest sync counts, as only what is
    older than the success by as much: clocks differ, and a sync may have carried nothing.
    """
    succeeded = look.connection.succeeded_at if look.connection else None
    counted_at, source_at = look.seen_at("bigquery.counts"), look.seen_at("postgres.counts")
    if succeeded is None or counted_at is None or counted_at < succeeded or look.source is None:
        return None
    promised = promise(look)
    for table in look.pipeline.tables:
        source, raw = look.source_of(table), look.raw(table)
        if source is None or raw is None or raw.synced is None:
            continue
        for day, written in source.changed.items():
            if written - raw.synced < promised or succeeded - written < promised:
                continue
            seen = look.source.counted_at(day, source_at)
            if seen and seen >= succeeded:
                words = f"{table.name} changed at the source {clock(look.now, written)}"
                return raw.synced, f"{words}, a sync succeeded {clock(look.now, succeeded)}"
    return None


def promise(look: Look) -> timedelta:
    """How old a row at the source may be that is not in the copy."""
    return look.pipeline.sync.promise


def _waiting(look: Look) -> tuple[datetime, str] | None:
    """The newest sync of a table whose rows wait for longer than promised, and the words for it.

    The newest write alone tells little where the source never rests: that something has waited
    is then known from look to look.
    """
    counted_at = look.seen_at("bigquery.counts") or look.now
    for table in look.pipeline.tables:
        waits = _waits(look, table)
        if waits is None:
            continue
        synced, written = waits
        since = min(written, look.first_seen(_key(table, synced)))
        if counted_at - since >= promise(look):
            words = f"{table.name} changed at the source {clock(look.now, written)}"
            return synced, f"{words}, not copied within {behind(promise(look))}"
    return None


def _waits(look: Look, table: Table) -> tuple[datetime, datetime] | None:
    """A table's newest sync and the newest write after it; None when nothing waits."""
    source, raw = look.source_of(table), look.raw(table)
    counted_at = look.seen_at("postgres.counts") or look.now
    if source is None or raw is None or raw.synced is None:
        return None
    # a row may claim to be of tomorrow; when it was written then is not known
    writes = [moment for moment in source.changed.values() if moment <= counted_at]
    written = max(writes, default=raw.synced)
    return (raw.synced, written) if written > raw.synced else None


def _too_quiet(look: Look) -> tuple[datetime, str] | None:
    """Without a source to compare with: quieter than ever in the last days, and the promise."""
    copies = [raw for table in look.pipeline.tables if (raw := look.raw(table)) is not None]
    newest = max((raw.synced for raw in copies if raw.synced), default=None)
    if newest is None:
        return None
    gap = _longest_gap(copies, newest, timedelta(days=look.pipeline.quiet_days))
    counted_at = look.seen_at("bigquery.counts") or look.now
    if gap is None or counted_at - newest < gap + promise(look):
        return None
    words = f"quiet for {behind(counted_at - newest)}; before it never longer than {behind(gap)}"
    return newest, f"{words}, as far as seen"


def _longest_gap(copies: list[Series], newest: datetime, back: timedelta) -> timedelta | None:
    """The longest time between the days' last syncs; None without a history of them."""
    moments = sorted(
        {
            moment
            for raw in copies
            for moment in (*raw.changed.values(), raw.synced)
            if moment and newest - back <= moment <= newest
        }
    )
    return max((after - before for before, after in pairwise(moments)), default=None)


def _key(table: Table, synced: datetime) -> str:
    return f"unsynced.{table.name}.{synced.isoformat()}"
