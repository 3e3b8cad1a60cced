"""Scenes for what is drawn: snapshots with the assessment the rules would make of them.

Written by hand, so that a change of the rules does not move the screens' pictures.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from altui.core.model.health import (
    STAGES,
    Assessment,
    Cell,
    Due,
    Evidence,
    Finding,
    StageHealth,
    StageId,
    State,
    TraceRow,
    Verdict,
    VerdictState,
)
from altui.core.model.history import SyncEnd
from altui.core.model.observed import Observation, ProbeError, Snapshot, Trouble
from altui.core.model.reading import (
    Cluster,
    Connection,
    Counts,
    DataView,
    Index,
    Kibana,
    Note,
    Reading,
    Run,
    Runs,
    RunStep,
    Series,
    SyncTable,
    SyncTables,
    TableMeta,
    Warehouse,
)
from altui.core.present.view import Facts
from tests.world import a_connection

NOON = datetime(2026, 11, 23, 12, 0, 20, tzinfo=UTC)
NIGHT = datetime(2026, 11, 23, 3, 14, 20, tzinfo=UTC)
WOKEN = datetime(2026, 11, 23, 3, 43, 20, tzinfo=UTC)
ONE_DAY = timedelta(days=1)
WINDOW = 90
STEPS = ("Install dbt packages", "Run dbt models", "Run dbt tests", "Export to Elasticsearch")
PROBES = (
    "postgres.counts",
    "fivetran.connection",
    "bigquery.tables",
    "bigquery.counts",
    "github.runs",
    "elasticsearch.cluster",
    "elasticsearch.counts",
    "kibana.status",
)
S = StageId


class Scene(NamedTuple):
    now: datetime
    snapshot: Snapshot
    assessment: Assessment | None
    facts: Facts


def facts(now: datetime) -> Facts:
    """A real pipeline, watched for an hour."""
    return Facts("applylens", production=True, started=now - timedelta(hours=1))


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def volume(day: date) -> int:
    """Rows of a day: fewer on weekends, the same on every call."""
    return 118 + day.day % 7 if day.weekday() > 4 else 148 + day.day * 7 % 23


# What the services said


def days_until(last: date) -> list[date]:
    return [last - ONE_DAY * back for back in range(WINDOW)][::-1]


def series(last: date, rows: int, latest: datetime, synced: datetime | None = None) -> Series:
    start = days_until(NOON.date())[0]
    by_day = {day: volume(day) for day in days_until(last) if day >= start}
    return Series(rows, latest, by_day, {}, synced, rows + 214 if synced else None)


def source(now: datetime) -> Counts:
    start = days_until(now.date())[0]
    return Counts(
        start,
        {
            "emails": series(now.date(), 60_162, now - minutes(1)),
            "applications": series(now.date(), 8_012, now - minutes(26)),
        },
        "SELECT ... FROM public.emails GROUP BY 1",
    )


def warehouse(now: datetime, synced: datetime, built_through: date, short: int = 3) -> Counts:
    start = days_until(now.date())[0]
    emails = series(now.date(), 60_162 - short, synced - minutes(2), synced)
    applications = series(now.date(), 8_012, synced - minutes(20), synced)
    midnight = datetime.combine(built_through, time(), UTC)
    return Counts(
        start,
        {
            "raw.emails": emails,
            "raw.applications": applications,
            "staging.emails": emails,
            "staging.applications": applications,
            "mart.mrt_risk_daily": series(built_through, 400, midnight),
        },
        "SELECT ... FROM `applylens.public_emails` GROUP BY 1",
        41_943_040,
    )


def documents(now: datetime, through: date) -> Counts:
    midnight = datetime.combine(through, time(), UTC)
    return Counts(
        days_until(now.date())[0],
        {
            "index.mrt_risk_daily": series(through, 400, midnight),
            "index.mrt_parity_drift": Series(37, midnight, {through: 1}),
        },
        "POST /analytics_applylens_risk_daily/_search",
    )


def connection(now: datetime, succeeded_at: datetime) -> Connection:
    return replace(a_connection(succeeded_at), created_at=now - ONE_DAY * 400)


def sync_tables(*, selected: bool = True) -> SyncTables:
    return SyncTables(
        (
            SyncTable("public.emails", "public_emails", enabled=True),
            SyncTable("public.applications", "public_applications", enabled=selected),
        )
    )


def sync_ends(newest: datetime, count: int = 40) -> tuple[SyncEnd, ...]:
    """An end an hour up to the newest: the third failed, the tenth was soon over, once nobody
    looked, and before the twentieth for five hours."""
    made: list[SyncEnd] = []
    for back in range(count):
        ended = newest - minutes(60 * back + (300 if back > 19 else 0))
        began = ended - minutes(4 + back * 7 % 5) - timedelta(seconds=back * 11 % 60)
        if back == 11:
            made.append(SyncEnd(ended))
        elif back == 9:
            made.append(SyncEnd(ended, after=ended - timedelta(seconds=25)))
        else:
            made.append(SyncEnd(ended, back == 2, began))
    return tuple(made)


def with_schemas(snapshot: Snapshot) -> Snapshot:
    """The snapshot with the tables that the connection knows, as a shown panel has them read."""
    at = snapshot.at - minutes(1)
    schemas = Observation("fivetran.schemas", sync_tables(), at, at, detail=True)
    return replace(snapshot, details=snapshot.details | {schemas.probe: schemas})


def run(number: int, started: datetime, *, failed_in: str | None = None, event: str = "schedule"):
    took = minutes(6) + timedelta(seconds=number % 5 * 7)
    steps = ()
    if failed_in:
        steps = tuple(
            RunStep(
                name,
                "completed",
                "failure" if name == failed_in else "success",
                started + minutes(place),
                started + minutes(place + 1),
            )
            for place, name in enumerate(STEPS)
        )
    return Run(
        id=90_000 + number,
        number=number,
        attempt=1,
        event=event,
        status="completed",
        conclusion="failure" if failed_in else "success",
        created_at=started - timedelta(seconds=9),
        started_at=started,
        updated_at=started + took,
        title="Analytics Sync" + (" (seeded)" if number < 809 else ""),
        actor="ops",
        head_sha="4be1f00",
        url=f"https://github.com/applylens/analytics/actions/runs/{90_000 + number}",
        steps=steps,
    )


def runs(newest: date, *, failed_in: str | None = None, count: int = 14) -> Runs:
    """Nightly runs up to the one of `newest`, 9 to 41 minutes after 03:15."""
    made: list[Run] = []
    for back in range(count):
        night = datetime.combine(newest - ONE_DAY * back, time(3, 15), UTC)
        late = minutes(9 + back * 13 % 33)
        made.append(run(812 - back, night + late, failed_in=failed_in if back == 0 else None))
    return Runs("Analytics Sync", "active", tuple(made))


def tables(built: datetime) -> Warehouse:
    return Warehouse(
        {
            "applylens.public_emails": TableMeta(60_373, 48_000_000, built),
            "applylens_marts.mrt_risk_daily": TableMeta(400, 90_000, built),
        }
    )


def cluster(*, blocks: tuple[str, ...] = ()) -> Cluster:
    prefix = "analytics_applylens"
    return Cluster(
        "applylens-prod",
        "green",
        3,
        {
            f"{prefix}_risk_daily": Index(
                f"{prefix}_risk_daily", "green", "open", 400, 4_100_000, blocks
            ),
            f"{prefix}_parity_drift": Index(
                f"{prefix}_parity_drift", "green", "open", 37, 61_000, ()
            ),
        },
        True,
    )


def kibana(level: str = "available") -> Kibana:
    return Kibana(
        level,
        f"All services are {level}",
        "8.19.3",
        (DataView("dv", "analytics_applylens_*", "d"),),
        "Analytics Overview",
        ("dv",),
        "now-90d",
        "now",
        True,
    )


def seen(now: datetime, **readings: Reading) -> Snapshot:
    """Readings by probe, `_` for the dot, each read within the last minutes."""
    observations: dict[str, Observation] = {}
    for place, (name, value) in enumerate(readings.items()):
        probe = name.replace("_", ".", 1)
        at = now - timedelta(seconds=11 + 40 * place)
        observations[probe] = Observation(probe, value, at, at, None, 0, None, at + minutes(1), 0.2)
    return Snapshot(now, observations)


def well(now: datetime, *, synced: datetime, through: date) -> Snapshot:
    nightly = through + ONE_DAY
    built = datetime.combine(nightly, time(3, 27), UTC)
    return seen(
        now,
        postgres_counts=source(now),
        fivetran_connection=connection(now, synced),
        bigquery_tables=tables(built),
        bigquery_counts=warehouse(now, synced, through),
        github_runs=runs(nightly),
        elasticsearch_cluster=cluster(),
        elasticsearch_counts=documents(now, through),
        kibana_status=kibana(),
    )


def failing(
    snapshot: Snapshot, service: str, *, trouble: Trouble, words: str, since: datetime
) -> Snapshot:
    """The same snapshot, one service's probes failing since a moment; values stay."""
    observations = dict(snapshot.observations)
    for probe in PROBES:
        if probe.startswith(service + "."):
            observations[probe] = replace(
                observations[probe],
                at=since - minutes(1),
                error=ProbeError(trouble, words, f"connect {service}"),
                failures=9,
                failing_since=since,
            )
    return Snapshot(snapshot.at, observations)


