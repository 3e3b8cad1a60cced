"""What altui says when it cannot see: each service, each trouble, and every pair of them."""

from datetime import date, datetime, timedelta
from itertools import combinations, product

import pytest
from msgspec.structs import replace

from altui.core.model.health import Assessment, StageId, State, VerdictState
from altui.core.model.observed import Observation, ProbeError, Snapshot, Trouble
from altui.core.model.pipeline import SERVICES, Pipeline
from altui.core.model.reading import Counts, TableMeta
from altui.core.present.fitted import fitted, forms_of
from altui.core.rules.assess import assess
from tests.world import at, healthy, with_error, with_value, without_rows

NOON = at("2026-11-23 12:00")
YESTERDAY = date(2026, 11, 22)
NAMES = {"postgres": "postgresql"}
TROUBLES = {
    "off": Trouble.off,
    "denied": Trouble.denied,
    "unreachable": Trouble.unreachable,
    "refused": Trouble.refused,
    "nonsense": Trouble.nonsense,
    "misconfigured": Trouble.misconfigured,
}

# A pipeline that is well at noon but for one service: the verdict, and how far its day is followed.
#                  off   denied  unreachable refused nonsense   misconfigured  the day is then
VERDICTS = """
    postgres       ok    ok      ok          broken  ok         ok         complete to the dashboard
    fivetran       ok    ok      ok          broken  ok         ok         complete to the dashboard
    bigquery       ok    ok      ok          broken  ok         ok         is in the index
    github         ok    ok      ok          broken  ok         ok         complete to the dashboard
    elasticsearch  ok    check   suspected   broken  suspected  check      is in the marts
    kibana         ok    ok      suspected   broken  suspected  ok         complete to the index
"""
SINGLES: dict[tuple[str, str], VerdictState] = {}
FOLLOWED: dict[str, str] = {}
for row in VERDICTS.strip().splitlines():
    service, *states = row.split()
    states, words = states[: len(TROUBLES)], " ".join(states[len(TROUBLES) :])
    SINGLES |= {(service, name): VerdictState(s) for name, s in zip(TROUBLES, states, strict=True)}
    FOLLOWED[service] = words

WEIGHT = (VerdictState.ok, VerdictState.check, VerdictState.suspected, VerdictState.broken)
"""A pair's verdict is the graver one of its two, but where nothing is left that holds the day."""

# What a stage is when a service has this trouble; a service not named here is no stage's eyes.
STAGES_OF = {
    "postgres": (StageId.postgres,),
    "fivetran": (StageId.fivetran,),
    "bigquery": (StageId.bigquery, StageId.dbt),
    "github": (),
    "elasticsearch": (StageId.elasticsearch,),
    "kibana": (StageId.kibana,),
}
STATES = {
    "off": State.off,
    "denied": State.denied,
    "unreachable": State.unknown,
    "refused": State.broken,
    "nonsense": State.unknown,
    "misconfigured": State.unknown,
}


def blinded(snapshot: Snapshot, **troubles: str) -> Snapshot:
    """The snapshot with every probe of the named services in trouble since five minutes.

    A service that is off was never read; the others keep what they said the day before: whoever
    judges by that finds a day missing everywhere.
    """
    observations = dict(snapshot.observations)
    before = healthy(snapshot.at - timedelta(hours=26)).observations
    for probe, seen in snapshot.observations.items():
        name = troubles.get(probe.split(".")[0])
        if name is None:
            continue
        error = ProbeError(TROUBLES[name], f"{probe} said {name}", f"ask {probe}")
        old = Observation(probe) if name == "off" else before[probe]
        observations[probe] = replace(
            seen,
            value=old.value,
            at=old.at,
            tried_at=snapshot.at,
            error=error,
            failures=3,
            failing_since=snapshot.at - timedelta(minutes=5),
        )
    return Snapshot(snapshot.at, observations)


def judged(snapshot: Snapshot, before: Assessment | None = None) -> Assessment:
    return assess(snapshot, Pipeline(), snapshot.at, before)


