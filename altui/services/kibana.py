"""Reading Kibana: its status, its data views, and the pipeline's dashboard."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct, field

from altui.config import KibanaSettings
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Dashboard
from altui.core.model.reading import DataView, Kibana
from altui.services.errors import ServiceError, deadline, off
from altui.services.http import Answer, Http, MakeTransport, decoded, refused
from altui.services.text import clean

OUT = {"unavailable", "critical"}


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


class _Reference(Struct):
    id: str
    type: str | None = None


class _Object(Struct):
    """A saved object; the last line of an export counts them and has neither id nor type."""

    id: str | None = None
    type: str | None = None
    attributes: dict[str, Any] | None = None
    references: list[_Reference] | None = None


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
        """What readers find there. A 503 with a status is an answer. Raises ServiceError."""
        where = "kibana status"
        if not self._settings.url:
            raise off("no KIBANA_URL: the dashboard is not read", where)
        async with deadline(self._seconds, where):
            answer = await self._http.get("/api/status", answers=frozenset({503}))
            status = _status(answer)
            level = clean(status.status.overall.level, 40)
            seen = Kibana(
                level=level,
                summary=clean(status.status.overall.summary),
                version=clean(status.version.number, 40) or None if status.version else None,
            )
            if answer.status == 503 or level in OUT:
                return seen
            views = decoded(await self._http.get(f"{self._space}/api/data_views"), _Views)
            objects = await self._exported()
        return _with_dashboard(seen, views.data_view or [], objects, self._dashboard.id)

    async def _exported(self) -> list[_Object]:
        """The dashboard with what it refers to; empty when it does not exist.

        Export is the one way to read a saved object that Kibana has not deprecated.
        """
        wanted = {
            "objects": [{"type": "dashboard", "id": self._dashboard.id}],
            "includeReferencesDeep": True,
            "excludeExportDetails": True,
        }
        path = f"{self._space}/api/saved_objects/_export"
        answer = await self._http.ask("POST", path, json=wanted, answers=frozenset({400, 404}))
        if answer.status == 404 or (answer.status == 400 and _not_found(answer)):
            return []
        if answer.status == 400:
            raise refused(answer)
        return [
            decoded(Answer(answer.status, {}, line, answer.where), _Object)
            for line in answer.body.splitlines()
            if line.strip()
        ]


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
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    failed = (said.attributes.objects if said.attributes else None) or []
    return any((one.error or {}).get("statusCode") == 404 for one in failed)


def _with_dashboard(
    seen: Kibana, views: Iterable[_View], objects: Iterable[_Object], wanted: str
) -> Kibana:
    found = list(objects)
    dashboard = next((one for one in found if one.type == "dashboard" and one.id == wanted), None)
    attributes = (dashboard.attributes if dashboard else None) or {}
    return msgspec.structs.replace(
        seen,
        data_views=tuple(
            DataView(
                clean(view.id, 200), clean(view.title, 200), clean(view.timeFieldName, 200) or None
            )
            for view in views
        ),
        dashboard=(clean(attributes.get("title"), 120) or wanted) if dashboard else None,
        references=_views_referred_to(found) if dashboard else (),
        time_from=clean(attributes.get("timeFrom"), 60) or None,
        time_to=clean(attributes.get("timeTo"), 60) or None,
        time_restore=attributes.get("timeRestore") is True,
    )


def _views_referred_to(objects: Iterable[_Object]) -> tuple[str, ...]:
    """Ids of data views, by the references of the dashboard, its panels and saved panels."""
    found: dict[str, None] = {}
    for one in objects:
        if one.type == "index-pattern":
            continue
        for reference in [*(one.references or []), *_panel_references(one)]:
            if reference.type == "index-pattern":
                found[clean(reference.id, 200)] = None
    return tuple(found)


def _panel_references(one: _Object) -> list[_Reference]:
    """References inside panels that carry their visualisation by value."""
    text = (one.attributes or {}).get("panelsJSON")
    if not isinstance(text, str):
        return []
    try:
        panels = msgspec.json.decode(text, type=list[_Panel])
    except msgspec.DecodeError as error:
        words = f"panelsJSON of dashboard {one.id} cannot be understood: {error}"
        where = "POST /api/saved_objects/_export"
        raise ServiceError(Trouble.nonsense, words, where) from error
    return [
        reference
        for panel in panels
        if panel.embeddableConfig and panel.embeddableConfig.attributes
        for reference in panel.embeddableConfig.attributes.references or []
    ]


class _Attributes(Struct):
    references: list[_Reference] | None = None


class _Config(Struct):
    attributes: _Attributes | None = None


class _Panel(Struct):
    embeddableConfig: _Config | None = None  # noqa: N815 - Kibana's name
