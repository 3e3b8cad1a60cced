"""The keys of the place from which help was asked for."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from altui.core.present.rows import Line, Tone, line
from altui.core.present.view import View
from altui.tui.rows import Rows


class HelpScreen(ModalScreen[None]):
    """A page of keys; any of its own keys closes it."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,q,question_mark,enter",
            "dismiss",
            "close",
            id="close",
            tooltip="Close this page",
        ),
    ]

    def __init__(self, seen: View, rows: Sequence[Line]) -> None:
        super().__init__()
        self._seen = seen
        self._rows = (
            line("help.title", (" Keys of this place", Tone.strong)),
            Line("help.gap"),
            *rows,
            Line("help.gap.2"),
            line("help.close", (" esc closes this page", Tone.dim)),
        )

    def compose(self) -> ComposeResult:
        page = Rows(self._page, id="page")
        page.styles.max_height = len(self._rows) + 2
        yield page

    def on_mount(self) -> None:
        self.query_one(Rows).draw(self._seen)

    def _page(self, seen: View, width: int, height: int) -> Sequence[Line]:
        return self._rows