def without(snapshot: Snapshot, service: str) -> Snapshot:
    """A service that is not configured."""
    observations = dict(snapshot.observations)
    for probe in PROBES:
        if probe.startswith(service + "."):
            off = ProbeError(Trouble.off, f"{service} is not configured", service)
            observations[probe] = Observation(probe, tried_at=snapshot.at, error=off)
    return Snapshot(snapshot.at, observations)


# What the rules made of it


def trace(now: datetime, judge: Callable[[date, StageId], tuple[int | None, State]]):
    rows: list[TraceRow] = []
    for table in ("emails", "applications"):
        stages = STAGES if table == "emails" else STAGES[:3]
        for day in days_until(now.date())[::-1]:
            cells = {stage: Cell(*judge(day, stage)) for stage in stages}
            if table != "emails":
                cells = {stage: Cell(20, State.ok) for stage in stages}
            lost = (s for s in stages if cells[s].state in (State.late, State.broken))
            rows.append(TraceRow(day, table, cells, next(lost, None)))
    return tuple(rows)


def arrived(now: datetime, through: date):
    """Every day everywhere; behind staging only what was exported."""

    def judge(day: date, stage: StageId) -> tuple[int | None, State]:
        if stage in STAGES[3:] and day > through:
            return None, State.due
        if day == now.date() and stage is not S.postgres:
            return volume(day) - 3, State.due if stage is S.fivetran else State.ok
        return volume(day), State.ok

    return judge


