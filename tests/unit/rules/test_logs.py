"""The line of a failed job's log that says why: words that dbt, export and runner really say."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from altui.core.model.health import Finding
from altui.core.model.observed import Observation, Snapshot, Wish
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Log, Run, Runs
from altui.core.rules.assess import assess
from altui.core.rules.logs import WORDS, error_line, failing
from tests.world import at, healthy, run_at, with_value, without_rows

TEXT = """\
12:05:53 ##[group]Run dbt deps --profiles-dir .
12:05:53 dbt deps --profiles-dir .
12:05:53 shell: /usr/bin/bash --noprofile --norc -eo pipefail {0}
12:05:53 env:
12:05:53 BQ_PROJECT: ***
12:05:53 ##[endgroup]
12:06:02 04:07:55 Warning: No packages were found in packages.yml
12:06:03 ##[group]Run dbt run --profiles-dir . --target ci --vars "$DBT_VARS"
12:06:03 DBT_VARS: {"today": "2026-11-24"}
12:06:03 ##[endgroup]
12:06:21 04:08:14 3 of 5 ERROR creating sql view model stg_applications [ERROR]
12:06:26 04:08:19 Completed with 1 error, 0 partial successes, and 0 warnings:
12:06:26 04:08:19
12:06:26 04:08:19 Failure in model stg_applications (models/stg_applications.sql)
12:06:26 04:08:19 Database Error in model stg_applications (models/stg_applications.sql)
12:06:26 Not found: Table ***.applylens.public_applications was not found in location US
12:06:26 compiled code at target/run/stg_applications.sql
12:06:26 04:08:19 Done. PASS=5 WARN=0 ERROR=1 SKIP=0 NO-OP=0 TOTAL=6
12:06:28 ##[error]Process completed with exit code 1.
12:06:28 ##[group]Run actions/upload-artifact@v4
12:06:28 ##[endgroup]
12:06:28 With the provided path, there will be 5 files uploaded
12:06:28 Cleaning up orphan processes
"""
JOB = [f"2026-11-24T{line[:8]}.1234567Z{line[8:]}" for line in TEXT.splitlines()]
MISSING = "Not found: Table ***.applylens.public_applications was not found in location US"
BEGAN = datetime(2026, 11, 24, 12, 6, 3, tzinfo=UTC)


def test_a_steps_output_is_cut_out_of_the_jobs_log() -> None:
    lines = failing(JOB, BEGAN)
    assert lines[0].startswith("04:08:14 3 of 5 ERROR")
    assert lines[-1] == "##[error]Process completed with exit code 1."
    assert not [line for line in lines if "DBT_VARS" in line], "the header's values stay out"
    assert error_line(Log("Run dbt models", lines)) == f"stg_applications: {MISSING}"


def test_an_error_that_was_allowed_before_is_not_the_failing_steps() -> None:
    earlier = [
        "2026-11-24T12:05:00.1Z ##[group]Run lint",
        "2026-11-24T12:05:00.1Z ##[endgroup]",
        "2026-11-24T12:05:01.1Z ##[error]lint is not happy",
    ]
    assert failing([*earlier, *JOB], BEGAN) == failing(JOB, BEGAN)
    assert failing([*earlier, *JOB], None)[-1] == "##[error]lint is not happy"


@pytest.mark.parametrize("lines", [[], [""], ["2026-11-24T12:05:01.1Z"], ["no stamp, no mark"]])
def test_odd_logs_are_cut_without_trouble(lines: list[str]) -> None:
    cut = failing(lines, BEGAN)
    assert error_line(Log("", cut)) == (lines[0] if lines == ["no stamp, no mark"] else "")


EXIT = "##[error]Process completed with exit code 1."


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        # the workflow's own words
        (["##[error]start is not a day written YYYY-MM-DD", EXIT], "start is not a day written"),
        (["work", "##[error]The operation was canceled."], "The operation was canceled."),
        (
            ["##[error]The job has exceeded the maximum execution time of 60m0s"],
            "The job has exceeded the maximum execution time of 60m0s",
        ),
        # dbt
        (
            [
                "04:07:34 Completed with 1 error, 0 partial successes, and 0 warnings:",
                "04:07:34",
                "04:07:34 Failure in test unique_stg_emails_id (models/staging/staging.yml)",
                "04:07:34 Got 1 result, configured to fail if != 0",
                "04:07:34",
                "04:07:34 compiled code at target/compiled/staging.yml/unique_stg_emails_id.sql",
                EXIT,
            ],
            "unique_stg_emails_id: Got 1 result, configured to fail if != 0",
        ),
        (
            [
                "04:07:34 Compilation Error in model bad (models/bad.sql)",
                "expected token 'end of statement block', got 'x'",
                "line 3",
                EXIT,
            ],
            "bad: expected token 'end of statement block', got 'x' line 3",
        ),
        (
            [
                "04:07:34 Encountered an error:",
                "Parsing Error",
                "Env var required but not provided: 'BQ_PROJECT'",
                EXIT,
            ],
            "Env var required but not provided: 'BQ_PROJECT'",
        ),
        (
            [
                "04:07:34 Encountered an error:",
                "Runtime Error",
                "Could not find profile named 'applylens'",
                EXIT,
            ],
            "Could not find profile named 'applylens'",
        ),
        (
            [
                "04:07:34 Runtime Error in model a (models/a.sql)",
                "Access Denied: Table p:d.a: User does not have bigquery.tables.create",
                "04:07:34 Database Error in model b (models/b.sql)",
                "Quota exceeded: Your project exceeded quota",
                EXIT,
            ],
            "a: Access Denied: Table p:d.a: User does not have bigquery.tables.create",
        ),
        # the export, its problems on lines of their own and its counts as JSON
        (
            [
                "GET /_cluster/health: ConnectionError: Connection refused (***) (51 times)",
                '{"total_success": 0, "total_errors": 51}',
                EXIT,
            ],
            "GET /_cluster/health: ConnectionError: Connection refused (***) (51 times)",
        ),
        (
            [
                "FutureWarning that means nothing",
                "risk_daily: document_parsing_exception: failed to parse field [d]",
                "risk_daily: version_conflict_engine_exception: no",
                '{"total_success": 88, "total_errors": 2}',
                EXIT,
            ],
            "risk_daily: document_parsing_exception: failed to parse field [d]",
        ),
        # Python
        (
            [
                "Traceback (most recent call last):",
                'File "export_to_es.py", line 3, in <module>',
                "raise KeyError('x')",
                "KeyError: 'x'",
                "During handling of the above exception, another exception occurred:",
                "Traceback (most recent call last):",
                'File "export_to_es.py", line 5, in <module>',
                "elastic_transport.ConnectionError: Connection error caused by: refused",
                EXIT,
            ],
            "elastic_transport.ConnectionError: Connection error caused by: refused",
        ),
        # JSON of a service, or nothing that is known
        (['{"error": {"type": "t", "reason": "index is blocked"}}', EXIT], "index is blocked"),
        (["bash: dbt: command not found", EXIT], "bash: dbt: command not found"),
        ([EXIT], "Process completed with exit code 1."),
        ([], ""),
    ],
)
def test_the_line_that_says_why(lines: list[str], words: str) -> None:
    assert error_line(Log("a step", tuple(lines))).startswith(words)


def test_words_are_bounded_whatever_a_log_holds() -> None:
    line = error_line(Log("", ("##[error]" + "x" * 100_000,)))
    assert len(line) == WORDS
    nasty = tuple("a: " * 50_000 + "(" for _ in range(3))
    assert len(error_line(Log("", (*nasty, '{"total_success": 0, "total_errors": 1}')))) <= WORDS


# The rule that quotes it


NIGHT = at("2026-11-23 03:50")


def failed_night() -> tuple[Snapshot, Run]:
    """The nightly run failed in the export, and 22 Nov is not in the index."""
    snapshot = healthy(NIGHT)
    runs = snapshot.get("github.runs", Runs)
    assert runs is not None
    run = run_at(812, at("2026-11-23 03:40"), conclusion="failure")
    older = tuple(item for item in runs.runs if item.created_at < at("2026-11-23 03:00"))
    snapshot = with_value(snapshot, "github.runs", runs=(run, *older))
    for series, probe in (
        ("index.mrt_risk_daily", "elasticsearch.counts"),
        ("mart.mrt_risk_daily", "bigquery.counts"),
    ):
        counts = snapshot.get(probe, type(snapshot.observations[probe].value))  # type: ignore
        if at("2026-11-22 00:00").date() in counts.series[series].by_day:  # type: ignore
            day = at("2026-11-22 00:00").date()
            snapshot = without_rows(snapshot, probe, series, day, None)
    return snapshot, run


def told(snapshot: Snapshot) -> tuple[Finding, tuple[Wish, ...]]:
    judged = assess(snapshot, Pipeline(), NIGHT)
    found = next(item for item in judged.findings if item.check == "workflow.failed")
    return found, judged.wishes


def test_a_failed_run_wishes_for_its_log_and_quotes_it_first() -> None:
    snapshot, run = failed_night()
    found, wishes = told(snapshot)
    wish = Wish("github.log", f"{run.id}/1")
    assert wishes == (wish,)
    assert len(found.evidence) == 1
    seen = Observation(wish.id, Log("x", ("dbt: no", EXIT)), NIGHT, NIGHT, detail=True)
    found, wishes = told(replace(snapshot, details={wish.id: seen}))
    assert (found.evidence[0].words, found.evidence[0].where) == ("dbt: no", "log of run 812")
    assert found.evidence[0].at == NIGHT
    assert len(found.evidence) == 2
    assert wishes == (wish,), "it is wished for as long as it is of use"


def test_the_step_before_the_failing_one_is_named_and_none_after_it() -> None:
    snapshot, run = failed_night()
    tidied = replace(run.steps[0], name="Post Run actions/checkout", conclusion="success")
    runs = snapshot.get("github.runs", Runs)
    assert runs is not None
    untidy = replace(run, steps=(*run.steps, tidied))
    found, _ = told(with_value(snapshot, "github.runs", runs=(untidy, *runs.runs[1:])))
    assert found.evidence[-1].words.endswith('"Run dbt tests" was ok')
    untidy = replace(run, steps=(*run.steps[-1:], tidied))
    found, _ = told(with_value(snapshot, "github.runs", runs=(untidy, *runs.runs[1:])))
    assert "was ok" not in found.evidence[-1].words


def test_a_log_that_cannot_be_had_changes_nothing() -> None:
    snapshot, run = failed_night()
    wish = Wish("github.log", f"{run.id}/1")
    gone = Observation(wish.id, detail=True, failures=1)
    assert told(replace(snapshot, details={wish.id: gone})) == told(snapshot)


def test_a_healthy_pipeline_wishes_for_nothing() -> None:
    assert assess(healthy(NIGHT), Pipeline(), NIGHT).wishes == ()
