"""A service that is configured is never off, however wrong its settings are."""

import json
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from altui.cli.check import exit_code
from altui.cli.exits import Exit
from altui.config import (
    BigQuerySettings,
    ElasticsearchSettings,
    GitHubSettings,
    KibanaSettings,
    PostgresSettings,
    Secret,
)
from altui.core.model.health import State, VerdictState
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.rules.assess import assess
from altui.services.bigquery import BigQueryReader
from altui.services.elasticsearch import ElasticsearchReader
from altui.services.errors import ServiceError
from altui.services.github import GitHubReader
from altui.services.kibana import KibanaReader
from altui.services.postgres import PostgresReader
from tests.world import at, healthy, with_error

NOON = at("2026-11-23 12:00")
PIPELINE = Pipeline()
Ask = Callable[[], Awaitable[Any]]


def postgres(dsn: str) -> Ask:
    reader = PostgresReader(PostgresSettings(dsn=Secret(dsn)), PIPELINE.tables)
    return lambda: reader.counts(date(2026, 11, 1))


def elasticsearch(url: str) -> Ask:
    return ElasticsearchReader(ElasticsearchSettings(url=Secret(url)), PIPELINE).cluster


def github(token: str, url: str = "https://api.test") -> Ask:
    settings = GitHubSettings(token=Secret(token), repository="a/b", api_url=url)
    return GitHubReader(settings, PIPELINE.workflow).runs


def kibana(url: str, key: str = "") -> Ask:
    return KibanaReader(KibanaSettings(url=url, api_key=Secret(key)), PIPELINE.dashboard).status


def bigquery(key_file: object) -> Ask:
    settings = BigQuerySettings(project="p", credentials=str(key_file))
    return BigQueryReader(settings, PIPELINE).tables


WRONG: dict[str, tuple[str, Ask, str]] = {
    "dsn": ("postgres", postgres("hunter2 host=x y"), "POSTGRES_DSN cannot be understood"),
    "es": ("elasticsearch", elasticsearch("me:hunter2@es"), "ES_URL is not a URL"),
    "es bracket": ("elasticsearch", elasticsearch("http://hunter2@[::1"), "ES_URL is not a URL"),
    "token": ("github", github("hunter2\u20ac"), "key or token cannot be sent"),
    "token's line": ("github", github("hunter2\nx"), "key or token cannot be sent"),
    "api": ("github", github("t", "ftp://api.test"), "not a URL that can be asked"),
    "kibana": ("kibana", kibana("ftp://kibana.test"), "not a URL that can be asked"),
    "kibana's key": ("kibana", kibana("https://k", "hunter2\tx"), "key or token cannot be sent"),
}


async def unusable(service: str, ask: Ask, words: str) -> None:
    with pytest.raises(ServiceError, match=words) as raised:
        await ask()
    error = raised.value
    assert error.trouble is Trouble.misconfigured
    assert "hunter2" not in str(error)
    snapshot = healthy(NOON)
    for probe in snapshot.observations:
        if probe.startswith(service):
            snapshot = with_error(snapshot, probe, error.trouble, error.words, since=NOON)
    seen = assess(snapshot, PIPELINE, NOON, None)
    (finding,) = seen.findings
    assert (finding.check, finding.state) == (f"{service}.misconfigured", State.unknown)
    assert finding.subject.endswith("cannot be asked: a setting is wrong")
    assert error.words in finding.evidence[0].words
    assert "altui doctor" in finding.do
    said = seen.verdict
    assert said.state is not VerdictState.ok or "Unseen: " in said.headline
    assert service in said.headline
    assert said.do == finding.do
    assert exit_code(snapshot, seen) is Exit.findings


@pytest.mark.parametrize("name", WRONG)
async def test_a_setting_that_cannot_be_used(name: str) -> None:
    await unusable(*WRONG[name])


KEYS: dict[str, tuple[bytes | None, str]] = {
    "missing": (None, "no credentials: File .* was not found"),
    "empty": (b"", "not a valid json"),
    "no JSON": (b"hunter2", "not a valid json"),
    "a list": (b"[1]", "GOOGLE_APPLICATION_CREDENTIALS"),
    "binary": (b"\xff\xfe\x00hunter2", "GOOGLE_APPLICATION_CREDENTIALS"),
    "no type": (b'{"private_key": "hunter2"}', "does not have a valid type"),
    "half": (b'{"type": "service_account", "private_key": "hunter2"}', "Failed to load"),
    "no key": (
        json.dumps(
            {
                "type": "service_account",
                "private_key": "hunter2",
                "client_email": "a@b.test",
                "token_uri": "https://t.test",
            }
        ).encode(),
        "GOOGLE_APPLICATION_CREDENTIALS",
    ),
}


@pytest.mark.parametrize("name", KEYS)
async def test_a_key_file_that_is_none(name: str, tmp_path: Path) -> None:
    content, words = KEYS[name]
    file = tmp_path / "key.json"
    if content is not None:
        file.write_bytes(content)
    await unusable("bigquery", bigquery(file), words)


async def test_a_key_file_that_cannot_be_read(tmp_path: Path) -> None:
    await unusable("bigquery", bigquery(tmp_path), "the key file cannot be read: Is a directory")


def test_what_is_wrong_is_told_before_what_is_off() -> None:
    snapshot = healthy(NOON)
    for probe in snapshot.observations:
        trouble, words = Trouble.off, f"no {probe}"
        if probe.startswith("kibana"):
            trouble, words = Trouble.misconfigured, "not a URL that can be asked"
        snapshot = with_error(snapshot, probe, trouble, words, since=NOON)
    verdict = assess(snapshot, PIPELINE, NOON, None).verdict
    assert verdict.state is VerdictState.check
    assert verdict.headline == "nothing can be seen: kibana (misconfigured)"
    assert verdict.why == "not a URL that can be asked"
