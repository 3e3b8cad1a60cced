"""Life at the source: rows arrive, some change, a few go, as the sandbox's clock moves on."""

import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection, OperationalError

from altui.sandbox.rows import COLUMNS, LATE_UPDATES, written_between
from altui.sandbox.world import World

CHANGES_PER_ROW = 0.1
DELETES_PER_ROW = 0.01
FEWEST = 5
"""A day with so few rows loses none."""


class Writer:
    """Writes what should have happened since it last wrote; paused, nothing changes.

    What happens and to which place among the recent rows follows from the seed and each new
    row's own time, not from when the writer looks.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._path = world.dir / "writer.json"
        if self._path.exists():
            state = json.loads(self._path.read_text())
            self._last = datetime.fromisoformat(state["last"])
            self._paused = bool(state["paused"])
        else:
            self._last, self._paused = world.clock.now(), False
            self._keep()

    @property
    def paused(self) -> bool:
        return self._paused

    @property
    def last(self) -> datetime:
        """The simulated moment up to which everything is written."""
        return self._last

    def begin(self, moment: datetime) -> None:
        """What was written up to `moment` is there already."""
        self._last = moment
        self._keep()

    def pause(self) -> None:
        self._paused = True
        self._keep()

    def resume(self) -> None:
        """Goes on from now: what did not happen while it was paused never happens."""
        if self._paused:
            self._last, self._paused = self._world.clock.now(), False
            self._keep()

    async def catch_up(self) -> int:
        """Writes the rows between the last written moment and now; returns how many.

        Raises Unavailable while PostgreSQL is down; a later call writes the rest.
        """
        until = self._world.clock.now()
        if self._paused or until <= self._last:
            return 0
        world = self._world
        new = list(
            written_between(self._last, until, per_day=world.emails_per_day, seed=world.seed)
        )
        if new:
            async with await AsyncConnection.connect(world.postgres_admin_dsn) as connection:
                for table, columns in COLUMNS.items():
                    await self._insert(connection, table, columns, new)
                for table, row in new:
                    if table == "emails":
                        await self._disturb(connection, row.created_at)
        self._last = until
        # a file a second for nothing would wear out small disks
        if new:
            self._keep()
        return len(new)

    async def _insert(
        self,
        connection: AsyncConnection[Any],
        table: str,
        columns: str,
        new: list[tuple[str, Any]],
    ) -> None:
        rows = [row for name, row in new if name == table]
        marks = ", ".join(["%s"] * (columns.count(",") + 1))
        statement = f"INSERT INTO public.{table} ({columns}) VALUES ({marks})"
        async with connection.cursor() as cursor:
            await cursor.executemany(statement.encode(), rows)

    async def _disturb(self, connection: AsyncConnection[Any], moment: datetime) -> None:
        """Perhaps a late update or a delete of a recent row; a day never loses its last ones."""
        dice = random.Random(f"{self._world.seed}/{moment.isoformat()}/writer")
        chance, place, score = dice.random(), dice.random(), round(dice.uniform(0, 100), 2)
        if chance >= DELETES_PER_ROW + CHANGES_PER_ROW:
            return
        found = await connection.execute(
            "SELECT id, received_at::date AS day, count(*) OVER (PARTITION BY received_at::date) "
            "FROM public.emails WHERE received_at > %s AND received_at <= %s ORDER BY id",
            (moment - LATE_UPDATES + timedelta(hours=1), moment),
        )
        recent = await found.fetchall()
        if not recent:
            return
        number, _, on_its_day = recent[int(place * len(recent))]
        if chance >= DELETES_PER_ROW:
            await connection.execute(
                "UPDATE public.emails SET risk_score = %s WHERE id = %s", (score, number)
            )
        elif on_its_day > FEWEST:
            await connection.execute("DELETE FROM public.emails WHERE id = %s", (number,))

    def _keep(self) -> None:
        state = {"last": self._last.isoformat(), "paused": self._paused}
        new: Path = self._path.with_suffix(".new")
        new.write_text(json.dumps(state))
        new.replace(self._path)


Unavailable = OperationalError