def checks(result: Assessment) -> set[str]:
    return {finding.check for finding in result.findings}


def expected(**troubles: str) -> VerdictState:
    states = [SINGLES[pair] for pair in troubles.items()]
    if {troubles.get("elasticsearch"), "off"} == {"off"} and "bigquery" in troubles:
        states.append(VerdictState.check)  # neither the index nor the marts: nothing to be ok
    return max(states, key=WEIGHT.index)


def holds(result: Assessment, **troubles: str) -> None:
    """What is true of every look with these services in trouble and nothing else wrong."""
    verdict = result.verdict
    lines = [fitted(forms, 72) for forms in forms_of(verdict)]
    assert verdict.state is expected(**troubles), lines
    assert all(len(line) <= 72 for line in lines), lines
    for name in SERVICES:
        for stage in STAGES_OF[name]:
            state = STATES[troubles[name]] if name in troubles else State.ok
            assert result.stages[stage].state is state, (stage, result.stages[stage])
    configured = {name: trouble for name, trouble in troubles.items() if trouble != "off"}
    assert checks(result) == {f"{name}.{trouble}" for name, trouble in configured.items()}
    said = " ".join((*lines, *(finding.subject for finding in result.findings))).lower()
    assert all(NAMES.get(name, name) in said for name in configured), lines
    if verdict.state is VerdictState.ok:
        assert ("Unseen" if configured else "as far as seen") in verdict.headline
        assert all(name in verdict.headline for name in configured), verdict.headline
        assert all(name in verdict.why for name in troubles if name not in configured), lines


@pytest.mark.parametrize(("service", "trouble"), product(SERVICES, TROUBLES))
def test_one_service_that_cannot_be_seen(service: str, trouble: str):
    result = judged(blinded(healthy(NOON), **{service: trouble}))
    holds(result, **{service: trouble})
    if result.verdict.state is VerdictState.ok:
        assert f"22 Nov {FOLLOWED[service]}" in result.verdict.headline


@pytest.mark.parametrize("pair", combinations(SERVICES, 2), ids=" ".join)
def test_every_pair_in_every_two_troubles(pair: tuple[str, str]):
    for both in product(TROUBLES, repeat=2):
        troubles = dict(zip(pair, both, strict=True))
        holds(judged(blinded(healthy(NOON), **troubles)), **troubles)


@pytest.mark.parametrize("clock", ["00:10", "03:14", "03:30", "03:39"])
@pytest.mark.parametrize(("service", "trouble"), product(SERVICES, ("off", "denied")))
def test_a_night_that_is_not_over_is_waited_for_or_said_to_be_unseen(
    service: str, trouble: str, clock: str
):
    snapshot = blinded(healthy(at(f"2026-11-23 {clock}")), **{service: trouble})
    result = judged(snapshot)
    hidden = service == "elasticsearch" and trouble == "denied"
    assert result.verdict.state is (VerdictState.check if hidden else VerdictState.wait)
    assert checks(result) <= {f"{service}.denied"}
    if trouble == "denied":
        assert service in " ".join((result.verdict.headline, result.verdict.do)).lower()


@pytest.mark.parametrize("trouble", TROUBLES)
def test_no_minute_of_a_day_is_false_while_a_service_is_unseen(trouble: str):
    for service in SERVICES:
        allowed = {f"{service}.{trouble}"}
        for minutes in range(0, 24 * 60, 17):
            now = at("2026-11-23 00:00") + timedelta(minutes=minutes)
            result = judged(blinded(healthy(now, days=16), **{service: trouble}))
            assert checks(result) <= allowed, (service, now)


def test_what_was_seen_last_is_never_judged_and_still_told():
    snapshot = blinded(healthy(NOON), elasticsearch="unreachable")
    result = judged(snapshot)
    assert result.stages[StageId.elasticsearch].state is State.unknown
    assert "held 21 Nov when last seen" in result.verdict.why
    assert 'Kibana, its client, is "available"' in result.verdict.why


# Without Fivetran: the copy's age by `_fivetran_synced`


