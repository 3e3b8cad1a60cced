"""The marts' figures against an independent computation, and which days a run may touch."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import psycopg
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from psycopg.rows import dict_row

from tests.living import Sandbox
from tests.warehouse_lab import TODAY, Lab, Row, application, backfill, check, email

pytestmark = pytest.mark.sandbox

DAYS = [TODAY - timedelta(days=back) for back in range(9, -1, -1)]
"""The last one is today."""
PLENTY = 12
CENT = 0.005 + 1e-9
"""What rounding to two digits may change."""


def at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def figures(rows: Iterable[Row]) -> Row:
    """A day's figures from its live source rows, by the definitions and without SQL."""
    live = list(rows)
    scores = [row["risk_score"] for row in live if row["risk_score"] is not None]
    buckets = Counter(next(name for bound, name in BUCKETS if score < bound) for score in scores)
    categories = Counter(row["category"] for row in live)
    senders = Counter(
        row["sender"].rpartition("@")[2].rstrip("> ").lower()
        for row in live
        if "@" in row["sender"]
    )
    top = sorted(senders, key=lambda domain: (-senders[domain], domain))[:5]
    return {
        "emails": len(live),
        "emails_scored": len(scores),
        "avg_risk": pytest.approx(sum(scores) / len(scores), abs=CENT) if scores else None,
        "min_risk": min(scores, default=None),
        "max_risk": max(scores, default=None),
        **{f"{name}_risk_count": buckets[name] for _, name in BUCKETS},
        "unscored_count": len(live) - len(scores),
        **{f"{name}_count": categories[name] for name in CATEGORIES},
        "top_domains": top,
        "coverage_pct": pytest.approx(100 * len(scores) / len(live), abs=CENT),
        "high_risk_pct": pytest.approx(100 * buckets["high"] / len(live), abs=CENT),
        "critical_risk_pct": pytest.approx(100 * buckets["critical"] / len(live), abs=CENT),
    }


BUCKETS = ((30, "low"), (60, "medium"), (90, "high"), (float("inf"), "critical"))
CATEGORIES = ("recruiter", "interview", "offer", "rejection")


def some_emails() -> list[Row]:
    """Each day has live rows, and something that is easily got wrong."""
    rows = [
        email(100 * place + number, day)
        for place, day in enumerate(DAYS)
        for number in range(PLENTY)
    ]
    edges = (0.0, 29.99, 30.0, 59.99, 60.0, 89.99, 90.0, 100.0)
    rows += [email(2000 + n, DAYS[0], risk_score=score) for n, score in enumerate(edges)]
    rows += [email(2100 + n, DAYS[1], risk_score=None) for n in range(5)]
    rows += [email(2200 + n, DAYS[2], _fivetran_deleted=True) for n in range(4)]
    # six domains, two of them as frequent as each other and one too many for the five
    ties = ("b@Tie.example", "a@tie.example", "x@also.example", "y@also.example", "q@z.example")
    rows += [email(2300 + n, DAYS[3], sender=sender) for n, sender in enumerate(ties)]
    odd = ("nobody", "求人 <a@求人.example>", '"me@home" <me@work.example>', "m@n.example")
    rows += [email(2400 + n, DAYS[3], sender=sender) for n, sender in enumerate(odd)]
    rows += [email(2500, DAYS[4], features_json="{not json")]
    rows += [
        email(2600, DAYS[5], received_at=at(DAYS[5], 0)),
        email(2601, DAYS[5], received_at=at(DAYS[6], 0) - timedelta(microseconds=1)),
    ]
    return rows


def on(rows: list[Row], day: date) -> list[Row]:
    return [r for r in rows if r["received_at"].date() == day and not r["_fivetran_deleted"]]


def marts(lab: Lab, name: str = "mrt_risk_daily") -> dict[date, Row]:
    found = lab.query(f"SELECT * FROM {{marts}}.{name}")
    assert len({row["d"] for row in found}) == len(found)
    return {row.pop("d"): row for row in found}


@pytest.fixture(scope="module")
def built(lab: Lab) -> list[Row]:
    """All days built once, by a project that was parsed with the vars of another run."""
    rows = some_emails()
    lab.fill("public_emails", rows)
    lab.fill("public_applications", [application(n, DAYS[n % 5]) for n in range(5)])
    parsed = lab.dbt("parse", today=TODAY, start=DAYS[8], end=DAYS[8])
    assert parsed.success, parsed.exception
    done = lab.dbt("run", "--full-refresh", today=TODAY)
    assert done.success, done.results
    return rows


def test_every_complete_day_has_the_figures_that_python_computes(lab: Lab, built: list[Row]):
    seen = marts(lab)
    assert sorted(seen) == DAYS[:-1]
    for day, row in seen.items():
        assert row == figures(on(built, day)), day


