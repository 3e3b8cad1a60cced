"""Reading Fivetran's REST API: the connection, its status and its tables."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from urllib.parse import quote

from msgspec import Struct, field

from altui.config import FivetranSettings
from altui.core.model.observed import Trouble
from altui.core.model.reading import Connection, Note, SyncTable, SyncTables
from altui.services.errors import ServiceError, deadline, misconfigured, off
from altui.services.headers import utc
from altui.services.http import Http, MakeTransport, decoded
from altui.services.text import clean, spoken

VERSION_2 = {"Accept": "application/json;version=2"}
"""What connection endpoints want; a wrong media type is a 406."""
PAGE = 1000
MOST_PAGES = 20
MOST_NOTES = 20
LONGEST_FREQUENCY = 366 * 24 * 60
"""Minutes; Fivetran itself offers a day at most."""


class _Note(Struct):
    code: str | None = None
    message: str | None = None


class _Status(Struct):
    setup_state: str | None = None
    sync_state: str | None = None
    update_state: str | None = None
    is_historical_sync: bool | None = None
    rescheduled_for: datetime | None = None
    tasks: list[_Note] | None = None
    warnings: list[_Note] | None = None


class _Connection(Struct):
    id: str
    schema: str | None = None
    paused: bool | None = None
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    created_at: datetime | None = None
    sync_frequency: int | None = None
    schedule_type: str | None = None
    status: _Status | None = None


class _ConnectionAnswer(Struct):
    data: _Connection


class _Item(Struct):
    id: str


class _Page(Struct):
    items: list[_Item]
    next_cursor: str | None = None


class _PageAnswer(Struct):
    data: _Page


class _Table(Struct):
    name_in_destination: str | None = None
    enabled: bool | None = None


class _Schema(Struct):
    enabled: bool | None = None
    tables: dict[str, _Table] | None = None


class _Schemas(Struct):
    schemas: dict[str, _Schema] | None = None


class _SchemasAnswer(Struct):
    data: _Schemas = field(default_factory=_Schemas)


class FivetranReader:
    def __init__(
        self,
        settings: FivetranSettings,
        seconds: float = 8.0,
        transport: MakeTransport | None = None,
    ) -> None:
        """`seconds` bounds one reading with all its questions."""
        self._settings = settings
        self._seconds = seconds
        key, secret = settings.api_key.reveal(), settings.api_secret.reveal()
        self._http = Http(settings.url, {}, seconds, (key, secret), transport)
        self._id = settings.connection

    async def connection(self) -> Connection:
        """The connection as it is now. Raises ServiceError."""
        async with self._asking("fivetran connection") as path:
            answer = await self._http.get(path, headers=VERSION_2)
        return _connection(decoded(answer, _ConnectionAnswer).data)

    async def schemas(self) -> SyncTables:
        """The tables that the connection knows. Raises ServiceError."""
        async with self._asking("fivetran schemas") as path:
            answer = await self._http.get(f"{path}/schemas", answers=frozenset({404}))
        # a connection whose setup is incomplete has no schema configuration: 404
        found = decoded(answer, _SchemasAnswer).data if answer.status != 404 else _Schemas()
        return _tables(found)

    @asynccontextmanager
    async def _asking(self, where: str) -> AsyncGenerator[str]:
        """The connection's path, inside the deadline of one reading."""
        if not (self._settings.api_key and self._settings.api_secret):
            missing = "API_SECRET" if self._settings.api_key else "API_KEY"
            raise off(f"no FIVETRAN_{missing}: sync state is not read from Fivetran", where)
        async with deadline(self._seconds, where):
            self._id = self._id or await self._only_connection()
            try:
                yield f"/v1/connections/{quote(self._id, safe='')}"
            except ServiceError as error:
                if error.trouble is Trouble.missing:
                    # one that was found may have been made anew: it is looked for again
                    self._id = self._settings.connection
                raise

    async def _only_connection(self) -> str:
        """The only connection the key can see; several are a question for the settings."""
        found: list[str] = []
        for group in await self._all("/v1/groups", {}):
            path = f"/v1/groups/{quote(group, safe='')}/connections"
            found += await self._all(path, VERSION_2)
        if len(found) == 1:
            return found[0]
        where = "GET /v1/groups/{id}/connections"
        if not found:
            raise ServiceError(Trouble.missing, "the key sees no connection", where)
        names = ", ".join(found[:8])
        words = f"{len(found)} connections: set FIVETRAN_CONNECTION to one of {names}"
        raise misconfigured(words, where)

    async def _all(self, path: str, headers: dict[str, str]) -> list[str]:
        found: list[str] = []
        params: dict[str, str | int] = {"limit": PAGE}
        led: set[str] = set()
        while len(led) < MOST_PAGES:
            answer = await self._http.get(path, params, headers)
            page = decoded(answer, _PageAnswer).data
            found += [clean(item.id, 100) for item in page.items]
            if not page.next_cursor:
                return found
            if page.next_cursor in led:
                break  # it leads back
            led.add(page.next_cursor)
            params["cursor"] = page.next_cursor
        words = f"the list has no end after {len(led)} pages: set FIVETRAN_CONNECTION"
        raise ServiceError(Trouble.nonsense, words, f"GET {path}")


def _connection(wire: _Connection) -> Connection:
    status = wire.status or _Status()
    return Connection(
        id=clean(wire.id, 100),
        schema=clean(wire.schema, 100),
        setup_state=clean(status.setup_state, 40),
        sync_state=clean(status.sync_state, 40),
        update_state=clean(status.update_state, 40),
        succeeded_at=utc(wire.succeeded_at),
        failed_at=utc(wire.failed_at),
        sync_frequency=min(max(wire.sync_frequency or 0, 0), LONGEST_FREQUENCY),
        schedule_type=clean(wire.schedule_type, 40),
        paused=bool(wire.paused),
        created_at=utc(wire.created_at),
        rescheduled_for=utc(status.rescheduled_for),
        is_historical_sync=bool(status.is_historical_sync),
        tasks=_notes(status.tasks),
        warnings=_notes(status.warnings),
    )


def _tables(schemas: _Schemas) -> SyncTables:
    return SyncTables(
        tuple(
            SyncTable(
                source=clean(f"{schema}.{table}", 200),
                destination=clean(config.name_in_destination, 200),
                enabled=(entry.enabled is not False) and (config.enabled is not False),
            )
            for schema, entry in (schemas.schemas or {}).items()
            for table, config in (entry.tables or {}).items()
        )
    )


def _notes(wire: list[_Note] | None) -> tuple[Note, ...]:
    return tuple(
        Note(clean(note.code, 100), spoken(note.message)) for note in (wire or [])[:MOST_NOTES]
    )
