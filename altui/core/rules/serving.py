"""What readers are served: the newest day of each index, and of the dashboard."""

from collections.abc import Iterator
from datetime import date

from altui.core.model.days import days_between
from altui.core.model.health import Evidence, Finding, StageId, State
from altui.core.model.pipeline import Mart
from altui.core.rules.look import Look
from altui.core.rules.night import night
from altui.core.rules.owed import owes
from altui.core.rules.reach import days_seen, shows_nothing


def behind(look: Look) -> Iterator[Finding]:
    """Indices that end before the newest day that they should hold by now."""
    seen = look.observation("elasticsearch.counts")
    documents = look.documents
    if documents is None or seen is None or seen.error is not None:
        return
    for mart in look.pipeline.marts:
        wanted, newest = wanted_day(look, mart), newest_document(look, mart)
        if wanted is None or wanted < documents.start:
            continue  # a day before those that were counted
        if holds(look, mart, wanted) or not owes(look, mart, wanted):
            continue
        missing = documents.missing.get(f"index.{mart.name}", "")
        ends = f"ends {newest.day} {newest:%b}" if newest else "holds no day"
        if newest and newest > wanted:
            ends = f"lacks {wanted.day} {wanted:%b}"
        ends = "does not exist" if missing else ends
        check = f"index.behind.{mart.name}"
        words = missing or f"the night's run: {night(look)[0].text}"
        series = look.index(mart)
        figures: dict[str, int | float | str | None] = {
            "newest day": newest and newest.isoformat(),
            "wanted": wanted.isoformat(),
            "documents": series.rows if series else None,
        }
        yield Finding(
            check,
            StageId.elasticsearch,
            State.late,
            f"{mart.index} {ends}; {wanted:%d %b} was due",
            look.first_seen(check),
            (wanted,),
            (Evidence(StageId.elasticsearch, "POST /_msearch", words, seen.at, figures),),
        )


def holes(look: Look) -> Iterator[Finding]:
    """Days within a daily index that it lacks, where nothing upstream is counted to tell of them.

    Such a mart expects every day.
    """
    seen = look.observation("elasticsearch.counts")
    if seen is None or seen.error is not None or look.source or look.warehouse:
        return
    for mart in look.pipeline.marts:
        series = look.index(mart)
        if not mart.table or series is None:
            continue
        held = [day for day, count in series.by_day.items() if count]
        lacking = [
            day
            for day in days_between(min(held, default=look.today), look.due.wanted_day)
            if day not in held
        ]
        inside = [day for day in lacking if day != look.due.wanted_day]
        if inside:
            check = f"index.holes.{mart.name}"
            more = f" (+{len(inside) - 1} more)" if len(inside) > 1 else ""
            yield Finding(
                check,
                StageId.elasticsearch,
                State.late,
                f"{mart.index} lacks {inside[-1].day} {inside[-1]:%b}{more}",
                look.first_seen(check),
                tuple(inside),
                (Evidence(StageId.elasticsearch, "POST /_msearch", "", seen.at),),
            )


def wanted_day(look: Look, mart: Mart) -> date | None:
    """The newest day that the mart's index should hold by now; None where none is expected.

    A mart that is fed by an ops table has the days that the table has rows of.
    """
    due = look.due.wanted_day
    if mart.table:
        return due
    counted = look.observation("bigquery.counts")
    ops = look.ops(mart) if counted is not None and counted.error is None else None
    days = [day for day, rows in ops.by_day.items() if rows and day <= due] if ops else []
    return max(days, default=None)


def holds(look: Look, mart: Mart, day: date) -> bool:
    """Whether the index holds that very day: a newer document says nothing of it."""
    series = look.index(mart)
    return series is not None and bool(series.by_day.get(day))


def newest_wanted(look: Look) -> date:
    """The newest day that readers should see: the coming one from when every index holds it."""
    daily = [mart for mart in look.pipeline.marts if mart.table]
    there = bool(daily) and all(holds(look, mart, look.due.coming_day) for mart in daily)
    return look.due.coming_day if there else look.due.wanted_day


def newest_document(look: Look, mart: Mart) -> date | None:
    """The newest complete day of the index; today's documents are partial by definition."""
    series = look.index(mart)
    coming, by_day = look.due.coming_day, series.by_day if series else {}
    return max((day for day, count in by_day.items() if count and day <= coming), default=None)


def newest_seen(look: Look, mart: Mart) -> date | None:
    """The newest day a reader sees through the dashboard; None when Kibana shows nothing."""
    series = look.index(mart)
    if series is None or look.kibana is None or shows_nothing(look.kibana):
        return None
    return max(days_seen(look, series.by_day) or (), default=None)
