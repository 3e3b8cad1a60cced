"""Every value of every service's answer, bent: a reading or a ServiceError comes out, no more.

What comes out is looked at, assessed and printed as anything else would be.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from altui.config import (
    BigQuerySettings,
    ElasticsearchSettings,
    FivetranSettings,
    GitHubSettings,
    KibanaSettings,
    Secret,
)
from altui.core.model.health import StageId
from altui.core.model.observed import Observation, Snapshot, Trouble
from altui.core.model.reading import Reading
from altui.core.present.view import Facts, view
from altui.core.rules.assess import assess
from altui.observe.looking import look
from altui.observe.probes import Probe
from altui.services.bigquery import BigQueryReader
from altui.services.elasticsearch import ElasticsearchReader
from altui.services.errors import ServiceError
from altui.services.fivetran import FivetranReader
from altui.services.github import GitHubReader
from altui.services.kibana import KibanaReader
from tests.answering import Scripted
from tests.bending import BENT, BODIES, Bent, Place
from tests.drawing import drawn, unfit
from tests.hostile import NOON
from tests.samples import (
    BIGQUERY,
    ELASTICSEARCH,
    FIVETRAN,
    GITHUB,
    KIBANA,
    PIPELINE,
    bigquery_question,
)
from tests.world import healthy

Read = Callable[[], Awaitable[Reading]]
WORLD = healthy(NOON, days=3)
START = NOON.date() - timedelta(days=3)
FEW = {how: BENT[how] for how in ("null", "hostile text", "a list", "huge", "the last moment")}
"""For a client that asks again and again while it does not understand."""
ONE = {"hostile text": BENT["hostile text"]}
SAMPLE = "elasticsearch.sample:a"
NAMES = [
    "fivetran.connection",
    "fivetran.schemas",
    "github.runs",
    "kibana.status",
    "elasticsearch.cluster",
    "elasticsearch.counts",
    "elasticsearch.storage",
    SAMPLE,
    "bigquery.tables",
    "bigquery.counts",
]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's client asks again while a job's answer is not complete; here it never will be."""
    monkeypatch.setattr("google.api_core.retry.retry_unary.time.sleep", lambda seconds: None)


@pytest.fixture
def make(server: Scripted) -> Callable[[str], tuple[Bent, Callable[[], Read]]]:
    """A probe's bent service, and a fresh reader's question to it."""

    def made(name: str) -> tuple[Bent, Callable[[], Read]]:
        service = name.split(".", maxsplit=1)[0]
        if service == "elasticsearch":
            bent = Bent(ELASTICSEARCH)
            bent.serve(server)
            server.headers_sent = {"X-Elastic-Product": "Elasticsearch"}
            elastic = ElasticsearchReader(
                ElasticsearchSettings(Secret(server.url), "pre"), PIPELINE, 10.0
            )
            reads: dict[str, Read] = {
                "elasticsearch.cluster": elastic.cluster,
                "elasticsearch.counts": lambda: elastic.counts(START),
                "elasticsearch.storage": elastic.storage,
                SAMPLE: lambda: elastic.sample("a"),
            }
            return bent, lambda: reads[name]
        if service == "bigquery":
            bent = Bent(BIGQUERY)
            bent.serve(server, bigquery_question)
            settings = BigQuerySettings(project="p", dataset="raw", emulator_host=server.url)
            warehouse = BigQueryReader(settings, PIPELINE, 3.0, 3.0)
            if name == "bigquery.tables":
                return bent, lambda: warehouse.tables
            return bent, lambda: lambda: warehouse.counts(START)
        if service == "fivetran":
            bent = Bent(FIVETRAN)
            fivetran = FivetranSettings("http://ft.test", Secret("k"), Secret("s"))
            if name == "fivetran.schemas":
                return bent, lambda: FivetranReader(fivetran, 2.0, bent.transport).schemas
            return bent, lambda: FivetranReader(fivetran, 2.0, bent.transport).connection
        if service == "github":
            bent = Bent(GITHUB)
            github = GitHubSettings("http://gh.test", Secret("t"), "o/r")
            return bent, lambda: GitHubReader(github, PIPELINE.workflow, 2.0, bent.transport).runs
        bent = Bent(KIBANA)
        kibana = KibanaSettings("http://kb.test")
        return bent, lambda: KibanaReader(kibana, PIPELINE.dashboard, 2.0, bent.transport).status

    return made


