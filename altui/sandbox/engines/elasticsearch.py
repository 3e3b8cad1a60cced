"""An Elasticsearch-compatible server in one binary (noida-db), and the template it is given."""

import json
from asyncio.subprocess import STDOUT, Process
from importlib.resources import files
from pathlib import Path

from altui.sandbox.engines import Engine
from altui.sandbox.processes import Children

TEMPLATE = "analytics_applylens"


def engine(children: Children, directory: Path, port: int, log: Path) -> Engine:
    async def launch() -> Process:
        directory.mkdir(parents=True, exist_ok=True)
        # the binary itself: its Python wrapper would not pass a signal on
        binary = Path(str(files("noida_db"))) / "noida-db"
        binary.chmod(binary.stat().st_mode | 0o111)  # as the wrapper does
        with log.open("ab") as output:
            return await children.start(
                binary,
                *("start", "--only", "elasticsearch", "--data-dir", directory),
                *("--elasticsearch-port", str(port)),
                cwd=directory,
                stdout=output,
                stderr=STDOUT,
            )

    async def answers() -> bool:
        return await answers_at(f"http://127.0.0.1:{port}")

    return Engine("elasticsearch", children, log, launch, answers)


async def answers_at(url: str) -> bool:
    import httpx

    try:
        async with httpx.AsyncClient(timeout=2) as client:
            return (await client.get(f"{url}/_cluster/health")).status_code == 200
    except httpx.HTTPError:
        return False


async def documents(url: str, index: str) -> int:
    """How many documents the index holds; 0 when there is no such index."""
    import httpx

    async with httpx.AsyncClient(timeout=10) as client:
        answer = await client.get(f"{url}/{index}/_count")
        return int(answer.json()["count"]) if answer.status_code == 200 else 0


async def load_template(url: str, project_dir: Path) -> None:
    """Loads the index template of the project, as the runbook does by hand."""
    import httpx

    body = json.loads((project_dir / f"es/index-templates/{TEMPLATE}.json").read_text())
    async with httpx.AsyncClient(timeout=10) as client:
        answer = await client.put(f"{url}/_index_template/{TEMPLATE}", json=body)
        answer.raise_for_status()
