"""Life at the source: rows arrive, some change, a few go, as the sandbox's clock moves on."""

import json
import random
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import AsyncConnection

from altui.sandbox.source import COLUMNS, rows_between
from altui.sandbox.world import World

CHANGES_PER_ROW = 0.1
DELETES_PER_ROW = 0.01
RECENT = timedelta(days=7)


class Writer:
    """Writes what should have happened since it last wrote; paused, nothing changes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._path = world.dir / "writer.json"
        self._dice = random.Random(f"{world.seed}/writer")
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

    def pause(self) -> None:
        self._paused = True
        self._keep()

    def resume(self) -> None:
        """Goes on from now: what did not happen while it was paused never happens."""
        if self._paused:
            self._last, self._paused = self._world.clock.now(), False
            self._keep()

    async def catch_up(self) -> int:
        """Writes the rows between the last written moment and now; returns how many."""
        until = self._world.clock.now()
        if self._paused or until <= self._last:
            return 0
        written = list(rows_between(self._world, self._last, until))
        if written:
            async with await AsyncConnection.connect(self._world.postgres_admin_dsn) as connection:
                for table, values in written:
                    marks = ", ".join(["%s"] * len(values))
                    statement = f"INSERT INTO public.{table} ({COLUMNS[table]}) VALUES ({marks})"
                    await connection.execute(statement.encode(), values)
                await self._disturb(connection, len(written), until)
        self._last = until
        self._keep()
        return len(written)

    async def _disturb(
        self, connection: AsyncConnection[tuple[object, ...]], written: int, until: datetime
    ) -> None:
        """Late updates and deletes of recent rows; a day never loses its last ones."""
        since = until - RECENT
        pick = (
            "SELECT id FROM public.emails WHERE received_at BETWEEN %s AND %s "
            "AND random() < 0.05 LIMIT 1"
        )
        for _ in range(written):
            chance = self._dice.random()
            if chance < DELETES_PER_ROW:
                await connection.execute(
                    f"DELETE FROM public.emails WHERE id = ({pick}) AND (SELECT count(*) > 5 "
                    "FROM public.emails AS others WHERE others.received_at::date = "
                    "public.emails.received_at::date)",
                    (since, until),
                )
            elif chance < DELETES_PER_ROW + CHANGES_PER_ROW:
                await connection.execute(
                    f"UPDATE public.emails SET risk_score = %s WHERE id = ({pick})",
                    (round(self._dice.uniform(0, 100), 2), since, until),
                )

    def _keep(self) -> None:
        state = {"last": self._last.isoformat(), "paused": self._paused}
        new: Path = self._path.with_suffix(".new")
        new.write_text(json.dumps(state))
        new.replace(self._path)


Unavailable = psycopg.OperationalError
"""What `catch_up` raises while PostgreSQL is down; the next one writes what was missed."""
