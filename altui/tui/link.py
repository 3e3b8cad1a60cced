"""A link to take along, where no browser can be opened."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen

from altui.core.present.keymap import brief
from altui.core.present.rows import Line, Tone, line
from altui.core.present.view import View
from altui.tui.bindings import bindings, keys_of
from altui.tui.rows import Rows

WORDS = {"copy": "copies it", "close": "closes this page"}


class LinkScreen(ModalScreen[None]):
    """The link, whole on as many lines as it takes, and a key that copies it."""

    CSS_PATH = "link.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings({"copy": "copy", "close": "dismiss"})

    def __init__(self, seen: View, url: str, copy: Callable[[str], str]) -> None:
        """`copy` hands a text over and says what it did."""
        super().__init__()
        self._seen = seen
        self._url = url
        self._copy = copy
        self._said = ""

    def compose(self) -> ComposeResult:
        yield Rows(self._page, id="page")

    def on_mount(self) -> None:
        self.query_one(Rows).draw(self._seen)

    def action_copy(self) -> None:
        self._said = self._copy(self._url)
        self.query_one(Rows).draw(self._seen)

    def _page(self, seen: View, width: int, height: int) -> Sequence[Line]:
        room = max(width - 2, 1)
        parts = [self._url[at : at + room] for at in range(0, len(self._url), room)]
        works = {key.id: brief(names) for key, names in keys_of(self).items()}
        hint = ", ".join(f"{works[one]} {words}" for one, words in WORDS.items() if one in works)
        return (
            line("link.title", (" The service's own page", Tone.strong)),
            Line("link.gap"),
            *(line(f"link.{place}", " ", (part, Tone.due)) for place, part in enumerate(parts)),
            Line("link.gap.2"),
            line("link.said", (f" {self._said or hint}", Tone.dim)),
        )
