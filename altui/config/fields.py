"""What the settings are, by reflection: where each stands, what it takes, who may set it."""

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from altui.config.settings import Settings

Path = tuple[str, ...]
"""Keys from the top of the file, such as `("bigquery", "dataset")`."""
NOT_SETTINGS = ("ALTUI_CONFIG",)
"""Names of ours in the environment that say where the settings are."""


class Leaf(Struct, frozen=True):
    """One setting."""

    path: Path
    kind: Any
    """Its type, without annotations."""
    names: tuple[str, ...]
    """Environment names, the winning one first; a list or table has none."""
    default: Any

    @property
    def dotted(self) -> str:
        return ".".join(self.path)

    def of(self, settings: Settings) -> Any:
        """Its value there."""
        value: Any = settings
        for key in self.path:
            value = getattr(value, key)
        return value


@cache
def leaves(struct: type[Struct] = Settings, path: Path = ()) -> tuple[Leaf, ...]:
    """Every setting below `struct`, in the order of declaration."""
    return tuple(_leaves(struct, path))


def _leaves(struct: type[Struct], path: Path) -> Iterator[Leaf]:
    for field in msgspec.structs.fields(struct):
        kind, names = unwrapped(field.type)
        here = (*path, field.name)
        if is_struct(kind):
            yield from leaves(kind, here)
            continue
        own = "_".join(("ALTUI", *here)).upper()
        listed = get_origin(kind) in {tuple, dict}
        yield Leaf(here, kind, () if listed else tuple(dict.fromkeys((own, *names))), field.default)


def unwrapped(annotation: Any) -> tuple[Any, tuple[str, ...]]:
    """The type below an annotation, and the service's own environment names."""
    for meta in getattr(annotation, "__metadata__", ()):
        if isinstance(meta, Meta) and meta.extra:
            return annotation.__origin__, tuple(meta.extra.get("env", ()))
    return annotation, ()


def is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def element(kind: Any) -> Any:
    """`X` of `tuple[X, ...]`; None of any other type."""
    return get_args(kind)[0] if get_origin(kind) is tuple else None


def entry(kind: Any) -> Any:
    """`X` of `dict[str, X]`; None of any other type."""
    return get_args(kind)[1] if get_origin(kind) is dict else None


def setting_names() -> frozenset[str]:
    """Every name in the environment that sets something, or says where the file is."""
    return frozenset({*NOT_SETTINGS, *(name for leaf in leaves() for name in leaf.names)})