def test_the_sandbox_marts_are_what_the_source_holds(sandbox: Sandbox):
    newest = datetime.fromisoformat(sandbox.status()["now"]).date()
    days = [
        newest - timedelta(days=back) for back in (12, 20, 33)
    ]  # no longer touched at the source
    with psycopg.connect(sandbox.env["POSTGRES_DSN"], row_factory=dict_row) as connection:
        source = {
            day: connection.execute(
                "SELECT * FROM emails WHERE (received_at AT TIME ZONE 'UTC')::date = %s", [day]
            ).fetchall()
            for day in days
        }
    client = bigquery.Client(
        sandbox.env["BQ_PROJECT"],
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": sandbox.env["BIGQUERY_EMULATOR_HOST"]},
    )
    wanted = ", ".join(f"'{day}'" for day in days)
    rows = client.query(f"SELECT * FROM applylens_marts.mrt_risk_daily WHERE d IN ({wanted})")
    seen = {row["d"]: dict(row) for row in rows.result(timeout=30)}
    client.close()
    for day in days:
        assert seen[day] == {"d": day, **figures(source[day])}, day


def test_staging_keeps_what_the_marts_and_freshness_need(lab: Lab, built: list[Row]):
    (row,) = lab.query("SELECT * FROM {staging}.stg_emails WHERE id = 2400")
    assert (row["sender_domain"], row["received_date"]) == (None, DAYS[3])
    assert row["features_json"] == {"links": 2}
    assert row["_fivetran_synced"] > row["received_at"]
    (bad,) = lab.query("SELECT features_json FROM {staging}.stg_emails WHERE id = 2500")
    assert bad["features_json"] is None
    domains = lab.query("SELECT sender_domain FROM {staging}.stg_emails WHERE id = 2402")
    assert domains == [{"sender_domain": "work.example"}]


def changed(rows: list[Row], lab: Lab) -> list[Row]:
    """Every day gets one row more, but one loses all."""
    more = [email(5000 + n, day, risk_score=77.0) for n, day in enumerate(DAYS)]
    new = rows + more
    new = [
        row | {"_fivetran_deleted": True} if row["received_at"].date() == DAYS[5] else row
        for row in new
    ]
    lab.fill("public_emails", new)
    return new


@pytest.mark.parametrize(
    ("variables", "window"),
    [
        ({"start": DAYS[4], "end": DAYS[6]}, DAYS[4:7]),
        ({"start": DAYS[5]}, DAYS[5:9]),
        ({"look_back_days": 5}, DAYS[4:9]),
        ({"start": DAYS[5], "end": TODAY + timedelta(days=3)}, DAYS[5:9]),
    ],
    ids=["start and end", "start alone", "look-back", "end in the future"],
)
def test_a_run_replaces_its_window_and_nothing_else(
    lab: Lab, built: list[Row], variables: dict[str, Any], window: list[date]
):
    lab.fill("public_emails", built)
    lab.dbt("run", "--full-refresh", "--select", "mrt_risk_daily", today=TODAY)
    before = marts(lab)
    now = changed(built, lab)
    done = lab.dbt("run", "--select", "mrt_risk_daily", today=TODAY, **variables)
    assert done.success, done.results
    after = marts(lab)
    assert DAYS[5] in before and DAYS[5] not in after  # its rows are gone, and so is it
    for day in DAYS[:-1]:
        if day == DAYS[5]:
            continue
        assert after[day] == (figures(on(now, day)) if day in window else before[day]), day
    assert TODAY not in after


