"""Which days the nightly build owes: not every day can be made, and not every day is made anew."""

from datetime import date, datetime, timedelta

from altui.core.model.days import day_of
from altui.core.model.pipeline import Mart, Table
from altui.core.model.reading import Run
from altui.core.rules.look import Look
from altui.core.rules.schedule import ONE_DAY, nightly_after


def empty_day(look: Look, table: Table, day: date) -> bool:
    """Whether every side that is counted holds no row of `day`, so that no mart can have it.

    A mart groups rows by day: a day without any is no row there and no document.
    """
    sides = (
        ("postgres.counts", look.source, look.source_of(table)),
        ("bigquery.counts", look.warehouse, look.raw(table)),
        ("bigquery.counts", look.warehouse, look.staging(table)),
    )
    counted = [
        side.by_day.get(day, 0)
        for probe, counts, side in sides
        if counts and side and counts.start <= day and look.stands(probe)
    ]
    return bool(counted) and not any(counted)


def whole_build(look: Look, mart: Mart) -> datetime:
    """When a build last made every day of its window anew; a run by hand may be about a few.

    Without the tables' metadata: no earlier than the night's schedule. Where no scheduled run has
    succeeded yet: no later than that, as if the runs by hand had all been about a few days.
    """
    scheduled = nightly_after(look.due.wanted_day, look.pipeline.workflow)
    built_at = look.mart_built_at(mart) or scheduled
    nightly = _nightly(look)
    if nightly is None:
        return built_at if look.runs is None else min(built_at, scheduled)
    if nightly.updated_at is None or built_at <= nightly.updated_at:
        return built_at
    return nightly.created_at


def remade(look: Look, mart: Mart, day: date) -> bool:
    """Whether the next nightly run makes `day` anew; what changed on other days stays as it is."""
    return day >= max(_night(look, mart) + ONE_DAY, look.today) - _window(look)


def was_remade(look: Look, mart: Mart, day: date) -> bool:
    """Whether the last nightly run made `day` anew."""
    return day >= _night(look, mart) - _window(look)


def noted_since(look: Look, mart: Mart, day: date) -> bool:
    """Whether what the ops table holds of `day` may have been noted after the last whole build.

    Its rows do not say when they were noted: the table's own modification does, and so does an
    earlier look that found the mart without the day.
    """
    built_at = whole_build(look, mart)
    known = look.tables.tables if look.tables else {}
    noted = next(
        (meta.modified for name, meta in known.items() if name.rsplit(".", 1)[-1] == mart.ops), None
    )
    if noted is not None and noted <= built_at:
        return False
    return look.first_seen(difference_key(mart.name, day)) > built_at


def came_since(look: Look, mart: Mart, day: date) -> bool:
    """Whether all rows of a day came after the last nightly run began: the next one carries them.

    Only looks that found the day empty tell: the newest row says nothing of those before it. Every
    day is empty in its own first hours; what counts is that it was when its night had come.
    """
    key = empty_key(look.pipeline.subject_of(mart), day)
    if key not in look.since:
        return False
    runs = look.runs.runs if look.runs else ()
    over = [run for run in runs if _counted_since(look, run)]
    series = look.mart(mart)
    made = series is not None and bool(series.by_day.get(day))
    if made and len(over) == len(runs):
        return False
    began = [run.created_at for run in over if run.event == "schedule"]
    scheduled = nightly_after(day, look.pipeline.workflow)
    return look.first_seen(key) >= max(scheduled, *(began or [whole_build(look, mart)]))


def _counted_since(look: Look, run: Run) -> bool:
    """Whether the run has ended, and whoever can be asked was counted since."""
    ended = run.updated_at or run.created_at
    asked = [probe for probe in ("bigquery.counts", "elasticsearch.counts") if look.answers(probe)]
    counted = [at for probe in asked if (at := look.seen_at(probe))]
    return run.status == "completed" and all(at >= ended for at in counted)


def owes(look: Look, mart: Mart, day: date) -> bool:
    """Whether the mart's index can be asked for that day: it had rows when it was last made."""
    if mart.table:
        fed_by = next(table for table in look.pipeline.tables if table.name == mart.table)
        return not empty_day(look, fed_by, day) and not came_since(look, mart, day)
    series = look.mart(mart)
    made = series is None or bool(series.by_day.get(day))
    return made or not noted_since(look, mart, day)


def difference_key(table: str, day: date) -> str:
    """Key by which a look remembers since when neighbours differ on a day."""
    return f"difference.{table}.{day.isoformat()}"


def empty_key(table: str, day: date) -> str:
    """Key by which a look remembers when a day was last counted without a row."""
    return f"empty.{table}.{day.isoformat()}"


def first_made(look: Look) -> date:
    """The first day that a nightly run of today makes anew."""
    return look.today - _window(look)


def _night(look: Look, mart: Mart) -> date:
    """Day on which the last nightly run was started, as far as can be told."""
    nightly = _nightly(look)
    return day_of(nightly.created_at if nightly else whole_build(look, mart))


def _window(look: Look) -> timedelta:
    return timedelta(days=look.pipeline.look_back_days)


def _nightly(look: Look) -> Run | None:
    runs = look.runs.runs if look.runs else ()
    return next((r for r in runs if r.event == "schedule" and r.conclusion == "success"), None)
