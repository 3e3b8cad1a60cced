"""What readers are served: the newest day of each index, and of the dashboard."""

from collections.abc import Iterator
from datetime import date

from altui.core.model.days import day_of
from altui.core.model.health import Evidence, Finding, StageId, State
from altui.core.model.pipeline import Mart
from altui.core.rules.look import Look
from altui.core.rules.reach import days_seen, shows_nothing


def behind(look: Look) -> Iterator[Finding]:
    """Indices that end before the newest day that they should hold by now."""
    seen = look.observation("elasticsearch.counts")
    documents = look.documents
    if documents is None or seen is None or seen.error is not None:
        return
    for mart in look.pipeline.marts:
        wanted, newest = wanted_day(look, mart), newest_document(look, mart)
        if wanted is None or (newest is not None and newest >= wanted):
            continue
        missing = documents.missing.get(f"index.{mart.name}", "")
        ends = f"ends {newest.day} {newest:%b}" if newest else "holds no day"
        ends = "does not exist" if missing else ends
        check = f"index.behind.{mart.name}"
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
            (Evidence(StageId.elasticsearch, "POST /_msearch", missing, seen.at, figures),),
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


def newest_document(look: Look, mart: Mart) -> date | None:
    series = look.index(mart)
    return day_of(series.latest) if series and series.latest else None


def newest_seen(look: Look, mart: Mart) -> date | None:
    """The newest day a reader sees through the dashboard; None when Kibana shows nothing."""
    series = look.index(mart)
    if series is None or look.kibana is None or shows_nothing(look.kibana):
        return None
    return max(days_seen(look, series.by_day) or (), default=None)