def due(now: datetime, wanted: date, coming: date, slot: datetime) -> Due:
    tonight = datetime.combine(now.date(), time(3, 15), UTC)
    return Due(
        wanted_day=wanted,
        coming_day=coming,
        coming_due_at=datetime.combine(coming + ONE_DAY, time(4, 22), UTC),
        next_run_at=tonight if now < tonight else tonight + ONE_DAY,
        usual_delay_s=3600,
        usual_duration_s=370,
        sync_slot=slot,
        sync_due_at=slot + minutes(15),
    )


def health(now: datetime, synced: datetime, built: datetime) -> dict[StageId, StageHealth]:
    ages = {
        S.postgres: now - minutes(1),
        S.fivetran: synced,
        S.bigquery: synced,
        S.dbt: built,
        S.elasticsearch: built.replace(hour=0, minute=0) - ONE_DAY,
        S.kibana: now - minutes(1),
    }
    return {stage: StageHealth(State.ok, "ok", at, now, "") for stage, at in ages.items()}


def healthy() -> Scene:
    """Noon: every stage has every day."""
    now, through = NOON, date(2026, 11, 22)
    synced = now - minutes(38)
    built = datetime(2026, 11, 23, 3, 27, tzinfo=UTC)
    verdict = Verdict(
        VerdictState.ok,
        "22 Nov complete to the dashboard (119=119=119=119=119=119)",
        "next nightly run 24 Nov 03:15Z, next sync 12:22Z",
        "nothing",
    )
    return Scene(
        now,
        with_schemas(well(now, synced=synced, through=through)),
        Assessment(
            now,
            health(now, synced, built),
            (),
            trace(now, arrived(now, through)),
            verdict,
            due=due(now, through, through, synced + minutes(60)),
            sync_ends=sync_ends(synced),
        ),
        facts(now),
    )


