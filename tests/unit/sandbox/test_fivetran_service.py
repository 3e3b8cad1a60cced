"""Schedule, syncs asked for by hand, failures and settings of the Fivetran simulator."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from altui.sandbox.fivetran.api import page
from altui.sandbox.fivetran.copier import CopyError
from altui.sandbox.fivetran.gate import Allowance, RefusedError
from altui.sandbox.fivetran.schedule import next_slot, slots_before
from altui.sandbox.fivetran.service import Fivetran, SeedError
from altui.sandbox.fivetran.source import bigquery_type, shown_config
from tests.fivetran_lab import CONNECTION, TABLES, FakeCopier, Lab, make_world
from tests.github_lab import NOON, FixedClock

QUIET = {"run_setup_tests": False}
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    made = Lab(tmp_path)
    await made.fivetran.seed()
    yield made
    await made.close()


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}+00:00")


@pytest.mark.parametrize(
    ("after", "frequency", "daily", "slot"),
    [
        ("23T12:00", 60, None, "23T12:05"),
        ("23T12:05", 60, None, "23T13:05"),
        ("23T23:30", 60, None, "24T00:05"),
        ("23T12:05", 15, None, "23T12:20"),
        ("23T12:05:30", 1, None, "23T12:06"),
        ("23T12:00", 180, None, "23T12:05"),
        ("23T12:06", 180, None, "23T15:05"),
        ("23T12:00", 1440, None, "24T00:05"),
        ("23T12:00", 1440, "14:00", "23T14:05"),
        ("23T15:00", 1440, "14:00", "24T14:05"),
        ("23T12:00", 60, "14:00", "23T12:05"),
        ("23T00:04", 720, None, "23T00:05"),
    ],
)
def test_slots(after: str, frequency: int, daily: str | None, slot: str) -> None:
    assert next_slot(at(after), frequency, daily) == at(slot)


def test_a_fortnight_of_slots() -> None:
    slots = slots_before(NOON, 60, 14)
    assert len(slots) == 14 * 24
    assert slots[-1] == at("23T11:05")
    assert slots[0] == at("09T12:05")


@pytest.mark.parametrize(
    ("kind", "becomes"),
    [
        ("timestamp(3) with time zone", "TIMESTAMP"),
        ("timestamp without time zone", "DATETIME"),
        ("numeric(10,2)", "NUMERIC"),
        ("numeric(38,2)", "STRING"),
        ("numeric", "STRING"),
        ("jsonb", "STRING"),
        ("character varying(20)", "STRING"),
        ("integer[]", "STRING"),
        ("bigint", "INT64"),
    ],
)
def test_types(kind: str, becomes: str) -> None:
    assert bigquery_type(kind) == becomes


# -- the first sync and its history ----------------------------------------------------------------


async def test_seeding_is_a_real_sync_and_marked_history(lab: Lab) -> None:
    connection = await lab.data()
    assert connection["succeeded_at"] == "2026-11-23T12:00:00Z"
    assert connection["status"]["is_historical_sync"] is False
    log = lab.copier.log
    seeded = [row for row in log if json.loads(row["message_data"]).get("seeded")]
    real = [row for row in log if row not in seeded]
    assert {row["message_event"] for row in seeded} == {
        "sync_start",
        "records_modified",
        "sync_end",
    }
    ends = [row["time_stamp"] for row in seeded if row["message_event"] == "sync_end"]
    assert len(ends) == 14 * 24
    assert max(ends) < NOON.isoformat() and min(ends) > (NOON - 14 * 24 * HOUR).isoformat()
    assert len({row["id"] for row in log}) == len(log)
    assert [row["message_event"] for row in real][-1] == "sync_end"
    assert {row["sync_id"] for row in real} & {row["sync_id"] for row in seeded} == set()


async def test_a_second_seed_and_a_restart_do_nothing_more(lab: Lab, tmp_path: Path) -> None:
    rows = len(lab.copier.log)
    await lab.fivetran.seed()
    again = Fivetran(lab.world, lab.copier)
    await again.seed()
    assert len(lab.copier.log) == rows
    assert len(lab.copier.copied) == 1
    assert again.next_event() == at("23T12:05")


async def test_a_first_sync_that_fails_is_told(tmp_path: Path) -> None:
    copier = FakeCopier()
    copier.refusal = CopyError("source", "FATAL: the database system is starting up")
    clock = FixedClock(tmp_path / "clock.json", NOON)
    fivetran = Fivetran(make_world(tmp_path, clock), copier)
    with pytest.raises(SeedError, match="starting up"):
        await fivetran.seed()
    copier.refusal = None
    await fivetran.seed()
    assert len(copier.copied) == 2


# -- schedule --------------------------------------------------------------------------------------


async def test_it_syncs_five_past_and_not_before(lab: Lab) -> None:
    await lab.fivetran.run_due()
    assert len(lab.copier.copied) == 1
    lab.clock.set(at("23T12:05"))
    assert lab.fivetran.next_event() == at("23T12:05")
    await lab.fivetran.run_due()
    assert lab.copier.copied[-1].synced_at == at("23T12:05")
    assert lab.fivetran.next_event() == at("23T13:05")


async def test_what_is_overdue_is_due_now_and_once(lab: Lab) -> None:
    lab.clock.set(at("26T07:20"))
    assert lab.fivetran.next_event() == at("26T07:20")
    assert (await lab.status())["update_state"] == "delayed"
    await lab.fivetran.run_due()
    assert lab.fivetran.next_event() == at("26T08:05")
    assert (await lab.status())["update_state"] == "on_schedule"


async def test_settings_move_the_schedule(lab: Lab) -> None:
    await lab.ask("PATCH", CONNECTION, json={"sync_frequency": 15, **QUIET})
    lab.clock.set(at("23T12:01"))
    assert lab.fivetran.next_event() == at("23T12:05")
    await lab.ask("PATCH", CONNECTION, json={"paused": True, **QUIET})
    assert lab.fivetran.next_event() is None
    assert (await lab.status())["sync_state"] == "paused"
    await lab.ask("PATCH", CONNECTION, json={"paused": False, "schedule_type": "manual", **QUIET})
    assert lab.fivetran.next_event() is None
    assert (await lab.status())["sync_state"] == "scheduled"


async def test_a_paused_connection_does_not_sync_on_request(lab: Lab) -> None:
    await lab.ask("PATCH", CONNECTION, json={"paused": True, **QUIET})
    await lab.sync(force=True)
    assert len(lab.copier.copied) == 1


async def test_rescheduled_waits_until_then(lab: Lab) -> None:
    await lab.ask("POST", "/_sandbox/reschedule", json={"minutes": 90})
    status = await lab.status()
    assert (status["sync_state"], status["rescheduled_for"]) == (
        "rescheduled",
        "2026-11-23T13:30:00Z",
    )
    lab.clock.set(at("23T12:05"))
    await lab.fivetran.run_due()
    assert len(lab.copier.copied) == 1
    lab.clock.set(at("23T13:30"))
    await lab.fivetran.run_due()
    assert len(lab.copier.copied) == 2
    assert (await lab.status())["sync_state"] == "scheduled"


async def test_rescheduled_by_hand_never_resumes_by_itself(lab: Lab) -> None:
    await lab.ask("PATCH", CONNECTION, json={"schedule_type": "manual", **QUIET})
    lab.fivetran.reschedule(NOON + HOUR)
    lab.clock.set(NOON + 2 * HOUR)
    assert lab.fivetran.next_event() is None
    assert (await lab.status())["sync_state"] == "rescheduled"
    await lab.sync()
    assert len(lab.copier.copied) == 2


# -- syncs by hand ---------------------------------------------------------------------------------


async def test_syncing_shows_at_once(lab: Lab) -> None:
    lab.copier.hold_until_released()
    await lab.ask("POST", f"{CONNECTION}/sync", json={})
    assert (await lab.status())["sync_state"] == "syncing"
    lab.clock.set(NOON + MINUTE)
    lab.copier.release()
    await lab.fivetran.idle()
    connection = await lab.data()
    assert connection["status"]["sync_state"] == "scheduled"
    assert connection["succeeded_at"] == "2026-11-23T12:01:00Z"


async def test_without_force_a_running_sync_goes_on(lab: Lab) -> None:
    lab.copier.hold_until_released()
    await lab.ask("POST", f"{CONNECTION}/sync", json={})
    await lab.begun()
    await lab.ask("POST", f"{CONNECTION}/sync", json={"force": False})
    lab.copier.release()
    await lab.fivetran.idle()
    assert len(lab.copier.copied) == 2


async def test_force_stops_the_running_sync_and_starts_anew(lab: Lab) -> None:
    before = len(lab.copier.log)
    lab.copier.hold_until_stopped()
    await lab.ask("POST", f"{CONNECTION}/sync", json={})
    await lab.begun()
    lab.copier.release()
    await lab.sync(force=True)
    assert len(lab.copier.copied) == 3
    new = [json.loads(row["message_data"]) for row in lab.copier.log[before:]]
    assert [data["status"] for data in new if "status" in data] == ["CANCELED", "SUCCESSFUL"]
    assert (await lab.data())["failed_at"] is None


async def test_pausing_ends_the_running_sync(lab: Lab) -> None:
    lab.copier.hold_until_stopped()
    await lab.ask("POST", f"{CONNECTION}/sync", json={})
    await lab.begun()
    await lab.ask("PATCH", CONNECTION, json={"paused": True, **QUIET})
    await lab.fivetran.idle()
    assert (await lab.status())["sync_state"] == "paused"
    assert (await lab.data())["succeeded_at"] == "2026-11-23T12:00:00Z"


@pytest.mark.parametrize(
    ("path", "body", "whole"),
    [
        ("resync", {}, {"public.applications", "public.emails"}),
        ("resync", {"scope": None}, {"public.applications", "public.emails"}),
        ("resync", {"scope": {"public": ["emails"]}}, {"public.emails"}),
        ("schemas/tables/resync", {"public": ["applications"]}, {"public.applications"}),
    ],
)
async def test_resync_copies_whole_tables(
    lab: Lab, path: str, body: object, whole: set[str]
) -> None:
    lab.copier.hold_until_released()
    answer = await lab.ask("POST", f"{CONNECTION}/{path}", json=body)
    assert answer.status_code == 200
    assert (await lab.status())["is_historical_sync"] is True
    lab.copier.release()
    await lab.fivetran.idle()
    asked = lab.copier.copied[-1].tables
    assert {table.source for table in asked if table.mark is None} == whole
    assert (await lab.status())["is_historical_sync"] is False


async def test_resync_of_an_unknown_table_changes_nothing(lab: Lab) -> None:
    answer = await lab.ask("POST", f"{CONNECTION}/resync", json={"scope": {"public": ["emals"]}})
    assert (answer.status_code, answer.json()["code"]) == (404, "NotFound_Table")
    assert len(lab.copier.copied) == 1


# -- failures --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "code"), [("source", "reconnect"), ("destination", "reconnect_warehouse")]
)
async def test_a_failure_stands_until_the_next_success(lab: Lab, side: str, code: str) -> None:
    lab.clock.set(NOON + MINUTE)
    words = 'FATAL: password authentication failed for user "fivetran_user"'
    lab.copier.refusal = CopyError(side, words)  # pyright: ignore[reportArgumentType]
    await lab.sync()
    connection = await lab.data()
    assert connection["failed_at"] == "2026-11-23T12:01:00Z"
    assert connection["succeeded_at"] == "2026-11-23T12:00:00Z"
    assert connection["status"]["setup_state"] == "broken"
    assert [(task["code"], task["message"]) for task in connection["status"]["tasks"]] == [
        (code, words)
    ]
    end = json.loads(lab.copier.log[-1]["message_data"])
    assert end == {"status": "FAILURE_WITH_TASK", "reason": words, "taskType": code}
    assert lab.fivetran.next_event() == at("23T12:05")
    lab.copier.refusal = None
    lab.clock.set(NOON + 2 * MINUTE)
    await lab.sync()
    connection = await lab.data()
    assert connection["succeeded_at"] > connection["failed_at"]
    assert connection["status"]["tasks"] == []
    assert connection["status"]["setup_state"] == "connected"


async def test_setup_tests_find_and_clear_a_failure(lab: Lab) -> None:
    lab.copier.refusal = CopyError("source", "FATAL: no pg_hba.conf entry for host")
    answer = await lab.ask("PATCH", CONNECTION, json={"sync_frequency": 60})
    found = answer.json()["data"]
    assert [test["status"] for test in found["setup_tests"]] == ["FAILED", "PASSED"]
    assert found["status"]["setup_state"] == "broken"
    lab.copier.refusal = None
    found = (await lab.ask("POST", f"{CONNECTION}/test", json={})).json()["data"]
    assert found["status"]["setup_state"] == "connected"
    assert found["status"]["tasks"] == []


async def test_log_rows_wait_for_bigquery(lab: Lab) -> None:
    rows = len(lab.copier.log)
    lab.copier.log_refusal = CopyError("destination", "503")
    await lab.sync()
    assert len(lab.copier.log) == rows
    assert (await lab.data())["status"]["tasks"] == []
    lab.copier.log_refusal = None
    await lab.sync()
    assert len({row["sync_id"] for row in lab.copier.log[rows:]}) == 2


async def test_a_sync_cut_off_by_a_crash_is_not_running_afterwards(lab: Lab) -> None:
    lab.copier.hold_until_released()
    await lab.ask("POST", f"{CONNECTION}/sync", json={})
    again = Fivetran(lab.world, FakeCopier())
    assert again.next_event() == at("23T12:05")
    assert (await lab.status())["sync_state"] == "syncing"


# -- what is sent and answered ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"sync_frequency": 7},
        {"schedule_type": "hourly"},
        {"paused": "yes"},
        {"daily_sync_time": "25:00"},
    ],
)
async def test_a_setting_that_cannot_be_changes_nothing(
    lab: Lab, change: dict[str, object]
) -> None:
    before = await lab.data()
    answer = await lab.ask("PATCH", CONNECTION, json=change)
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidInput")
    assert await lab.data() == before


async def test_a_new_password_is_kept_and_not_told(lab: Lab) -> None:
    config = {"password": "rotated", "port": 6000}
    answer = await lab.ask("PATCH", CONNECTION, json={"config": config, **QUIET})
    assert answer.json()["data"]["config"]["password"] == "******"
    assert answer.json()["data"]["config"]["port"] == "6000"
    assert "rotated" not in (await lab.ask("GET", CONNECTION)).text
    await lab.sync()
    assert lab.copier.copied[-1].config == {"password": "rotated", "port": "6000"}
    shown = shown_config(lab.world.postgres_fivetran_dsn, {})
    assert (shown["database"], shown["user"]) == ("applylens", "fivetran_user")


async def test_names_in_the_destination(lab: Lab) -> None:
    schemas = (await lab.data(f"{CONNECTION}/schemas"))["schemas"]
    assert schemas["public"]["name_in_destination"] == "applylens"
    assert {t["name_in_destination"] for t in schemas["public"]["tables"].values()} == {
        "public_applications",
        "public_emails",
    }


async def test_before_the_first_sync_there_is_no_schema(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    answer = await lab.ask("GET", f"{CONNECTION}/schemas")
    assert (answer.status_code, answer.json()["code"]) == (404, "NotFound_SchemaConfig")
    assert (await lab.ask("POST", f"{CONNECTION}/schemas/reload", json={})).status_code == 200
    assert (await lab.ask("GET", f"{CONNECTION}/schemas")).status_code == 200
    await lab.close()


async def test_a_reload_forgets_what_is_gone_and_keeps_how_far_the_rest_is(lab: Lab) -> None:
    lab.copier.tables = TABLES[:1]
    answer = await lab.ask("POST", f"{CONNECTION}/schemas/reload", json={})
    assert list(answer.json()["data"]["schemas"]["public"]["tables"]) == ["applications"]
    assert (await lab.status())["is_historical_sync"] is False


async def test_a_reload_that_fails_says_why(lab: Lab) -> None:
    lab.copier.refusal = CopyError("source", "FATAL: sorry, too many clients already")
    answer = await lab.ask("POST", f"{CONNECTION}/schemas/reload", json={})
    assert answer.status_code == 400
    assert "too many clients" in answer.json()["message"]


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("application/json;version=2", 200),
        ("application/json; version=1", 200),
        ("text/html, */*;q=0.1", 200),
        ("application/json;version=9", 406),
        ("application/xml", 406),
    ],
)
async def test_media_types(lab: Lab, accept: str, status: int) -> None:
    assert (await lab.ask("GET", CONNECTION, headers={"accept": accept})).status_code == status


async def test_pages() -> None:
    items = [{"id": str(number)} for number in range(5)]
    first = page(items, "2", None)
    second = page(items, "2", first["next_cursor"])
    last = page(items, "2", second["next_cursor"])
    assert [*first["items"], *second["items"], *last["items"]] == items
    assert "next_cursor" not in last
    for limit, cursor in (("0", None), ("1001", None), ("x", None), (None, "%%%")):
        with pytest.raises(RefusedError) as refused:
            page(items, limit, cursor)
        assert refused.value.status == 400


def test_the_allowance_counts_and_comes_back() -> None:
    allowance = Allowance(2, HOUR)
    allowance.take(NOON)
    allowance.take(NOON + 10 * MINUTE)
    with pytest.raises(RefusedError) as refused:
        allowance.take(NOON + 50 * MINUTE)
    assert refused.value.headers == {"Retry-After": "600"}
    allowance.take(NOON + HOUR)
    assert allowance.used == 1
    allowance.take(datetime(2020, 1, 1, tzinfo=UTC))
    assert allowance.used == 1


async def test_setup_tests_have_an_allowance_of_their_own(lab: Lab) -> None:
    for _ in range(250):
        assert (await lab.ask("POST", f"{CONNECTION}/test", json={})).status_code == 200
    answer = await lab.ask("POST", f"{CONNECTION}/test", json={})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert (await lab.ask("GET", CONNECTION)).status_code == 200
