"""A secret of its own in every setting that can hold one, and a way to look for them anywhere."""

import base64
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from psycopg.conninfo import make_conninfo

from altui.config import Secret
from altui.config.fields import leaves
from altui.store.store import Store

ADDRESSES = ("url", "api_url", "emulator_host")
PATIENCE = 60.0
TELLING = 8
"""Characters of a canary that must not be found either."""
ODD = "\"\\&< '>%+/"
"""Marks that one form or another of a text escapes; a header of HTTP takes them."""
FOREIGN = "\t\u00e4\u20ac"
"""More of them, which only passwords in addresses may hold."""


def canary(name: str) -> str:
    """A secret for the setting of that name: plain where none of its own stands there."""
    leaf = next((leaf for leaf in leaves() if leaf.dotted == name), None)
    marks = "" if leaf is None else ODD + FOREIGN * (leaf.path[-1] in {*ADDRESSES, "dsn"})
    return f"C4n4ry{marks}{''.join(word.title() for word in name.split('.'))}Zq7"


def planted(http: str, postgres: str, *, keywords: bool = False) -> dict[str, str]:
    """An environment with a canary in every secret setting and in every address.

    `http` is the host and port of all services, `postgres` those of the source. Each value ends in
    a line break, as those of mounted files and of some env files do.
    """
    environ: dict[str, str] = {}
    for leaf in leaves():
        bird = canary(leaf.dotted)
        if leaf.dotted == "postgres.dsn":
            host, port = postgres.split(":")
            environ[leaf.names[0]] = (
                make_conninfo(
                    host=host,
                    port=port,
                    dbname="db",
                    user="reader",
                    password=bird.replace("\t", " "),
                    sslmode="disable",
                )
                if keywords
                else f"postgresql://reader:{quote(bird, safe='')}@{postgres}/db?sslmode=disable"
            )
        elif leaf.path[-1] in ADDRESSES:
            environ[leaf.names[0]] = f"http://reader:{quote(bird, safe='')}@{http}"
        elif leaf.kind is Secret:
            environ[leaf.names[0]] = bird
    environ = {name: f"{value}\r\n" for name, value in environ.items()}
    return environ | {"BQ_PROJECT": "p", "GITHUB_REPOSITORY": "o/r"}


def birds() -> list[str]:
    return [
        canary(leaf.dotted)
        for leaf in leaves()
        if leaf.kind is Secret or leaf.path[-1] in ADDRESSES
    ]


def found(text: str | bytes, secrets: Iterable[str]) -> list[str]:
    """Secrets that stand in the text: whole, their start, their end, escaped or in base64."""
    raw = text.encode("utf-8", "replace") if isinstance(text, str) else text
    return [f"{one}: {form!r}" for one in secrets for form in _forms(one) if form in raw]


def found_in_files(directory: Path, secrets: Iterable[str]) -> list[str]:
    known = list(secrets)
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert files, "there must be something to look through"
    return [f"{path.name}: {hit}" for path in files for hit in found(path.read_bytes(), known)]


@contextmanager
def observing(environ: Mapping[str, str], directory: Path) -> Iterator[Store]:
    """An observer beside an open dashboard, after it has served a refresh of everything."""
    store = Store.open(directory)
    try:
        with store.attend(), (directory / "observer.log").open("wb") as log:
            observer = subprocess.Popen(
                [sys.executable, "-m", "altui.observe"], env=environ, stdout=log, stderr=log
            )
            ticket = store.request()
            deadline = time.monotonic() + PATIENCE
            while not store.served(ticket):
                assert time.monotonic() < deadline, "the observer serves requests"
                assert observer.poll() is None, "the observer stays"
                time.sleep(0.05)
            yield store
        assert observer.wait(PATIENCE) == 0
    finally:
        store.close()


def _forms(secret: str) -> set[bytes]:
    """All of them telling: a base64 form is cut to what does not depend on its neighbours."""
    plain = secret.encode()
    forms = {plain, quote(secret, safe="").encode(), plain[: max(TELLING + 6, len(plain) - 4)]}
    ends = re.findall(r"\w+$", secret, re.ASCII)
    forms.update(end.encode() for end in ends if len(end) >= TELLING)
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + plain)
        first = 4 if before else 0
        last = len(coded) - (4 if (before + len(plain)) % 3 else 0)
        forms.add(coded[first:last])
    return forms
