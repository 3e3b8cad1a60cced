"""Nights, waiting runs, cancelling, restarts, logs and the gate of the GitHub simulator."""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from altui.sandbox.github.render import moment
from altui.sandbox.github.state import SEEDER
from tests.github_lab import NOON, REPO, SYNC, Lab, make_world

WORK = ["Install dbt packages", "Run dbt models", "Run dbt tests", "Export to Elasticsearch"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    lab = Lab(make_world(tmp_path, NOON))
    await lab.github.seed()
    yield lab
    await lab.close()


async def seeded(folder: Path, now: str, seed: int = 1) -> Lab:
    lab = Lab(make_world(folder, at(now), seed))
    await lab.github.seed()
    return lab


def conclusions(lab: Lab) -> list[str | None]:
    return [run.last.conclusion for run in lab.github.state.runs]


# Nights.


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("now", "newest", "coming"),
    [
        ("2026-11-23 00:10", "2026-11-22", "2026-11-23"),
        ("2026-11-23 03:14", "2026-11-22", "2026-11-23"),
        ("2026-11-23 03:20", "2026-11-22", "2026-11-23"),
        ("2026-11-23 04:19", "2026-11-22", "2026-11-23"),
        ("2026-11-23 04:20", "2026-11-23", "2026-11-24"),
        ("2026-11-23 12:00", "2026-11-23", "2026-11-24"),
    ],
)
async def test_history_ends_where_real_nights_begin(
    tmp_path: Path, now: str, newest: str, coming: str, seed: int
):
    lab = await seeded(tmp_path, now, seed)
    runs = lab.github.state.runs
    assert len(runs) == 30
    assert runs[-1].created_at.date().isoformat() == newest
    assert runs[-1].last.updated_at < at(now)
    upcoming = lab.github.next_event()
    assert upcoming is not None
    assert upcoming.date().isoformat() == coming
    assert timedelta(minutes=3) <= upcoming - at(f"{coming} 03:15") <= timedelta(minutes=58)


async def test_seeded_runs_say_so_and_look_like_nights(lab: Lab):
    for run in lab.github.state.runs:
        late = run.created_at - at(f"{run.created_at:%Y-%m-%d} 03:15")
        assert timedelta(minutes=9) <= late <= timedelta(minutes=41)
        took = run.last.updated_at - run.created_at
        assert timedelta(seconds=9) < took < timedelta(seconds=48)
        assert (run.actor, run.last.actor, run.event) == (SEEDER, SEEDER, "schedule")
        assert "never executed" in lab.github.files.job_log(run, run.last.jobs[0])
    assert conclusions(lab).count("failure") == 1
    assert set(conclusions(lab)[-14:]) == {"success"}
    failed = next(run for run in lab.github.state.runs if run.last.conclusion == "failure")
    steps = {step.name: step.conclusion for step in failed.last.jobs[0].steps}
    assert [steps[name] for name in WORK] == ["success", "failure", "skipped", "skipped"]


async def test_seeding_twice_changes_nothing(lab: Lab):
    before = json.dumps([run.id for run in lab.github.state.runs])
    await lab.github.seed()
    assert json.dumps([run.id for run in lab.github.state.runs]) == before


async def test_a_night_runs_when_it_is_due_and_not_before(lab: Lab):
    coming = lab.github.next_event()
    assert coming is not None
    lab.world.clock.set(coming - timedelta(seconds=1))
    await lab.github.run_due()
    assert len(lab.github.state.runs) == 30
    lab.world.clock.set(coming)
    await lab.github.run_due()
    run = lab.github.state.runs[-1]
    assert (run.event, run.created_at, run.last.conclusion) == ("schedule", coming, "success")
    assert not run.last.seeded
    following = lab.github.next_event()
    assert following is not None
    assert following.date() == coming.date() + timedelta(days=1)


async def test_a_start_inside_the_night_runs_it_at_once_or_later(tmp_path: Path):
    lab = await seeded(tmp_path, "2026-11-23 04:14")
    await lab.github.run_due()
    run = lab.github.state.runs[-1]
    assert (run.created_at, run.last.seeded) == (at("2026-11-23 04:14"), False)
    coming = lab.github.next_event()
    assert coming is not None
    assert coming.date().isoformat() == "2026-11-24"


