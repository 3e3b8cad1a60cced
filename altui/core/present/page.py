"""What is shown of one place: a title, rows, and what else has to be read for them."""

from collections.abc import Callable
from itertools import product

from msgspec import Struct
from msgspec.structs import replace

from altui.core.model.observed import Wish
from altui.core.present.rows import Line, Part, Segment, Tone, columns, folding, line, pad, tone_of
from altui.core.present.view import View
from altui.core.rules.seeing import STATE_OF


class Page(Struct, frozen=True):
    """One place, whole; it is scrolled, never cut."""

    name: str
    rows: tuple[Line, ...]
    head: tuple[Segment, ...] = ()
    """State and age, for the right end of the title line."""
    said: tuple[str, ...] = ("",)
    """What may stand behind the name, from long to short."""
    wishes: tuple[Wish, ...] = ()
    """What the observer does not read by itself; rows say so until it is there."""
    link: str = ""
    """The service's own page about it; empty where there is none."""
    command: str = ""
    """Lines for a shell, on a page that is about them: they are copied bare, and whole."""
    searched: bool = False
    """A text whose lines belong together: it is searched, a list is filtered."""


Maker = Callable[[View, str], Page]
"""The page of a view and of the rest of the place behind the first `/`."""


def nowhere(name: str) -> Page:
    """The page of what is not there, or not any more."""
    return Page(name, (line("nowhere", ("nothing is known of it any more", Tone.dim)),))


def fact(kind: str, wide: int, name: str, *parts: Part, key: str = "") -> Line:
    """A row that says one thing: its name in `wide` columns, then the parts, on and on below.

    `key` tells rows of one name apart; `kind` rows of one page from those of others.
    """
    made = line(f"{kind}.{name}{key}", (pad(name, wide), Tone.dim), *parts)
    return folding(made, wide)


def awaited(seen: View, wish: Wish, what: str) -> Line:
    """Why something is not there yet: it was only just asked for, or the service's words."""
    asked = seen.observation(wish.id)
    if asked is None or asked.error is None:
        return line(f"awaited.{wish.id}", (f"{what}: being read...", Tone.dim))
    trouble = asked.error.trouble
    return line(
        f"awaited.{wish.id}",
        (f"{what}: {trouble.value}", tone_of(STATE_OF[trouble])),
        f", {asked.error.words}",
    )


def titled(page: Page, width: int) -> Line:
    """Name on the left, state and age on the right; the age gives way first."""
    # what stands in for a service matters more than when the figures were read
    choices = [*product(page.said, (page.head, page.head[:1])), ("", ())]
    said, head, gap = next(
        (said, head, gap)
        for said, head in choices
        if (gap := width - columns(page.name + said) - columns(_text(head)) - 1) > 0 or not head
    )
    right = (" " * max(gap, 1), *head, " ") if head else ()
    made = line("title", (page.name, Tone.strong), said, *right)
    return replace(made, heading=True)


def _text(segments: tuple[Segment, ...]) -> str:
    return "".join(segment.text for segment in segments)
