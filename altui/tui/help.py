"""The help of the place from which it was asked for: its keys, and the runbook's section."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen

from altui.core.present.help import help_page
from altui.core.present.keymap import KEYMAP, Key, named
from altui.core.present.rows import Line
from altui.core.present.view import View
from altui.tui.bindings import bindings, keys_of
from altui.tui.rows import Rows

PADDING = 2


class HelpScreen(ModalScreen[None]):
    """A page that is scrolled, and closed by any of the keys that close."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(
        {
            "close": "dismiss",
            "down": "scroll(1)",
            "up": "scroll(-1)",
            "page-down": "page(1)",
            "page-up": "page(-1)",
            "top": "end(False)",
            "end": "end(True)",
        }
    )

    def __init__(
        self, seen: View, place: str, keys: Mapping[Key, Sequence[str]], link: str = ""
    ) -> None:
        """`keys` and `link` are those of the place: what works there, and the service's page."""
        super().__init__()
        self._seen = seen
        self._place = place
        self._keys = keys
        self._link = link

    def compose(self) -> ComposeResult:
        yield Rows(self._page, id="page")

    def on_mount(self) -> None:
        self._fit()

    def on_resize(self, _: events.Resize) -> None:
        self._fit()

    @property
    def page(self) -> Rows:
        return self.query_one("#page", Rows)

    def action_scroll(self, rows: int) -> None:
        self.page.scroll_relative(y=rows, animate=False)

    def action_page(self, pages: int) -> None:
        self.action_scroll(pages * max(self.page.scrollable_content_region.height - 1, 1))

    def action_end(self, last: bool) -> None:
        (self.page.scroll_end if last else self.page.scroll_home)(animate=False)

    def _fit(self) -> None:
        self.page.draw(self._seen)
        self.page.styles.max_height = len(self.page.lines) + PADDING

    def _page(self, seen: View, width: int, height: int) -> Sequence[Line]:
        close = keys_of(self).get(KEYMAP["close"], [])
        return help_page(self._place, self._keys, self._link, named(close[:1]), width)
