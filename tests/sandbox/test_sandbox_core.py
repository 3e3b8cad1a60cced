"""The living pipeline as a program: what it starts, what it leaves, who may do what."""

import contextlib
import fcntl
import json
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from altui.sandbox import ports
from tests.living import PROGRAM, Sandbox

pytestmark = pytest.mark.sandbox


@pytest.fixture
def paused(sandbox: Sandbox) -> Iterator[Sandbox]:
    sandbox.do("writer", "pause")
    yield sandbox
    sandbox.do("writer", "resume")


def source_state(sandbox: Sandbox) -> list[tuple[object, ...]]:
    with psycopg.connect(sandbox.env["POSTGRES_DSN"]) as connection:
        return [
            *connection.execute("SELECT count(*), max(id), max(updated_at) FROM emails"),
            *connection.execute("SELECT count(*), max(id), max(updated_at) FROM applications"),
        ]


def test_it_is_healthy_and_every_part_answers_where_the_file_says(sandbox: Sandbox):
    status = sandbox.status()
    assert status["healthy"]
    assert all(engine["answers"] for engine in status["engines"].values())
    for name in ("ES_URL", "FIVETRAN_URL", "GITHUB_API_URL", "KIBANA_URL", "PAGERDUTY_URL"):
        at = urlsplit(sandbox.env[name])
        socket.create_connection((at.hostname, at.port)).close()
    assert sandbox.env["ALTUI_PROFILE"] == "sandbox"
    assert Path(sandbox.env["ALTUI_CLOCK"]).is_file()


def test_the_source_holds_every_day_up_to_the_clocks_now(paused: Sandbox):
    now = datetime.fromisoformat(paused.status()["now"])
    with psycopg.connect(paused.env["POSTGRES_DSN"]) as connection:
        days = connection.execute("SELECT DISTINCT received_at::date FROM emails").fetchall()
        found = connection.execute("SELECT max(updated_at), count(*), max(id) FROM emails")
        latest, rows, highest = found.fetchone() or (None, 0, 0)
    assert sorted(day for (day,) in days) == [
        now.date() - timedelta(days=back) for back in range(40, -1, -1)
    ]
    assert latest is not None and latest <= now
    assert rows < highest  # some were deleted


def test_while_the_writer_is_paused_nothing_changes_even_when_time_passes(paused: Sandbox):
    before = source_state(paused)
    paused.do("clock", "advance", "30m")
    assert source_state(paused) == before
    assert paused.status()["writer"] == "paused"


def test_rows_arrive_as_the_clock_moves_on(sandbox: Sandbox):
    before = source_state(sandbox)
    sandbox.do("clock", "advance", "2h")
    assert source_state(sandbox) != before


def test_a_row_put_in_by_hand_lands_on_simulated_time(paused: Sandbox):
    with psycopg.connect(paused.env["POSTGRES_ADMIN_DSN"]) as connection:
        found = connection.execute(
            "INSERT INTO emails (sender) VALUES ('by hand') RETURNING received_at, created_at"
        )
        received, created = found.fetchone() or (None, None)
        connection.rollback()
    assert received is not None and created is not None
    now = datetime.fromisoformat(paused.status()["now"])
    assert abs(now - received) < timedelta(seconds=30)
    assert abs(now - created) < timedelta(seconds=30)


@pytest.mark.parametrize("dsn", ["POSTGRES_DSN", "POSTGRES_FIVETRAN_DSN"])
def test_readers_read_and_no_more(sandbox: Sandbox, dsn: str):
    with psycopg.connect(sandbox.env[dsn]) as connection:
        connection.execute("SELECT count(*) FROM emails, applications LIMIT 1")
        with pytest.raises(
            (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)
        ):
            connection.execute("DELETE FROM emails")


def test_a_password_is_really_asked_for(sandbox: Sandbox):
    wrong = sandbox.env["POSTGRES_DSN"].replace("reader-pw", "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_the_clock_goes_forward_only(sandbox: Sandbox):
    refused = sandbox.run("clock", "set", "2020-01-01T00:00")
    assert refused.returncode != 0
    assert "forward only" in refused.stderr


def test_a_second_one_in_the_same_directory_is_refused(sandbox: Sandbox):
    refused = sandbox.run("up")
    assert refused.returncode != 0
    assert "already runs" in refused.stderr
    assert "altui sandbox down" in refused.stderr
    assert sandbox.status()["healthy"]


def test_one_engine_may_go_without_the_sandbox(sandbox: Sandbox):
    sandbox.do("engine", "stop", "elasticsearch")
    try:
        status = sandbox.status()
        assert not status["engines"]["elasticsearch"]["answers"]
        assert status["engines"]["postgres"]["answers"]
    finally:
        sandbox.do("engine", "start", "elasticsearch")
    assert sandbox.status()["engines"]["elasticsearch"]["answers"]


def test_an_unknown_engine_is_named(sandbox: Sandbox):
    refused = sandbox.run("engine", "stop", "mysql")
    assert refused.returncode != 0
    assert "postgres, bigquery, elasticsearch" in refused.stderr


def test_the_control_door_asks_for_its_token(sandbox: Sandbox):
    file = sandbox.dir / "control.json"
    assert file.stat().st_mode & 0o077 == 0
    at = urlsplit(json.loads(file.read_text())["url"])
    with socket.create_connection((at.hostname, at.port)) as door:
        door.sendall(b"POST /shutdown HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        assert b" 401 " in door.recv(1000)
    assert sandbox.status()["healthy"]


def test_kill_9_while_it_starts_leaves_no_process_and_no_port():
    with tempfile.TemporaryDirectory(prefix="altui-", ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        place.chmod(0o755)
        up = subprocess.Popen(
            [*PROGRAM, "up", "--dir", str(place / "s"), "--days", "15"],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert up.stderr is not None
        # the second engine is up: whatever was started so far has to go
        heard = list(_until(up.stderr, ": up", 2))
        assert len(heard) == 2, heard
        up.kill()
        up.wait()
        up.stderr.close()
        with (place / "s" / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the janitor holds it until all have ended
        chosen: dict[str, int] = json.loads((place / "s" / "ports.json").read_text())
        assert ports.choose(place / "s" / "ports.json") == chosen
        for port in chosen.values():
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port)).close()
                pytest.fail(f"something still listens on {port}")


def test_down_says_so_when_nothing_runs(tmp_path: Path):
    done = subprocess.run(
        [*PROGRAM, "down", "--dir", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "no sandbox runs" in done.stdout


def test_a_directory_that_holds_something_else_is_left_alone(tmp_path: Path):
    (tmp_path / "thesis.tex").write_text("years of work")
    done = subprocess.run(
        [*PROGRAM, "up", "--dir", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "thesis.tex" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def _until(lines: Iterator[str], words: str, count: int) -> Iterator[str]:
    for line in lines:
        if words in line:
            yield line
            count -= 1
            if not count:
                return