async def test_punctual_nights_hold_over_a_restart(lab: Lab):
    lab.github.set_punctual(True)
    await lab.github.close()
    again = Lab(lab.world)
    assert again.github.next_event() == at("2026-11-24 03:15")
    again.github.set_punctual(False)
    assert again.github.next_event() != at("2026-11-24 03:15")


async def test_a_disabled_workflow_has_no_nights_and_none_is_made_up_for(lab: Lab):
    assert (await lab.client.put(f"{SYNC}/disable")).status_code == 204
    assert (await lab.client.get(SYNC)).json()["state"] == "disabled_manually"
    assert lab.github.next_event() is None
    refused = await lab.client.post(f"{SYNC}/dispatches", json={"ref": "main"})
    assert refused.status_code == 422
    lab.world.clock.set(at("2026-11-26 12:00"))
    await lab.github.run_due()
    assert (await lab.client.put(f"{SYNC}/enable")).status_code == 204
    await lab.github.run_due()
    assert len(lab.github.state.runs) == 30
    coming = lab.github.next_event()
    assert coming is not None
    assert coming.date().isoformat() == "2026-11-27"


# Runs.


async def test_steps_get_secrets_inputs_and_the_simulated_time(lab: Lab):
    run = await lab.finished(start="2026-11-01", end="2026-11-02")
    _, _, env = next(ran for ran in lab.fake.ran if "+%F" in ran[0])
    assert (env["START"], env["END"]) == ("2026-11-01", "2026-11-02")
    assert env["SOURCE_DATE_EPOCH"] == str(int(NOON.timestamp()))
    text, where, env = next(ran for ran in lab.fake.ran if ran[0].startswith("dbt run"))
    assert where.parts[-2:] == ("analytics", "dbt")
    assert env["BQ_PROJECT"] == lab.world.project_id
    assert env["ES_URL"] == lab.world.elasticsearch_url
    assert env["BIGQUERY_EMULATOR_HOST"] == lab.world.bigquery_url
    assert env["ALTUI_CLOCK"] == str(lab.world.clock.path)
    assert env["GITHUB_RUN_ID"] == str(run.id)
    assert "BQ_SA_JSON" not in env
    assert text == 'dbt run --profiles-dir . --target ci --vars "$DBT_VARS"'
    assert not list((lab.world.dir / "github").glob("work/*"))


async def test_a_failing_step_skips_the_rest_but_keeps_the_logs(lab: Lab):
    run = await lab.failed()
    steps = {step.name: step.conclusion for step in run.last.jobs[0].steps}
    assert [steps[name] for name in WORK] == ["success", "failure", "skipped", "skipped"]
    assert steps["Keep dbt's logs"] == "success"
    log = lab.github.files.job_log(run, run.last.jobs[0])
    assert "2026-11-23T12:00:00.0000000Z ##[error]Process completed with exit code 1." in log


async def test_secrets_are_masked_in_what_a_log_holds(lab: Lab):
    run = await lab.finished()
    log = lab.github.files.job_log(run, run.last.jobs[0])
    assert "  ES_URL: ***" in log
    for secret in lab.github.secrets().values():
        assert secret not in log


async def test_one_runs_one_waits_and_a_third_cancels_the_waiting_one(lab: Lab):
    first = await lab.running()
    second = await lab.dispatch()
    assert (first.last.status, second.last.status) == ("in_progress", "pending")
    third = await lab.dispatch()
    assert (second.last.status, second.last.conclusion) == ("completed", "cancelled")
    lab.fake.open.set()
    await lab.github.finished(third)
    assert [run.last.conclusion for run in (first, second, third)] == [
        "success",
        "cancelled",
        "success",
    ]


async def test_cancelling_ends_the_step_and_still_keeps_the_logs(lab: Lab):
    run = await lab.running()
    answer = await lab.client.post(f"{REPO}/actions/runs/{run.id}/cancel")
    assert answer.status_code == 202
    await lab.github.finished(run)
    assert run.last.conclusion == "cancelled"
    steps = {step.name: step.conclusion for step in run.last.jobs[0].steps}
    assert steps["Choose the days"] == "cancelled"
    assert steps["Run dbt models"] == "skipped"
    assert steps["Keep dbt's logs"] == "success"
    log = lab.github.files.job_log(run, run.last.jobs[0])
    assert "##[error]The operation was canceled." in log


