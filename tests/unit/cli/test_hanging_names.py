"""A name server that never answers holds up no verb: each prints, and leaves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HANGING = """
import socket, sys, threading
socket.getaddrinfo = lambda *given, **named: threading.Event().wait()
from altui.services import http
http.CONNECT = 0.3
from altui.cli.app import run
sys.exit(run())
"""
NAMES = {
    "KIBANA_URL": "https://kibana.example",
    "GITHUB_TOKEN": "t",
    "GITHUB_REPOSITORY": "a/b",
    "GITHUB_API_URL": "https://github.example",
    "FIVETRAN_API_KEY": "k",
    "FIVETRAN_API_SECRET": "s",
    "FIVETRAN_URL": "https://fivetran.example",
}
VERBS = {
    "check": (["check", "--json"], 3),
    "parity": (["parity", "--json"], 3),
    "parity of days": (["parity", "--json", "--start", "2026-01-01"], 3),
    "doctor": (["doctor", "--json", "--timeout", "2", "--service", "kibana"], 3),
    "init": (["init", "--yes", "--output", "made.toml"], 1),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_prints_and_leaves(verb: str, tmp_path: Path) -> None:
    arguments, code = VERBS[verb]
    _works(arguments, code, {}, tmp_path)


@pytest.mark.parametrize(("verb", "code"), [("check", 3), ("doctor", 1), ("init", 1)])
def test_a_proxy_that_is_not_supported_is_said(verb: str, code: int, tmp_path: Path) -> None:
    socks = {"ALL_PROXY": "socks5://me:hunter2@127.0.0.1:9"}
    said = _works(VERBS[verb][0], code, socks, tmp_path)
    assert "SOCKS proxies are not supported: set HTTPS_PROXY or NO_PROXY" in said
    assert "hunter2" not in said


def _works(arguments: list[str], code: int, more: dict[str, str], tmp_path: Path) -> str:
    """All that a verb says while no name is answered."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    home = {"HOME": str(tmp_path), "ALTUI_STATE_DIR": str(tmp_path / "state")}
    done = subprocess.run(
        [sys.executable, "-c", HANGING, *arguments],
        env={**kept, **home, **NAMES, **more},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=25,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    if "--json" in arguments:
        assert json.loads(done.stdout)
    else:
        assert "kept without an answer: Fivetran, GitHub Actions, Kibana" in done.stderr
    return done.stdout + done.stderr