def synced(snapshot: Snapshot, moment: datetime) -> Snapshot:
    """The snapshot with nothing synced into BigQuery after `moment`."""
    counts = snapshot.get("bigquery.counts", Counts)
    assert counts is not None
    series = {
        name: replace(old, synced=moment) if name.startswith("raw.") else old
        for name, old in counts.series.items()
    }
    return with_value(snapshot, "bigquery.counts", series=series)


def written(snapshot: Snapshot, moment: datetime) -> Snapshot:
    """The snapshot with the newest change of emails at the source at `moment`."""
    counts = snapshot.get("postgres.counts", Counts)
    assert counts is not None
    old = counts.series["emails"]
    changed = {day: min(when, moment) for day, when in old.changed.items()}
    emails = replace(old, changed=changed | {moment.date(): moment})
    still = {day: when for day, when in old.changed.items() if when < moment - timedelta(days=1)}
    others = replace(old, changed=still)
    series = {"emails": emails, "applications": others}
    return with_value(snapshot, "postgres.counts", series=series)


@pytest.mark.parametrize("trouble", ["off", "denied", "unreachable"])
@pytest.mark.parametrize(
    ("wrote", "late"),
    [
        ("07:59", False),  # before the last sync: a quiet source is no late copy
        ("08:01", True),
        ("10:45", True),  # 75 min before the count: every hour and a quarter of grace
        ("10:46", False),  # a sync that carries it may still be on its way
        ("11:59", False),
    ],
)
def test_without_fivetran_the_copy_is_late_when_written_rows_wait(
    trouble: str, wrote: str, late: bool
):
    snapshot = written(healthy(NOON), at(f"2026-11-23 {wrote}"))
    snapshot = synced(snapshot, at("2026-11-23 08:00"))
    result = judged(blinded(snapshot, fivetran=trouble))
    assert ("bigquery.stale" in checks(result)) is late
    assert result.stages[StageId.bigquery].state is (State.late if late else State.ok)
    if late:
        assert result.verdict.state is VerdictState.late
        assert "since 08:00Z" in result.verdict.headline
        assert "Platform team" in result.verdict.do


def test_a_source_that_never_rests_is_late_once_its_rows_waited_from_look_to_look():
    first = None
    states: list[bool] = []
    for minutes in (0, 15, 60, 74, 75, 90):
        now = NOON + timedelta(minutes=minutes)
        snapshot = written(healthy(now), now - timedelta(minutes=1))
        snapshot = blinded(synced(snapshot, at("2026-11-23 11:30")), fivetran="denied")
        first = judged(snapshot, first)
        states.append("bigquery.stale" in checks(first))
    assert states == [False, False, False, False, True, True]


def test_a_new_sync_starts_the_wait_anew():
    first = None
    for hour in range(12, 18):
        now = at(f"2026-11-23 {hour}:58")
        snapshot = written(healthy(now), now - timedelta(minutes=1))
        first = judged(blinded(snapshot, fivetran="off"), first)
        assert checks(first) == set()


@pytest.mark.parametrize(
    ("moment", "late"), [("2026-11-22 12:00", False), ("2026-11-22 10:00", True)]
)
def test_without_source_and_fivetran_the_copy_may_be_as_quiet_as_ever_before(
    moment: str, late: bool
):
    # the days' last syncs are 24 hours apart: with the promise 25 h 15 min are nothing new
    snapshot = synced(healthy(NOON), at(moment))
    result = judged(blinded(snapshot, fivetran="off", postgres="off"))
    assert ("bigquery.stale" in checks(result)) is late


def test_fivetrans_own_word_is_better_than_the_rows():
    snapshot = written(synced(healthy(NOON), at("2026-11-23 08:00")), at("2026-11-23 09:00"))
    assert "bigquery.stale" not in checks(judged(snapshot))


# Without GitHub: the night by the marts' modification time and the index's newest day


