"""Fivetran: the key, what it reaches, and the connection that copies the pipeline's tables."""

from collections.abc import Sequence

from msgspec import Struct

from altui.config import public_url
from altui.core.model.doctor import Result
from altui.core.model.health import State
from altui.core.model.observed import Trouble
from altui.core.model.reading import Connection, SyncTables
from altui.core.words import plural
from altui.doctor.exam import Context, Exams, failed, lacking, unset, untestable
from altui.services.errors import ServiceError
from altui.services.fivetran import FivetranReader
from altui.services.http import Http, decoded

KEYS = "Fivetran > Account settings > API config: make a key"


class _Item(Struct):
    id: str


class _Page(Struct):
    items: list[_Item]


class _Groups(Struct):
    data: _Page


async def exam(context: Context) -> Exams:
    settings = context.settings.fivetran
    for variable, value, other in (
        ("FIVETRAN_API_KEY", settings.api_key, settings.api_secret),
        ("FIVETRAN_API_SECRET", settings.api_secret, settings.api_key),
    ):
        if not value:
            follows = "freshness comes from _fivetran_synced"
            fix = f"{KEYS}, then set FIVETRAN_API_KEY and FIVETRAN_API_SECRET"
            yield unset("fivetran.key", "key", variable, follows, fix, half=bool(other))
            return
    key = await _key(context)
    yield key
    if key.state is not State.ok:
        return
    try:
        reader = FivetranReader(settings, context.patience, context.transport)
        connection = await reader.connection()
        _recognised(connection, settings.connection)
    except ServiceError as error:
        yield _no_connection(context, error)
        return
    yield _connection(connection)
    try:
        yield _tables(context, connection, await reader.schemas())
    except ServiceError as error:
        fix = "give the key's user access to the connection: Fivetran > Users"
        yield failed("fivetran.tables", "tables", error, fix)
    yield untestable(
        "fivetran.role",
        "key's role",
        "cannot be tested here: may it start syncs",
        "for looking, Account Reviewer is enough",
    )


async def _key(context: Context) -> Result:
    here, subject = "fivetran.key", "key"
    settings = context.settings.fivetran
    pair = (settings.api_key.reveal(), settings.api_secret.reveal())
    http = Http(settings.url, {}, context.patience, pair, context.transport)
    try:
        answer = await http.get("/v1/groups")
        context.heard("Fivetran", answer.headers.get("date"))
        groups = decoded(answer, _Groups).data.items
    except ServiceError as error:
        if error.trouble is Trouble.denied:
            came = context.came_from("fivetran.api_key", "fivetran.api_secret")
            fix = f"set FIVETRAN_API_KEY and FIVETRAN_API_SECRET{came}; {KEYS}"
        elif error.trouble is Trouble.unreachable:
            fix = f"is {http.shown} reachable from here? FIVETRAN_URL{_url_from(context)}"
        else:
            fix = f"is {http.shown} Fivetran's API? FIVETRAN_URL{_url_from(context)}"
        return failed(here, subject, error, fix)
    if not groups:
        fix = "give the key's user access to the destination: Fivetran > Users"
        said = "accepted, but it sees no destination"
        return Result(here, subject, State.denied, said, "GET /v1/groups", fix)
    said = f"accepted; sees {plural(len(groups), 'destination')}"
    return Result(here, subject, State.ok, said, "GET /v1/groups")


def _url_from(context: Context) -> str:
    return context.came_from("fivetran.url") or " (now its default)"


def _no_connection(context: Context, error: ServiceError) -> Result:
    chosen = context.settings.fivetran.connection
    if error.trouble is Trouble.nonsense:
        shown = public_url(context.settings.fivetran.url)
        fix = f"is {shown} Fivetran's API? FIVETRAN_URL{_url_from(context)}"
    elif chosen:
        came = context.came_from("fivetran.connection")
        fix = (
            f"set FIVETRAN_CONNECTION{came}: {chosen} is not an id that the key sees; the id is "
            "on the connection's Setup tab, or leave it empty when there is only one"
        )
    elif error.trouble is Trouble.misconfigured:
        # several: the reader's words list them
        fix = "set FIVETRAN_CONNECTION to the one that copies the pipeline's tables"
    else:
        fix = "give the key's user access to the connection: Fivetran > Users"
    return failed("fivetran.connection", "connection", error, fix)


def _recognised(seen: Connection, wanted: str) -> None:
    """Raises ServiceError where the answer is about no connection, or another one."""
    where = "GET /v1/connections/{id}"
    if wanted and seen.id != wanted:
        raise lacking(f"the id {wanted}", where)
    if not seen.setup_state:
        raise lacking("status.setup_state", where)


def _connection(seen: Connection) -> Result:
    here, tried = "fivetran.connection", "GET /v1/connections/{id}, version 2"
    said = f"{seen.id} into {seen.schema}: {seen.setup_state}, {seen.sync_state}"
    if seen.setup_state != "connected":
        words = "; ".join(task.message for task in seen.tasks[:2]) or said
        fix = f"finish its setup: https://fivetran.com/dashboard/connections/{seen.id}/setup"
        return Result(here, "connection", State.broken, words, tried, fix)
    if seen.paused:
        return Result(here, "connection", State.ok, said, tried, "it is paused: nothing is copied")
    return Result(here, "connection", State.ok, said, tried)


def _tables(context: Context, seen: Connection, schemas: SyncTables) -> Result:
    here, tried = "fivetran.tables", "GET /v1/connections/{id}/schemas"
    wanted = [table.source for table in context.settings.pipeline.tables]
    known = {table.source: table.enabled for table in schemas.tables}
    absent = [name for name in wanted if name not in known]
    disabled = [name for name in wanted if known.get(name) is False]
    if not absent and not disabled:
        return Result(here, "tables", State.ok, f"{_listed(wanted)} enabled", tried)
    words = [f"{_listed(absent)} not in its schema"] if absent else []
    words += [f"{_listed(disabled)} not enabled"] if disabled else []
    page = f"https://fivetran.com/dashboard/connections/{seen.id}/schema"
    fix = f"enable them there, or name the right ones under [pipeline] tables: {page}"
    return Result(here, "tables", State.broken, "; ".join(words), tried, fix)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