async def test_a_forced_cancel_runs_nothing_more(lab: Lab):
    run = await lab.running()
    await lab.client.post(f"{REPO}/actions/runs/{run.id}/force-cancel")
    await lab.github.finished(run)
    steps = {step.name: step.conclusion for step in run.last.jobs[0].steps}
    assert steps["Keep dbt's logs"] == "skipped"


async def test_a_waiting_run_is_cancelled_without_touching_the_running_one(lab: Lab):
    first = await lab.running()
    second = await lab.dispatch()
    await lab.client.post(f"{REPO}/actions/runs/{second.id}/cancel")
    assert second.last.conclusion == "cancelled"
    lab.fake.open.set()
    await lab.github.finished(first)
    assert first.last.conclusion == "success"


async def test_a_run_cancelled_before_it_begins_lets_the_next_one_run(lab: Lab):
    run = lab.github.trigger(lab.github.workflows()[0], "workflow_dispatch", {})
    lab.github.cancel(run)
    assert (run.last.status, lab.fake.ran) == ("completed", [])
    assert (await lab.finished()).last.conclusion == "success"


async def test_a_rerun_is_a_second_attempt_and_the_first_stays(lab: Lab):
    run = await lab.failed()
    answer = await lab.client.post(f"{REPO}/actions/runs/{run.id}/rerun-failed-jobs")
    assert answer.status_code == 201
    await lab.github.finished(run)
    base = f"{REPO}/actions/runs/{run.id}"
    now = (await lab.client.get(base)).json()
    then = (await lab.client.get(f"{base}/attempts/1")).json()
    assert (now["run_attempt"], now["conclusion"]) == (2, "success")
    assert (then["run_attempt"], then["conclusion"]) == (1, "failure")
    assert now["previous_attempt_url"] == then["url"]
    both = (await lab.client.get(f"{base}/jobs?filter=all")).json()["jobs"]
    assert [job["run_attempt"] for job in both] == [2, 1]


async def test_a_run_of_last_month_is_not_run_again(lab: Lab):
    run = lab.github.state.runs[0]
    lab.world.clock.set(run.created_at + timedelta(days=31))
    answer = await lab.client.post(f"{REPO}/actions/runs/{run.id}/rerun")
    assert answer.status_code == 403


async def test_a_killed_sandbox_leaves_lost_runs_that_say_so(lab: Lab):
    running = await lab.running()
    waiting = await lab.dispatch()
    again = Lab(lab.world)  # as after kill -9: nothing was closed
    lost, never = again.github.state.run(running.id), again.github.state.run(waiting.id)
    assert lost is not None
    assert never is not None
    assert (lost.last.conclusion, never.last.conclusion) == ("failure", "cancelled")
    assert "shutdown signal or was lost" in again.github.files.job_log(lost, lost.last.jobs[0])


async def test_closing_ends_what_runs_and_starts_nothing(lab: Lab):
    running, waiting = await lab.running(), await lab.dispatch()
    await lab.github.close()
    assert (running.last.conclusion, waiting.last.conclusion) == ("cancelled", "cancelled")
    assert len({env["GITHUB_RUN_ID"] for _, _, env in lab.fake.ran}) == 1


async def test_a_changed_secret_holds_for_the_next_run_and_a_restart(lab: Lab):
    lab.github.set_secret("BQ_PROJECT", None)
    await lab.finished()
    assert lab.fake.ran[-1][2]["BQ_PROJECT"] == ""
    assert "BQ_PROJECT" not in Lab(lab.world).github.secrets()
    state = lab.world.dir / "github" / "state.json"
    assert state.stat().st_mode & 0o077 == 0


# Answers.


