"""Scenes for verdicts and places that those of `tests.scenes` leave out, by hand as they are."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial

from msgspec.structs import replace

from altui.core.model.health import (
    Assessment,
    Cell,
    Diagnosis,
    Evidence,
    Finding,
    StageHealth,
    StageId,
    State,
    SyncSeen,
    Verdict,
    VerdictState,
)
from altui.core.model.observed import Observation, Snapshot
from altui.core.model.reading import Job, Jobs, Log, Reading, Run, RunStep
from tests.differing import differing
from tests.given import BUSY, suspected
from tests.scenes import (
    NIGHT,
    SCENES,
    STEPS,
    WOKEN,
    S,
    Scene,
    arrived,
    connection,
    documents,
    due,
    facts,
    health,
    healthy,
    kibana,
    minutes,
    runs,
    trace,
    well,
    without,
)

NEWEST = date(2026, 11, 22)
FAILED = 90_812
"""The run of the night, where it failed."""
DENIED = '"User does not have bigquery.tables.create"'
BUILD_LOG = (
    "03:19:01 Concurrency: 4 threads (target='prod')",
    "03:19:07 1 of 6 ERROR creating sql incremental model applylens_marts.mrt_risk_daily",
    f"03:19:07 Database Error in model mrt_risk_daily: Access Denied: {DENIED} in dataset"
    " applylens-prod:applylens_marts, or it may not exist",
    "03:19:08 ##[error]Process completed with exit code 1.",
)


def observed(scene: Scene, **values: Reading) -> Snapshot:
    """The scene's snapshot with other values of probes, `_` for the dot."""
    known = dict(scene.snapshot.observations)
    for name, value in values.items():
        probe = name.replace("_", ".", 1)
        known[probe] = replace(known[probe], value=value)
    return Snapshot(scene.now, known, scene.snapshot.details)


def detailed(snapshot: Snapshot, **values: Reading) -> Snapshot:
    """With answers to wishes: `jobs` and `log` of the run that failed."""
    made = dict(snapshot.details)
    for name, value in values.items():
        probe = f"github.{name}:{FAILED}/1"
        made[probe] = Observation(probe, value, snapshot.at, snapshot.at, detail=True)
    return replace(snapshot, details=made)


def jobs(failed_in: str, began: datetime) -> Jobs:
    """One job, whose steps up to the one that failed took a minute each."""
    last = STEPS.index(failed_in)
    steps = tuple(
        RunStep(
            name,
            "completed",
            "success" if place < last else "failure" if place == last else "skipped",
            began + minutes(place) if place <= last else None,
            began + minutes(place + 1) if place <= last else None,
        )
        for place, name in enumerate(STEPS)
    )
    return Jobs((Job("sync", "completed", "failure", began, began + minutes(last + 1), steps),))


def night(failed_in: str, through: date) -> Scene:
    """03:43, before any verdict: the nightly run failed in a step and `through` is served."""
    now, synced, began = WOKEN, WOKEN - minutes(38), WOKEN - minutes(25)
    scene = Scene(now, well(now, synced=synced, through=NEWEST), None, facts(now))
    snapshot = observed(
        scene,
        github_runs=runs(now.date(), failed_in=failed_in),
        elasticsearch_counts=documents(now, through),
    )
    snapshot = detailed(snapshot, jobs=jobs(failed_in, began), log=Log(failed_in, BUILD_LOG))
    return scene._replace(snapshot=snapshot)


def lost(scene: Scene, stage: StageId, state: State):
    """The newest day is there up to a stage and missing from it on."""
    stages = tuple(StageId)

    def judge(day: date, here: StageId) -> tuple[int | None, State]:
        if day == NEWEST and stages.index(here) >= stages.index(stage):
            return None, state if here is stage else State.ok
        return arrived(scene.now, NEWEST)(day, here)

    return trace(scene.now, judge)


def judged(scene: Scene, verdict: Verdict, *found: Finding, **more: object) -> Scene:
    """The scene with its assessment; what was found sets the state of its stage."""
    synced, built = scene.now - minutes(38), scene.now - minutes(24)
    stages = health(scene.now, synced, built)
    for item in found:
        word = {State.broken: "FAILED", State.late: "ends 21 Nov"}[item.state]
        stages[item.stage] = StageHealth(item.state, word, item.since, scene.now, item.subject)
    assessment = Assessment(
        scene.now,
        stages,
        found,
        trace(scene.now, arrived(scene.now, NEWEST)),
        verdict,
        due=due(scene.now, NEWEST, NEWEST, synced + minutes(60)),
    )
    return scene._replace(assessment=replace(assessment, **more))


def marts_denied() -> Scene:
    """BROKEN with a cause: dbt may not create tables, the marts lack the newest day."""
    scene = night(STEPS[1], date(2026, 11, 21))
    since = scene.now - minutes(24)
    evidence = Evidence(S.dbt, f"log of run {FAILED}", DENIED, since, {"run": 812})
    failed = Finding(
        "workflow.failed",
        S.dbt,
        State.broken,
        'run 812 failed in "Run dbt models"',
        since,
        (NEWEST,),
        (evidence,),
    )
    cause = Diagnosis("dbt.permission", (evidence,))
    verdict = Verdict(
        VerdictState.broken,
        "22 Nov missing from the marts on; raw data complete. Since 03:19Z (24m)",
        f"dbt.permission: {DENIED} (run 812)",
        "not from here: admin grants Data Editor (y: request). Data, 7h36m left",
        since,
        S.dbt,
        cause,
    )
    rows = lost(scene, S.dbt, State.broken)
    return judged(scene, verdict, failed, diagnoses=(cause,), trace=rows)


