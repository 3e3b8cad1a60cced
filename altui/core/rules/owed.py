"""Which days the nightly build owes: not every day can be made, and not every day is made anew."""

from datetime import date

from altui.core.model.pipeline import Table
from altui.core.rules.look import Look


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