def unbuilt(now: str) -> Snapshot:
    """Tonight's run never came: marts and index end the day before."""
    before = healthy(at("2026-11-23 03:00")).observations
    present = healthy(at(now)).observations
    stale = ("bigquery.tables", "elasticsearch.counts")
    observations = present | {probe: before[probe] for probe in stale}
    snapshot = Snapshot(at(now), observations)
    counts, old = present["bigquery.counts"].value, before["bigquery.counts"].value
    assert isinstance(counts, Counts)
    assert isinstance(old, Counts)
    mart = {"mart.mrt_risk_daily": old.series["mart.mrt_risk_daily"]}
    return with_value(snapshot, "bigquery.counts", series=counts.series | mart)


@pytest.mark.parametrize("trouble", ["off", "denied", "unreachable"])
@pytest.mark.parametrize(("clock", "late"), [("04:20", False), ("04:40", True)])
def test_without_github_the_marts_tell_whether_the_night_was_done(
    trouble: str, clock: str, late: bool
):
    result = judged(blinded(unbuilt(f"2026-11-23 {clock}"), github=trouble))
    assert ("dbt.not_built" in checks(result)) is late
    if late:
        assert result.verdict.state is VerdictState.late
        assert "22 Nov is not in risk_daily" in result.verdict.headline
        assert "mrt_risk_daily not built since 22 Nov 03:43Z" in result.verdict.why
    else:
        assert result.verdict.state is VerdictState.wait
        assert "marts built 22 Nov 03:43Z" in result.verdict.why


def test_with_metadata_alone_the_night_is_still_told():
    snapshot = unbuilt("2026-11-23 05:00")
    snapshot = with_error(snapshot, "bigquery.counts", Trouble.denied, since=snapshot.at)
    result = judged(blinded(snapshot, github="off", elasticsearch="off"))
    assert checks(result) == {"dbt.not_built", "bigquery.denied"}


def test_an_export_on_its_way_is_not_late_because_github_is_unseen():
    now = at("2026-11-23 04:33")
    late_night = healthy(at("2026-11-23 04:00")).observations  # marts and index end 22 Nov
    snapshot = healthy(now)
    building = with_value(
        snapshot,
        "bigquery.tables",
        tables={"m.mrt_risk_daily": TableMeta(1, 1, now - timedelta(minutes=2))},
    )
    short = without_rows(building, "elasticsearch.counts", "index.mrt_risk_daily", YESTERDAY, 3)
    assert late_night
    assert checks(judged(blinded(short, github="off"))) == set()
    done = replace(short, at=now + timedelta(minutes=9))
    assert checks(judged(blinded(done, github="off"))) == {"parity.index"}


# Without BigQuery: the index against the source


@pytest.mark.parametrize("trouble", ["off", "denied", "unreachable"])
def test_without_bigquery_the_index_is_held_against_the_source(trouble: str):
    whole = judged(blinded(healthy(NOON), bigquery=trouble))
    assert "22 Nov is in the index (143=143)" in whole.verdict.headline
    short = without_rows(
        healthy(NOON), "elasticsearch.counts", "index.mrt_risk_daily", YESTERDAY, 4
    )
    result = judged(blinded(short, bigquery=trouble))
    loss = next(finding for finding in result.findings if finding.check == "parity.index")
    assert loss.days == (YESTERDAY,)
    assert loss.evidence[0].words == (
        "PostgreSQL 143, the index 139; what lies between cannot be seen"
    )
    assert "export_to_es" not in result.verdict.do


@pytest.mark.parametrize(
    ("wrote", "state"), [("01:59", State.late), ("02:00", State.late), ("02:01", State.due)]
)
def test_rows_that_came_too_late_for_the_build_are_due_without_bigquery(wrote: str, state: State):
    short = without_rows(
        healthy(NOON), "elasticsearch.counts", "index.mrt_risk_daily", YESTERDAY, 4
    )
    counts = short.get("postgres.counts", Counts)
    assert counts is not None
    emails = counts.series["emails"]
    changed = emails.changed | {YESTERDAY: at(f"2026-11-23 {wrote}")}
    series = counts.series | {"emails": replace(emails, changed=changed)}
    result = judged(blinded(with_value(short, "postgres.counts", series=series), bigquery="denied"))
    row = next(row for row in result.trace if row.day == YESTERDAY and row.table == "emails")
    assert row.cells[StageId.elasticsearch].state is state


