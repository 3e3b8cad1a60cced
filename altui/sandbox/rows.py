"""Made-up rows of the source tables: the same for the same seed and day, on every machine."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

WEEKDAYS = (1.2, 1.25, 1.2, 1.15, 1.05, 0.6, 0.55)
"""Mail on each weekday against the average, Monday first; they add up to seven."""
HOURS = (2, 1, 1, 1, 1, 2, 4, 8, 14, 16, 15, 13, 11, 13, 14, 13, 12, 10, 8, 6, 5, 5, 4, 3)
CATEGORIES = ("recruiter", "interview", "offer", "rejection", "newsletter", "other", None)
CATEGORY_WEIGHTS = (24, 12, 4, 18, 22, 14, 6)
DOMAINS = (
    *("example.com", "example.org", "jobs.example", "recruiting.example", "news.example"),
    *("mail.example", "hr.example", "talent.example", "bewerbung.example", "求人.example"),
)
SUBJECTS = (
    "Your application for {role}",
    "Interview on {day}: {role}",
    "We are pleased to offer you {role}",
    "Unfortunately we went with another candidate",
    "Neue Stelle: {role} (m/w/d) in Köln",
    "面接のご案内 {role}",
    'Re: Re: "{role}", as discussed',
    "[URGENT] [/b] {role} [red]act now[/red]",
    "مقابلة عمل {role}",
    "Fwd: {role} 🎉\tnew\u00a0line",
)
ROLES = ("Data Engineer", "SRE", "Backend Developer", "Analyst", "Platform Lead", "QA")
COMPANIES = ("Acme", "Globex", "Initech", "Umbrella", "Müller & Söhne", "株式会社テスト")
SOURCES = ("linkedin", "referral", "email", "site", None)
STATUSES = ("applied", "screening", "interview", "offer", "rejected")
LATE_UPDATES = timedelta(days=7)
APPLICATIONS_PER_EMAIL = 0.13


class Email(NamedTuple):
    received_at: datetime
    sender: str
    subject: str | None
    body: str
    risk_score: float | None
    category: str | None
    expires_at: datetime | None
    features_json: str
    created_at: datetime
    updated_at: datetime


class Application(NamedTuple):
    company: str
    role: str
    source: str | None
    status: str
    user_id: int
    created_at: datetime
    updated_at: datetime


COLUMNS = {"emails": ", ".join(Email._fields), "applications": ", ".join(Application._fields)}


def written_between(
    after: datetime, until: datetime, *, per_day: int, seed: int
) -> Iterator[tuple[str, Email | Application]]:
    """Table and row of all that is first written after `after` and until `until`, by day.

    A row is as it stands at `until`: updates that come later are not in it.
    """
    day = (after - timedelta(minutes=1)).date()
    while day <= until.date():
        for table, row in _day(day, per_day, seed):
            if after < row.created_at <= until:
                later = row.updated_at > until
                yield table, row._replace(updated_at=row.created_at) if later else row
        day += timedelta(days=1)


@lru_cache(maxsize=3)
def _day(day: date, per_day: int, seed: int) -> tuple[tuple[str, Email | Application], ...]:
    """All rows of one day; kept, because a writer asks for today again and again."""
    applications = max(1, round(per_day * APPLICATIONS_PER_EMAIL))
    return (
        *(("emails", row) for row in emails_of(day, per_day, seed)),
        *(("applications", row) for row in applications_of(day, applications, seed)),
    )


def emails_of(day: date, per_day: int, seed: int) -> Iterator[Email]:
    """The mail of one UTC day, in order of arrival."""
    dice = random.Random(f"{seed}/{day}/emails")
    factor = WEEKDAYS[day.weekday()] * dice.uniform(0.9, 1.1)
    for moment in _moments(day, max(3, round(per_day * factor)), dice):
        yield _email(moment, dice)


def applications_of(day: date, per_day: int, seed: int) -> Iterator[Application]:
    dice = random.Random(f"{seed}/{day}/applications")
    factor = WEEKDAYS[day.weekday()] * dice.uniform(0.9, 1.1)
    for moment in _moments(day, max(1, round(per_day * factor)), dice):
        yield Application(
            company=dice.choice(COMPANIES),
            role=dice.choice(ROLES),
            source=dice.choice(SOURCES),
            status=dice.choice(STATUSES),
            user_id=dice.randint(1, 500),
            created_at=moment,
            updated_at=moment + _lateness(dice),
        )


def _moments(day: date, count: int, dice: random.Random) -> list[datetime]:
    midnight = datetime.combine(day, time(), UTC)
    hours = dice.choices(range(24), HOURS, k=count)
    # the last 30 s of a day stay free, so that a row is written on the day it belongs to
    seconds = sorted(min(hour * 3600 + dice.uniform(0, 3600), 86_369) for hour in hours)
    return [midnight + timedelta(seconds=round(second, 3)) for second in seconds]


def _email(moment: datetime, dice: random.Random) -> Email:
    role = dice.choice(ROLES)
    subject = dice.choice(SUBJECTS).format(role=role, day=f"{moment:%A}")
    oddity = dice.random()
    if oddity < 0.005:
        subject *= 80  # somebody always pastes a whole page there
    created = moment + timedelta(seconds=round(dice.uniform(0.2, 20), 3))
    category = dice.choices(CATEGORIES, CATEGORY_WEIGHTS)[0]
    scored = dice.random() > 0.04
    features = {"links": dice.randint(0, 9), "spf": dice.random() > 0.1, "lang": "ü\n\"'"}
    return Email(
        received_at=moment,
        sender=f"{dice.choice(('jobs', 'hr', 'no-reply', 'ana'))}@{dice.choice(DOMAINS)}",
        subject=None if oddity > 0.99 else subject,
        body=f'Dear candidate,\n"{role}" [info]\n\\. {dice.random()}',
        risk_score=round(min(100.0, dice.betavariate(1.6, 3.2) * 110), 2) if scored else None,
        category=category,
        expires_at=moment + timedelta(days=30) if category == "offer" else None,
        features_json=json.dumps(features, ensure_ascii=False),
        created_at=created,
        updated_at=created + _lateness(dice),
    )


def _lateness(dice: random.Random) -> timedelta:
    """One row in ten is touched again, at most seven days after it was written."""
    if dice.random() < 0.9:
        return timedelta()
    return timedelta(seconds=round(dice.uniform(60, LATE_UPDATES.total_seconds())))
