"""Kibana's saved objects and spaces, kept in one JSON file.

Every type here can be shared, as in Kibana since 8.0: an id is taken once for all spaces, an object
names the spaces it is seen in, and an import into another space gets an id of its own and
remembers the first as its `originId`.
"""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct, field

from altui.sandbox.kibana.refusal import not_found, unsupported
from altui.sandbox.world import Clock

DEFAULT = "default"
CORE_MIGRATION = "8.8.0"


class Kind(NamedTuple):
    """A type of saved object: the newest format known here, its icon and required texts."""

    version: str
    icon: str
    texts: tuple[str, ...] = ("title",)


KINDS: Mapping[str, Kind] = {
    "index-pattern": Kind("8.0.0", "indexPatternApp"),
    "dashboard": Kind("10.2.0", "dashboardApp", ("title", "panelsJSON")),
    "lens": Kind("8.9.0", "lensApp"),
    "search": Kind("10.5.0", "discoverApp"),
    "visualization": Kind("8.5.0", "visualizeApp"),
    "map": Kind("8.4.0", "gisApp"),
    "tag": Kind("8.0.0", "tag", ("name",)),
    "config": Kind("8.9.0", "gear", ()),
}


class Reference(Struct, frozen=True):
    id: str
    type: str
    name: str


class SavedObject(Struct, rename="camel", omit_defaults=True):
    """One object; the names and shapes are those of an export's line."""

    id: str
    type: str
    attributes: dict[str, Any]
    references: list[Reference] = field(default_factory=list[Reference])
    core_migration_version: str = ""
    type_migration_version: str = ""
    managed: bool = False
    origin_id: str | None = None
    namespaces: list[str] = field(default_factory=list[str])
    created_at: str = field(name="created_at", default="")
    updated_at: str = field(name="updated_at", default="")
    version: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.type, self.id

    @property
    def title(self) -> str:
        return str(self.attributes.get("title") or self.attributes.get("name") or "")

    def seen_in(self, space: str) -> bool:
        return space in self.namespaces or "*" in self.namespaces

    def shown(self) -> dict[str, Any]:
        """The body of an answer; `references` and `managed` are there even when empty."""
        return {"references": [], "managed": self.managed, **msgspec.to_builtins(self)}


class Space(Struct, rename="camel"):
    id: str
    name: str
    description: str = ""
    color: str = "#00bfb3"
    initials: str = ""
    disabled_features: list[str] = field(default_factory=list[str])
    solution: str = "classic"


class _State(Struct):
    changes: int = 0
    spaces: list[Space] = field(
        default_factory=lambda: [Space(DEFAULT, "Default", "This is your default space!")]
    )
    objects: list[SavedObject] = field(default_factory=list[SavedObject])


class Objects:
    """All saved objects of one Kibana. Each change is on disk when the method returns."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._state = (
            msgspec.json.decode(path.read_bytes(), type=_State) if path.exists() else _State()
        )
        self._by_key = {each.key: each for each in self._state.objects}

    @property
    def new(self) -> bool:
        """Whether nothing was ever put here."""
        return not self._path.exists()

    def now(self) -> datetime:
        return self._clock.now()

    def get(self, space: str, kind: str, identity: str) -> SavedObject:
        """Raises RefusedError: 400 for a type Kibana does not have, 404."""
        if kind not in KINDS:
            raise unsupported(kind)
        found = self._by_key.get((kind, identity))
        if found is None or not found.seen_in(space):
            raise not_found(kind, identity)
        return found

    def has(self, space: str, kind: str, identity: str) -> bool:
        found = self._by_key.get((kind, identity))
        return found is not None and found.seen_in(space)

    def taken(self, kind: str, identity: str) -> bool:
        """Whether the id is used in any space."""
        return (kind, identity) in self._by_key

    def all(self, space: str, kinds: Iterable[str] = KINDS) -> list[SavedObject]:
        wanted = set(kinds)
        return [one for one in self._state.objects if one.type in wanted and one.seen_in(space)]

    def put(self, space: str, objects: Sequence[SavedObject]) -> None:
        """Creates, or replaces those whose type and id are taken."""
        for one in objects:
            before = self._by_key.get(one.key)
            self._state.changes += 1
            now = _moment(self.now())
            one.created_at = before.created_at if before else now
            one.updated_at = now
            one.version = _version(self._state.changes)
            one.namespaces = before.namespaces if before else [space]
            one.core_migration_version = CORE_MIGRATION
            one.type_migration_version = KINDS[one.type].version
            self._by_key[one.key] = one
        self._save()

    def delete(self, space: str, kind: str, identity: str) -> None:
        """Raises RefusedError like `get`."""
        del self._by_key[self.get(space, kind, identity).key]
        self._save()

    # Spaces.

    def spaces(self) -> list[Space]:
        return list(self._state.spaces)

    def add_space(self, space: Space) -> None:
        self._state.spaces.append(space)
        self._save()

    def drop_space(self, identity: str) -> None:
        """With everything that is seen there only."""
        self._state.spaces = [each for each in self._state.spaces if each.id != identity]
        self._by_key = {
            key: one for key, one in self._by_key.items() if one.namespaces != [identity]
        }
        self._save()

    def _save(self) -> None:
        self._state.objects = list(self._by_key.values())
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(self._state))
        new.replace(self._path)


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _version(change: int) -> str:
    """Kibana's opaque version: sequence number and primary term of the document."""
    return base64.b64encode(json.dumps([change, 1], separators=(",", ":")).encode()).decode()
