"""The connection at work: runs its syncs, one at a time, and keeps its state on disk."""

import asyncio
import uuid
from datetime import datetime, timedelta

from msgspec.structs import replace

from altui.sandbox.fivetran import state
from altui.sandbox.fivetran.copier import Check, Copier, CopyError, Order, Side, StoppedError
from altui.sandbox.fivetran.log import SyncLog
from altui.sandbox.fivetran.state import Connection, LogRow, Note
from altui.sandbox.world import World

STOP_SECONDS = 10.0
"""How long a running sync may take to stop before a re-sync is refused."""
TASKS: dict[Side, str] = {"source": "reconnect", "destination": "reconnect_warehouse"}


class BusyError(Exception):
    """The running sync has not stopped in time."""


class Syncer:
    def __init__(self, world: World, copier: Copier, stop_seconds: float = STOP_SECONDS) -> None:
        self._world = world
        self._copier = copier
        self._clock = world.clock
        self._stop_seconds = stop_seconds
        self._path = world.dir / "fivetran" / "connection.json"
        kept = state.load(self._path)
        self._connection = kept or Connection(world.clock.now() - timedelta(days=world.days))
        self._order: Order | None = None
        self._task: asyncio.Task[None] | None = None
        self._again = False

    @property
    def connection(self) -> Connection:
        return self._connection

    @property
    def running(self) -> bool:
        return self._task is not None and not self._task.done()

    def keep(self, connection: Connection) -> None:
        """The connection from now on, on disk as well."""
        self._connection = connection
        state.save(self._path, connection)

    # -- what the API asks for -------------------------------------------------------------------

    def sync(self, *, force: bool) -> None:
        """Start a sync now; one that runs goes on, or with `force` ends and starts anew."""
        if self._connection.paused:
            return
        if not self.running:
            self.begin()
        elif self._order is None:
            self._again = True  # the sync is over, its log is being written
        elif force:
            self._again = True
            self._order.stop.set()

    async def resync(self, scope: dict[str, list[str]] | None) -> None:
        """Copy whole tables again (None: all of them), starting now.

        Raises KeyError for a table that is not there, BusyError when a sync runs on.
        """
        state.to_reload(self._connection, scope)  # refuse before anything is stopped
        if not await self.stop():
            raise BusyError
        self.keep(state.to_reload(self._connection, scope))
        self.sync(force=False)

    async def test(self) -> list[Check]:
        """The setup tests of source and destination; the connection's state follows them."""
        tables, config = self._connection.tables, self._connection.config
        source = await asyncio.to_thread(self._copier.check_source, tables, config)
        destination = await self.test_destination()
        failures = [*_failures("source", source), *_failures("destination", destination)]
        self.keep(state.tested(self._connection, failures))
        return [*source, *destination]

    async def test_destination(self) -> list[Check]:
        return await asyncio.to_thread(self._copier.check_destination)

    async def reload_schemas(self) -> None:
        """Look at the source's tables and columns again. Raises CopyError."""
        found = await asyncio.to_thread(self._copier.discover, self._connection.config)
        self.keep(state.discovered(self._connection, found))

    def change(self, connection: Connection) -> None:
        """Keep changed settings; pausing ends a running sync."""
        self.keep(connection)
        if connection.paused and self._order is not None:
            self._again = False
            self._order.stop.set()

    def reschedule(self, until: datetime) -> None:
        """Put the next sync off, as Fivetran does when a limit of the source is reached."""
        self.keep(state.rescheduled(self._connection, until))

    # -- syncs -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Start a sync; none may be running."""
        self._task = asyncio.create_task(self._cycle(self._started()), name="fivetran sync")

    async def idle(self) -> None:
        """Until no sync runs. Whoever is cancelled here leaves the sync alone."""
        if self._task is not None:
            await asyncio.wait([self._task])
            self._task.result()

    async def stop(self) -> bool:
        """End the sync that runs, if any. False: it has not stopped in time."""
        self._again = False
        if self._task is None:
            return True
        if self._order is not None:
            self._order.stop.set()
        await asyncio.wait([self._task], timeout=self._stop_seconds)
        return self._task.done()

    def _started(self) -> Order:
        sync, now = str(uuid.uuid4()), self._clock.now()
        order = Order(sync, self._connection.tables, self._connection.config, now)
        self._order = order
        self.keep(state.started(self._connection, sync, now))
        return order

    async def _cycle(self, order: Order) -> None:
        while True:
            self._again = False
            await self._once(order)
            await self.write_log()
            if not self._again:
                return
            order = self._started()

    async def _once(self, order: Order) -> None:
        """One sync from start to end; what came of it is in the connection and its log."""
        log = SyncLog(self._world.fivetran_connection, order.sync)
        task: Note | None = None
        status = "CANCELED"
        try:
            await asyncio.to_thread(self._copier.copy, order)
            status = "SUCCESSFUL"
        except CopyError as problem:
            status, task = "FAILURE_WITH_TASK", Note(TASKS[problem.side], str(problem))
        except StoppedError:
            pass
        finally:
            self._order = None
            ended = self._clock.now()
            after = state.copied(self._connection, [copy.table for copy in order.done])
            if task is not None:
                after = state.failed(after, task, ended)
            elif status == "SUCCESSFUL":
                after = state.succeeded(after, ended)
            else:
                after = state.canceled(after)
            rows = [log.start(order.synced_at)]
            rows += log.tables(ended, order.done, self._world.dataset)
            rows.append(log.end(ended, status, task))
            self.keep(replace(after, log=(*after.log, *rows)))

    async def write_log(self) -> None:
        """Rows that BigQuery does not take now are kept for the next time."""
        rows: tuple[LogRow, ...] = self._connection.log
        try:
            await asyncio.to_thread(self._copier.append_log, rows)
        except CopyError:
            return
        self.keep(replace(self._connection, log=self._connection.log[len(rows) :]))


def _failures(side: Side, checks: list[Check]) -> list[Note]:
    return [Note(TASKS[side], check.words, check.title) for check in checks if check.words]
