"""A real Elasticsearch of the tests' own: had through Maven, run by Java 17, gone with the run."""

import hashlib
import json
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import zipfile
from asyncio.subprocess import STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import httpx
import platformdirs
import pytest

from altui.config import ElasticsearchSettings, Secret
from altui.sandbox import ports
from altui.sandbox.engines import Engine
from altui.sandbox.engines.elasticsearch import load_template
from altui.sandbox.processes import Children
from altui.services.text import clean

ROOT = Path(__file__).parents[2]
VERSION = "8.19.3"
ARTIFACT = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"
SHA256 = "c4b08b70523700efde9f3e4c9287229f085c2c0db1efca5c6a7d65abbdb9f2e1"
"""Of the archive: not every mirror keeps the checksums that Maven would ask for."""
"""Elastic's own server without most of its modules: no ILM, no ES|QL, `GET /` is 405."""
OURS = "analytics_applylens_*"
ADMIN, PASSWORD = "boss", "canary-pass"
ROLES: dict[str, Any] = {
    "reader": {
        "cluster": ["monitor"],
        "indices": [{"names": [OURS], "privileges": ["read", "monitor", "view_index_metadata"]}],
    },
    "exporter": {
        "cluster": ["monitor", "manage_index_templates"],
        "indices": [{"names": [OURS], "privileges": ["all"]}],
    },
    "elsewhere": {
        "cluster": ["monitor"],
        "indices": [{"names": ["logs-*"], "privileges": ["all"]}],
    },
    "nobody": {},
}
"""What the users of the same names may do on the server with security."""
DOWNLOAD = 240
"""Seconds that Maven may take for about 97 MB."""


@dataclass
class Real:
    """A running server; `ask` reads what it says without altui in between."""

    engine: Engine
    url: str
    http: httpx.AsyncClient

    @property
    def settings(self) -> ElasticsearchSettings:
        return ElasticsearchSettings(Secret(self.url))

    async def ask(self, path: str, body: Any = None, method: str = "") -> Any:
        """The JSON of an answer that must be a success."""
        verb = method or ("GET" if body is None else "POST")
        answer = await self.http.request(verb, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def fill(self, index: str, documents: list[dict[str, Any]]) -> None:
        """Indexes the documents by their day and makes them visible."""
        for document in documents:
            path = f"/{index}/_doc/{document['d']}"
            await self.ask(path, document, "PUT")
        await self.ask(f"/{index}/_refresh", method="POST")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.real)


@pytest.fixture(scope="session")
async def started() -> AsyncIterator[Real]:
    """The server, started once. It ends with the test run, even with one that is killed."""
    async with serving() as real:
        yield real


@pytest.fixture(scope="session")
async def secured() -> AsyncIterator[Real]:
    """Another one, with security switched on, asked by its superuser; it has the ROLES' users."""
    async with serving(security=True) as real:
        yield real


