"""Most services silent at once point at this host; one provider that is down does not."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from altui.core.model.health import Assessment, State, VerdictState
from altui.core.model.observed import ProbeError, Snapshot, Trouble
from altui.core.model.pipeline import SERVICES, Pipeline
from altui.core.model.reading import Index
from altui.core.present.fitted import fitted, forms_of
from altui.core.rules.assess import assess
from tests.world import at, healthy, with_value

NOON = at("2026-11-23 12:00")
LETTERS = {
    "-": None,
    "o": Trouble.off,
    "d": Trouble.denied,
    "r": Trouble.refused,
    "u": Trouble.unreachable,
    "n": Trouble.nonsense,
}
REFUSED = "https://service.example: Connection refused"
DNS = "https://service.example: [Errno -2] Name or service not known"


def world(letters: str, words: str = REFUSED, minutes: tuple[int, ...] = (3,) * 6) -> Snapshot:
    """A letter a service, in their order: - answers, o off, d denied, r refused, u silent ..."""
    troubles = dict(zip(SERVICES, (LETTERS[letter] for letter in letters), strict=True))
    since = dict(zip(SERVICES, minutes, strict=True))
    observations = dict(healthy(NOON).observations)
    for probe, seen in observations.items():
        service = probe.split(".")[0]
        if (trouble := troubles[service]) is not None:
            error = ProbeError(trouble, words, f"ask {probe}")
            began = NOON - timedelta(minutes=since[service])
            value = None if trouble is Trouble.off else seen.value
            failing = replace(seen, value=value, error=error, failing_since=began)
            observations[probe] = failing
    return Snapshot(NOON, observations)


def judged(snapshot: Snapshot) -> Assessment:
    return assess(snapshot, Pipeline(), snapshot.at)


# in the order of SERVICES: postgres fivetran bigquery github elasticsearch kibana
@pytest.mark.parametrize(
    ("letters", "count"),
    [
        ("uuuuuu", "6 of 6"),
        ("uuuuu-", "5 of 6"),
        ("uuuu--", "4 of 6"),
        ("uuu---", None),  # half is not most
        ("uuuddd", None),  # who denies has answered
        ("uuuudd", "4 of 6"),
        ("uuoooo", "2 of 2"),
        ("uu-ooo", "2 of 3"),
        ("u--ooo", None),
        ("uooooo", None),  # one service alone is that service's own silence
        ("oo-ouu", None),  # one provider is down: Kibana lives beside Elasticsearch
        ("oooouu", "2 of 2"),  # all there is: nothing tells the host from the provider
        ("----uu", None),
        ("rrrrru", None),
        ("uunnuu", "6 of 6"),
    ],
)
def test_when_the_first_suspect_is_this_host(letters: str, count: str | None):
    result = judged(world(letters))
    found = [finding for finding in result.findings if finding.check == "local.network"]
    silent = [f for f in result.findings if f.check.endswith((".unreachable", ".nonsense"))]
    assert bool(found) is (count is not None)
    if count is not None:
        assert found[0].subject.startswith(f"{count} services do not answer from here")
        assert found[0].state is State.unknown
        assert silent == []
        assert len(found[0].evidence) == sum(letter in "un" for letter in letters)
    else:
        assert len(silent) == sum(letter in "un" for letter in letters)


def test_the_verdict_is_check_and_names_the_suspect():
    verdict = judged(world("uuuuuu")).verdict
    assert verdict.state is VerdictState.check
    assert verdict.headline == (
        "nothing answers from this host since 11:57Z, 6 of 6: your VPN or proxy?"
    )
    some = judged(world("uu-u-u")).verdict
    assert some.headline == "4 of 6 do not answer from this host since 11:57Z: your VPN or proxy?"
    assert some.why.endswith("; answering: BigQuery, Elasticsearch")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (DNS, "names cannot be resolved here (DNS)"),
        ("[Errno -3] Temporary failure in name resolution", "names cannot be resolved here (DNS)"),
        ("https://a.example: through HTTPS_PROXY proxy:3128: refused", "the proxy does not answer"),
        ("[Errno 101] Network is unreachable", "no route from here"),
        ("no answer within 10 s", "no answer in time from any"),
        (REFUSED, "most services silent at once"),
    ],
)
def test_what_the_words_have_in_common_is_the_why(words: str, why: str):
    verdict = judged(world("uuuuuu", words)).verdict
    assert verdict.why.startswith(why)
    assert len(fitted(forms_of(verdict)[1], 72)) <= 72


def test_answers_that_are_nobodys_point_at_a_login_page():
    verdict = judged(world("nnnnnn", "the answer cannot be understood: <html>")).verdict
    assert verdict.why.startswith("the answers are not theirs: a login page or proxy?")


def test_services_of_this_machine_are_not_told_to_look_at_a_vpn():
    verdict = judged(world("uuuuuu", "http://127.0.0.1:9200: Connection refused")).verdict
    assert verdict.headline == (
        "nothing answers on this machine since 11:57Z, 6 of 6: is it running?"
    )
    assert "altui sandbox status" in verdict.do


@pytest.mark.parametrize(
    "words",
    [
        "https://api.github.com through the proxy http://127.0.0.1:3128: connection failed",
        "HTTPSConnectionPool(host='oauth2.googleapis.com', port=443): Max retries exceeded (Caused "
        "by ProxyError('Unable to connect to proxy', HTTPSConnection(host='127.0.0.1', port=9)))",
    ],
)
def test_services_behind_a_proxy_of_this_machine_are_not_this_machines(words: str):
    verdict = judged(world("uuuuuu", words)).verdict
    assert verdict.headline.startswith("nothing answers from this host")
    assert verdict.why.startswith("the proxy does not answer")
    assert verdict.do == "check VPN, proxy and DNS here; altui goes on asking"


def test_since_is_when_the_silent_became_the_most():
    # Postgres has been silent for a day; three more joined it two minutes ago
    verdict = judged(world("uuuu--", minutes=(1440, 4, 3, 2, 0, 0))).verdict
    assert "since 11:58Z" in verdict.headline


def test_services_that_answer_are_judged_all_the_same():
    name = "analytics_applylens_risk_daily"
    blocked = Index(name, "green", "open", 1, 1, ("read_only_allow_delete",))
    snapshot = with_value(world("uuuu--"), "elasticsearch.cluster", indices={name: blocked})
    result = judged(snapshot)
    assert {finding.check for finding in result.findings} == {
        "es.flood_stage",
        "local.network",
    }
    assert result.verdict.state is VerdictState.broken
    assert "unseen: postgres, fivetran, bigquery, github" in result.verdict.why
