"""Importing saved objects: what fits is created, the rest is named with its reason.

Rules of Kibana's import API: a file that cannot be read at all is a 400; a newer export is a
422; everything else answers 200 and says per object whether it went in.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

import msgspec
from msgspec import Struct

from altui.sandbox.kibana.objects import KINDS, Objects, Reference, SavedObject
from altui.sandbox.kibana.refusal import RefusedError

Json = dict[str, Any]

LIMIT_BYTES = 26_214_400
LIMIT_OBJECTS = 10_000
ENFORCED = {"index-pattern", "search"}
"""A reference to one of these must resolve; others may dangle."""


class Replacement(Struct, frozen=True, rename={"old": "from", "new": "to"}):
    type: str
    old: str
    new: str


class Choice(Struct, frozen=True, rename="camel"):
    """What to do with one object where the destination is not empty; `retries` of Kibana."""

    type: str = ""
    id: str = ""
    overwrite: bool = False
    destination_id: str | None = None
    replace_references: tuple[Replacement, ...] = ()
    create_new_copy: bool = False
    ignore_missing_references: bool = False


def read(content: bytes) -> list[SavedObject]:
    """The objects of an export file; its last line, which counts them, is left out.

    Raises RefusedError: 413 too large, 400 not NDJSON, too many, an object twice, 422 newer.
    """
    if len(content) > LIMIT_BYTES:
        words = f"Payload content length greater than maximum allowed: {LIMIT_BYTES}"
        raise RefusedError(413, words)
    lines = [line for line in content.split(b"\n") if line.strip()]
    objects = [one for one in map(_line, lines) if one is not None]
    if len(objects) > LIMIT_OBJECTS:
        raise RefusedError(400, f"Can't import more than {LIMIT_OBJECTS} objects")
    twice = [key for key, count in Counter(one.key for one in objects).items() if count > 1]
    if twice:
        raise RefusedError(400, f"Non-unique import objects detected: [{_listed(twice)}]")
    for one in objects:
        _refuse_newer(one)
    return objects


def _line(line: bytes) -> SavedObject | None:
    try:
        raw = json.loads(line)
    except ValueError as error:
        raise RefusedError(400, f"Unexpected token in JSON: {error}") from None
    if not isinstance(raw, dict):
        raise RefusedError(400, "A line of the import is not an object")
    body = cast(Json, raw)
    if "exportedCount" in body:
        return None
    try:
        return msgspec.convert(body, SavedObject)
    except msgspec.ValidationError as error:
        raise RefusedError(400, f"A line of the import is not a saved object: {error}") from None


def _refuse_newer(one: SavedObject) -> None:
    known = KINDS[one.type].version if one.type in KINDS else one.type_migration_version
    if _numbers(one.type_migration_version) > _numbers(known):
        raise RefusedError(
            422,
            f'Document "{one.id}" belongs to a more recent version of Kibana '
            f"[{one.type_migration_version}] when the last known version is [{known}].",
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


@dataclass
class _Import:
    """One import while it is planned: each object goes to `planned` or to `errors`."""

    objects: Objects
    space: str
    incoming: Sequence[SavedObject]
    planned: list[tuple[SavedObject, Json]] = field(default_factory=list[tuple[SavedObject, Json]])
    errors: list[Json] = field(default_factory=list[Json])

    def plan(self, one: SavedObject, choice: Choice) -> None:
        reason = self._misfit(one, choice)
        if reason is None:
            placed = self._place(one, choice)
            if "type" not in placed:
                self.planned.append((one, placed))
                return
            reason = placed
        failure: Json = {"id": one.id, "type": one.type, "meta": _meta(one), "error": reason}
        if choice.overwrite:
            failure["overwrite"] = True
        self.errors.append({**failure, "managed": one.managed})

    def _misfit(self, one: SavedObject, choice: Choice) -> Json | None:
        if one.type not in KINDS:
            return {"type": "unsupported_type"}
        missing = [] if choice.ignore_missing_references else self._missing(one)
        if missing:
            return {"type": "missing_references", "references": missing}
        for name in KINDS[one.type].texts:
            if not isinstance(one.attributes.get(name), str):
                words = f"[attributes.{name}]: expected value of type [string]: Bad Request"
                return {"type": "unknown", "message": words, "statusCode": 400}
        return None

    def _missing(self, one: SavedObject) -> list[Json]:
        here = {each.key for each in self.incoming}
        wanted = {(each.type, each.id): None for each in one.references if each.type in ENFORCED}
        return [
            {"type": kind, "id": identity}
            for kind, identity in wanted
            if (kind, identity) not in here and not self.objects.has(self.space, kind, identity)
        ]

    def _place(self, one: SavedObject, choice: Choice) -> Json:
        """Where the object goes, as its success will say; with a `type`, why it cannot."""
        if choice.create_new_copy:
            one.origin_id = None
            return {"destinationId": choice.destination_id or str(uuid4()), "createNewCopy": True}
        target = choice.destination_id or one.id
        if self.objects.has(self.space, one.type, target):
            return self._over(one, target, choice)
        if choice.destination_id:
            return self._apart(one, choice.destination_id)
        akin = self._akin(one)
        if len(akin) > 1:
            akin.sort(key=lambda each: each.updated_at, reverse=True)
            destinations = [
                {"id": each.id, "title": each.title, "updatedAt": each.updated_at} for each in akin
            ]
            return {"type": "ambiguous_conflict", "destinations": destinations}
        if akin:
            return self._over(one, akin[0].id, choice)
        if self.objects.taken(one.type, one.id):
            return self._apart(one, str(uuid4()))
        return {}

    def _over(self, one: SavedObject, target: str, choice: Choice) -> Json:
        elsewhere: Json = {"destinationId": target} if target != one.id else {}
        if not choice.overwrite:
            return {"type": "conflict", **elsewhere}
        return {**elsewhere, "overwrite": True}

    def _apart(self, one: SavedObject, identity: str) -> Json:
        one.origin_id = one.origin_id or one.id
        return {"destinationId": identity}

    def _akin(self, one: SavedObject) -> list[SavedObject]:
        """Objects of this space that came from the same one under another id."""
        origin = one.origin_id or one.id
        coming = {each.key for each in self.incoming}
        return [
            each
            for each in self.objects.all(self.space, [one.type])
            if origin in (each.id, each.origin_id) and each.key not in coming
        ]

    def apply(self) -> Json:
        """Creates what was planned, its references led to the new ids. The import's answer."""
        moved = {
            one.key: placed["destinationId"]
            for one, placed in self.planned
            if "destinationId" in placed
        }
        results: list[Json] = []
        for one, placed in self.planned:
            results.append(
                {
                    "type": one.type,
                    "id": one.id,
                    "meta": _meta(one),
                    "managed": one.managed,
                    **placed,
                }
            )
        for one, _ in self.planned:
            _lead(one.references, lambda old: moved.get((old.type, old.id)))
            one.id = moved.get(one.key, one.id)
        self.objects.put(self.space, [one for one, _ in self.planned])
        answer: Json = {"success": not self.errors, "successCount": len(results), "warnings": []}
        if results:
            answer["successResults"] = results
        if self.errors:
            answer["errors"] = self.errors
        return answer


