"""Made-up history of the ops tables, every row marked `source = 'seed'`."""

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

SOURCE = "seed"
BACKFILLS_EVERY = 13
"""Days between those with one to three backfills."""
MONDAY = 0
"""Of each week: the day that also sees a parity check."""
DAYS_COMPARED = 14
EMAILS_PER_DAY = 150

Row = dict[str, Any]


def ops_rows(first: date, last: date, seed: int) -> tuple[list[Row], list[Row]]:
    """Parity checks and backfill jobs of the days from `first` to `last`, the same for a seed."""
    checks: list[Row] = []
    jobs: list[Row] = []
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        dice = random.Random(f"{seed}/{day}/ops")
        if day.weekday() == MONDAY:
            checks.extend(_checks(_moment(day, 6, dice), DAYS_COMPARED, dice))
        if day.toordinal() % BACKFILLS_EVERY == seed % BACKFILLS_EVERY:
            for number in range(dice.choice((1, 1, 2, 3))):
                job = _job(_moment(day, 8 + 4 * number, dice), dice)
                jobs.append(job)
                if job["status"] == "done":
                    finished = datetime.fromisoformat(job["finished_at"])
                    days = (job["end_day"] - job["start_day"]).days + 1
                    checks.extend(_checks(finished, days, dice))
    return checks, jobs


def _moment(day: date, hour: int, dice: random.Random) -> datetime:
    """Some moment in the three hours from `hour` on."""
    return datetime.combine(day, time(hour), UTC) + timedelta(seconds=dice.randrange(3 * 3600))


def _checks(at: datetime, days: int, dice: random.Random) -> Iterator[Row]:
    """The days before `at` compared row by row; one in eight finds a row that differs."""
    odd = dice.randrange(days) if dice.random() < 0.12 else None
    for back in range(days):
        fields = dict.fromkeys(("risk_score", "expires_at", "category"), 0)
        if back == odd:
            fields[dice.choice(("risk_score", "risk_score", "expires_at", "category"))] = 1
        yield {
            "check_id": _key(dice),
            "checked_at": at.isoformat(),
            "table_name": "emails",
            "day": at.date() - timedelta(days=back + 1),
            "total_checked": max(1, round(dice.gauss(EMAILS_PER_DAY, 25))),
            "total_mismatches": sum(fields.values()),
            **{f"{name}_mismatches": count for name, count in fields.items()},
            "source": SOURCE,
        }


def _job(at: datetime, dice: random.Random) -> Row:
    """A backfill of one to four weeks, over in 60 to 290 seconds; about one in twelve failed."""
    failed = dice.random() < 0.08
    duration = round(dice.uniform(60, 290), 3)
    days = dice.randint(7, 28)
    end = at.date() - timedelta(days=dice.randint(1, 5))
    return {
        "job_id": _key(dice),
        "started_at": at.isoformat(),
        "finished_at": (at + timedelta(seconds=duration)).isoformat(),
        "duration_seconds": duration,
        "status": "failed" if failed else "done",
        "emails_processed": 0 if failed else round(dice.gauss(EMAILS_PER_DAY, 8) * days),
        "start_day": end - timedelta(days=days - 1),
        "end_day": end,
        "source": SOURCE,
    }


def _key(dice: random.Random) -> str:
    return str(uuid.UUID(int=dice.getrandbits(128), version=4))
