"""Observations, the newest assessment and refresh requests: what screen and observer share."""

import sqlite3
from collections.abc import Collection, Generator, Iterable
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from altui.core.model.health import Assessment
from altui.core.model.history import Size, SyncEnd, Totals
from altui.core.model.observed import Observation, Snapshot
from altui.core.rules.drift import same
from altui.core.rules.learning import KEPT
from altui.store import presence
from altui.store.database import connect

_encode = msgspec.json.Encoder().encode
T = TypeVar("T")
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError)
"""What decoding a payload raises that another version, or no altui, has written."""

THIN = """
DELETE FROM totals WHERE at < ? AND EXISTS (
  SELECT 1 FROM totals AS other
  WHERE other.name = totals.name
    AND other.at BETWEEN totals.at / 3600 * 3600 AND totals.at / 3600 * 3600 + 3599
    AND (abs(other.source - other.raw), other.at) > (abs(totals.source - totals.raw), totals.at)
)
"""


class Store:
    """One profile's state on local disk. Every call is one short statement; none blocks long."""

    def __init__(self, directory: Path, connection: sqlite3.Connection) -> None:
        self.directory = directory
        self._db = connection
        self._version = -1
        self._shown: dict[str, ExitStack] = {}
        self._observations = Decoded(Observation)
        self._assessment = Decoded(Assessment)

    @classmethod
    def open(cls, directory: Path, patience: float = 5) -> "Store":
        """Opens the store in `directory`, making it when absent. Raises StoreError.

        `patience` are the seconds for which a call waits while another process writes.
        """
        return cls(directory, connect(directory / "altui.sqlite", patience))

    def close(self) -> None:
        self.show(())
        self._db.close()

    # What was observed

    def snapshot(self, at: datetime) -> Snapshot:
        """Every probe's newest observation, as of now."""
        rows = self._db.execute("SELECT probe, payload FROM observation")
        seen, details = dict[str, Observation](), dict[str, Observation]()
        for probe, item in self._observations.of(rows):
            (details if item.detail else seen)[probe] = item
        return Snapshot(at, seen, details)

    def put_observations(self, observations: Iterable[Observation]) -> None:
        with self._transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO observation VALUES (?, ?)",
                [(item.probe, _encode(item)) for item in observations],
            )

    def drop(self, probes: Iterable[str]) -> None:
        """Forgets observations, such as of wishes that nobody has any more."""
        with self._transaction():
            self._db.executemany(
                "DELETE FROM observation WHERE probe = ?", [(probe,) for probe in probes]
            )

    def assessment(self) -> Assessment | None:
        rows = self._db.execute("SELECT '', payload FROM assessment")
        return dict(self._assessment.of(rows)).get("")

    def assessed_with(self) -> bytes:
        """The fingerprint of the settings behind the assessment; empty where none was kept."""
        row = self._db.execute("SELECT fingerprint FROM assessed_with").fetchone()
        return row[0] if row and isinstance(row[0], bytes) else b""

    def put_assessment(self, assessment: Assessment, fingerprint: bytes = b"") -> None:
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO assessment VALUES (1, ?)", [_encode(assessment)]
            )
            self._db.execute("INSERT OR REPLACE INTO assessed_with VALUES (1, ?)", [fingerprint])

    def changed(self) -> bool:
        """Whether another process wrote since the last call; true the first time."""
        (version,) = self._db.execute("PRAGMA data_version").fetchone()
        moved = version != self._version
        self._version = version
        return moved

    # Asking the observer

    def request(self, probe: str = "*") -> int:
        """Asks for a probe, or all, to be read now. The ticket tells when that was done."""
        cursor = self._db.execute("INSERT INTO request (probe) VALUES (?)", [probe])
        return int(cursor.lastrowid or 0)

    def served(self, ticket: int) -> bool:
        row = self._db.execute("SELECT served FROM request WHERE ticket = ?", [ticket]).fetchone()
        return row is None or bool(row[0])

    def requests(self) -> dict[int, str]:
        """Open requests by ticket."""
        return dict(
            self._db.execute("SELECT ticket, probe FROM request WHERE NOT served ORDER BY ticket")
        )

    def serve(self, tickets: Iterable[int]) -> None:
        """Marks requests as carried out; old ones are forgotten."""
        with self._transaction():
            self._db.executemany(
                "UPDATE request SET served = 1 WHERE ticket = ?", [(ticket,) for ticket in tickets]
            )
            self._db.execute(
                "DELETE FROM request"
                " WHERE served AND ticket < (SELECT max(ticket) - 100 FROM request)"
            )

    # The day's budget for exact queries

    def billed(self, day: date) -> int:
        """Bytes that queries of this day have billed."""
        row = self._db.execute(
            "SELECT bytes FROM billed WHERE day = ?", [day.isoformat()]
        ).fetchone()
        return int(row[0]) if row else 0

    def bill(self, day: date, count: int) -> None:
        with self._transaction():
            self._bill(day, count)

    def book(self, day: date, count: int, most: int) -> bool:
        """Bills where the day's bills stay within `most`; no two processes bill the same rest."""
        with self._transaction():
            fits = self.billed(day) + count <= most
            if fits:
                self._bill(day, count)
        return fits

    def _bill(self, day: date, count: int) -> None:
        self._db.execute(
            "INSERT INTO billed VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes",
            [day.isoformat(), count],
        )
        self._db.execute("DELETE FROM billed WHERE day < date(?, '-40 days')", [day.isoformat()])

    # What rounds have seen

    def put_totals(self, totals: Iterable[Totals]) -> bool:
        """Keeps those that say anything new since the last kept round; tells whether any did.

        90 days are kept; of what is older than two days the round of each hour that was furthest
        apart.
        """
        newest = {item.table: item for item in self.newest_totals()}
        new = [one for one in totals if not same(one, newest.get(one.table))]
        if not new:
            return False
        with self._transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO totals VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (one.table, _seconds(one.at), one.source, one.raw, one.due, one.lost, one.lag_s)
                    for one in new
                ],
            )
            now = max(_seconds(one.at) for one in new)
            self._db.execute("DELETE FROM totals WHERE at < ?", [now - 90 * 86_400])
            self._db.execute(THIN, [now - 2 * 86_400])
        return True

    def newest_totals(self) -> list[Totals]:
        """The last kept round of each table."""
        return self._totals("at = (SELECT max(at) FROM totals AS t WHERE t.name = totals.name)")

    def history(self, since: datetime) -> list[Totals]:
        """The kept rounds since a moment, oldest first."""
        return self._totals("at >= ?", _seconds(since))

    def _totals(self, where: str, *values: int) -> list[Totals]:
        rows = self._db.execute(
            f"SELECT name, at, source, raw, due, lost, lag FROM totals WHERE {where} ORDER BY at",
            values,
        )
        return [Totals(_moment(at), name, *rest) for name, at, *rest in rows]

    def put_syncs(self, ends: Iterable[SyncEnd]) -> bool:
        """Keeps ends of syncs for 14 days; tells whether any of them says anything new."""
        new = [one for one in ends if not self._knows(one)]
        if not new:
            return False
        with self._transaction():
            self._db.executemany(
                "INSERT INTO sync VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " began = coalesce(began, excluded.began), after = coalesce(after, excluded.after)",
                [
                    (_seconds(one.ended), one.failed, *map(_maybe_seconds, (one.began, one.after)))
                    for one in new
                ],
            )
            oldest = max(one.ended for one in new) - KEPT
            self._db.execute("DELETE FROM sync WHERE ended < ?", [_seconds(oldest)])
        return True

    def syncs(self, most: int) -> tuple[SyncEnd, ...]:
        """The newest ends of syncs that are kept, newest first."""
        rows = self._db.execute(
            "SELECT ended, failed, began, after FROM sync ORDER BY ended DESC, failed LIMIT ?",
            [most],
        )
        return tuple(
            SyncEnd(
                _moment(ended), bool(failed), began and _moment(began), after and _moment(after)
            )
            for ended, failed, began, after in rows
        )

    def _knows(self, one: SyncEnd) -> bool:
        row = self._db.execute(
            "SELECT began, after FROM sync WHERE ended = ? AND failed = ?",
            [_seconds(one.ended), one.failed],
        ).fetchone()
        told = (one.began, one.after)
        return row is not None and all(kept or not new for kept, new in zip(row, told, strict=True))

    def put_sizes(self, sizes: Iterable[Size]) -> bool:
        """Keeps the newest of each index and day, 90 days; tells whether any is new."""
        sizes = tuple(sizes)
        since = min((one.day for one in sizes), default=date.max)
        known = {(one.index, one.day): one.bytes for one in self.sizes(since)}
        new = [one for one in sizes if known.get((one.index, one.day)) != one.bytes]
        if not new:
            return False
        with self._transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO sizes VALUES (?, ?, ?)",
                [(one.index, one.day.isoformat(), one.bytes) for one in new],
            )
            newest = max(one.day for one in new).isoformat()
            self._db.execute("DELETE FROM sizes WHERE day <= date(?, '-90 days')", [newest])
        return True

    def sizes(self, since: date) -> list[Size]:
        """What was kept of that day and later ones, oldest first."""
        rows = self._db.execute(
            "SELECT day, name, bytes FROM sizes WHERE day >= ? ORDER BY day, name",
            [since.isoformat()],
        )
        return [Size(date.fromisoformat(day), name, count) for day, name, count in rows]

    # Who is there

    @contextmanager
    def attend(self) -> Generator[None]:
        """Marks a dashboard as open while inside; the observer ends with the last one."""
        with presence.holding(self.directory / presence.DASHBOARDS, shared=True):
            yield

    def attended(self) -> bool:
        return presence.held(self.directory / presence.DASHBOARDS)

    def show(self, panels: Collection[str]) -> None:
        """Says which panels this process shows now; closing the store, or dying, ends it."""
        for panel in self._shown.keys() - set(panels):
            self._shown.pop(panel).close()
        for panel in set(panels) - self._shown.keys():
            lock = self._shown[panel] = ExitStack()
            lock.enter_context(presence.holding(self._showing(panel), shared=True))

    def shown(self, panel: str) -> bool:
        """Whether any process shows the panel."""
        return presence.held(self._showing(panel))

    def _showing(self, panel: str) -> Path:
        return self.directory / f"shown-{panel}.lock"

    def observed(self) -> bool:
        """Whether an observer runs for this profile."""
        return presence.held(self.directory / presence.OBSERVER)

    @contextmanager
    def observing(self) -> Generator[bool]:
        """Become the one observer; yields False when another is."""
        with presence.holding(self.directory / presence.OBSERVER) as mine:
            yield mine

    @contextmanager
    def _transaction(self) -> Generator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _maybe_seconds(moment: datetime | None) -> int | None:
    return _seconds(moment) if moment else None


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class Decoded(Generic[T]):
    """Payloads of one table as values; what nobody wrote since the last look is the same value.

    A year's counts take a millisecond to decode, and most looks find most of them unchanged.
    """

    def __init__(self, kind: type[T]) -> None:
        self._decode = msgspec.json.Decoder(kind).decode
        self._known: dict[str, tuple[bytes, T]] = {}

    def of(self, rows: Iterable[tuple[str, bytes]]) -> list[tuple[str, T]]:
        """The values of all rows of the table by key, without those that cannot be read."""
        known, self._known = self._known, {}
        for key, payload in rows:
            if key in known and known[key][0] == payload:
                self._known[key] = known[key]
                continue
            try:
                self._known[key] = payload, self._decode(payload)
            except UNREADABLE:
                continue  # by another altui, or damaged; its writer writes it anew
        return [(key, value) for key, (_, value) in self._known.items()]
