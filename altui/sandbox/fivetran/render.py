"""Answers as Fivetran's REST API words them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from altui.sandbox.fivetran.copier import Check
from altui.sandbox.fivetran.schedule import DAILY
from altui.sandbox.fivetran.state import Column, Connection, Note, Table, delayed, sync_state
from altui.sandbox.world import World

Json = dict[str, Any]

GROUP = "radiant_meadow"
"""A group and its destination share their id, as in Fivetran."""


def moment(value: datetime | None) -> str | None:
    return value and value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def account() -> Json:
    return {"account_id": "sandbox_account", "account_name": "ApplyLens sandbox"}


def group(connection: Connection) -> Json:
    return {"id": GROUP, "name": "ApplyLens", "created_at": moment(connection.created_at)}


def connection_body(
    world: World, connection: Connection, config: Json, checks: list[Check] | None = None
) -> Json:
    body: Json = {
        "id": world.fivetran_connection,
        "service": "postgres",
        "schema": world.dataset,
        "group_id": GROUP,
        "service_version": 1,
        "connected_by": None,
        "paused": connection.paused,
        "pause_after_trial": connection.pause_after_trial,
        "sync_frequency": connection.sync_frequency,
        "schedule_type": connection.schedule_type,
        "data_delay_sensitivity": connection.data_delay_sensitivity,
        "data_delay_threshold": connection.data_delay_threshold,
        "networking_method": "Directly",
        "created_at": moment(connection.created_at),
        "succeeded_at": moment(connection.succeeded_at),
        "failed_at": moment(connection.failed_at),
        "status": status(connection, world.clock.now()),
        "config": config,
    }
    if connection.sync_frequency == DAILY:
        body["daily_sync_time"] = connection.daily_sync_time or "00:00"
    if checks is not None:
        body["setup_tests"] = setup_tests(checks)
    return body


def status(connection: Connection, now: datetime) -> Json:
    return {
        "setup_state": connection.setup_state,
        "schema_status": "ready",
        "sync_state": sync_state(connection),
        "update_state": "delayed" if delayed(connection, now) else "on_schedule",
        "is_historical_sync": connection.historical,
        "rescheduled_for": moment(connection.rescheduled_for),
        "tasks": [_note(task) for task in connection.tasks],
        "warnings": [_note(warning) for warning in connection.warnings],
    }


def setup_tests(checks: Iterable[Check]) -> list[Json]:
    return [
        {
            "title": check.title,
            "status": "SKIPPED" if check.skipped else "FAILED" if check.words else "PASSED",
            "message": check.words,
        }
        for check in checks
    ]


def schemas(world: World, connection: Connection) -> Json:
    found: dict[str, Json] = {}
    for table in connection.tables:
        schema = found.setdefault(
            table.schema, {"name_in_destination": world.dataset, "enabled": True, "tables": {}}
        )
        schema["tables"][table.name] = _table(table)
    return {
        "enable_new_by_default": True,
        "schema_change_handling": "ALLOW_ALL",
        "schemas": found,
    }


def columns(table: Table) -> Json:
    return {"columns": {column.name: _column(column) for column in table.columns}}


def sync_progress(connection: Connection) -> Json:
    """The state endpoint: how far each table has been copied."""
    state: dict[str, Json] = {}
    for table in connection.tables:
        progress = {"xmin": table.mark.xmin} if table.mark else {}
        state.setdefault(table.schema, {})[table.name] = progress
    return {"state": state}


def destination(connection_status: str, world: World) -> Json:
    return {
        "id": GROUP,
        "service": "big_query",
        "region": "GCP_US_EAST4",
        "group_id": GROUP,
        "time_zone_offset": "0",
        "setup_status": connection_status,
        "daylight_saving_time_enabled": False,
        "networking_method": "Directly",
        "config": {"project_id": world.project_id, "data_set_location": "US"},
    }


def _note(note: Note) -> Json:
    return {"code": note.code, "message": note.message, "details": note.details}


def _table(table: Table) -> Json:
    return {
        "name_in_destination": table.destination,
        "enabled": True,
        "enabled_patch_settings": {"allowed": True},
        "supports_columns_config": True,
        "supports_history_mode": True,
        "sync_mode": "SOFT_DELETE",
        "columns": {column.name: _column(column) for column in table.columns},
    }


def _column(column: Column) -> Json:
    settings: Json = {"allowed": not column.key}
    if column.key:
        settings |= {
            "reason_code": "SYSTEM_COLUMN",
            "reason": "The column does not support exclusion as it is a Primary Key",
        }
    return {
        "name_in_destination": column.name,
        "enabled": True,
        "hashed": False,
        "enabled_patch_settings": settings,
        "is_primary_key": column.key,
    }
