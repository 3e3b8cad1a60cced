"""Textual's bindings, made from the table of keys."""

from collections.abc import Mapping
from typing import Any

from textual.binding import Binding, BindingType
from textual.screen import Screen

from altui.core.present.keymap import KEYMAP, Group, Key
from altui.core.present.panels import PANELS

GROUPS = {group: Binding.Group(group.value) for group in Group}


def bindings(actions: Mapping[str, str]) -> list[BindingType]:
    """A screen's bindings: the action of each id. Raises KeyError for an id not in the table."""
    return [_binding(KEYMAP[id_], action) for id_, action in actions.items()]


def panel_keys() -> dict[str, str]:
    """The actions of `1` to `4`."""
    return {f"panel-{key}": f"panel({key!r})" for key in PANELS}


def keys_of(screen: Screen[Any]) -> dict[Key, list[str]]:
    """What works on the screen now, in the table's order, with the keys that do it."""
    found: dict[str, list[str]] = {}
    for key, active in screen.active_bindings.items():
        if active.binding.id and active.enabled:
            found.setdefault(active.binding.id, []).append(key)
    return {key: found[key.id] for key in KEYMAP.values() if key.id in found}


async def do(screen: Screen[Any], key: Key) -> None:
    """What the key does there, as if it were pressed."""
    for active in screen.active_bindings.values():
        if active.binding.id == key.id:
            await screen.run_action(active.binding.action)
            return


def _binding(key: Key, action: str) -> Binding:
    return Binding(
        ",".join(key.keys),
        action,
        key.word,
        show=key.shown,
        id=key.id,
        tooltip=key.sentence,
        group=GROUPS[key.group],
    )
