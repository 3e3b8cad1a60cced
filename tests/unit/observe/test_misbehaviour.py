"""Every adapter against every misbehaviour, and then against a service that is well again."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from altui.core.model.observed import Trouble
from altui.core.model.reading import Reading
from altui.observe.looking import look
from altui.observe.probes import Probe, granters, probes
from altui.services import bigquery_client
from tests import pipeline_lab as lab
from tests.answering import Scripted
from tests.world import at

NOON = at("2026-11-23 12:00")
MINUTE = timedelta(minutes=1)
POSTGRES = ("postgres.server", "postgres.counts")
"""Speaks no HTTP: tests/sandbox/test_postgres_misbehaviour.py has it."""
WISHES = (
    "github.log:812/1",
    "github.jobs:812/1",
    "elasticsearch.allocation:pre_a",
    "elasticsearch.sample:a",
)
NAMES = (
    "fivetran.connection",
    "fivetran.schemas",
    "bigquery.tables",
    "bigquery.counts",
    "github.runs",
    "elasticsearch.cluster",
    "elasticsearch.counts",
    "elasticsearch.storage",
    "kibana.status",
    *WISHES,
)


def refusing(status: int) -> Callable[[str, str, bytes], tuple[int, Any]]:
    """An error in the words of whichever service is asked."""
    said = {"type": "no", "reason": "not now", "message": "not now", "code": status, "errors": []}
    body = {"message": "not now", "error": said, "status": status}
    return lambda method, path, sent: (status, body)


def saying(content: Any) -> Callable[[str, str, bytes], tuple[int, Any]]:
    return lambda method, path, sent: (200, content)


def dying(method: str, path: str, body: bytes) -> tuple[int, Any]:
    raise ConnectionAbortedError("the peer is gone")


TROUBLES: dict[str, tuple[Any, Trouble]] = {
    "dies": (dying, Trouble.unreachable),
    "hangs": ("hang", Trouble.unreachable),
    "401": (refusing(401), Trouble.denied),
    "403": (refusing(403), Trouble.denied),
    "404": (refusing(404), Trouble.missing),
    "429": (refusing(429), Trouble.unreachable),
    "500": (refusing(500), Trouble.refused),
    "503": (refusing(503), Trouble.refused),
    "html": (saying(b"<html>sign in"), Trouble.nonsense),
    "half": (saying(b'{"a": [1, '), Trouble.nonsense),
    "empty": (saying(b""), Trouble.nonsense),
    "bytes": (saying(b"\xff\xfe\x00"), Trouble.nonsense),
    "list": (saying([[1, "a", None]]), Trouble.nonsense),
    "number": (saying(7), Trouble.nonsense),
    "null": (saying(b"null"), Trouble.nonsense),
    "huge": (saying({"pad": "x" * (17 << 20)}), Trouble.nonsense),
}

EXPECTED: dict[tuple[str, str], Trouble | None] = {
    # a table that BigQuery does not know is an answer, and tells which
    ("bigquery.tables", "404"): None,
    ("bigquery.counts", "404"): None,
    # a connection that is not set up yet has no schemas
    ("fivetran.schemas", "404"): None,
    # parts that are not offered or not allowed are named in the answer
    ("elasticsearch.storage", "404"): None,
    ("elasticsearch.storage", "403"): None,
}


def known() -> list[str]:
    table = [probe.id for probe in probes(lab.settings("http://127.0.0.1:1"), lambda: NOON)]
    return [name for name in table if name not in POSTGRES]


def test_no_probe_is_left_out() -> None:
    assert known() == [name for name in NAMES if name not in WISHES]
    granted = granters(lab.settings("http://127.0.0.1:1"))
    assert list(granted) == [name.split(":")[0] for name in WISHES]


@pytest.fixture
def probe_of(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Probe]:
    server.headers_sent = {"X-Elastic-Product": "Elasticsearch"}
    server.script = lab.answer
    retry = bigquery_client._retry
    monkeypatch.setattr(bigquery_client, "_retry", lambda seconds: retry(0.1))

    def made(name: str) -> Probe:
        told = lab.settings(server.url)
        table = {probe.id: probe for probe in probes(told, lambda: NOON)}
        what, _, key = name.partition(":")
        return granters(told)[what](key) if key else table[name]

    return made


async def recovered(probe: Probe, seen: Any, value: Reading | None) -> None:
    """Looks until the answer is good again: a thread that hung may need a moment to end."""
    async with asyncio.timeout(20):
        while seen.error is not None:
            seen = await look(probe, seen, lambda: NOON + 3 * MINUTE)
            await asyncio.sleep(0)
    assert seen.value == value
    assert (seen.failures, seen.failing_since, seen.rest_until) == (0, None, None)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", TROUBLES)
async def test_trouble_and_recovery(
    probe_of: Callable[[str], Probe], server: Scripted, name: str, how: str
) -> None:
    probe = probe_of(name)
    good = await look(probe, None, lambda: NOON)
    assert good.error is None, good.error
    script, trouble = TROUBLES[how]
    server.script = server.hang if script == "hang" else script
    bad = replace(probe, timeout=0.2) if script == "hang" else probe
    expected = EXPECTED.get((name, how), trouble)
    if how == "429":
        server.headers_sent = {**server.headers_sent, "Retry-After": "120"}
    first = await look(bad, good, lambda: NOON + MINUTE)
    if expected is None:
        assert first.error is None
        return
    assert first.error is not None, first.value
    assert first.error.trouble is expected, first.error
    second = await look(bad, first, lambda: NOON + 2 * MINUTE)
    assert (second.value, second.at) == (good.value, NOON)
    assert (second.failures, second.failing_since) == (2, NOON + MINUTE)
    if how == "429":
        assert second.rest_until == NOON + 4 * MINUTE
        assert second.error and second.error.words.endswith("left alone until 12:04Z")
    server.released.set()
    server.script = lab.answer
    server.headers_sent = {"X-Elastic-Product": "Elasticsearch"}
    await recovered(probe, second, good.value)


def changed(value: Any, leaf: Callable[[str, Any], Any], key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: changed(item, leaf, name) for name, item in value.items()}
    if isinstance(value, list):
        return [changed(item, leaf, key) for item in value]
    return leaf(key, value)


def extended(value: Any) -> Any:
    if isinstance(value, dict):
        more = {name: extended(item) for name, item in value.items()}
        # where the names are the service's own, such as schemas and tables, one more is one more
        return more if key_of_names(value) else {**more, "brand_new": {"of": ["theirs", None]}}
    return [extended(item) for item in value] if isinstance(value, list) else value


def key_of_names(value: dict[str, Any]) -> bool:
    return all(isinstance(item, dict) for item in value.values()) and "overall" not in value


WORDS = {"status", "conclusion", "state", "level", "health", "sync_state", "setup_state", "event"}


def levitating(key: str, value: Any) -> Any:
    # BigQuery's job states are the client's business, not the pipeline's
    words = isinstance(value, str) and key in WORDS and value not in {"DONE", "UNASSIGNED"}
    return "levitating" if words else value


@pytest.mark.parametrize("name", NAMES)
async def test_fields_that_are_new_change_nothing(
    probe_of: Callable[[str], Probe], server: Scripted, name: str
) -> None:
    good = await look(probe_of(name), None, lambda: NOON)
    server.script = lab.bent(extended)
    assert (await look(probe_of(name), None, lambda: NOON)).value == good.value


@pytest.mark.parametrize("name", NAMES)
async def test_words_that_are_new_are_kept(
    probe_of: Callable[[str], Probe], server: Scripted, name: str
) -> None:
    server.script = lab.bent(lambda value: changed(value, levitating))
    seen = await look(probe_of(name), None, lambda: NOON)
    assert seen.error is None, seen.error
    if name in {"fivetran.connection", "github.runs", "elasticsearch.cluster", "kibana.status"}:
        assert "levitating" in repr(seen.value)


@pytest.mark.parametrize("name", NAMES)
async def test_nulls_are_absent_or_nonsense(
    probe_of: Callable[[str], Probe], server: Scripted, name: str
) -> None:
    """Never another trouble: that a service says nothing does not make it unreachable."""
    healthy = await look(probe_of(name), None, lambda: NOON)
    server.script = lab.bent(lambda value: changed(value, lambda key, item: None))
    seen = await look(probe_of(name), healthy, lambda: NOON)
    if seen.error is not None:
        assert seen.error.trouble in {Trouble.nonsense, Trouble.missing}, seen.error
    server.script = lab.answer
    after = await look(probe_of(name), seen, lambda: NOON)
    assert (after.value, after.error, after.failures) == (healthy.value, None, 0)
