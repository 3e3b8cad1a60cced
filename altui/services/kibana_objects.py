"""What an exported dashboard says: which fields it reads, what it refers to, what it filters.

Shapes differ by type and version of Kibana; what is not understood is passed over, never an error.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import msgspec
from msgspec import Struct

from altui.core.model.reading import Filter, Missing, Use
from altui.services.kibana_fields import (
    Json,
    References,
    a_dict,
    a_list,
    any_view,
    fields,
    inner_json,
    queried,
    search_source,
    texts,
)
from altui.services.text import clean

VIEW = "index-pattern"
NOT_DRAWN = {VIEW, "tag"}
"""Kinds of references without which a panel is drawn all the same, or that are told apart."""
MOST = 1000


class SavedReference(Struct):
    id: str
    type: str | None = None
    name: str | None = None


class SavedObject(Struct, rename="camel"):
    """A line of an export; the last one counts the others and has neither id nor type."""

    id: str | None = None
    type: str | None = None
    attributes: Json | None = None
    references: list[SavedReference] | None = None
    missing_references: list[SavedReference] | None = None


class Board(Struct):
    """A dashboard, read."""

    title: str
    time_from: str | None
    time_to: str | None
    time_restore: bool
    views: tuple[str, ...]
    """Ids of the data views that it refers to."""
    uses: tuple[Use, ...]
    missing: tuple[Missing, ...]
    filters: tuple[Filter, ...]


class _Panel(Struct):
    title: str
    parts: list[tuple[Json, dict[str, SavedReference]]]
    """Attributes of what it draws, with the references that belong to them."""
    wants: str | None = None
    """Name of a reference to a saved object that is not among the dashboard's."""


def board(lines: Iterable[SavedObject], wanted: str) -> Board | None:
    """The dashboard of this id with all it refers to; None when it is not among the lines.

    Raises ValueError when the dashboard's panels are not JSON.
    """
    known = {(one.type, one.id): one for one in lines}
    one = known.get(("dashboard", wanted))
    if one is None:
        return None
    attributes = one.attributes or {}
    panels = list(_panels(one, known))
    source = search_source(attributes)
    own = _views(one.references or [])
    uses = [use for panel in panels for use in _used_by(panel)]
    uses += _controls(attributes, one.references or [])
    uses += _asked(source, "the filters", own, next(iter(own.values()), ""))
    views = {
        reference.id: None
        for references in _all_references(known, panels)
        for reference in references
        if reference.type == VIEW
    }
    return Board(
        title=clean(attributes.get("title"), 120) or wanted,
        time_from=clean(attributes.get("timeFrom"), 60) or None,
        time_to=clean(attributes.get("timeTo"), 60) or None,
        time_restore=attributes.get("timeRestore") is True,
        views=tuple(clean(view, 200) for view in views),
        uses=tuple(dict.fromkeys(uses))[:MOST],
        missing=tuple(_missing(one, known, panels))[:MOST],
        filters=tuple(_filters(source))[:50],
    )


# References


def _all_references(
    known: Mapping[Any, SavedObject], panels: Iterable[_Panel]
) -> Iterator[list[SavedReference]]:
    for one in known.values():
        if one.type != VIEW:
            yield one.references or []
    for panel in panels:
        for _, references in panel.parts:
            yield list(references.values())


def _missing(
    one: SavedObject, known: Mapping[Any, SavedObject], panels: Iterable[_Panel]
) -> Iterator[Missing]:
    """Saved objects that the export did not find; data views are told apart by their list."""
    named = {reference.name: reference for reference in one.references or []}
    told: set[tuple[str | None, str]] = set()
    for panel in panels:
        if panel.wants is None:
            continue
        reference = named.get(panel.wants) or SavedReference(panel.wants, "saved object")
        told.add((reference.type, reference.id))
        yield Missing(clean(reference.type, 40), clean(reference.id, 200), panel.title)
    details = known.get((None, None))
    for reference in (details.missing_references if details else None) or []:
        key = reference.type, reference.id
        if reference.type not in NOT_DRAWN and key not in told:
            yield Missing(clean(reference.type, 40), clean(reference.id, 200), "")


def _views(references: Iterable[SavedReference]) -> dict[str, str]:
    return {one.name or one.id: one.id for one in references if one.type == VIEW}


# Panels


def _panels(one: SavedObject, known: Mapping[Any, SavedObject]) -> Iterator[_Panel]:
    text = (one.attributes or {}).get("panelsJSON")
    if not isinstance(text, str):
        return
    try:
        found = msgspec.json.decode(text, type=list[Json | None])
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(
            f"panelsJSON of dashboard {one.id} cannot be understood: {error}"
        ) from error
    for number, panel in enumerate(found, 1):
        if panel:
            yield _panel(panel, number, one.references or [], known)


