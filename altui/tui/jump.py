"""Jumping: whatever opens a place wears a letter; pressing it goes there."""

from collections.abc import Iterable, Mapping, Sequence
from string import ascii_lowercase, ascii_uppercase, digits

from textual import events
from textual.message import Message

from altui.core.present.rows import Line, Tone, line
from altui.core.present.view import View
from altui.tui.rows import Rows

EASY = "asdfghjkl"
LETTERS = (
    EASY + "".join(one for one in ascii_lowercase if one not in EASY) + ascii_uppercase + digits
)
"""Those under the fingers first; digits for screens that show more than 52 rows."""


class Letters(Rows):
    """Stands in for the last line and takes every key: a letter goes, any other one leaves.

    Keys with ctrl keep their meaning: there is always a way out.
    """

    class Left(Message):
        """Jumping is over; `place` is where to go, empty for nowhere."""

        def __init__(self, place: str) -> None:
            self.place = place
            super().__init__()

    def __init__(self, places: Mapping[str, str]) -> None:
        super().__init__(_hint, id="letters")
        self.can_focus = True
        self._places = places
        self._left = False

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return not key.startswith("ctrl+")

    def on_key(self, event: events.Key) -> None:
        if not event.key.startswith("ctrl+"):
            event.stop()
            event.prevent_default()
            self._leave(self._places.get(event.character or "", ""))

    def on_blur(self) -> None:
        self._leave("")

    def _leave(self, place: str) -> None:
        if not self._left:
            self._left = True
            self.post_message(self.Left(place))


def doors(parts: Iterable[Rows], fronts: Sequence[str]) -> dict[str, tuple[Rows, str, str]]:
    """Letter → the part and the key of the spot where it stands, and the place it opens.

    Parts that are `fronts` are places themselves: their first row opens the whole of it.
    """
    found: list[tuple[Rows, str, str]] = []
    for rows in parts:
        for number, (key, opens) in enumerate(rows.spots):
            place = rows.id if number == 0 and rows.id in fronts else opens
            if place:
                found.append((rows, key, place))
    return dict(zip(LETTERS, found, strict=False))


def _hint(seen: View, width: int, height: int) -> Sequence[Line]:
    return (
        line(
            "letters",
            " ",
            ("letter", Tone.strong),
            " opens that row, stage or day  any other key leaves",
        ),
    )
