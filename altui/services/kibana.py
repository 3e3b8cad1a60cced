"""Reading Kibana: its status, its data views, and the pipeline's dashboard."""

from collections.abc import Awaitable
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct, field

from altui.config import KibanaSettings
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Dashboard
from altui.core.model.reading import DataView, Kibana, Preferences
from altui.services.errors import ServiceError, deadline, off
from altui.services.http import NOT_JSON, Answer, Http, MakeTransport, decoded, refused
from altui.services.kibana_objects import Board, SavedObject, board
from altui.services.text import clean, spoken

T = TypeVar("T")

OUT = {"unavailable", "critical"}
MOST_VIEWS = 10
"""Data views whose fields are read."""
MOST_SPACES = 10
"""Spaces that are looked into for what is missing in ours."""


class _Level(Struct):
    level: str | None = None
    summary: str | None = None


class _Overall(Struct):
    overall: _Level = field(default_factory=_Level)


class _Version(Struct):
    number: str | None = None


class _Status(Struct):
    status: _Overall
    version: _Version | None = None


class _View(Struct):
    id: str
    title: str | None = None
    timeFieldName: str | None = None  # noqa: N815 - Kibana's name


class _Views(Struct):
    data_view: list[_View] | None = None


class _Field(Struct):
    type: str | None = None


class _Fields(Struct):
    fields: dict[str, _Field] | None = None


class _OneView(Struct):
    data_view: _Fields


class _Space(Struct):
    id: str


class _Span(Struct):
    """Kibana's `timepicker:timeDefaults`, which it keeps as JSON in a string."""

    begin: str | None = field(name="from", default=None)
    end: str | None = field(name="to", default=None)


class _Failed(Struct):
    id: str | None = None
    error: dict[str, Any] | None = None


class _FailedObjects(Struct):
    objects: list[_Failed] | None = None


class _ExportRefused(Struct):
    attributes: _FailedObjects | None = None


class KibanaReader:
    def __init__(
        self,
        settings: KibanaSettings,
        dashboard: Dashboard,
        seconds: float = 8.0,
        transport: MakeTransport | None = None,
    ) -> None:
        """`seconds` bounds one reading with all its questions."""
        self._settings = settings
        self._dashboard = dashboard
        self._seconds = seconds
        # every question that is not a GET needs kbn-xsrf, exports too
        headers = {"kbn-xsrf": "altui"}
        if settings.api_key:
            headers["Authorization"] = f"ApiKey {settings.api_key.reveal()}"
        self._http = Http(settings.url, headers, seconds, None, transport)
        self._space = f"/s/{quote(settings.space, safe='')}" if settings.space else ""

    async def status(self) -> Kibana:
        """What readers find there. A 503 with a status is an answer. Raises ServiceError.

        A part that this key may not read is named in `unseen`; the others are read all the same.
        """
        where = "kibana status"
        if not self._settings.url:
            raise off("no KIBANA_URL: the dashboard is not read", where)
        async with deadline(self._seconds, where):
            answer = await self._http.get("/api/status", answers=frozenset({503}))
            status = _status(answer)
            level = clean(status.status.overall.level, 40)
            seen = Kibana(
                level=level,
                summary=spoken(status.status.overall.summary),
                version=clean(status.version.number, 40) or None if status.version else None,
            )
            if answer.status == 503 or level in OUT:
                return seen
            return await self._read(seen)

    async def _read(self, seen: Kibana) -> Kibana:
        unseen: dict[str, str] = {}
        views = await _part(unseen, "data views", self._views(self._space)) or []
        lines = await _part(unseen, "dashboard", self._exported()) or []
        preferences = await _part(unseen, "settings", self._preferences(seen.version))
        found = _read_board(lines, self._dashboard.id)
        shown = await self._with_fields(unseen, views, found)
        seen = msgspec.structs.replace(
            seen, data_views=shown, preferences=preferences, unseen=unseen
        )
        if found is not None:
            seen = msgspec.structs.replace(
                seen,
                dashboard=found.title,
                references=found.views,
                time_from=found.time_from,
                time_to=found.time_to,
                time_restore=found.time_restore,
                uses=found.uses,
                missing=found.missing,
                filters=found.filters,
            )
        lacks_view = all(view.title != self._dashboard.data_view for view in shown)
        if "data views" not in unseen and lacks_view:
            return msgspec.structs.replace(seen, elsewhere=await self._elsewhere())
        return seen

    async def _views(self, space: str) -> list[_View]:
        answer = await self._http.get(f"{space}/api/data_views")
        return decoded(answer, _Views).data_view or []

    async def _exported(self) -> list[SavedObject]:
        """The dashboard with what it refers to; empty when it does not exist.

        Export is the one way to read a saved object that Kibana has not deprecated.
        """
        objects = [{"type": "dashboard", "id": self._dashboard.id}]
        return await self._export({"objects": objects, "includeReferencesDeep": True})

    async def _export(self, wanted: dict[str, Any]) -> list[SavedObject]:
        path = f"{self._space}/api/saved_objects/_export"
        answer = await self._http.ask("POST", path, json=wanted, answers=frozenset({400, 404}))
        if answer.status == 404 or (answer.status == 400 and _not_found(answer)):
            return []
        if answer.status == 400:
            raise refused(answer)
        return [
            decoded(Answer(answer.status, {}, line, answer.where), SavedObject)
            for line in answer.body.splitlines()
            if line.strip()
        ]

    async def _preferences(self, version: str | None) -> Preferences:
        """The advanced settings, which Kibana keeps in a saved object named by its version.

        Its routes for settings are internal, or not there at all (serverless); an export is public.
        """
        wanted = {"type": ["config"], "excludeExportDetails": True}
        kept = [one for one in await self._export(wanted) if one.type == "config"]
        own = [one for one in kept if one.id == version]
        newest = max(own or kept, key=lambda one: _numbers(one.id), default=None)
        return _preferences(newest.attributes if newest else None)

    async def _with_fields(
        self, unseen: dict[str, str], views: list[_View], found: Board | None
    ) -> tuple[DataView, ...]:
        """The data views; those that the dashboard reads with its fields as Kibana finds them."""
        used: dict[str, set[str]] = {view: set() for view in (found.views if found else ())}
        for use in found.uses if found else ():
            used.setdefault(use.view, set()).add(use.field)
        fields: dict[str, dict[str, _Field]] = {}
        for view in [view for view in views if view.id in used][:MOST_VIEWS]:
            path = f"{self._space}/api/data_views/data_view/{quote(view.id, safe='')}"
            whole = await _part(unseen, "fields", self._http.get(path))
            if whole is not None:
                fields[view.id] = decoded(whole, _OneView).data_view.fields or {}
        return tuple(_view(view, fields.get(view.id), used.get(view.id, set())) for view in views)

    async def _elsewhere(self) -> dict[str, str]:
        """The space that holds the data view which is missing here, where it can be seen."""
        spaces = await _part({}, "spaces", self._http.get("/api/spaces/space"))
        if spaces is None:
            return {}
        own = self._settings.space or "default"
        for space in decoded(spaces, list[_Space])[:MOST_SPACES]:
            if space.id == own:
                continue
            path = "" if space.id == "default" else f"/s/{quote(space.id, safe='')}"
            for view in await _part({}, "data views", self._views(path)) or []:
                if view.title == self._dashboard.data_view:
                    return {"data view": clean(space.id, 100)}
        return {}


