"""Fivetran: is the last sync recent, and does the connection say that it is well."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from altui.core.model.health import Evidence, Finding, StageId, State
from altui.core.model.reading import Connection
from altui.core.rules.look import Look

USUAL_SYNC = timedelta(minutes=15)
WHERE = "GET /v1/connections/{id}"


def fivetran(look: Look) -> Iterator[Finding]:
    connection = look.connection
    observation = look.observation("fivetran.connection")
    if connection is None or observation is None or observation.error is not None:
        return
    yield from _failed(look, connection)
    if connection.paused or connection.sync_state == "paused":
        yield _finding(
            look, connection, "fivetran.paused", State.late, "Fivetran is paused: nothing is copied"
        )
    elif connection.sync_state == "rescheduled":
        manual = connection.schedule_type == "manual"
        tail = ", schedule is manual: it never resumes by itself" if manual else ""
        yield _finding(
            look, connection, "fivetran.rescheduled", State.late, f"Fivetran rescheduled{tail}"
        )
    elif (late := late_at(look, connection)) and look.now >= late:
        ended = connection.succeeded_at
        words = f"last success {ended:%d %b %H:%M}Z" if ended else "it never finished one"
        yield _finding(
            look,
            connection,
            "fivetran.late",
            State.late,
            f"Fivetran sync is late: {words}",
            since=late,
        )


def late_at(look: Look, connection: Connection) -> datetime | None:
    """When the missing sync becomes late; while one runs it is given its usual time more."""
    if look.due.sync_due_at is None:
        return None
    running = connection.sync_state == "syncing"
    return look.due.sync_due_at + (USUAL_SYNC if running else timedelta())


def _failed(look: Look, connection: Connection) -> Iterator[Finding]:
    failed, succeeded = connection.failed_at, connection.succeeded_at
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
            f"Fivetran's connection is {connection.setup_state}, {len(connection.tasks)} tasks",
            words=words,
            since=failed if failed and (succeeded is None or failed > succeeded) else None,
        )
    elif failed and (succeeded is None or failed > succeeded):
        yield _finding(
            look,
            connection,
            "fivetran.failed",
            State.broken,
            f"Fivetran's last sync failed at {failed:%H:%M}Z",
            since=failed,
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
) -> Finding:
    status = (
        f"setup {connection.setup_state}, sync {connection.sync_state}, "
        f"update {connection.update_state}"
    )
    evidence = Evidence(
        StageId.fivetran,
        WHERE.format(id=connection.id),
        words or status,
        look.seen_at("fivetran.connection"),
        {
            "succeeded_at": connection.succeeded_at and connection.succeeded_at.isoformat(),
            "failed_at": connection.failed_at and connection.failed_at.isoformat(),
        },
    )
    return Finding(
        check, StageId.fivetran, state, subject, since or look.first_seen(check), (), (evidence,)
    )