async def test_logs_come_as_text_and_zip_by_links_of_a_minute(lab: Lab):
    run = await lab.failed()
    job = run.last.jobs[0]
    to_text = await lab.client.get(f"{REPO}/actions/jobs/{job.id}/logs")
    text = await lab.client.get(to_text.headers["location"], headers={"authorization": ""})
    assert text.text == lab.github.files.job_log(run, job)
    to_zip = await lab.client.get(f"{REPO}/actions/runs/{run.id}/logs")
    archive = zipfile.ZipFile(
        io.BytesIO((await lab.client.get(to_zip.headers["location"])).content)
    )
    assert "0_sync.txt" in archive.namelist()
    assert "##[error]" in archive.read("sync/8_Run dbt models.txt").decode()
    forged = to_text.headers["location"].replace(f"/{job.id}/", f"/{job.id - 1}/")
    assert (await lab.client.get(forged)).status_code == 403


async def test_an_etag_costs_nothing_while_nothing_changed(lab: Lab):
    url = f"{REPO}/actions/runs"
    first = await lab.client.get(url)
    headers = {"if-none-match": first.headers["etag"]}
    same = await lab.client.get(url, headers=headers)
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["x-ratelimit-used"] == first.headers["x-ratelimit-used"] == "1"
    await lab.finished()
    changed = await lab.client.get(url, headers=headers)
    assert (changed.status_code, changed.headers["x-ratelimit-used"]) == (200, "3")


async def test_the_hours_calls_run_out_and_come_back(lab: Lab):
    lab.github.app.state.gate.rates["token"].limit = 2
    answers = [await lab.client.get("/meta") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 403]
    assert answers[-1].headers["retry-after"] == "3600"
    assert answers[-1].headers["x-ratelimit-remaining"] == "0"
    assert (await lab.client.get("/rate_limit")).json()["rate"]["remaining"] == 0
    lab.world.clock.set(NOON + timedelta(hours=1))
    assert (await lab.client.get("/meta")).headers["x-ratelimit-used"] == "1"


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer sandbox-token", 200),
        ("token sandbox-token", 200),
        ("Bearer other", 401),
        ("Basic sandbox-token", 401),
        ("", 401),
    ],
)
async def test_only_the_token_opens_the_repository(lab: Lab, header: str, status: int):
    answer = await lab.client.get(f"{REPO}/actions/runs", headers={"authorization": header})
    assert answer.status_code == status


async def test_versions_are_checked_and_told_back(lab: Lab):
    async def ask(version: str, prefix: str = "") -> tuple[int, str | None]:
        headers = {"x-github-api-version": version}
        answer = await lab.client.get(f"{prefix}/meta", headers=headers)
        return answer.status_code, answer.headers.get("x-github-api-version-selected")

    assert await ask("2026-03-10") == (200, "2026-03-10")
    assert await ask("2022-11-28", "/api/v3") == (200, "2022-11-28")
    assert (await ask("2026-03-10", "/api/v3"))[0] == 400
    assert (await ask("2020-01-01"))[0] == 400


async def test_runs_are_filtered_and_paged(lab: Lab):
    newest, second, *_ = reversed(lab.github.state.runs)

    async def ids(**query: str) -> list[int]:
        answer = await lab.client.get(f"{REPO}/actions/runs", params=query)
        return [run["id"] for run in answer.json()["workflow_runs"]]

    assert await ids(per_page="1") == [newest.id]
    assert await ids(per_page="1", page="2") == [second.id]
    assert await ids(created=f">={moment(newest.created_at)}") == [newest.id]
    assert await ids(created=f"{second.created_at:%Y-%m-%d}") == [second.id]
    assert newest.id not in await ids(created=f"<{moment(newest.created_at)}")
    assert len(await ids(created="2026-11-01..2026-11-07")) == 7
    assert len(await ids(created="*..2026-11-07")) == len(await ids(created="<=2026-11-07"))
    assert len(await ids(status="failure")) == 1
    assert await ids(event="workflow_dispatch") == []
    assert await ids(branch="other") == []
    assert await ids(actor="nobody") == []
    link = (await lab.client.get(f"{REPO}/actions/runs?per_page=10&page=2")).headers["link"]
    assert [part.split("; ")[1] for part in link.split(", ")] == [
        'rel="prev"',
        'rel="next"',
        'rel="last"',
        'rel="first"',
    ]