def due_at_night() -> Scene:
    """03:14: yesterday is not exported yet, and need not be."""
    now, through = NIGHT, date(2026, 11, 21)
    synced = now - minutes(9)
    built = datetime(2026, 11, 22, 3, 27, tzinfo=UTC)
    stages = health(now, synced, built)
    for stage in (S.dbt, S.elasticsearch):
        stages[stage] = replace(stages[stage], state=State.due, word="due")
    verdict = Verdict(
        VerdictState.wait,
        "22 Nov not exported yet; nightly run due 03:15Z",
        "GitHub starts it late: allowed for 1h00. Late only at 04:22Z",
        "nothing; sleep until 04:22Z",
    )
    return Scene(
        now,
        well(now, synced=synced, through=through),
        Assessment(
            now,
            stages,
            (),
            trace(now, arrived(now, through)),
            verdict,
            due=due(now, through, date(2026, 11, 22), synced + minutes(60)),
        ),
        facts(now),
    )


def elasticsearch_down() -> Scene:
    """03:43: the nightly export failed, Kibana is unavailable, nothing answers from here."""
    now, through, since = WOKEN, date(2026, 11, 21), WOKEN - minutes(19)
    synced, built = now - minutes(38), now - minutes(24)
    refused = "Connection refused: es-prod-1:9200"
    snapshot = well(now, synced=synced, through=date(2026, 11, 22))
    snapshot = failing(
        snapshot,
        "elasticsearch",
        trouble=Trouble.unreachable,
        words=refused,
        since=since,
    )
    observations = dict(snapshot.observations)
    failed = runs(date(2026, 11, 23), failed_in=STEPS[3])
    observations["github.runs"] = replace(observations["github.runs"], value=failed)
    down = kibana("unavailable")
    observations["kibana.status"] = replace(observations["kibana.status"], value=down)
    old = observations["elasticsearch.counts"]
    observations["elasticsearch.counts"] = replace(old, value=documents(now, through))
    stages = health(now, synced, built)
    stages[S.elasticsearch] = StageHealth(
        State.broken, "DOWN", since, since - minutes(2), "Elasticsearch does not answer from here"
    )
    stages[S.kibana] = StageHealth(
        State.late, "ends 21 Nov", now, now, 'Kibana\'s status is "unavailable"'
    )

    def judge(day: date, stage: StageId) -> tuple[int | None, State]:
        if stage is S.elasticsearch:
            return None, State.broken if day == date(2026, 11, 22) else State.unknown
        if stage is S.kibana:
            return None, State.unknown
        return arrived(now, date(2026, 11, 22))(day, stage)

    findings = (
        Finding(
            "elasticsearch.unreachable",
            S.elasticsearch,
            State.broken,
            "Elasticsearch does not answer from here",
            since,
            (),
            (
                Evidence(S.elasticsearch, "GET /_cluster/health", refused, now),
                Evidence(S.kibana, "GET /api/status", 'status "unavailable"', now),
            ),
        ),
        Finding(
            "workflow.failed",
            S.elasticsearch,
            State.broken,
            'run 812 failed in "Export to Elasticsearch"',
            since,
            (),
            (
                Evidence(
                    S.dbt,
                    "https://github.com/applylens/analytics/actions/runs/90812",
                    "status completed, conclusion failure",
                    now,
                    {"run": 812, "usual_s": 370},
                ),
            ),
        ),
        Finding(
            "kibana.unavailable",
            S.kibana,
            State.broken,
            'Kibana\'s status is "unavailable"',
            since + minutes(1),
            (),
            (Evidence(S.kibana, "GET /api/status", "follows from elastic", now),),
        ),
    )
    verdict = Verdict(
        VerdictState.broken,
        "22 Nov is in 0 of 3 indices; dashboard ends 21 Nov. Since 03:24Z (19m)",
        "Elasticsearch down: refused from CI 03:24, Kibana 503, and from here",
        "page Infrastructure team (SLA 1h, 41m left)",
        since,
        S.elasticsearch,
    )
    return Scene(
        now,
        Snapshot(now, observations),
        Assessment(
            now,
            stages,
            findings,
            trace(now, judge),
            verdict,
            due=due(now, date(2026, 11, 22), date(2026, 11, 22), synced + minutes(60)),
        ),
        facts(now),
    )


