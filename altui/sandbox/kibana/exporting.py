"""Exporting and finding saved objects."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from altui.sandbox.kibana.objects import KINDS, Objects, SavedObject
from altui.sandbox.kibana.refusal import RefusedError, not_found

Json = dict[str, Any]


class Named(Struct, frozen=True):
    type: str
    id: str


class ExportRequest(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    objects: tuple[Named, ...] | None = None
    type: str | tuple[str, ...] | None = None
    search: str | None = None
    has_reference: Named | tuple[Named, ...] | None = None
    include_references_deep: bool = False
    exclude_export_details: bool = False


def lines(objects: Objects, space: str, wanted: ExportRequest) -> list[Json]:
    """The lines of an export: what others refer to first, and last the line that counts.

    Raises RefusedError 400: neither or both of types and objects, a type that Kibana cannot export,
    or objects that are not there, each named with its own 404.
    """
    found = _wanted(objects, space, wanted)
    missing: dict[tuple[str, str], None] = {}
    if wanted.include_references_deep:
        found = _with_references(objects, space, found, missing)
    shown = [one.shown() for one in _referred_to_first(found)]
    for body in shown:
        body.pop("namespaces", None)
    if wanted.exclude_export_details:
        return shown
    details: Json = {
        "excludedObjects": [],
        "excludedObjectsCount": 0,
        "exportedCount": len(shown),
        "missingRefCount": len(missing),
        "missingReferences": [{"type": kind, "id": identity} for kind, identity in missing],
    }
    return [*shown, details]


def _wanted(objects: Objects, space: str, wanted: ExportRequest) -> list[SavedObject]:
    if wanted.objects is not None and wanted.type is not None:
        words = 'Can\'t specify both "types" and "objects" properties when exporting'
        raise RefusedError(400, words)
    if wanted.objects is not None:
        return _named(objects, space, wanted.objects)
    if wanted.type is None:
        raise RefusedError(400, "Either `type` or `objects` are required.")
    kinds = (wanted.type,) if isinstance(wanted.type, str) else wanted.type
    unknown = [kind for kind in kinds if kind not in KINDS and kind != "*"]
    if unknown:
        raise RefusedError(400, f"Trying to export non-exportable type(s): {', '.join(unknown)}")
    found = objects.all(space, KINDS if "*" in kinds else kinds)
    if wanted.search:
        found = [one for one in found if matches(one, wanted.search)]
    refers = wanted.has_reference
    targets = (refers,) if isinstance(refers, Named) else refers
    if targets:
        found = [one for one in found if refers_to(one, targets)]
    return found


def _named(objects: Objects, space: str, named: Sequence[Named]) -> list[SavedObject]:
    unknown = [f"{one.type}:{one.id}" for one in named if one.type not in KINDS]
    if unknown:
        words = f"Trying to export object(s) with non-exportable types: {', '.join(unknown)}"
        raise RefusedError(400, words)
    gone = [one for one in named if not objects.has(space, one.type, one.id)]
    if gone:
        failed = [
            {"id": one.id, "type": one.type, "error": not_found(one.type, one.id).body()}
            for one in gone
        ]
        raise RefusedError(400, "Error fetching objects to export", attributes={"objects": failed})
    return [objects.get(space, one.type, one.id) for one in named]


def _with_references(
    objects: Objects,
    space: str,
    found: Sequence[SavedObject],
    missing: dict[tuple[str, str], None],
) -> list[SavedObject]:
    whole = {one.key: one for one in found}
    queue = list(found)
    while queue:
        for reference in queue.pop().references:
            key = reference.type, reference.id
            if key in whole:
                continue
            if objects.has(space, *key):
                whole[key] = objects.get(space, *key)
                queue.append(whole[key])
            else:
                missing[key] = None
    return list(whole.values())


def _referred_to_first(found: Iterable[SavedObject]) -> list[SavedObject]:
    whole = {one.key: one for one in found}
    done: dict[tuple[str, str], SavedObject] = {}

    def visit(one: SavedObject, above: frozenset[tuple[str, str]]) -> None:
        for reference in one.references:
            key = reference.type, reference.id
            if key in whole and key not in done and key not in above:
                visit(whole[key], above | {key})
        done[one.key] = one

    for one in whole.values():
        if one.key not in done:
            visit(one, frozenset({one.key}))
    return list(done.values())


class FindRequest(Struct, frozen=True):
    """The query of `_find`; `has_reference` is JSON."""

    type: tuple[str, ...]
    page: int = 1
    per_page: int = 20
    search: str = ""
    search_fields: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    sort_field: str = ""
    sort_order: str = "asc"
    has_reference: str = ""
    default_search_operator: str = "OR"


def find(objects: Objects, space: str, wanted: FindRequest) -> Json:
    """One page of what matches; a type that Kibana does not have matches nothing.

    Raises RefusedError 400 for a `has_reference` that is none.
    """
    every = wanted.default_search_operator == "AND"
    targets = _targets(wanted.has_reference)
    found = [
        one
        for one in objects.all(space, wanted.type)
        if matches(one, wanted.search, wanted.search_fields, every=every)
        and (not targets or refers_to(one, targets))
    ]
    if wanted.sort_field:
        found.sort(
            key=lambda one: str(_value(one, wanted.sort_field)),
            reverse=wanted.sort_order == "desc",
        )
    start = (wanted.page - 1) * wanted.per_page
    return {
        "page": wanted.page,
        "per_page": wanted.per_page,
        "total": len(found),
        "saved_objects": [
            {**_projected(one, wanted.fields), "score": 0}
            for one in found[start : start + wanted.per_page]
        ],
    }


def _targets(text: str) -> tuple[Named, ...]:
    if not text:
        return ()
    try:
        read = msgspec.json.decode(text, type=Named | tuple[Named, ...])
    except msgspec.DecodeError as error:
        raise RefusedError(400, f"[request query.has_reference]: {error}") from None
    return (read,) if isinstance(read, Named) else read


def _projected(one: SavedObject, fields: Sequence[str]) -> Json:
    body = one.shown()
    if fields:
        body["attributes"] = {name: body["attributes"].get(name) for name in fields}
    return body


def _value(one: SavedObject, name: str) -> object:
    own = msgspec.to_builtins(one)
    return own[name] if name in own else one.attributes.get(name, "")


def refers_to(one: SavedObject, targets: Iterable[Named]) -> bool:
    have = {(each.type, each.id) for each in one.references}
    return any((target.type, target.id) in have for target in targets)


def matches(
    one: SavedObject, search: str, fields: Sequence[str] = (), *, every: bool = False
) -> bool:
    """Elasticsearch's simple query string, as far as words and `prefix*` go."""
    if not search:
        return True
    names = [name.split("^")[0] for name in fields] or ["title", "name", "description"]
    text = " ".join(str(one.attributes.get(name, "")) for name in names)
    words = re.findall(r"\w+", text.lower())
    hits = [
        any(_hit(word, term) for word in words) or term == "*" for term in search.lower().split()
    ]
    return all(hits) if every else any(hits)


def _hit(word: str, term: str) -> bool:
    return word.startswith(term[:-1]) if term.endswith("*") else word == term
