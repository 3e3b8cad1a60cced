"""Fivetran: is the last sync recent, and does the connection say that it is well."""

from collections.abc import Iterator
from datetime import datetime

from altui.core.model.health import Evidence, Finding, StageId, State
from altui.core.model.reading import Connection
from altui.core.rules.learning import RUNNING, running_since
from altui.core.rules.look import Look
from altui.core.words import plural

PROBE, SCHEMAS = "fivetran.connection", "fivetran.schemas"
WHERE = {PROBE: "GET /v1/connections/{id}", SCHEMAS: "GET /v1/connections/{id}/schemas"}

FAILING = ("fivetran.failed", "fivetran.broken")
"""Syncs that fail soon break the connection, and mending it comes before the next success."""


def fivetran(look: Look) -> Iterator[Finding]:
    connection = look.connection
    observation = look.observation(PROBE)
    if connection is None or observation is None or observation.error is not None:
        return
    yield from _failed(look, connection)
    yield from _unselected(look, connection)
    if connection.paused or connection.sync_state == "paused":
        yield _finding(
            look, connection, "fivetran.paused", State.late, "Fivetran is paused: nothing is copied"
        )
    elif connection.sync_state == "rescheduled":
        manual = connection.schedule_type == "manual"
        tail = "; on manual it never resumes" if manual else ""
        yield _finding(
            look, connection, "fivetran.rescheduled", State.late, f"Fivetran rescheduled{tail}"
        )
    elif (late := look.due.sync_due_at) and look.now >= late and not _first_copy(connection):
        yield _finding(
            look,
            connection,
            "fivetran.late",
            State.late,
            f"Fivetran sync is late: {_why_late(look, connection)}",
            since=late,
        )


def _first_copy(connection: Connection) -> bool:
    """A historical sync copies every row there is; nobody can say how long it takes."""
    return connection.is_historical_sync and connection.sync_state == RUNNING


def _why_late(look: Look, connection: Connection) -> str:
    ended, promised = connection.succeeded_at, look.pipeline.sync.every_minutes
    if connection.sync_frequency > promised:
        return f"set to {connection.sync_frequency} min, not {promised}"
    if connection.sync_state == RUNNING:
        since = running_since(look.syncs)
        return f"one runs since {since:%H:%M}Z" if since else "one runs for too long"
    return f"last success {ended:%d %b %H:%M}Z" if ended else "it never finished one"


def _failed(look: Look, connection: Connection) -> Iterator[Finding]:
    failed, succeeded = connection.failed_at, connection.succeeded_at
    failing = failed if failed and (succeeded is None or failed > succeeded) else None
    if connection.setup_state != "connected" or connection.tasks:
        words = (
            "; ".join(task.message for task in connection.tasks)
            or f"setup_state {connection.setup_state}"
        )
        yield _finding(
            look,
            connection,
            "fivetran.broken",
            State.broken,
            _not_connected(connection),
            words=words,
            since=look.failing_since(failing or look.now, None, *FAILING),
        )
    elif failing:
        yield _finding(
            look,
            connection,
            "fivetran.failed",
            State.broken,
            f"Fivetran's last sync failed at {failing:%H:%M}Z",
            since=look.failing_since(failing, succeeded, *FAILING),
        )


def _not_connected(connection: Connection) -> str:
    if connection.setup_state != "connected":
        return f"Fivetran's connection is {connection.setup_state}"
    return f"Fivetran wants {plural(len(connection.tasks), 'task')} done"


def _unselected(look: Look, connection: Connection) -> Iterator[Finding]:
    """Tables of the pipeline that the connection knows and does not copy."""
    schemas, observation = look.sync_tables, look.observation(SCHEMAS)
    if schemas is None or observation is None or observation.error is not None:
        return
    wanted = {table.source for table in look.pipeline.tables}
    left_out = [one.source for one in schemas.tables if one.source in wanted and not one.enabled]
    if left_out:
        more = f" (+{len(left_out) - 1} more)" if len(left_out) > 1 else ""
        yield _finding(
            look,
            connection,
            "fivetran.unselected",
            State.late,
            f"{left_out[0]} is not selected in Fivetran{more}",
            words="nothing of it is copied; "
            + ", ".join(f"{source}: enabled false" for source in left_out),
            asked=SCHEMAS,
        )


def _finding(
    look: Look,
    connection: Connection,
    check: str,
    state: State,
    subject: str,
    *,
    words: str = "",
    since: datetime | None = None,
    asked: str = PROBE,
) -> Finding:
    status = (
        f"setup {connection.setup_state}, sync {connection.sync_state}, "
        f"update {connection.update_state}"
    )
    evidence = Evidence(
        StageId.fivetran,
        WHERE[asked].format(id=connection.id),
        words or status,
        look.seen_at(asked),
        {
            "succeeded_at": connection.succeeded_at and connection.succeeded_at.isoformat(),
            "failed_at": connection.failed_at and connection.failed_at.isoformat(),
        },
    )
    return Finding(
        check, StageId.fivetran, state, subject, since or look.first_seen(check), (), (evidence,)
    )
