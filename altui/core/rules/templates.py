"""An index template and a mapping against the ones that ship, difference by difference."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from altui.core.model.reading import Index, Template

NUMBERS = {"long", "integer", "short", "byte", "unsigned_long", "double", "float", "half_float"}
ABSENT = "absent"


class Difference(Struct, frozen=True):
    what: str
    """A field, or a part of the template."""
    found: str
    wanted: str

    @property
    def words(self) -> str:
        return f"{self.what} is {self.found}, should be {self.wanted}"


def template_differences(served: Template, shipped: Template) -> tuple[Difference, ...]:
    """What the loaded template has otherwise than the shipped one."""
    return (*_heads(served, shipped), *_settings(served, shipped), *_fields(served, shipped))


def conflicts(index: Index, shipped: Template) -> tuple[Difference, ...]:
    """Fields of a type that holds or finds other values than the shipped one."""
    return tuple(one for one in _typed(index, shipped) if not _akin(one.found, one.wanted))


def strays(index: Index, shipped: Template) -> tuple[Difference, ...]:
    """Fields of another number type, and absent ones where the index takes no new field."""
    akin = [one for one in _typed(index, shipped) if _akin(one.found, one.wanted)]
    known = index.fields or {}
    if index.dynamic == "strict" and index.fields is not None:
        akin += [
            Difference(field, ABSENT, kind)
            for field, kind in shipped.fields.items()
            if field not in known
        ]
    return tuple(akin)


def _typed(index: Index, shipped: Template) -> Iterator[Difference]:
    known = index.fields or {}
    for field, wanted in shipped.fields.items():
        found = known.get(field, wanted)
        if found != wanted:
            yield Difference(field, found, wanted)


def _akin(found: str, wanted: str) -> bool:
    return found in NUMBERS and wanted in NUMBERS


def _heads(served: Template, shipped: Template) -> Iterator[Difference]:
    for pattern in shipped.patterns:
        if pattern not in served.patterns:
            yield Difference("patterns", ", ".join(served.patterns) or "none", pattern)
    for what, found, wanted in (
        ("priority", served.priority, shipped.priority),
        ("version", served.version, shipped.version),
        ("dynamic", served.dynamic or "true", shipped.dynamic or "true"),
    ):
        if found != wanted:
            yield Difference(what, _word(found), _word(wanted))


def _settings(served: Template, shipped: Template) -> Iterator[Difference]:
    """Those that the shipped one sets; and what would delete or block every new index."""
    harmful = {
        name for name in served.settings if name == "lifecycle.name" or name.startswith("blocks.")
    }
    for name in sorted({*shipped.settings, *harmful}):
        found, wanted = served.settings.get(name), shipped.settings.get(name)
        expands = name == "number_of_replicas" and "auto_expand_replicas" in served.settings
        if found != wanted and not expands:
            yield Difference(name, _word(found), _word(wanted))


def _fields(served: Template, shipped: Template) -> Iterator[Difference]:
    for field in sorted({*shipped.fields, *served.fields}):
        found, wanted = _of(served.fields, field), _of(shipped.fields, field)
        if found != wanted:
            yield Difference(field, found, wanted)


def _of(fields: Mapping[str, str], name: str) -> str:
    return fields.get(name, ABSENT)


def _word(value: object) -> str:
    return ABSENT if value is None else str(value)