def bigquery_behind() -> Scene:
    """Fivetran was rescheduled on a manual schedule: BigQuery is 2d 14h behind."""
    scene = healthy()
    now, behind = scene.now, timedelta(days=2, hours=14)
    synced, through = now - behind, date(2026, 11, 20)
    stuck = replace(
        connection(now, synced),
        sync_state="rescheduled",
        schedule_type="manual",
        update_state="delayed",
        warnings=(Note("resync_table_warning", "Table public.emails will be re-synced [soon]"),),
    )
    snapshot = well(now, synced=synced, through=through)
    observations = dict(snapshot.observations)
    observations["fivetran.connection"] = replace(observations["fivetran.connection"], value=stuck)
    counts = warehouse(now, synced, through, short=391)
    observations["bigquery.counts"] = replace(observations["bigquery.counts"], value=counts)
    short = {date(2026, 11, 20): 13, date(2026, 11, 21): 118, date(2026, 11, 22): 119}

    def judge(day: date, stage: StageId) -> tuple[int | None, State]:
        if stage is S.postgres or day <= through:
            missing = short.get(day, 0) if stage is not S.postgres else 0
            return volume(
                day
            ) - missing, State.late if missing and stage is S.fivetran else State.ok
        if stage in (S.fivetran, S.bigquery):
            today = day == now.date()
            lost = State.due if today else State.late
            return 0, lost if stage is S.fivetran else State.ok
        return None, State.due if day == now.date() else State.ok

    stages = scene.assessment.stages | {
        S.fivetran: StageHealth(State.late, "late", synced, now, "Fivetran rescheduled"),
        S.bigquery: StageHealth(State.late, "late", synced, now, "emails: 20-22 Nov are short"),
    }
    findings = (
        Finding(
            "fivetran.rescheduled",
            S.fivetran,
            State.late,
            "Fivetran rescheduled, schedule is manual: it never resumes by itself",
            synced,
            (),
            (
                Evidence(
                    S.fivetran,
                    "GET /v1/connections/warm_lantern",
                    "setup connected, sync rescheduled, update delayed",
                    now,
                ),
            ),
        ),
        Finding(
            "parity.raw",
            S.bigquery,
            State.late,
            "emails: 20-22 Nov are short in BigQuery (-391)",
            synced,
            tuple(short),
            (
                Evidence(
                    S.bigquery,
                    "bigquery.counts",
                    "postgres 384, fivetran 134",
                    now,
                    {"postgres": 384, "fivetran": 134},
                ),
            ),
        ),
    )
    verdict = Verdict(
        VerdictState.late,
        "BigQuery is 2d 14h behind Postgres: emails -391 (0.65 %)",
        "Fivetran rescheduled, schedule is manual: it never resumes by itself",
        "page Platform team (SLA 4h, 2d 10h over)",
        synced,
        S.fivetran,
    )
    assessment = replace(
        scene.assessment,
        stages=stages,
        findings=findings,
        trace=trace(now, judge),
        verdict=verdict,
        due=due(now, date(2026, 11, 22), date(2026, 11, 22), synced + minutes(60)),
        sync_ends=sync_ends(synced),
    )
    return Scene(now, with_schemas(Snapshot(now, observations)), assessment, scene.facts)


