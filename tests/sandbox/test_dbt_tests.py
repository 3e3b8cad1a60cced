"""Every dbt test is shown failing, on data that was made wrong in one known way."""

from datetime import UTC, datetime, time, timedelta

import pytest

from tests.warehouse_lab import TODAY, Lab, application, backfill, check, email

pytestmark = pytest.mark.sandbox

DAYS = [TODAY - timedelta(days=back) for back in range(8, 0, -1)]

KEYS = """
UPDATE {staging}.stg_emails SET id = 301 WHERE id = 302;
UPDATE {staging}.stg_emails SET id = NULL WHERE id = 303;
UPDATE {staging}.stg_emails SET risk_bucket = 'odd' WHERE id = 304;
UPDATE {staging}.stg_applications SET id = 1 WHERE id = 2;
UPDATE {staging}.stg_applications SET id = NULL WHERE id = 3;
UPDATE {staging}.stg_applications SET created_date = NULL WHERE id = 4;
UPDATE {marts}.mrt_parity_drift SET slo_status = 'odd' WHERE d = '{day[0]}';
UPDATE {marts}.mrt_backfill_slo SET slo_status = 'odd' WHERE d = '{day[0]}';
INSERT INTO {marts}.mrt_risk_daily SELECT * FROM {marts}.mrt_risk_daily WHERE d = '{day[1]}';
INSERT INTO {marts}.mrt_parity_drift SELECT * FROM {marts}.mrt_parity_drift WHERE d = '{day[1]}';
INSERT INTO {marts}.mrt_backfill_slo SELECT * FROM {marts}.mrt_backfill_slo WHERE d = '{day[1]}';
INSERT INTO {marts}.mrt_risk_daily (d, emails) VALUES (NULL, NULL);
INSERT INTO {marts}.mrt_parity_drift (d) VALUES (NULL);
INSERT INTO {marts}.mrt_backfill_slo (d) VALUES (NULL);
"""
KEYS_FAIL = {
    *("not_null_stg_emails_id", "unique_stg_emails_id"),
    *("not_null_stg_applications_id", "unique_stg_applications_id"),
    "not_null_stg_applications_created_date",
    *("not_null_mrt_risk_daily_d", "unique_mrt_risk_daily_d"),
    *("not_null_mrt_parity_drift_d", "unique_mrt_parity_drift_d"),
    *("not_null_mrt_backfill_slo_d", "unique_mrt_backfill_slo_d"),
    "accepted_values_stg_emails_risk_bucket__low__medium__high__critical__unscored",
    "accepted_values_mrt_parity_drift_slo_status__healthy__acceptable__warning__critical",
    "accepted_values_mrt_backfill_slo_slo_status__healthy__warning__critical__no_data",
}

FIGURES = """
UPDATE {marts}.mrt_risk_daily SET low_risk_count = low_risk_count + 1 WHERE d = '{day[1]}';
UPDATE {marts}.mrt_risk_daily SET emails_scored = emails + 1 WHERE d = '{day[2]}';
UPDATE {marts}.mrt_risk_daily SET coverage_pct = 100.01 WHERE d = '{day[3]}';
UPDATE {marts}.mrt_risk_daily SET emails = emails + 1, emails_scored = emails_scored + 1,
    low_risk_count = low_risk_count + 1 WHERE d = '{day[4]}';
UPDATE {marts}.mrt_parity_drift SET total_mismatches = total_mismatches + 1 WHERE d = '{day[1]}';
UPDATE {marts}.mrt_backfill_slo SET backfill_count = backfill_count + 1 WHERE d = '{day[1]}';
UPDATE {marts}.mrt_backfill_slo SET success_rate_pct = 101 WHERE d = '{day[0]}';
DELETE FROM {staging}.stg_applications WHERE id = 5;
"""
FIGURES_FAIL = {
    *("risk_daily_buckets_add_up", "risk_daily_scored_are_emails", "risk_daily_is_in_range"),
    *("risk_daily_counts_are_stagings", "parity_drift_is_the_checks", "backfill_slo_is_the_jobs"),
    *("backfill_slo_is_in_range", "staging_is_the_live_raw_rows"),
}

DAYS_WRONG = """
UPDATE {staging}.stg_emails SET received_date = NULL WHERE id = 305;
DELETE FROM {marts}.mrt_risk_daily WHERE d = '{day[5]}';
INSERT INTO {marts}.mrt_parity_drift (d, slo_status) VALUES ('{today}', 'healthy');
"""
DAYS_FAIL = {
    *("not_null_stg_emails_received_date", "risk_daily_counts_are_stagings"),
    *("risk_daily_has_every_day", "marts_have_no_partial_day"),
}


def tables_instead_of_views(lab: Lab) -> None:
    """So that staging can be made wrong as well."""
    lab.query(
        "".join(
            f"CREATE TABLE {{raw}}.copy AS SELECT * FROM {{staging}}.{name};"
            f"DROP VIEW {{staging}}.{name};"
            f"CREATE TABLE {{staging}}.{name} AS SELECT * FROM {{raw}}.copy;"
            "DROP TABLE {raw}.copy;"
            for name in ("stg_emails", "stg_applications")
        )
    )


@pytest.fixture(scope="module")
def known(lab: Lab) -> set[str]:
    """Names of all tests; the raw rows are in place."""
    emails = [email(100 * n + k, day) for n, day in enumerate(DAYS) for k in range(9)]
    emails.append(email(999, DAYS[2], risk_score=None))
    lab.fill("public_emails", emails)
    lab.fill("public_applications", [application(n, DAYS[n]) for n in range(1, 7)])
    parsed = lab.dbt("parse")
    assert parsed.success, parsed.exception
    assert lab.dbt("run-operation", "create_ops_tables").success
    moments = [datetime.combine(day, time(5), UTC) for day in DAYS]
    lab.fill("ops_parity_checks", [check(n, moments[n], 150) for n in range(3)])
    lab.fill("ops_backfill_jobs", [backfill(n, moments[n], 100.0 + n) for n in range(3)])
    return {name for name, node in parsed.nodes.items() if node["type"] == "test"}


@pytest.fixture
def whole(lab: Lab, known: set[str]) -> set[str]:
    """Everything as it should be: the names of all tests, which pass."""
    assert lab.dbt("run", "--full-refresh", today=TODAY).success
    return known


def test_all_pass_on_data_that_is_right(lab: Lab, whole: set[str]):
    assert lab.dbt("test", today=TODAY).named("pass") == whole


@pytest.mark.parametrize(
    ("mutation", "failing"),
    [(KEYS, KEYS_FAIL), (FIGURES, FIGURES_FAIL), (DAYS_WRONG, DAYS_FAIL)],
    ids=["keys and words", "figures", "days"],
)
def test_just_these_fail(lab: Lab, whole: set[str], mutation: str, failing: set[str]):
    tables_instead_of_views(lab)
    days = {f"{{day[{place}]}}": str(day) for place, day in enumerate(DAYS)}
    for name, day in {**days, "{today}": str(TODAY)}.items():
        mutation = mutation.replace(name, day)
    lab.query(mutation)
    done = lab.dbt("test", today=TODAY)
    assert done.named("fail", "warn") == failing
    assert done.named("warn") <= {"risk_daily_has_every_day"}
    assert done.named("pass") == whole - failing


def test_every_test_of_the_project_was_shown_failing(known: set[str]):
    assert known == KEYS_FAIL | FIGURES_FAIL | DAYS_FAIL
