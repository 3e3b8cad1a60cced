"""The table `[keys]`: which keys do what, and what cannot be meant by it."""

from collections.abc import Iterator, Mapping

from altui.config.checking import nearest, shown
from altui.core.present.keymap import KEYMAP, NAMED, OURS, clashes, key_of, keymap, named, signs

Chosen = Mapping[str, str | tuple[str, ...]]
"""One key or several, by the id of what they do."""


def listed(chosen: Chosen) -> dict[str, tuple[str, ...]]:
    """Each id's keys as a list."""
    return {id_: (keys,) if isinstance(keys, str) else keys for id_, keys in chosen.items()}


def full_names(chosen: Chosen) -> dict[str, tuple[str, ...]]:
    """The same with every key's full name; the table was found right before."""
    found = keymap(listed(chosen))
    return {id_: found[id_] for id_ in chosen}


def wrong_keys(chosen: Chosen) -> Iterator[str]:
    """Ids and keys that do not exist, and keys that would mean two things in one place."""
    wrong = list(_wrong_names(listed(chosen)))
    yield from wrong
    if wrong:
        return
    for key, first, second, where in clashes(listed(chosen)):
        yield (
            f"keys: {named([key])} is both {first} and {second} {where}; "
            f"give {second if second in chosen else first} another key"
        )


def _wrong_names(chosen: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for id_, keys in chosen.items():
        if id_ not in KEYMAP:
            yield f"keys: {shown(id_)} is nothing a key does{nearest(id_, KEYMAP)}"
            continue
        if not keys:
            yield f"keys.{id_}: names no key; leave the line out to keep {named(KEYMAP[id_].keys)}"
        for text in keys:
            key = key_of(text)
            if key is None:
                near = nearest(text, {*NAMED, *signs()})
                yield f"keys.{id_}: {shown(text)} is no key such as r, f5 or ctrl+r{near}"
            elif key in OURS:
                yield f"keys.{id_}: {key} {OURS[key]}; choose another key"