def bring_in(objects: Objects, space: str, incoming: Sequence[SavedObject], choice: Choice) -> Json:
    """The answer of `_import`; every object gets the same choice."""
    work = _Import(objects, space, incoming)
    for one in incoming:
        work.plan(one, choice)
    return work.apply()


def resolve(
    objects: Objects,
    space: str,
    incoming: Sequence[SavedObject],
    retries: Sequence[Choice],
    copies: bool,
) -> Json:
    """The answer of `_resolve_import_errors`: only objects that a retry names are imported."""
    twice = [key for key, n in Counter((one.type, one.id) for one in retries).items() if n > 1]
    if twice:
        raise RefusedError(400, f"Non-unique retry objects: [{_listed(twice)}]")
    choices = {(one.type, one.id): one for one in retries}
    chosen = [one for one in incoming if one.key in choices]
    work = _Import(objects, space, chosen)
    for one in chosen:
        choice = choices[one.key]
        if copies:
            choice = msgspec.structs.replace(choice, create_new_copy=True)
        new = {(each.type, each.old): each.new for each in choice.replace_references}
        _lead(one.references, lambda old, new=new: new.get((old.type, old.id)))
        work.plan(one, choice)
    return work.apply()


def _lead(references: list[Reference], to: Callable[[Reference], str | None]) -> None:
    references[:] = [Reference(to(old) or old.id, old.type, old.name) for old in references]


def _meta(one: SavedObject) -> Json:
    icon = {"icon": KINDS[one.type].icon} if one.type in KINDS else {}
    return {"title": one.title, **icon}


def _listed(keys: Iterable[tuple[str, str]]) -> str:
    return ",".join(f"{kind}:{identity}" for kind, identity in keys)
