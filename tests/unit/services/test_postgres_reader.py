"""PostgreSQL's errors, by SQLSTATE and by words; what it counts is tested on the living one."""

from collections.abc import Iterator
from datetime import date
from socket import socket

import psycopg
import pytest
from psycopg import errors

from altui.config import PostgresSettings, Secret
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Pipeline
from altui.services.errors import ServiceError
from altui.services.postgres import PostgresReader, translated

TODAY = date(2026, 11, 23)
TABLES = Pipeline().tables


def reader(dsn: str, seconds: float = 5.0) -> PostgresReader:
    return PostgresReader(PostgresSettings(Secret(dsn)), TABLES, seconds)


@pytest.mark.parametrize(
    ("state", "trouble"),
    [
        ("28P01", Trouble.denied),
        ("28000", Trouble.denied),
        ("42501", Trouble.denied),
        ("42P01", Trouble.missing),
        ("42703", Trouble.missing),
        ("3D000", Trouble.missing),
        ("53300", Trouble.refused),
        ("57P03", Trouble.refused),
        ("57P01", Trouble.refused),
        ("XX000", Trouble.refused),
        ("57014", Trouble.unreachable),
        ("55P03", Trouble.unreachable),
        ("40001", Trouble.unreachable),
        ("08006", Trouble.unreachable),
    ],
)
def test_an_error_with_a_state(state: str, trouble: Trouble) -> None:
    error = translated(errors.lookup(state)("what it says"), "here")
    assert error.trouble is trouble
    assert error.words == f"{state} what it says"


FAILED = 'connection failed: connection to server at "10.0.0.1", port 5432 failed: '


@pytest.mark.parametrize(
    ("words", "trouble"),
    [
        ('FATAL:  password authentication failed for user "ro"', Trouble.denied),
        ('FATAL:  no pg_hba.conf entry for host "1.2.3.4", user "ro"', Trouble.denied),
        ('FATAL:  role "ro" is not permitted to log in', Trouble.denied),
        ('FATAL:  role "ro" does not exist', Trouble.denied),
        ('FATAL:  permission denied for database "x"', Trouble.denied),
        ("fe_sendauth: no password supplied", Trouble.denied),
        ('FATAL:  database "x" does not exist', Trouble.missing),
        ("FATAL:  sorry, too many clients already", Trouble.refused),
        ("FATAL:  the database system is starting up", Trouble.refused),
        ("FATAL:  the database system is in recovery mode", Trouble.refused),
        ("Connection refused\n\tIs the server running?", Trouble.unreachable),
        ("timeout expired", Trouble.unreachable),
        ("server closed the connection unexpectedly", Trouble.unreachable),
    ],
)
def test_a_refused_connection_has_only_words(words: str, trouble: Trouble) -> None:
    error = translated(psycopg.OperationalError(FAILED + words), "here")
    assert error.trouble is trouble
    assert error.words == " ".join(words.split())


def test_a_value_that_python_cannot_hold_is_nonsense() -> None:
    error = translated(psycopg.DataError("timestamp too large (after year 10K)"), "here")
    assert error.trouble is Trouble.nonsense


async def test_off_without_dsn() -> None:
    with pytest.raises(ServiceError, match="POSTGRES_DSN") as raised:
        await reader("").counts(TODAY)
    assert raised.value.trouble is Trouble.off


@pytest.mark.parametrize(
    "dsn",
    [
        "hunter2 host=x y",
        "postgresql://a:hunter2@127.0.0.1:abc/x",
        "host=127.0.0.1 port=99999999 password=hunter2",
        "host=127.0.0.1 port=1 sslmode=bogus password=hunter2",
        "host=127.0.0.1,127.0.0.1 port=1,2,3 password=hunter2",
        "service=nowhere password=hunter2",
    ],
)
async def test_a_dsn_that_cannot_be_understood_is_not_shown(dsn: str) -> None:
    with pytest.raises(ServiceError) as raised:
        await reader(dsn).counts(TODAY)
    assert raised.value.trouble is Trouble.misconfigured
    assert "hunter2" not in str(raised.value)


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(5)
        yield listening.getsockname()[1]


async def test_a_port_where_nobody_listens() -> None:
    with socket() as bound:  # bound, not listening: refused
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with pytest.raises(ServiceError) as raised:
            await reader(f"postgresql://ro:hunter2@127.0.0.1:{port}/db").counts(TODAY)
    assert raised.value.trouble is Trouble.unreachable
    assert raised.value.where == f"postgres counts, 127.0.0.1:{port}/db"
    assert "hunter2" not in str(raised.value)


async def test_silence_ends_at_the_deadline(silent: int) -> None:
    with pytest.raises(ServiceError, match=r"no answer within 0\.1 s") as raised:
        await reader(f"postgresql://ro@127.0.0.1:{silent}/db", 0.1).counts(TODAY)
    assert raised.value.trouble is Trouble.unreachable
