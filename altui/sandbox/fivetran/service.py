"""The simulator: first sync and history, the schedule, and the API in front."""

from datetime import datetime

from msgspec.structs import replace

from altui.sandbox.fivetran import state
from altui.sandbox.fivetran.api import Api
from altui.sandbox.fivetran.copier import Copier
from altui.sandbox.fivetran.gate import Gate
from altui.sandbox.fivetran.log import history
from altui.sandbox.fivetran.syncing import Syncer
from altui.sandbox.world import World


class SeedError(Exception):
    """The first sync failed, in the words of the side that refused."""


class Fivetran:
    """Simulator."""

    def __init__(
        self,
        world: World,
        copier: Copier,
        *,
        gate: Gate | None = None,
        stop_seconds: float = 10.0,
    ) -> None:
        """`stop_seconds`: how long a re-sync waits for a running sync to stop."""
        self._world = world
        self._syncer = Syncer(world, copier, stop_seconds)
        gate = gate or Gate(world.fivetran_key, world.fivetran_secret, world.clock.now)
        self.app = Api(world, self._syncer, gate).app

    async def seed(self) -> None:
        """The first sync, for real, and a fortnight of made-up history in the log, marked seeded.

        Raises SeedError.
        """
        if self._syncer.connection.seeded:
            return
        self._syncer.begin()
        await self._syncer.idle()
        connection = self._syncer.connection
        if connection.tasks:
            raise SeedError(connection.tasks[0].message)
        world = self._world
        days = max(world.days, 1)
        rows = {t.destination: t.mark.rows / days for t in connection.tables if t.mark}
        past = history(
            world.fivetran_connection, world.dataset, rows, world.clock.now(), world.seed
        )
        self._syncer.keep(replace(connection, seeded=True, log=(*past, *connection.log)))
        await self._syncer.write_log()

    def next_event(self) -> datetime | None:
        return state.next_event(self._syncer.connection, self._world.clock.now())

    async def run_due(self) -> None:
        await self._syncer.idle()
        due = self.next_event()
        if due is not None and due <= self._world.clock.now():
            self._syncer.begin()
            await self._syncer.idle()

    async def close(self) -> None:
        await self._syncer.stop()

    async def idle(self) -> None:
        """Until no sync runs."""
        await self._syncer.idle()

    def reschedule(self, until: datetime) -> None:
        """Put the next sync off, as Fivetran does when a limit of the source is reached."""
        self._syncer.reschedule(until)
