"""Everything a panel knows, with the evidence of what is wrong in it."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from altui.core.present.header import header
from altui.core.present.panels import PANELS, detail, title
from altui.core.present.rows import Line
from altui.core.present.view import View
from altui.tui.feed import Feed
from altui.tui.place import Place, panel_keys
from altui.tui.rows import Rows


class DetailsScreen(Place):
    """One panel, whole and scrollable; `findings` stands for all that is not ok."""

    CSS_PATH = "details.tcss"
    AUTO_FOCUS = "#content"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape", "app.pop_screen", "back", id="back", tooltip="Back to the main screen"),
        Binding("0", "app.pop_screen", "main", show=False, id="main", tooltip="The main screen"),
        *panel_keys("Details of that panel"),
        Binding("down,j", "scroll(1)", "down", show=False, id="down", tooltip="One row down"),
        Binding("up,k", "scroll(-1)", "up", show=False, id="up", tooltip="One row up"),
        Binding(
            "pagedown,space",
            "page(1)",
            "page down",
            show=False,
            id="page.down",
            tooltip="One page down",
        ),
        Binding("pageup,b", "page(-1)", "page", show=False, id="page.up", tooltip="A page up"),
        Binding("g,home", "end(False)", "top", show=False, id="top", tooltip="To the first row"),
        Binding("G,end", "end(True)", "end", show=False, id="end", tooltip="To the last row"),
    ]

    def __init__(self, feed: Feed, key: str) -> None:
        super().__init__(feed)
        self.key = key

    @property
    def shows(self) -> Sequence[str]:
        return PANELS if self.key == "findings" else (self.key,)

    def compose(self) -> ComposeResult:
        yield Rows(_header, id="header")
        yield Rows(self._title, id="title")
        yield Rows(self._content, id="content")
        yield Rows(self.keys, id="keys")

    @property
    def content(self) -> Rows:
        return self.query_one("#content", Rows)

    def action_panel(self, key: str) -> None:
        self.key = key
        self.feed.show(self.shows)
        self.content.scroll_home(animate=False)
        self.draw(self.feed.view())

    def action_scroll(self, rows: int) -> None:
        self.content.scroll_relative(y=rows, animate=False)

    def action_page(self, pages: int) -> None:
        self.content.scroll_relative(y=pages * max(self.content.size.height - 1, 1), animate=False)

    def action_end(self, last: bool) -> None:
        if last:
            self.content.scroll_end(animate=False)
        else:
            self.content.scroll_home(animate=False)

    def _title(self, seen: View, width: int, height: int) -> Sequence[Line]:
        return (title(seen, self.key, width),)

    def _content(self, seen: View, width: int, height: int) -> Sequence[Line]:
        return detail(seen, self.key)


def _header(seen: View, width: int, height: int) -> Sequence[Line]:
    return (header(seen, width),)
