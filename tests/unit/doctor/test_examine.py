"""All exams together: bounded, in order, and none costs another its lines."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from altui.config import Secret
from altui.core.model.doctor import Result
from altui.core.model.health import State
from altui.doctor import examine as examining
from altui.doctor.exam import Context, Exams, silent
from altui.doctor.examine import EXAMS, LONGEST, examine, longer
from altui.doctor.local import skew
from tests.unit.doctor.conftest import MakeContext, untold

FINE = Result("kibana.status", "status", State.ok, "available")


async def fine(context: Context) -> Exams:
    yield FINE


async def hangs(context: Context) -> Exams:
    yield Result("postgres.connection", "connection", State.ok, "there")
    await asyncio.Event().wait()
    yield Result("postgres.role", "role", State.ok, "never said")


async def fails(context: Context) -> Exams:
    yield Result("fivetran.key", "key", State.ok, "accepted")
    raise RuntimeError(f"choked on {context.settings.postgres.dsn.reveal()}")


async def repeats(context: Context) -> Exams:
    """A service that sends back what it was sent."""
    words = f"no such user: {context.settings.elasticsearch.url.reveal()} hunter2 s%2Fcret s/cret"
    yield Result("elasticsearch.server", "server", State.denied, words, words, words, (words,))


@pytest.fixture
def exams(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = {
        "postgres": hangs,
        "fivetran": fails,
        "elasticsearch": repeats,
        "kibana": fine,
    }
    monkeypatch.setattr(examining, "EXAMS", chosen)


async def test_a_hanging_or_failing_exam_costs_only_its_own_lines(
    exams: None, context: MakeContext
):
    made = context({"POSTGRES_DSN": "postgresql://u:canary@h/d"})
    names = ("kibana", "fivetran", "postgres")
    sections = await examine(made, names, seconds=0.05)
    assert [section.service for section in sections] == ["postgres", "fivetran", "kibana"]
    hung, failed, good = (section.results for section in sections)
    assert [result.said for result in hung] == ["there", "no answer within 0.05 s"]
    assert hung[1].state is State.unknown and hung[1].bad
    assert hung[1].commands == ("altui doctor --service postgres --timeout 1",)
    assert failed[0].state is State.ok
    assert failed[1].said == "altui failed here: RuntimeError", "an exception may quote a secret"
    assert good == (FINE,)


async def test_a_secret_that_a_service_repeats_is_masked(exams: None, context: MakeContext):
    made = context({"ES_URL": "http://reader:s%2Fcret@h:9200", "KIBANA_API_KEY": "hunter2"})
    (section,) = await examine(made, ("elasticsearch",))
    assert section.where == "http://h:9200"
    (result,) = section.results
    for text in (result.said, result.tried, result.fix, *result.commands):
        assert "cret" not in text and "hunter2" not in text
        assert "no such user: http://***" in text


@pytest.mark.parametrize(
    "dsn",
    [
        "host=h user=u password='top secret' dbname=d",
        "postgresql://u@h/d?password=top%20secret",
        "postgresql://u:top%20secret@h/d",
    ],
)
def test_a_dsn_keeps_its_password_however_it_is_written(context: MakeContext, dsn: str):
    context({"POSTGRES_DSN": dsn})
    assert silent(Result("a.b", "", State.ok, "x top secret y")).said == "x *** y"


def test_an_address_that_is_no_secret_may_hold_one(context: MakeContext):
    context({"KIBANA_URL": "http://me:canary@h:5601"})
    assert silent(Result("a.b", "", State.ok, "no canary here")).said == "no *** here"


def test_every_service_is_examined_host_first():
    assert [*EXAMS] == [
        "settings",
        "local",
        "postgres",
        "fivetran",
        "bigquery",
        "dbt",
        "github",
        "elasticsearch",
        "kibana",
        "pagerduty",
    ]


@pytest.mark.parametrize("service", EXAMS)
async def test_what_altui_did_not_foresee_is_told_with_what_to_report(
    context: MakeContext, monkeypatch: pytest.MonkeyPatch, service: str
):
    async def choked(context: Context) -> Exams:
        raise RuntimeError("canary")
        yield FINE

    monkeypatch.setitem(EXAMS, service, choked)
    (section,) = await examine(context({}), (service,))
    result = section.results[0]
    assert (result.state, result.bad) == (State.unknown, True)
    assert result.said == "altui failed here: RuntimeError"
    assert result.tried == f"the exams of {service}, one after the other"
    assert "report it" in result.fix
    assert result.commands == ("altui --version", f"altui doctor --service {service} --json")
    assert "canary" not in str(result)


@pytest.mark.parametrize("service", EXAMS)
async def test_whatever_is_not_ok_says_what_was_tried_and_what_to_do(
    context: MakeContext, service: str
):
    """Nothing is set."""
    (section,) = await examine(context({}), (service,), seconds=60)
    assert section.results
    assert untold({result.id: result for result in section.results}) == []


async def test_more_time_is_advised_up_to_the_most(exams: None, context: MakeContext):
    (section,) = await examine(context({}), ("postgres",), seconds=0.05)
    assert section.results[1].commands == ("altui doctor --service postgres --timeout 1",)
    assert longer(LONGEST) == longer(LONGEST / 2) == LONGEST


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(0, "ok"), (60, "ok"), (61, "broken"), (-60, "ok"), (-61, "broken"), (86400, "broken")],
)
def test_a_clock_more_than_a_minute_off_breaks_what_is_due(seconds: int, state: str):
    judged = skew({"GitHub": timedelta(seconds=seconds)})
    assert judged.state.value == state
    if judged.bad:
        way = "behind" if seconds > 0 else "ahead of"
        assert judged.said == f"{abs(seconds)} s {way} GitHub"
        assert judged.commands == ("timedatectl set-ntp true",)


def test_one_service_with_a_wrong_clock_does_not_convince():
    skews = {"GitHub": timedelta(0), "Kibana": timedelta(hours=1), "Fivetran": timedelta(0)}
    assert skew(skews).state is State.ok
    assert skew({}).state is State.unknown and not skew({}).bad


@pytest.mark.parametrize(
    "date",
    [
        "Wed, 21 Oct 99999999999999999999 07:28:00 GMT",
        "Wed, 21 Oct 2026 07:28:00 +99999999999999",
        "soon",
        ",",
        "",
        None,
    ],
)
def test_a_date_that_is_none_is_no_clock(context: MakeContext, date: str | None):
    made = context({})
    made.heard("Kibana", date)
    assert made.skews == {}


async def test_a_proxy_of_a_kind_that_is_not_supported(
    context: MakeContext, monkeypatch: pytest.MonkeyPatch
):
    for name in ("all_proxy", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ALL_PROXY", "socks5://me:hunter2@127.0.0.1:9")
    made = context({"KIBANA_URL": "https://kibana.test", "KIBANA_API_KEY": "key"})
    made.transport = None
    (section,) = await examine(made, ["kibana"])
    (status,) = section.results
    assert status.said == "SOCKS proxies are not supported: set HTTPS_PROXY or NO_PROXY"
    assert status.state is State.broken
    assert status.fix == "correct that variable of this host, or leave it out"


async def test_a_token_that_no_header_can_carry(context: MakeContext):
    made = context({"GITHUB_TOKEN": "fine", "GITHUB_REPOSITORY": "a/b"})
    made.settings = replace(
        made.settings, github=replace(made.settings.github, token=Secret("t\u20ac"))
    )
    (section,) = await examine(made, ["github"])
    (token,) = section.results
    assert token.said.startswith("its key or token cannot be sent")
    assert token.fix.startswith("set GITHUB_TOKEN (now from the environment)")
