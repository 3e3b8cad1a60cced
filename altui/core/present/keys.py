"""The last line: the keys of this place, and what is under way."""

from collections.abc import Iterable

from altui.core.present.rows import Line, Segment, Tone, columns


def keys(pairs: Iterable[tuple[str, str]], note: str, width: int) -> Line:
    """Keys with their words, as many as fit beside the note at the right end."""
    room = width - (columns(note) + 1 if note else 0)
    segments = [Segment(" ")]
    used = 1
    for key, word in pairs:
        needed = columns(key) + 1 + columns(word) + 2
        if used + needed - (0 if note else 2) > room:
            break
        segments += [Segment(key, Tone.strong), Segment(f" {word}  ", Tone.dim)]
        used += needed
    gap = max(width - used - columns(note) - 1, 0) if note else 0
    return Line("keys", (*segments, Segment(" " * gap), Segment(note, Tone.due)))


def meanings(rows: Iterable[tuple[str, str, str]]) -> tuple[Line, ...]:
    """The help page: each key, what it does, and one sentence about it."""
    known = tuple(rows)
    wide = max((columns(key) for key, _, _ in known), default=0)
    named = max((columns(word) for _, word, _ in known), default=0)
    return tuple(
        Line(
            f"help.{place}",
            (
                Segment(f" {' ' * (wide - columns(key))}{key}  ", Tone.strong),
                Segment(f"{word}{' ' * (named - columns(word))}  "),
                Segment(sentence, Tone.dim),
            ),
        )
        for place, (key, word, sentence) in enumerate(known)
    )