def postgres_denied() -> Scene:
    """Everything is well as far as seen; the source denies this account."""
    scene = healthy()
    words = 'FATAL: password authentication failed for user "altui_reader"'
    since = scene.now - minutes(25)
    snapshot = failing(scene.snapshot, "postgres", trouble=Trouble.denied, words=words, since=since)
    finding = Finding(
        "postgres.denied",
        S.postgres,
        State.denied,
        "PostgreSQL answered, but denies this account",
        since,
        (),
        (Evidence(S.postgres, "connect", words, scene.now),),
        do="check user and password in POSTGRES_DSN; altui doctor says more",
    )

    def judge(day: date, stage: StageId) -> tuple[int | None, State]:
        if stage is S.postgres:
            return None, State.denied
        return arrived(scene.now, date(2026, 11, 22))(day, stage)

    stages = scene.assessment.stages | {
        S.postgres: StageHealth(State.denied, "denied", since, since, finding.subject)
    }
    verdict = replace(
        scene.assessment.verdict,
        headline="22 Nov complete to the dashboard. Unseen: postgres (denied)",
        why=f"postgres: {words}",
        do=finding.do,
    )
    assessment = replace(
        scene.assessment,
        stages=stages,
        findings=(finding,),
        trace=trace(scene.now, judge),
        verdict=verdict,
    )
    return Scene(scene.now, snapshot, assessment, scene.facts)


def all_silent() -> Scene:
    """No service answers from this host."""
    scene = healthy()
    since, snapshot = scene.now - minutes(3), scene.snapshot
    for service in ("postgres", "fivetran", "bigquery", "github", "elasticsearch", "kibana"):
        words = "[Errno -3] Temporary failure in name resolution"
        snapshot = failing(snapshot, service, trouble=Trouble.unreachable, words=words, since=since)
    finding = Finding(
        "local.network",
        S.postgres,
        State.unknown,
        "6 of 6 services do not answer from here",
        since,
        (),
        tuple(
            Evidence(stage, "connect", "Temporary failure in name resolution", scene.now)
            for stage in STAGES
        ),
        do="check VPN, proxy and DNS here; altui goes on asking",
    )
    verdict = Verdict(
        VerdictState.check,
        "nothing answers from this host since 11:57Z, 6 of 6: your VPN or proxy?",
        "names cannot be resolved here (DNS): Temporary failure in name resolution",
        "check VPN, proxy and DNS here; altui goes on asking",
        since,
    )
    stages = {
        stage: StageHealth(State.unknown, "silent", known.age_of, since, "does not answer")
        for stage, known in scene.assessment.stages.items()
    }
    assessment = replace(
        scene.assessment,
        stages=stages,
        findings=(finding,),
        trace=trace(scene.now, lambda day, stage: (None, State.unknown)),
        verdict=verdict,
    )
    return Scene(scene.now, snapshot, assessment, scene.facts)


def stale_start() -> Scene:
    """Opened again after nine hours; two services have been looked at so far."""
    scene = healthy()
    now = scene.now + timedelta(hours=9)
    observations = dict(scene.snapshot.observations)
    for probe in ("postgres.counts", "fivetran.connection"):
        observations[probe] = replace(observations[probe], at=now, tried_at=now)
    started = replace(scene.facts, started=now - timedelta(seconds=2))
    return Scene(now, Snapshot(now, observations), scene.assessment, started)


def nothing_yet() -> Scene:
    """The first start on this machine."""
    return Scene(NOON, Snapshot(NOON), None, replace(facts(NOON), started=NOON))


def half_blind() -> Scene:
    """No keys for Fivetran, GitHub and Kibana; the rest is well."""
    scene = healthy()
    snapshot = scene.snapshot
    stages = dict(scene.assessment.stages)
    for service, stage in (("fivetran", S.fivetran), ("github", None), ("kibana", S.kibana)):
        snapshot = without(snapshot, service)
        if stage:
            stages[stage] = StageHealth(State.off, "off", None, None, "not configured")
    verdict = replace(
        scene.assessment.verdict,
        headline="22 Nov complete to the index (119=119=119), as far as seen",
        why="off: fivetran, github, kibana; next nightly run 24 Nov 03:15Z",
    )

    def judge(day: date, stage: StageId) -> tuple[int | None, State]:
        if stage is S.kibana:
            return None, State.off
        return arrived(scene.now, date(2026, 11, 22))(day, stage)

    assessment = replace(
        scene.assessment, stages=stages, trace=trace(scene.now, judge), verdict=verdict
    )
    return Scene(scene.now, snapshot, assessment, scene.facts)


