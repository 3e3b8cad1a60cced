"""The SQLite file: one schema, one version, opened the same way by every process."""

import sqlite3
from pathlib import Path

OBSERVATIONS = """
CREATE TABLE observation (probe TEXT PRIMARY KEY, payload BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE assessment (id INTEGER PRIMARY KEY CHECK (id = 1), payload BLOB NOT NULL);
CREATE TABLE request (
  ticket INTEGER PRIMARY KEY AUTOINCREMENT,
  probe TEXT NOT NULL,
  served INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE billed (day TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
"""
TOTALS = """
CREATE TABLE totals (
  name TEXT NOT NULL,
  at INTEGER NOT NULL,
  source INTEGER NOT NULL,
  raw INTEGER NOT NULL,
  due INTEGER NOT NULL,
  lost INTEGER NOT NULL,
  lag REAL,
  PRIMARY KEY (name, at)
) WITHOUT ROWID;
"""
ASSESSED_WITH = """
CREATE TABLE assessed_with (id INTEGER PRIMARY KEY CHECK (id = 1), fingerprint BLOB NOT NULL);
"""
STEPS = (OBSERVATIONS, TOTALS, ASSESSED_WITH)
"""What leads from each version of the schema to the next; a store keeps what it holds."""
VERSION = len(STEPS)


class StoreError(Exception):
    """The state directory cannot be used; the message says why and what to do."""


def connect(path: Path, patience: float = 5) -> sqlite3.Connection:
    """A connection in autocommit mode to the store at `path`, made when absent.

    Raises StoreError when the file belongs to a newer altui or cannot be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection = sqlite3.connect(
            path, timeout=patience, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        _migrate(connection, path)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(
            f"{path}: {error}. Set ALTUI_STATE_DIR to a writable directory on a local disk."
        ) from error
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise StoreError(
                f"{path} belongs to a newer altui (schema {version}, this one knows {VERSION}). "
                "Use the newer altui, or set ALTUI_STATE_DIR to another directory."
            )
        if version < VERSION:
            for statement in ";".join(STEPS[version:]).split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