def test_a_full_refresh_takes_every_day_whatever_start_and_end_say(lab: Lab, built: list[Row]):
    now = changed(built, lab)
    done = lab.dbt(
        "run",
        "--full-refresh",
        "--select",
        "mrt_risk_daily",
        today=TODAY,
        start=DAYS[7],
        end=DAYS[7],
    )
    assert done.success
    after = marts(lab)
    assert sorted(after) == [day for day in DAYS[:-1] if day != DAYS[5]]
    assert all(row == figures(on(now, day)) for day, row in after.items())


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"start": TODAY}, "today and later days are never built"),
        ({"start": DAYS[3], "end": DAYS[2]}, "There is no day to rebuild"),
        ({"start": "2026-3-1"}, "var start: 2026-3-1 is not a day written YYYY-MM-DD"),
        ({"end": "2026-03-01' OR TRUE --"}, "is not a day written YYYY-MM-DD"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(
    lab: Lab, built: list[Row], variables: dict[str, Any], words: str
):
    before = marts(lab)
    done = lab.dbt("run", "--select", "mrt_risk_daily", today=TODAY, **variables)
    assert not done.success
    assert words in done.exception + "".join(result["message"] for result in done.results)
    assert marts(lab) == before


def test_ops_marts_have_the_days_with_rows(lab: Lab, built: list[Row]):
    ratios = (0, 999, 1000, 4999, 5000)
    moments = [at(day, 5) for day in DAYS]
    checks = [check(n, moments[n], 1_000_000, risk_score=found) for n, found in enumerate(ratios)]
    checks += [check(9, at(DAYS[2], 22), 500, category=1, expires_at=2), check(10, moments[9], 5)]
    lab.fill("ops_parity_checks", checks)
    jobs = [
        *(backfill(1, moments[0], 100.0), backfill(2, moments[0], 200.0)),
        *(backfill(3, moments[0], 50.0, "failed"), backfill(4, moments[1], None, "cancelled")),
        *(backfill(5, moments[2], 299.9), backfill(6, moments[3], 300.0)),
        *(backfill(7, moments[4], 420.0), backfill(8, moments[9], 1.0)),
    ]
    lab.fill("ops_backfill_jobs", jobs)
    both = "mrt_parity_drift mrt_backfill_slo"
    assert lab.dbt("run", "--select", both, today=TODAY).success

    parity = marts(lab, "mrt_parity_drift")
    assert sorted(parity) == DAYS[:5]  # days without comparisons are not there, nor is today
    assert [parity[day]["slo_status"] for day in DAYS[:5]] == [
        *("healthy", "acceptable", "warning", "warning", "critical")
    ]
    assert parity[DAYS[2]] == {
        "total_checked": 1_000_500,
        "total_mismatches": 1_003,
        "mismatch_ratio": pytest.approx(1003 / 1_000_500),
        **{"risk_score_mismatches": 1000, "expires_at_mismatches": 2, "category_mismatches": 1},
        "last_check_at": at(DAYS[2], 22),
        "slo_status": "warning",
    }

    slo = marts(lab, "mrt_backfill_slo")
    assert sorted(slo) == DAYS[:5]
    assert [slo[day]["slo_status"] for day in DAYS[:5]] == [
        *("healthy", "no_data", "healthy", "warning", "critical")
    ]
    assert slo[DAYS[0]] == {
        **{"backfill_count": 3, "avg_duration_seconds": pytest.approx(116.667)},
        "p50_duration_seconds": 100.0,
        "p95_duration_seconds": pytest.approx(190.0),
        "p99_duration_seconds": pytest.approx(198.0),
        **{"total_emails_processed": 600, "failed_count": 1, "slo_status": "healthy"},
        "success_rate_pct": pytest.approx(66.67),
    }
    assert slo[DAYS[1]]["p95_duration_seconds"] is None
    assert slo[DAYS[1]]["success_rate_pct"] == 0

    lab.fill("ops_parity_checks", checks[1:])
    lab.fill("ops_backfill_jobs", jobs[3:])
    assert lab.dbt("run", "--select", both, today=TODAY, start=DAYS[0], end=DAYS[0]).success
    assert sorted(marts(lab, "mrt_parity_drift")) == DAYS[1:5]
    assert sorted(marts(lab, "mrt_backfill_slo")) == DAYS[1:5]


def test_counts_are_whole_numbers_in_the_mart(lab: Lab, built: list[Row]):
    kinds = {
        field.name: field.field_type
        for name in ("mrt_risk_daily", "mrt_parity_drift", "mrt_backfill_slo")
        for field in lab.columns("marts", name)
    }
    counts = {name for name in kinds if name.endswith(("_count", "_mismatches", "_processed"))}
    counts |= {"emails", "emails_scored", "total_checked"}
    assert {kinds[name] for name in counts} == {"INTEGER"}
    assert kinds["d"] == "DATE"


def test_compile_by_hand_leaves_the_sql_where_the_runbook_looks(lab: Lab, built: list[Row]):
    assert lab.dbt("deps").success
    assert lab.dbt("compile", "--select", "mrt_risk_daily", today=TODAY, start=DAYS[2]).success
    name = "target/compiled/applylens_analytics/models/marts/mrt_risk_daily.sql"
    text = (lab.folder / name).read_text()
    assert f"received_date BETWEEN DATE '{DAYS[2]}' AND DATE '{DAYS[8]}'" in text


def test_freshness_reads_the_newest_sync_at_the_moment_given(lab: Lab, built: list[Row]):
    newest = max(row["_fivetran_synced"] for row in built)
    for age, status in ((1, "pass"), (7, "warn"), (25, "error")):
        now = newest + timedelta(hours=age)
        done = lab.dbt("source", "freshness", "--select", "source:applylens.public_emails", now=now)
        assert "public_emails" in done.named(status), (age, done.results)


def test_no_sql_of_the_project_reads_a_clock_of_its_own(lab: Lab):
    sql = [path for path in lab.folder.rglob("*.sql") if "target" not in path.parts]
    clocks = {path.name for path in sql if "CURRENT_" in path.read_text().upper()}
    assert clocks == {"window.sql"}  # freshness, where no moment is given


def test_dataset_names_are_settings(lab: Lab, built: list[Row]):
    other = {"BQ_STAGING_DATASET": "stage", "BQ_MARTS_DATASET": "shop"}
    try:
        nodes = lab.dbt("parse", env=other).nodes
        assert "`stage`.`stg_emails`" in nodes["stg_emails"]["relation"]
        assert "`shop`.`mrt_risk_daily`" in nodes["mrt_risk_daily"]["relation"]
    finally:
        nodes = lab.dbt("parse", env=dict.fromkeys(other, "")).nodes
    assert f"`{lab.dataset}_staging`.`stg_emails`" in nodes["stg_emails"]["relation"]
    assert f"`{lab.dataset}_marts`.`mrt_risk_daily`" in nodes["mrt_risk_daily"]["relation"]