async def survived(name: str, read: Read, what: Any, *, shown: bool) -> Trouble | None:
    """Asks once, as the observer does; the trouble that came out of it.

    Raises AssertionError for any other exception than a ServiceError.
    """
    other: list[Exception] = []

    async def watched() -> Reading:
        try:
            return await read()
        except ServiceError:
            raise
        except Exception as error:
            other.append(error)
            raise

    probe = Probe(name, StageId.dbt, 30.0, 20.0, "free", watched)
    seen = await look(probe, WORLD.observations.get(name), lambda: NOON)
    assert not other, f"{what}: {type(other[0]).__name__} {other[0]}"
    snapshot = _with(seen)
    try:
        assessment = assess(snapshot, PIPELINE, NOON)
    except Exception as error:
        raise AssertionError(f"assess, {what}: {type(error).__name__} {error}") from error
    if shown:
        lines = drawn(view(snapshot, assessment, PIPELINE, NOON, Facts("p")), 80, 24)
        wrong = [unfit(row.text, 80) for row in lines]
        assert not any(wrong), f"{what}: {next(filter(None, wrong))}"
    return seen.error.trouble if seen.error else None


def _with(seen: Observation) -> Snapshot:
    """The healthy world with this observation, in the place of its kind."""
    if seen.probe in WORLD.observations:
        return replace(WORLD, at=NOON, observations={**WORLD.observations, seen.probe: seen})
    return replace(WORLD, at=NOON, details={**WORLD.details, seen.probe: seen})


@pytest.mark.parametrize("name", NAMES)
async def test_every_value_bent_in_turn(name: str, make: Callable):
    bent, question = make(name)
    assert await survived(name, question(), "honest", shown=True) is None, "the sample is a sample"
    outcomes: Counter[Trouble | None] = Counter()
    wrong: list[str] = []
    places = list(bent.places())
    assert len(places) > 10
    for place in places:
        for how, value in _values(name, place).items():
            bent.place, bent.by = place, value
            try:
                told = await survived(name, question(), (*place, how), shown="text" in how)
            except AssertionError as error:
                wrong.append(str(error))
            else:
                outcomes[told] += 1
    assert wrong == []
    assert outcomes[None], "what does not matter does no harm"
    assert outcomes[Trouble.nonsense], "what matters is refused"
    assert outcomes.keys() <= {None, Trouble.nonsense, Trouble.missing, *_HONEST_TROUBLES}


def _values(name: str, place: Place) -> dict[str, Any]:
    if not name.startswith("bigquery"):
        return BENT
    asked_again = {"jobComplete", "state", "status", "rows", "totalRows"} & set(place[1][:2])
    return ONE if asked_again or place[1] == () else FEW


_HONEST_TROUBLES = {Trouble.off, Trouble.refused, Trouble.unreachable, Trouble.denied}


@pytest.mark.parametrize("status", [200, 403, 500])
@pytest.mark.parametrize("name", NAMES)
async def test_bodies_that_are_no_answer(name: str, status: int, make: Callable):
    bent, question = make(name)
    bent.status = status
    for how, body in BODIES.items():
        bent.body = body
        trouble = await survived(name, question(), (status, how), shown=True)
        # disks that may not be read are named in the answer: the server answered all the same
        named = (name, status) == ("elasticsearch.storage", 403)
        assert trouble is not None or named or how in {"null", "a list", "an object"}, how