def test_rows_deleted_at_the_source_since_are_not_judged_without_bigquery():
    day = date(2026, 11, 10)
    snapshot = without_rows(healthy(NOON), "postgres.counts", "emails", day, 2)
    result = judged(blinded(snapshot, bigquery="denied"))
    assert checks(result) == {"bigquery.denied"}
    row = next(row for row in result.trace if row.day == day and row.table == "emails")
    assert row.cells[StageId.elasticsearch].state is State.unknown


# One probe of a service fails, the others answer


def test_a_part_that_is_unseen_is_named_and_the_rest_is_judged():
    since = NOON - timedelta(minutes=3)
    snapshot = with_error(healthy(NOON), "elasticsearch.cluster", Trouble.denied, since=since)
    result = judged(snapshot)
    assert result.stages[StageId.elasticsearch].state is State.denied
    assert result.findings[0].subject == (
        "Elasticsearch answered, but denies this account (health)"
    )
    assert result.verdict.state is VerdictState.ok
    assert "elasticsearch (health denied)" in result.verdict.headline
    behind = without_rows(snapshot, "elasticsearch.counts", "index.mrt_risk_daily", YESTERDAY, None)
    assert "index.behind.mrt_risk_daily" in checks(judged(behind))


def test_readers_who_have_their_day_wake_nobody_for_a_part_that_is_unseen():
    since = NOON - timedelta(minutes=3)
    for service_sla, probe in (("1h", "elasticsearch.cluster"), ("4h", "fivetran.connection")):
        result = judged(with_error(healthy(NOON), probe, Trouble.unreachable, since=since))
        assert result.verdict.state is VerdictState.ok
        assert result.verdict.do.startswith("can wait ")
        assert service_sla in result.verdict.do


def test_two_probes_that_fail_in_two_ways_are_two_findings():
    snapshot = with_error(healthy(NOON), "elasticsearch.cluster", Trouble.denied, since=NOON)
    snapshot = with_error(snapshot, "elasticsearch.counts", Trouble.unreachable, since=NOON)
    result = judged(snapshot)
    assert checks(result) == {"elasticsearch.denied", "elasticsearch.unreachable"}
    assert result.stages[StageId.elasticsearch].state is State.unknown
    assert result.verdict.state is VerdictState.check


def test_metadata_that_is_denied_blinds_no_stage_and_loses_no_row():
    day = date(2026, 11, 22)
    counts = healthy(NOON).get("bigquery.counts", Counts)
    assert counts is not None
    raw = counts.series["raw.emails"]
    # rows of yesterday that came after the build: due with the next one
    later = replace(raw, changed=raw.changed | {day: at("2026-11-23 04:05")})
    snapshot = with_value(
        healthy(NOON), "bigquery.counts", series=counts.series | {"raw.emails": later}
    )
    for probe, series in (
        ("bigquery.counts", "mart.mrt_risk_daily"),
        ("elasticsearch.counts", "index.mrt_risk_daily"),
    ):
        snapshot = without_rows(snapshot, probe, series, day, 2)
    snapshot = with_error(snapshot, "bigquery.tables", Trouble.denied, since=NOON)
    result = judged(snapshot)
    assert checks(result) == {"bigquery.denied"}
    assert result.stages[StageId.bigquery].state is State.ok


def test_what_github_alone_hides_is_no_state_of_dbt():
    result = judged(blinded(healthy(NOON), github="unreachable"))
    assert result.stages[StageId.dbt].state is State.ok
    assert checks(result) == {"github.unreachable"}


def test_a_granted_wish_is_no_service():
    snapshot = healthy(NOON)
    failed = ProbeError(Trouble.missing, "410 the log has expired", "GET log")
    wish = Observation("github.log:812", error=failed, tried_at=NOON)
    result = judged(Snapshot(NOON, snapshot.observations | {wish.probe: wish}))
    assert result.findings == ()
    assert result.verdict.state is VerdictState.ok
