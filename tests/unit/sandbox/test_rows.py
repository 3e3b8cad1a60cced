from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from altui.sandbox.rows import LATE_UPDATES, Application, Email, written_between

NOW = datetime(2026, 11, 23, 12, 7, 30, tzinfo=UTC)
BEGIN = datetime(2026, 8, 15, tzinfo=UTC)


def written(after: datetime, until: datetime, *, per_day: int = 150, seed: int = 1):
    return list(written_between(after, until, per_day=per_day, seed=seed))


@pytest.fixture(scope="module")
def emails() -> list[Email]:
    return [row for _, row in written(BEGIN, NOW) if isinstance(row, Email)]


def test_the_same_seed_gives_the_same_rows_and_another_seed_others():
    assert written(BEGIN, NOW) == written(BEGIN, NOW)
    assert written(BEGIN, NOW) != written(BEGIN, NOW, seed=2)


@settings(max_examples=25)
@given(st.integers(0, 200_000))
def test_no_row_is_lost_or_doubled_however_often_the_writer_looks(seconds: int):
    begin = NOW - timedelta(days=3)
    middle = begin + timedelta(seconds=seconds)
    parts = [*written(begin, middle, per_day=20), *written(middle, NOW, per_day=20)]
    # updated_at tells what was known when the row was written, so it may differ
    key = [(table, row._replace(updated_at=NOW)) for table, row in parts]
    whole = [
        (table, row._replace(updated_at=NOW)) for table, row in written(begin, NOW, per_day=20)
    ]
    assert sorted(key, key=repr) == sorted(whole, key=repr)


@pytest.mark.parametrize("per_day", [5, 150])
def test_every_day_has_rows_of_both_tables(per_day: int):
    seen: Counter[tuple[str, object]] = Counter()
    for table, row in written(BEGIN, datetime(2026, 11, 23, tzinfo=UTC), per_day=per_day):
        moment = row.received_at if isinstance(row, Email) else row.created_at
        seen[table, moment.date()] += 1
    assert len(seen) == 2 * 100


def test_nothing_is_dated_later_than_now_nor_changed_more_than_a_week_late(emails: list[Email]):
    assert max(email.updated_at for email in emails) <= NOW
    late = [email for email in emails if email.updated_at > email.created_at]
    assert 0.05 < len(late) / len(emails) < 0.15
    assert all(email.updated_at - email.created_at <= LATE_UPDATES for email in late)
    assert all(email.created_at.date() == email.received_at.date() for email in emails)


def test_the_shape_is_that_of_real_mail(emails: list[Email]):
    unscored = sum(email.risk_score is None for email in emails) / len(emails)
    assert 0.02 < unscored < 0.06
    assert all(0 <= e.risk_score <= 100 for e in emails if e.risk_score is not None)
    assert {email.category for email in emails} == {
        *("recruiter", "interview", "offer", "rejection", "newsletter", "other"),
        None,
    }
    subjects = [email.subject for email in emails]
    assert None in subjects
    assert any(subject and len(subject) > 1000 for subject in subjects)
    assert any(subject and not subject.isascii() for subject in subjects)
    assert any(subject and "[/b]" in subject for subject in subjects)
    weekdays = Counter(email.received_at.weekday() for email in emails)
    assert min(weekdays[day] for day in range(5)) > max(weekdays[5], weekdays[6])


def test_applications_come_in_their_own_number():
    rows = [row for _, row in written(BEGIN, NOW) if isinstance(row, Application)]
    assert 15 < len(rows) / 100 < 25
