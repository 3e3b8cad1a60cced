"""Days are UTC calendar dates on every side."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta


def day_of(moment: datetime) -> date:
    """The UTC date of an aware moment."""
    return moment.astimezone(UTC).date()


def start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def spans(days: Iterable[date]) -> Iterator[tuple[date, date]]:
    """First and last of each row of days without a gap between them, oldest first."""
    row: list[date] = []
    for day in sorted(days):
        if row and day - row[-1] > timedelta(days=1):
            yield row[0], row[-1]
            row = []
        row.append(day)
    if row:
        yield row[0], row[-1]


def days_between(first: date, last: date) -> Iterator[date]:
    """Every date from `first` to `last`, both included; none when `last` is earlier."""
    return map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