def keys_expired() -> Scene:
    """Three keys are refused since last night: what they said then is shown, and its age."""
    scene = healthy()
    since, snapshot = scene.now - timedelta(hours=11), scene.snapshot
    words = "401 the key has expired"
    found: list[Finding] = []
    stages = dict(scene.assessment.stages)
    for service, name, stage in (
        ("fivetran", "Fivetran", S.fivetran),
        ("github", "GitHub", S.dbt),
        ("kibana", "Kibana", S.kibana),
    ):
        snapshot = failing(snapshot, service, trouble=Trouble.denied, words=words, since=since)
        found.append(
            Finding(
                f"{service}.denied",
                stage,
                State.denied,
                f"{name} answered, but denies this account",
                since,
                evidence=(Evidence(stage, "GET", words, scene.now),),
                do=f"check {name}'s key; altui doctor says more",
            )
        )
        if stage is not S.dbt:
            stages[stage] = StageHealth(State.denied, "denied", since, since, words)
    verdict = replace(
        scene.assessment.verdict,
        headline="22 Nov complete to the index. Unseen: fivetran, github, kibana (denied)",
        why=f"fivetran: {words} (+2 more)",
        do=found[0].do,
    )

    def judge(day: date, stage: StageId) -> tuple[int | None, State]:
        if stage is S.kibana:
            return None, State.denied
        return arrived(scene.now, date(2026, 11, 22))(day, stage)

    assessment = replace(
        scene.assessment,
        stages=stages,
        findings=tuple(found),
        trace=trace(scene.now, judge),
        verdict=verdict,
    )
    return Scene(scene.now, snapshot, assessment, scene.facts)


def no_warehouse() -> Scene:
    """BigQuery does not answer: the index is held against the source."""
    scene = healthy()
    since = scene.now - minutes(12)
    words = "no answer within 20 s"
    snapshot = failing(
        scene.snapshot, "bigquery", trouble=Trouble.unreachable, words=words, since=since
    )
    finding = Finding(
        "bigquery.unreachable",
        S.bigquery,
        State.unknown,
        "BigQuery does not answer from here",
        since,
        evidence=(Evidence(S.bigquery, "tables.list", words, scene.now),),
        do="r looks again; is the address right? altui doctor says more",
    )
    unseen = {stage: StageHealth(State.unknown, "silent", None, since, words) for stage in STAGES}
    stages = scene.assessment.stages | {
        S.bigquery: unseen[S.bigquery],
        S.dbt: replace(unseen[S.dbt], word="unseen"),
    }
    verdict = replace(
        scene.assessment.verdict,
        headline="22 Nov is in the index (119=119). Unseen: bigquery (unreachable)",
        why=f"bigquery: {words}",
        do="can wait until 19:48Z: Data team (SLA 8h)",
    )

    def judge(day: date, stage: StageId) -> tuple[int | None, State]:
        if stage in (S.fivetran, S.bigquery, S.dbt):
            return None, State.unknown
        return arrived(scene.now, date(2026, 11, 22))(day, stage)

    assessment = replace(
        scene.assessment,
        stages=stages,
        findings=(finding,),
        trace=trace(scene.now, judge),
        verdict=verdict,
    )
    return Scene(scene.now, snapshot, assessment, scene.facts)


SCENES: dict[str, Callable[[], Scene]] = {
    "healthy": healthy,
    "due": due_at_night,
    "elasticsearch_down": elasticsearch_down,
    "bigquery_behind": bigquery_behind,
    "postgres_denied": postgres_denied,
    "all_silent": all_silent,
    "stale_start": stale_start,
    "nothing_yet": nothing_yet,
    "half_blind": half_blind,
    "keys_expired": keys_expired,
    "no_warehouse": no_warehouse,
}
