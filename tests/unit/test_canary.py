"""Canaries in every secret setting: none comes out again, whatever services do with them."""

import os
import pickle
import socketserver
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from altui.config import load
from altui.store.store import Store
from altui.tui.app import Dashboard
from bench.terminal import Terminal
from tests.answering import Scripted
from tests.canary import PATIENCE, birds, canary, found, found_in_files, observing, planted

NOBODY = "127.0.0.1:1"


class _PostgresEcho(socketserver.StreamRequestHandler):
    """Asks for the password in clear and quotes it, with the whole greeting, in its refusal."""

    def handle(self) -> None:
        (length,) = struct.unpack("!I", self.rfile.read(4))
        greeting = self.rfile.read(length - 4)
        if greeting[:4] in (struct.pack("!I", 80877103), struct.pack("!I", 80877104)):
            self.wfile.write(b"N")  # no TLS, no GSSAPI
            (length,) = struct.unpack("!I", self.rfile.read(4))
            greeting = self.rfile.read(length - 4)
        self.wfile.write(b"R" + struct.pack("!II", 8, 3))
        self.rfile.read(1)
        (length,) = struct.unpack("!I", self.rfile.read(4))
        password = self.rfile.read(length - 4).rstrip(b"\0")
        shown = greeting[4:].replace(b"\0", b" ")
        words = b"no entry for %s with password %s (%s)" % (shown, password, password[::-1])
        fields = b"SFATAL\0VFATAL\0C28P01\0M" + words + b"\0\0"
        self.wfile.write(b"E" + struct.pack("!I", len(fields) + 4) + fields)


@pytest.fixture
def echo() -> Iterator[Scripted]:
    with Scripted() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def postgres_echo() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _PostgresEcho) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def environment(tmp_path: Path, secrets: dict[str, str]) -> dict[str, str]:
    key = tmp_path / "key.json"
    key.write_text(
        '{"type": "service_account", "project_id": "p", "client_email": "a@p.iam", '
        f'"token_uri": "http://{NOBODY}/t", "private_key": "{canary("key.file")}"}}'
    )
    return {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "ALTUI_STATE_DIR": str(tmp_path / "state"),
        "GOOGLE_APPLICATION_CREDENTIALS": str(key),
        **secrets,
    }


def run(environ: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *words], env=environ, capture_output=True, text=True, check=False
    )


SECRETS = [*birds(), canary("key.file")]


def says_nothing(environ: dict[str, str], tmp_path: Path) -> str:
    """Every way of asking, and the observer: nothing in what they print, nor in what they keep."""
    said = ""
    for words in (["check"], ["check", "--json", "--fresh"], ["doctor"], ["parity"]):
        ran = run(environ, "-m", "altui", *words)
        assert "Traceback" not in ran.stderr
        said += ran.stdout + ran.stderr
    with observing(environ, tmp_path / "state" / "default"):
        pass
    assert found(said, SECRETS) == []
    assert found_in_files(tmp_path / "state", SECRETS) == []
    return said


@pytest.mark.parametrize(("status", "keywords"), [(200, False), (403, True), (500, False)])
async def test_services_that_repeat_what_they_were_sent(
    echo: Scripted, postgres_echo: str, status: int, keywords: bool, tmp_path: Path
):
    sent: list[str] = []

    def answer(method: str, path: str, body: bytes) -> tuple[int, Any]:
        everything = f"{method} http://reader:{canary('kibana.url')}@h{path} {body!r}"
        message = f"denied: {headers()} {everything}"
        sent.append(message)
        return status, {
            "message": message,
            "error": {"message": message, "reason": message, "type": message, "code": status},
            "headers": headers(),
        }

    last: list[str] = []

    def headers() -> str:
        return last[-1] if last else ""

    handler = echo.RequestHandlerClass
    echo.headers_sent = {"X-Elastic-Product": "Elasticsearch"}

    class Listening(handler):  # type: ignore[misc, valid-type]
        def parse_request(self) -> bool:
            parsed = super().parse_request()
            last.append(str(dict(self.headers.items())) if parsed else "")
            return parsed

    echo.RequestHandlerClass = Listening
    echo.script = answer
    secrets = planted(echo.url.removeprefix("http://"), postgres_echo, keywords=keywords)
    environ = environment(tmp_path, secrets)
    said = says_nothing(environ, tmp_path)
    assert found(" ".join(sent), SECRETS), "it did repeat them"
    assert "***" in said, "they were repeated to us, and masked"
    await drawn(environ, tmp_path)


