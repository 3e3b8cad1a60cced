"""The sync log: the Platform Connector's LOG table, and the history before the sandbox's start.

Columns and events as Fivetran documents them for `fivetran_metadata.log`: `message_event` names
what happened, `message_data` is JSON text; a sync ends SUCCESSFUL, FAILURE_WITH_TASK, RESCHEDULED
or CANCELED.
"""

import json
import random
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from altui.sandbox.fivetran.copier import TableCopy
from altui.sandbox.fivetran.schedule import slots_before
from altui.sandbox.fivetran.state import Column, LogRow, Note

DATASET, TABLE = "fivetran_metadata", "log"
HISTORY_DAYS = 14

COLUMNS = (
    Column("id", "STRING"),
    Column("time_stamp", "TIMESTAMP"),
    Column("connection_id", "STRING"),
    Column("transformation_id", "STRING"),
    Column("event", "STRING"),
    Column("message_event", "STRING"),
    Column("message_data", "STRING"),
    Column("sync_id", "STRING"),
    Column("_fivetran_synced", "TIMESTAMP"),
)


class SyncLog:
    """Makes the rows of one sync."""

    def __init__(self, connection: str, sync: str) -> None:
        self._connection = connection
        self._sync = sync

    def start(self, at: datetime, **data: Any) -> LogRow:
        return self._row(at, "INFO", "sync_start", data)

    def tables(self, at: datetime, done: Iterable[TableCopy], dataset: str) -> Iterator[LogRow]:
        for copy in done:
            name = copy.table.destination
            if copy.created:
                yield self._row(at, "INFO", "create_table", {"schema": dataset, "name": name})
            for column in copy.added:
                added = {"columnName": column.name, "dataType": column.type}
                data = {"type": "ADD_COLUMN", "table": name, "properties": added}
                yield self._row(at, "INFO", "alter_table", data)
            for operation, count in (
                ("REPLACED_OR_INSERTED", copy.upserted),
                ("UPDATED_OR_DELETED", copy.deleted),
            ):
                if count:
                    yield self.records(at, dataset, name, operation, count)

    def records(
        self, at: datetime, schema: str, table: str, operation: str, count: int, **data: Any
    ) -> LogRow:
        told = {"schema": schema, "table": table, "operationType": operation, "count": count}
        return self._row(at, "INFO", "records_modified", {**told, **data})

    def end(self, at: datetime, status: str, task: Note | None = None, **data: Any) -> LogRow:
        told: dict[str, Any] = {"status": status}
        if task is not None:
            told |= {"reason": task.message, "taskType": task.code}
        severe = status.startswith("FAILURE")
        return self._row(at, "SEVERE" if severe else "INFO", "sync_end", {**told, **data})

    def _row(self, at: datetime, event: str, message: str, data: dict[str, Any]) -> LogRow:
        return {
            "id": str(uuid.uuid5(uuid.UUID(self._sync), f"{message}/{json.dumps(data)}")),
            "time_stamp": at.isoformat(),
            "connection_id": self._connection,
            "transformation_id": None,
            "event": event,
            "message_event": message,
            "message_data": json.dumps(data),
            "sync_id": self._sync,
            "_fivetran_synced": at.isoformat(),
        }


def history(
    connection: str, dataset: str, tables: dict[str, float], until: datetime, seed: int
) -> list[LogRow]:
    """Hourly syncs of the last fortnight, each row marked `"seeded": true`.

    `tables` maps a table's name in the destination to its rows a day.
    """
    dice = random.Random(f"{seed}/fivetran")
    rows: list[LogRow] = []
    for slot in slots_before(until - timedelta(minutes=2), 60, HISTORY_DAYS):
        sync = str(uuid.UUID(int=dice.getrandbits(128), version=4))
        log = SyncLog(connection, sync)
        end = slot + timedelta(seconds=dice.uniform(25, 95))
        rows.append(log.start(slot, seeded=True))
        for table, per_day in tables.items():
            count = round(dice.gauss(per_day / 24, (per_day / 24) ** 0.5))
            if count > 0:
                rows.append(
                    log.records(end, dataset, table, "REPLACED_OR_INSERTED", count, seeded=True)
                )
        rows.append(log.end(end, "SUCCESSFUL", seeded=True))
    return rows
