"""What the service asks of whatever really moves rows; all of it blocks."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from altui.sandbox.fivetran.state import Column, LogRow, Table

Side = Literal["source", "destination"]


@dataclass(frozen=True)
class TableCopy:
    """One table, copied and in the warehouse."""

    table: Table
    upserted: int = 0
    deleted: int = 0
    created: bool = False
    added: tuple[Column, ...] = ()


@dataclass
class Order:
    """One sync: what to copy, what came of it, and whether to go on."""

    sync: str
    """Its id."""
    tables: tuple[Table, ...]
    """As known from earlier; tables that are new at the source come on top."""
    config: dict[str, str]
    synced_at: datetime
    stop: threading.Event = field(default_factory=threading.Event)
    done: list[TableCopy] = field(default_factory=list[TableCopy])
    """Grows while the sync runs; read it when the sync has ended, well or not."""


@dataclass(frozen=True)
class Check:
    """One setup test. Without words it passed."""

    title: str
    words: str = ""
    skipped: bool = False


class CopyError(Exception):
    """One side refused; in its own words."""

    def __init__(self, side: Side, words: str) -> None:
        super().__init__(words)
        self.side: Side = side


class StoppedError(Exception):
    """The sync was told to stop, and has."""


class Copier(Protocol):
    def copy(self, order: Order) -> None:
        """Bring every table up to date. Raises CopyError, StoppedError; what is `done` holds."""
        ...

    def discover(self, config: dict[str, str]) -> tuple[Table, ...]:
        """The tables at the source. Raises CopyError."""
        ...

    def check_source(self, tables: Sequence[Table], config: dict[str, str]) -> list[Check]:
        """Connect and read, as a sync would."""
        ...

    def check_destination(self) -> list[Check]: ...

    def append_log(self, rows: Sequence[LogRow]) -> None:
        """Append to fivetran_metadata.log. Raises CopyError."""
        ...