@asynccontextmanager
async def serving(*, security: bool = False) -> AsyncIterator[Real]:
    """A server of its own, gone afterwards."""
    java, archive = java_17(), distribution()
    with tempfile.TemporaryDirectory(prefix="altui-real-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        home = unpack(archive, folder)
        chosen = ports.choose(folder / "ports.json")
        http_port, transport_port = chosen["elasticsearch"], chosen["control"]
        url = f"http://127.0.0.1:{http_port}"
        if security:
            add_users(home, environment(java, folder))
        user = own(folder)
        children = Children()

        async def launch() -> Process:
            with (folder / "log").open("ab") as output:
                return await children.start(
                    home / "bin" / "elasticsearch",
                    *options(http_port, transport_port, security),
                    env=environment(java, folder),
                    cwd=folder,
                    stdout=output,
                    stderr=STDOUT,
                    user=user,
                )

        auth = (ADMIN, PASSWORD) if security else None
        async with httpx.AsyncClient(base_url=url, auth=auth, trust_env=False, timeout=30) as http:

            async def answers() -> bool:
                try:
                    path = "/_cluster/health?wait_for_status=green&timeout=5s"
                    return (await http.get(path)).status_code == 200
                except httpx.HTTPError:
                    return False

            engine = Engine("elasticsearch", children, folder / "log", launch, answers)
            await children.open()
            try:
                await engine.start(within=90)
                yield Real(engine, url, http)
            finally:
                await children.close()


@pytest.fixture
async def real(started: Real) -> AsyncIterator[Real]:
    """The server with the project's template and, before and after, none of its indices."""
    await load_template(started.url, ROOT)
    yield started
    listed = await started.ask(f"/_cat/indices/{OURS}?format=json&expand_wildcards=all")
    if listed:
        await started.ask("/" + ",".join(row["index"] for row in listed), method="DELETE")


def java_17() -> Path:
    """The home of a Java 17; skips where there is none."""
    homes = (os.environ.get(name) for name in ("ES_JAVA_HOME", "JAVA_HOME_17_X64", "JAVA_HOME"))
    candidates = [f"{home}/bin/java" for home in homes if home]
    for candidate in (*candidates, "java"):
        if shutil.which(candidate) is None:
            continue
        ask = [candidate, "-XshowSettings:properties", "-version"]
        said = subprocess.run(ask, capture_output=True, text=True, timeout=30, check=False).stderr
        known = dict(re.findall(r"^ *(\S+) = (.*)$", said, re.MULTILINE))
        if known.get("java.specification.version") == "17":
            return Path(known["java.home"])
    pytest.skip("a real Elasticsearch needs Java 17: set JAVA_HOME, or have it first on PATH")


def distribution() -> Path:
    """The server's archive, kept in the user's cache; Maven brings it the first time."""
    kept = platformdirs.user_cache_path("altui") / "tests" / f"elasticsearch-{VERSION}.zip"
    if kept.exists():
        return kept
    maven = shutil.which("mvn")
    if maven is None:
        pytest.skip("a real Elasticsearch comes through Maven: install mvn")
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        command = [maven, "--batch-mode", "--quiet", "--lax-checksums", "dependency:copy"]
        where = [f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={folder}"]
        try:
            done = subprocess.run(
                [*command, *where],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=DOWNLOAD,
                check=False,
            )
        except subprocess.TimeoutExpired:
            unavailable(f"Maven took longer than {DOWNLOAD} s")
        if done.returncode:
            words = clean(done.stdout.partition("\n")[0])
            unavailable(words or f"mvn ended with {done.returncode}")
        (copied,) = Path(folder).glob("*.zip")
        if (found := digest(copied)) != SHA256:
            unavailable(f"what came has the SHA-256 {found}, not {SHA256}")
        copied.replace(kept)  # at once: a half copy never counts
    return kept


def digest(archive: Path) -> str:
    with archive.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def unavailable(words: str) -> NoReturn:
    """Without the archive: a skip on someone's machine, a failure where nobody would notice."""
    reason = f"{ARTIFACT} cannot be had: {words}"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def unpack(archive: Path, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as content:
        content.extractall(folder)
    home = folder / f"elasticsearch-{VERSION}"
    for program in (home / "bin").iterdir():
        program.chmod(0o755)  # zipfile does not keep modes
    return home


def own(folder: Path) -> str | None:
    """Who the server runs as, which may not be root: someone without rights, owner of `folder`."""
    if os.geteuid() != 0:
        return None
    folder.chmod(0o755)
    nobody = pwd.getpwnam("nobody")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return nobody.pw_name


def add_users(home: Path, environ: dict[str, str]) -> None:
    """ROLES, a user of each role's name, and a superuser, in the server's own files."""
    described = "".join(f"{name}: {json.dumps(role)}\n" for name, role in ROLES.items())
    (home / "config" / "roles.yml").write_text(described)  # JSON is YAML
    for name in (ADMIN, *ROLES):
        role = "superuser" if name == ADMIN else name
        command = [home / "bin" / "elasticsearch-users", "useradd", name, "-p", PASSWORD]
        subprocess.run([*command, "-r", role], env=environ, check=True, capture_output=True)


def options(http_port: int, transport_port: int, security: bool) -> list[str]:
    settings = {
        "cluster.name": "altui-real",
        "discovery.type": "single-node",
        "network.host": "127.0.0.1",
        "http.port": http_port,
        "transport.port": transport_port,
        "xpack.security.enabled": str(security).lower(),
        # a full disk of this machine is not what is tested, ...
        "cluster.routing.allocation.disk.threshold_enabled": "false",
        # ... and a look at the disk would take the tests' read_only_allow_delete away
        "cluster.info.update.interval": "1h",
    }
    return [f"-E{name}={value}" for name, value in settings.items()]


def environment(java: Path, folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "ES_JAVA_HOME": str(java),
        "ES_JAVA_OPTS": "-Xms512m -Xmx512m",
    }
