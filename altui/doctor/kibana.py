"""Kibana: its state with and without the key, the space, the data view, the dashboard."""

from urllib.parse import quote

from msgspec import Struct, field

from altui.config import public_url
from altui.core.model.doctor import Result
from altui.core.model.health import State
from altui.core.model.observed import Trouble
from altui.core.model.reading import Kibana
from altui.doctor.exam import Context, Exams, failed, lacking, speaks_no_tls, unset
from altui.services.errors import ServiceError
from altui.services.http import Http, decoded, refused
from altui.services.kibana import OUT, KibanaReader
from altui.services.text import clean

ROLE = "a role with Read on Dashboard and Data Views"
KEYS = f"Kibana > Stack Management > API keys: make one with {ROLE}, then set KIBANA_API_KEY"


class _Level(Struct):
    level: str | None = None
    summary: str | None = None


class _Overall(Struct):
    overall: _Level = field(default_factory=_Level)


class _Version(Struct):
    number: str | None = None


class _Status(Struct):
    status: _Overall = field(default_factory=_Overall)
    version: _Version | None = None


class _Space(Struct):
    id: str


async def exam(context: Context) -> Exams:
    settings = context.settings.kibana
    if not settings.url:
        follows, fix = "the dashboard is not read", "set KIBANA_URL to its address"
        half = bool(settings.api_key)
        yield unset("kibana.status", "status", "KIBANA_URL", follows, fix, half=half)
        return
    open_http = Http(settings.url, {}, context.patience, None, context.transport)
    try:
        yield await _status(context, open_http)
    except ServiceError as error:
        came = context.came_from("kibana.url")
        fix = f"is {public_url(settings.url)} Kibana, and up? KIBANA_URL{came}"
        if speaks_no_tls(error):
            fix = f"it answers, but not in TLS: try http:// in KIBANA_URL{came}"
        yield failed("kibana.status", "status", error, fix)
        return
    key = f"ApiKey {settings.api_key.reveal()}" if settings.api_key else ""
    headers = {"Authorization": key} if key else {}
    http = Http(settings.url, headers, context.patience, None, context.transport)
    access = await _space(context, http)
    yield access
    if access.state is not State.ok:
        return
    dashboard = context.settings.pipeline.dashboard
    try:
        reader = KibanaReader(settings, dashboard, context.patience, context.transport)
        seen = await reader.status()
    except ServiceError as error:
        yield failed("kibana.dashboard", "dashboard", error, f"give the key {ROLE}")
        return
    if seen.level in OUT:
        return
    yield _data_view(context, seen)
    yield _dashboard(context, seen)


async def _status(context: Context, http: Http) -> Result:
    """Open to all: without credentials Kibana tells its level only."""
    answer = await http.get("/api/status", answers=frozenset({401, 503}))
    context.heard("Kibana", answer.headers.get("date"))
    here, tried = "kibana.status", "GET /api/status, without credentials"
    if answer.status == 401:
        # status.allowAnonymous is off
        return Result(here, "status", State.ok, "it answers; its state is not open to all", tried)
    seen = decoded(answer, _Status).status.overall
    level = clean(seen.level, 40)
    if not level:
        raise refused(answer) if answer.status == 503 else lacking("status.overall.level", tried)
    if answer.status == 503 or level in OUT:
        said = f"{answer.status} {level} {clean(seen.summary, 120)}".strip()
        fix = "usually its Elasticsearch: see there first, then Kibana's log"
        return Result(here, "status", State.broken, said, tried, fix)
    return Result(here, "status", State.ok, level, tried)


async def _space(context: Context, http: Http) -> Result:
    """Whether the key is accepted, and the space exists: Kibana itself does not look."""
    settings = context.settings.kibana
    space = settings.space or "default"
    here, subject = "kibana.key", "key"
    try:
        status = decoded(await http.get("/api/status", answers=frozenset({503})), _Status)
        answer = await http.get(f"/api/spaces/space/{quote(space, safe='')}")
        if clean(decoded(answer, _Space).id, 100) != space:
            raise lacking(f"the id {space}", answer.where)
    except ServiceError as error:
        if error.trouble in {Trouble.denied, Trouble.misconfigured}:
            came = context.came_from("kibana.api_key")
            wrong = f"KIBANA_API_KEY{came} is not accepted" if settings.api_key else ""
            return failed(here, subject, error, f"{wrong or 'KIBANA_API_KEY is not set'}. {KEYS}")
        if error.trouble is Trouble.missing:
            came = context.came_from("kibana.space")
            fix = f"set KIBANA_SPACE{came} to the id in the dashboard's address, /s/ID/"
            return failed("kibana.space", f"space {space}", error, fix)
        fix = f"is {public_url(settings.url)} Kibana itself? KIBANA_URL"
        return failed(here, subject, error, f"{fix}{context.came_from('kibana.url')}")
    version = clean(status.version.number, 40) if status.version else ""
    how = "accepted" if settings.api_key else "none needed"
    said = f"{how}, Kibana {version or 'of unknown version'}, space {space}"
    return Result(here, subject, State.ok, said, "GET /api/status, /api/spaces/space/{id}")


def _data_view(context: Context, seen: Kibana) -> Result:
    here, tried = "kibana.data_view", "GET /api/data_views"
    wanted = context.settings.pipeline.dashboard
    found = [view for view in seen.data_views if view.title == wanted.data_view]
    if words := seen.unseen.get("data views"):
        return _unseen(here, "data view", words, tried)
    if not found:
        others = ", ".join(view.title for view in seen.data_views[:4]) or "none at all"
        said = f"no {wanted.data_view}; there is {others}"
        fix = (
            "import kibana/analytics-overview.ndjson (Stack Management > Saved Objects > Import), "
            f"or make one: title {wanted.data_view}, time field {wanted.time_field}"
        )
        return Result(here, "data view", State.broken, said, tried, fix)
    view = found[0]
    if view.time_field != wanted.time_field:
        said = f"{view.title} has time field {view.time_field or 'none'}"
        fix = f"edit it: time field {wanted.time_field}"
        return Result(here, "data view", State.broken, said, tried, fix)
    said = f"{view.title}, time field {view.time_field}"
    return Result(here, "data view", State.ok, said, tried)


def _dashboard(context: Context, seen: Kibana) -> Result:
    here, tried = "kibana.dashboard", "POST /api/saved_objects/_export (reads)"
    wanted = context.settings.pipeline.dashboard.id
    if words := seen.unseen.get("dashboard"):
        return _unseen(here, "dashboard", words, tried)
    if seen.dashboard is None:
        fix = (
            "import kibana/analytics-overview.ndjson (Stack Management > Saved Objects > Import), "
            "set KIBANA_SPACE, or name another under [pipeline.dashboard] id"
        )
        said = f"no dashboard {wanted} in this space"
        return Result(here, "dashboard", State.broken, said, tried, fix)
    return Result(here, "dashboard", State.ok, f"{seen.dashboard} ({wanted})", tried)


def _unseen(id: str, subject: str, words: str, tried: str) -> Result:
    """A part that Kibana refuses to this key, or does not offer."""
    state = State.denied if words.startswith("403") else State.unknown
    return Result(id, subject, state, words, tried, f"give the key {ROLE}")