def dashboard_empty() -> Scene:
    """BROKEN at the last stage: the data is there, the dashboard's range leaves it out."""
    now = WOKEN
    scene = Scene(now, well(now, synced=now - minutes(38), through=NEWEST), None, facts(now))
    narrow = replace(kibana(), time_from="now-24h")
    scene = scene._replace(snapshot=observed(scene, kibana_status=narrow))
    since = now - minutes(12)
    found = Finding(
        "kibana.time_range",
        S.kibana,
        State.broken,
        "the dashboard's range is now-24h to now: 22 Nov is not in it",
        since,
        (NEWEST,),
        (Evidence(S.kibana, "dashboard", "timeFrom now-24h, timeTo now", now),),
    )
    verdict = Verdict(
        VerdictState.broken,
        "dashboard is empty, data is not: 22 Nov 150=150=150, in 3 of 3 indices",
        'its range is "last 24 hours"; 22 Nov sits at 00:00Z, 27h40m ago',
        "set 90 days (o opens it). Can wait: Analytics team, next business day",
        since,
        S.kibana,
    )
    return judged(scene, verdict, found, trace=lost(scene, S.kibana, State.broken))


def under_way() -> Scene:
    """WAIT: the nightly run began late and runs, and so does a sync."""
    now, through = NIGHT + minutes(30), date(2026, 11, 21)
    synced, began = now - minutes(64), now - minutes(3)
    scene = Scene(now, well(now, synced=synced, through=through), None, facts(now))
    known = runs(NEWEST)
    steps = (
        RunStep(STEPS[0], "completed", "success", began, began + minutes(1)),
        RunStep(STEPS[1], "in_progress", None, began + minutes(1), None),
        *(RunStep(name, "queued", None, None, None) for name in STEPS[2:]),
    )
    running = Run(
        FAILED,
        812,
        2,
        "schedule",
        "in_progress",
        None,
        began - timedelta(seconds=20),
        began,
        now,
        "Analytics Sync",
        "ops",
        "4be1f00",
        f"https://github.com/applylens/analytics/actions/runs/{FAILED}",
        steps,
    )
    syncing = replace(connection(now, synced), sync_state="syncing")
    snapshot = observed(
        scene,
        github_runs=replace(known, runs=(running, *known.runs)),
        fivetran_connection=syncing,
    )
    job = Job("sync", "in_progress", None, began, None, steps)
    made = detailed(snapshot)
    probe = f"github.jobs:{FAILED}/2"
    made.details[probe] = Observation(probe, Jobs((job,)), now, now, detail=True)
    verdict = Verdict(
        VerdictState.wait,
        "22 Nov not exported yet; nightly run 812 runs since 03:41Z, usual 6m10",
        "it began late, as GitHub's do: last 14 nights +9m to +41m. Late only at 04:22Z",
        "nothing; sleep until 04:22Z",
    )
    return judged(
        scene._replace(snapshot=made),
        verdict,
        due=due(now, through, NEWEST, synced + minutes(60)),
        trace=trace(now, arrived(now, through)),
        syncs=(SyncSeen(now - minutes(4), now),),
    )


def unattended() -> Scene:
    """STALE: the observer has ended, nobody has looked for ten minutes."""
    scene = healthy()
    now = scene.now + minutes(10)
    return scene._replace(now=now, snapshot=replace(scene.snapshot, at=now))


def other_half() -> Scene:
    """Neither Postgres, BigQuery nor Elasticsearch is configured: what is not off in half_blind."""
    scene = healthy()
    assert scene.assessment is not None
    snapshot, stages = scene.snapshot, dict(scene.assessment.stages)
    for service in ("postgres", "bigquery", "elasticsearch"):
        snapshot = without(snapshot, service)
    for stage in (S.postgres, S.bigquery, S.dbt, S.elasticsearch):
        stages[stage] = StageHealth(State.off, "off", None, None, "not configured")
    verdict = replace(
        scene.assessment.verdict,
        headline="nothing is wrong as far as seen",
        why="off: postgres, bigquery, elasticsearch; next nightly run 24 Nov 03:15Z",
    )
    rows = tuple(
        replace(row, cells=dict.fromkeys(row.cells, Cell(None, State.off)))
        for row in scene.assessment.trace
    )
    assessment = replace(scene.assessment, stages=stages, verdict=verdict, trace=rows)
    return Scene(scene.now, snapshot, assessment, scene.facts)


def told() -> Scene:
    """elasticsearch_down with the jobs and the log of the run that failed."""
    scene = SCENES["elasticsearch_down"]()
    began = scene.now - minutes(25)
    log = Log(STEPS[3], ("03:24:01 POST /_bulk", "03:24:02 ConnectionError: refused: es-prod-1"))
    return scene._replace(snapshot=detailed(scene.snapshot, jobs=jobs(STEPS[3], began), log=log))


EVERY: dict[str, Callable[[], Scene]] = {
    **SCENES,
    "suspected": suspected,
    "busy": partial(suspected, BUSY),
    "marts_denied": marts_denied,
    "dashboard_empty": dashboard_empty,
    "under_way": under_way,
    "unattended": unattended,
    "other_half": other_half,
    "differing": differing,
    "told": told,
}