async def _part(unseen: dict[str, str], name: str, asked: Awaitable[T]) -> T | None:
    """The answer, or None and a word in `unseen` where this part is denied or not offered.

    401 is about the key as a whole, and silence about Kibana as a whole: both are raised.
    """
    try:
        return await asked
    except ServiceError as error:
        whole = error.words.startswith("401") or error.trouble is Trouble.unreachable
        essential = error.trouble not in {Trouble.denied, Trouble.missing}
        if whole or (essential and name != "settings"):
            raise
        unseen[name] = error.words
        return None


def _view(view: _View, fields: dict[str, _Field] | None, used: set[str]) -> DataView:
    time_field = clean(view.timeFieldName, 200) or None
    known = None
    if fields is not None:
        wanted = used | {time_field or ""}
        known = {
            clean(name, 200): clean(said.type, 40)
            for name, said in fields.items()
            if clean(name, 200) in wanted
        }
    empty = fields is not None and all(name.startswith("_") for name in fields)
    return DataView(clean(view.id, 200), clean(view.title, 200), time_field, known, empty)


def _preferences(attributes: dict[str, Any] | None) -> Preferences:
    """What is set, and Kibana's defaults for what is not."""
    said, default = attributes or {}, Preferences()
    zone = clean(said.get("dateFormat:tz"), 60) or default.zone
    week_starts = clean(said.get("dateFormat:dow"), 20) or default.week_starts
    span: Any = said.get("timepicker:timeDefaults")
    if span is None:
        return Preferences(zone, week_starts)
    try:
        read = msgspec.json.decode(span, type=_Span) if isinstance(span, str) else None
    except NOT_JSON:
        read = None
    begin, end = (read.begin, read.end) if read else (None, None)
    return Preferences(zone, week_starts, clean(begin, 60) or None, clean(end, 60) or None)


def _numbers(version: str | None) -> tuple[int, ...]:
    return tuple(int(part) for part in (version or "").split(".") if part.isdecimal())


def _read_board(lines: list[SavedObject], wanted: str) -> Board | None:
    try:
        return board(lines, wanted)
    except ValueError as error:
        where = "POST /api/saved_objects/_export"
        raise ServiceError(Trouble.nonsense, str(error), where) from error


def _status(answer: Answer) -> _Status:
    try:
        return decoded(answer, _Status)
    except ServiceError:
        if answer.status == 503:
            # a proxy in front, or a Kibana that does not know its own state yet
            raise refused(answer) from None
        raise


def _not_found(answer: Answer) -> bool:
    """Whether the export says that the dashboard is not there: 400 with a 404 inside."""
    try:
        said = msgspec.json.decode(answer.body, type=_ExportRefused)
    except NOT_JSON:
        return False
    failed = (said.attributes.objects if said.attributes else None) or []
    return any((one.error or {}).get("statusCode") == 404 for one in failed)