async def drawn(environ: dict[str, str], tmp_path: Path) -> None:
    settings = load(environ)
    store = Store.open(settings.directory)
    now = store.assessment()
    assert now is not None
    app = Dashboard(settings, store, lambda: now.at)
    async with app.run_test(size=(200, 60)) as pilot:
        for keys in ([], ["enter"], ["1"], ["2"], ["3"], ["4"], ["v"]):
            await pilot.press(*keys)
            assert found(app.export_screenshot(), SECRETS) == []
    store.close()


async def test_hosts_that_nobody_answers_at(tmp_path: Path):
    environ = environment(tmp_path, planted(NOBODY, NOBODY))
    says_nothing(environ, tmp_path)
    await drawn(environ, tmp_path)


def test_the_version_and_the_help_read_no_secret(tmp_path: Path):
    environ = environment(tmp_path, planted(NOBODY, NOBODY))
    for words in (["--version"], ["--help"], ["check", "--help"], ["no-such-verb"]):
        ran = run(environ, "-m", "altui", *words)
        assert found(ran.stdout + ran.stderr, SECRETS) == []


def test_a_key_file_that_is_none(tmp_path: Path):
    secrets = planted(NOBODY, NOBODY)
    emulator = [name for name in secrets if "EMULATOR_HOST" in name]
    environ = environment(
        tmp_path, {name: value for name, value in secrets.items() if name not in emulator}
    )
    assert "credentials" in says_nothing(environ, tmp_path)


WRONG: list[dict[str, str]] = [
    {"POSTGRES_DSN": f"postgresql://reader:{canary('a')}/x@127.0.0.1:1/db"},
    {"POSTGRES_DSN": f"postgresql://reader:{canary('a')}@[bad/db"},
    {"POSTGRES_DSN": f"host=h password={canary('a')} nonsense"},
    {"POSTGRES_DSN": f"host=h password='{canary('a')}"},
    {"POSTGRES_DSN": f"host=h password={canary('a')} port=many"},
    {"POSTGRES_DSN": canary("a")},
    {"ES_URL": f"http://reader:{canary('a')}/x@127.0.0.1:1"},
    {"ES_URL": f"http://reader:{canary('a')}@[bad"},
    {"ES_URL": f"http://reader:{canary('a')}@127.0.0.1:{canary('a')}"},
    {"ES_URL": canary("a")},
    {"KIBANA_URL": f"http://reader:{canary('a')}#x@127.0.0.1:1"},
    {"KIBANA_URL": f"http://127.0.0.1:1/?key={canary('a')}"},
    {"FIVETRAN_URL": f"ftp://reader:{canary('a')}@h", "FIVETRAN_API_KEY": canary("a")},
    {"ES_URL": f"http://reader:{canary('a')}@127.0.0.1:1", "ALTUI_ES_URL": canary("a")},
    {"ES_URL": f"http://reader:{canary('a')}@127.0.0.1:1", "ALTUI_STATE_DIR": "/dev/null/x"},
    {"GITHUB_TOKEN": f"{canary('a')}\u20ac", "GITHUB_REPOSITORY": "o/r"},
    {"GITHUB_TOKEN": f"{canary('a')}\nX-Injected: 1", "GITHUB_REPOSITORY": "o/r"},
    {"FIVETRAN_API_KEY": f"{canary('a')}\r\n", "FIVETRAN_API_SECRET": f"\x00{canary('a')}"[1:]},
]


@pytest.mark.parametrize("wrong", WRONG, ids=[str(place) for place in range(len(WRONG))])
def test_wrong_settings_are_refused_without_being_quoted(wrong: dict[str, str], tmp_path: Path):
    environ = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "ALTUI_STATE_DIR": str(tmp_path),
        **wrong,
    }
    for words in (["check"], ["check", "--json"]):
        ran = run(environ, "-m", "altui", *words)
        assert ran.stdout + ran.stderr
        assert "Traceback" not in ran.stderr
        assert found(ran.stdout + ran.stderr, [canary("a")]) == []
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or found(path.read_bytes(), [canary("a")]) == []


