"""The last line: the keys of this place, and what is under way."""

from collections.abc import Iterable

from msgspec.structs import replace

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
    if not note:
        segments[-1] = replace(segments[-1], text=segments[-1].text.rstrip())
        return Line("keys", tuple(segments))
    gap = max(width - used - columns(note) - 1, 0)
    return Line("keys", (*segments, Segment(" " * gap), Segment(note, Tone.due)))
