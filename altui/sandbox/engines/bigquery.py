"""The BigQuery emulator (bqemulator on DuckDB), made to need no network."""

import os
import signal
import sys
from asyncio.subprocess import STDOUT, Process
from importlib.resources import files
from pathlib import Path

from altui.sandbox.engines import Engine, connects
from altui.sandbox.processes import Children


def engine(
    children: Children, directory: Path, ports: tuple[int, int], *, project: str, log: Path
) -> Engine:
    """The emulator's REST and gRPC servers on two ports, keeping their data in `directory`."""
    port, grpc_port = ports

    async def launch() -> Process:
        home, scratch = directory / "home", directory / "tmp"
        for folder in (home, scratch, directory / "data"):
            folder.mkdir(parents=True, exist_ok=True)
        environ = {
            **os.environ,
            "HOME": str(home),
            "TMPDIR": str(scratch),
            "BQEMU_ENABLE_FORMAT_EXTENSIONS": "false",  # it would download avro
            "BQEMU_WRITE_API_MAX_REQUEST_BYTES": str(256 << 20),  # wide tables over gRPC
        }
        _install_spatial(home)
        with log.open("ab") as output:
            return await children.start(
                Path(sys.executable).with_name("bqemulator"),
                *("start", "--rest-port", str(port), "--grpc-port", str(grpc_port)),
                *("--persistent", "--data-dir", directory / "data", "--project", project),
                *("--log-level", "warning"),
                env=environ,
                stdout=output,
                stderr=STDOUT,
                polite=signal.SIGTERM,
            )

    async def answers() -> bool:
        return await connects(port) and await connects(grpc_port)

    return Engine("bigquery", children, log, launch, answers)


def _install_spatial(home: Path) -> None:
    """Puts DuckDB's spatial extension where the emulator looks, from its wheel's file.

    The emulator insists on the extension and would download it.
    """
    import duckdb

    package = Path(str(files("duckdb_extension_spatial")))
    (extension,) = package.rglob("spatial.duckdb_extension")
    installed = home / ".duckdb" / "extensions"
    if not any(installed.rglob("spatial.duckdb_extension")):
        with duckdb.connect(config={"extension_directory": str(installed)}) as connection:
            connection.execute(f"INSTALL '{extension}'")