@pytest.mark.parametrize(
    "text",
    [
        f'[postgres]\ndsn = "{canary("a")}\n',
        f'[postgres]\npassword = "{canary("a")}"\n',
        f'[fivetran]\napi_key = ["{canary("a")}"]\n',
        f'[kibana]\nurl = "http://u:{canary("a")}@h"\napi_kee = "{canary("a")}"\n',
        f'[profiles]\nfivetran_api_secret = "{canary("a")}"\n',
        f'profiles = "https://u:{canary("a")}@h"\n',
        f'[github]\nrepository = "https://u:{canary("a")}@h/o/r"\n',
        f'[github]\ntoken = "{canary("a")}\\nX-Injected: 1"\n',
        f'[elasticsearch]\nurl = "https://u:{canary("a")}\\tx@h"\n',
        f'[bigquery]\ncredentials = "{{\\"private_key\\": \\"{canary("a")}\\"}}"\n',
        f'[profiles.a.github]\ntoken = "{canary("a")}"\n[profiles.a.github]\n',
    ],
)
def test_a_wrong_file_is_refused_without_being_quoted(text: str, tmp_path: Path):
    path = tmp_path / "altui.toml"
    path.write_text(text)
    ran = run({"PATH": os.environ["PATH"]}, "-m", "altui", "--config", str(path), "check")
    assert ran.returncode == 2
    assert found(ran.stdout + ran.stderr, [canary("a")]) == []


BREAKS = """
import sys
{broken}
from altui.cli.app import run
sys.argv = ["altui", "check"]
sys.exit(run())
"""
BROKEN = {
    "the rules": "import altui.observe.observer as o\n"
    "def assess(*a): raise RuntimeError(ES + repr(a))\no.assess = assess",
    "the report": "import altui.cli.check as c\n"
    "def table(seen): raise RuntimeError(f'no table for {ES} {DSN}')\nc.table = table",
    "a client": "import altui.services.postgres as p\n"
    "async def rows(*a): raise RuntimeError(ES)\np.PostgresReader.counts = rows",
    "a thread": "import threading, altui.cli.check as c\n"
    "def die(): raise RuntimeError(ES)\n"
    "def table(seen):\n t = threading.Thread(target=die)\n t.start(); t.join()\n"
    " raise ValueError(DSN)\n"
    "c.table = table",
}


@pytest.mark.parametrize("where", BROKEN)
def test_an_exception_of_our_own_says_no_secret(where: str, tmp_path: Path):
    secrets = planted(NOBODY, NOBODY)
    environ = environment(tmp_path, secrets)
    names = "import os\nES = os.environ['ALTUI_ELASTICSEARCH_URL']\n"
    names += "DSN = os.environ['ALTUI_POSTGRES_DSN']\n"
    ran = run(environ, "-c", BREAKS.format(broken=names + BROKEN[where]))
    assert "***" in ran.stderr + ran.stdout, "what was raised did hold secrets"
    assert found(ran.stdout + ran.stderr, SECRETS) == []
    assert found_in_files(tmp_path / "state", SECRETS) == []


def test_what_is_masked_is_not_pickled_either(tmp_path: Path):
    settings = load(environment(tmp_path, planted(NOBODY, NOBODY)))
    with pytest.raises(TypeError) as raised:
        pickle.dumps(settings)
    assert found(str(raised.value), SECRETS) == []


def test_a_screen_that_breaks_shows_no_secret_in_its_traceback(tmp_path: Path):
    """Textual prints a traceback with the values of local variables."""
    environ = environment(tmp_path, planted(NOBODY, NOBODY))
    broken = (
        "import os, altui.tui.feed as f\n"
        "def view(self):\n"
        " held = os.environ['ALTUI_ELASTICSEARCH_URL']\n"
        " kibana = os.environ['ALTUI_KIBANA_URL']\n"
        " raise RuntimeError(f'broken at {held}')\n"
        "f.Feed.view = view\n"
    )
    program = BREAKS.format(broken=broken).replace('["altui", "check"]', '["altui"]')
    terminal = Terminal([sys.executable, "-c", program], environ, 40, 400)
    try:
        terminal.wait(PATIENCE)
    finally:
        terminal.close()
    assert b"RuntimeError" in terminal.output
    assert found(terminal.output, SECRETS) == []
    assert found_in_files(tmp_path / "state", SECRETS) == []