def _panel(
    panel: Json, number: int, references: list[SavedReference], known: Mapping[Any, SavedObject]
) -> _Panel:
    index = str(panel.get("panelIndex") or number)
    config = a_dict(panel.get("embeddableConfig"))
    prefix = f"{index}:"
    # the dashboard's own references win: an import leads only those to new ids
    by_name = {
        **_named(a_list(a_dict(config.get("attributes")).get("references"))),
        **{
            (one.name or "").removeprefix(prefix): one
            for one in references
            if (one.name or "").startswith(prefix)
        },
    }
    parts: list[tuple[Json, dict[str, SavedReference]]] = [
        (a_dict(config.get(name)), by_name)
        for name in ("attributes", "savedVis")
        if isinstance(config.get(name), dict)
    ]
    title = panel.get("title") or config.get("title")
    wants = panel.get("panelRefName")
    names = {one.name: one for one in references}
    reference = names.get(f"{prefix}{wants}") or names.get(str(wants)) if wants else None
    saved = known.get((reference.type, reference.id)) if reference else None
    if saved is not None:
        own = {one.name or one.id: one for one in saved.references or []}
        parts.append((saved.attributes or {}, own))
    title = title or next((part.get("title") for part, _ in parts if part.get("title")), None)
    wanted = (reference.name if reference else f"{prefix}{wants}") if wants and not saved else None
    return _Panel(clean(title, 80) or f"panel {number}", parts, wanted)


def _named(references: Iterable[Any]) -> dict[str, SavedReference]:
    found: dict[str, SavedReference] = {}
    for one in references:
        said = a_dict(one)
        if isinstance(said.get("id"), str):
            name = str(said.get("name") or said["id"])
            # two references of one name are two references
            key = name if name not in found else f"{name} {len(found)}"
            found[key] = SavedReference(said["id"], said.get("type"), name)
    return found


def _used_by(panel: _Panel) -> Iterator[Use]:
    for attributes, references in panel.parts:
        views = {name: one.id for name, one in references.items() if one.type == VIEW}
        for field, view in fields(attributes, views):
            yield Use(panel.title, clean(field, 200), clean(view, 200))
        yield from _asked(search_source(attributes), panel.title, views, any_view(views))


def _controls(attributes: Json, references: Iterable[SavedReference]) -> list[Use]:
    group = a_dict(attributes.get("controlGroupInput"))
    found: list[Use] = []
    for name, control in inner_json(group.get("panelsJSON")).items():
        said = a_dict(a_dict(control).get("explicitInput"))
        start = f"controlGroup_{name}:"
        referred = (one.id for one in references if (one.name or "").startswith(start))
        view = next(referred, str(said.get("dataViewId") or ""))
        title = clean(said.get("title"), 60)
        where = f"control {title}" if title else "a control"
        fields = texts(said.get("fieldName"))
        found.extend(Use(where, clean(field, 200), clean(view, 200)) for field in fields)
    return found


# Filters and queries


def _asked(source: Json, where: str, views: References, view: str) -> Iterator[Use]:
    filters = a_list(source.get("filter"))
    for field, own in queried(source.get("query"), filters, views, view):
        yield Use(where, clean(field, 200), clean(own, 200))


def _filters(source: Json) -> Iterator[Filter]:
    query = a_dict(source.get("query")).get("query")
    if isinstance(query, str) and query.strip():
        yield Filter(clean(query, 120))
    for one in map(a_dict, a_list(source.get("filter"))):
        meta = a_dict(one.get("meta"))
        if not one or meta.get("disabled"):
            continue
        negated = meta.get("negate") is True
        own = one.get("range") or a_dict(one.get("query")).get("range")
        field, bounds = next(iter(a_dict(own).items()), ("", None))
        said = a_dict(bounds)
        begin, last, before = (said.get(name) for name in ("gte", "lte", "lt"))
        begin = begin if begin is not None else said.get("gt")
        shown = (
            meta.get("alias") or f"{meta.get('key') or field or 'a query'}: {_value(meta, said)}"
        )
        yield Filter(
            words=clean(f"not {shown}" if negated else shown, 120),
            field=clean(field, 200),
            begin=None if begin is None else clean(begin, 60),
            end=clean(before if last is None else last, 60) or None,
            end_is_in=last is not None,
            negated=negated,
        )


def _value(meta: Json, bounds: Json) -> str:
    if bounds:
        return " to ".join(str(value) for name, value in bounds.items() if name != "format")
    value = meta.get("value") or meta.get("params") or meta.get("type") or "?"
    return str(cast(Json, value).get("query", "?") if isinstance(value, dict) else value)[:80]
