"""One widget for every part of the screen: it draws lines, and repaints those that changed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from rich.segment import Segment as Painted
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from altui.core.present.rows import Line, Tone
from altui.core.present.view import View

Source = Callable[[View, int, int], Sequence[Line]]
"""The lines for so many columns and rows."""
GUTTER = 2


class Rows(ScrollView, inherit_bindings=False):
    """Lines from a source, drawn one by one.

    With `gutter` two columns on the left hold the sign of the line that `enter` opens: the chosen
    one where lines are `choosing`, else the first. Where they are `steady` their order is kept for
    as long as somebody chooses. Text is never markup: it goes to the terminal as plain segments,
    with a style for each tone.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"rows--{tone.value}" for tone in Tone),
        "rows--heading",
        "rows--chosen",
        "rows--letter",
    }
    ALLOW_SELECT = False

    def __init__(
        self,
        source: Source,
        *,
        id: str,
        gutter: bool = False,
        choosing: bool = False,
        steady: bool = False,
    ) -> None:
        super().__init__(id=id)
        self.can_focus = gutter
        self._source = source
        self._gutter = GUTTER if gutter else 0
        self._choosing = choosing
        self._steady = steady
        self._seen: View | None = None
        self._lines: tuple[Line, ...] = ()
        self._chosen = ""
        self._letters: Mapping[str, str] = {}

    def draw(self, seen: View) -> None:
        """Takes a new view; only lines that differ are repainted."""
        self._seen = seen
        self._redraw()

    @property
    def lines(self) -> tuple[Line, ...]:
        return self._lines

    @property
    def choosable(self) -> list[Line]:
        """The lines that can be chosen."""
        return [row for row in self._lines if not row.heading]

    @property
    def seen_lines(self) -> tuple[Line, ...]:
        """Lines that are neither hidden nor scrolled out of sight."""
        if not all(part.display for part in self.ancestors_with_self):
            return ()
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        return self._lines[top : top + height]

    @property
    def spots(self) -> list[tuple[str, str]]:
        """Where a letter can stand, in sight, from top to bottom: its key and what it opens."""
        return [(row.key, row.opens) for row in self.seen_lines] if self._gutter else []

    def letter(self, letters: Mapping[str, str]) -> None:
        """Shows letters, each at the spot of that key; none takes them away."""
        self._letters = letters
        self._repaint(range(len(self._lines)))

    @property
    def chosen(self) -> Line | None:
        """The line that `enter` opens."""
        rows = self.choosable
        return next((row for row in rows if row.key == self._chosen), self._first_of(rows))

    def _first_of(self, rows: list[Line]) -> Line | None:
        """What is chosen before anybody chose: the first in sight that opens something."""
        near = rows[: self.scrollable_content_region.height] if self._gutter else []
        return next((row for row in near if row.opens), rows[0] if rows else None)

    def choose(self, step: int, *, most: bool = False) -> bool:
        """Moves the choice by so many lines; False when it would leave the widget.

        With `most` it then goes to the last line on the way.
        """
        rows = self.choosable
        now = self.chosen
        place = (rows.index(now) if now else 0) + step
        if most:
            place = max(min(place, len(rows) - 1), 0)
        if not self._choosing or not 0 <= place < len(rows):
            return False
        self._chosen = rows[place].key
        row = self._lines.index(rows[place])
        self.scroll_to_region(Region(0, row, 1, 1), animate=False)
        self._repaint((self._lines.index(now) if now else row, row))
        return True

    def render_line(self, y: int) -> Strip:
        row = y + self.scroll_offset.y
        width, base = self.scrollable_content_region.width, self.rich_style
        if row >= len(self._lines):
            return Strip.blank(width, base)
        shown = self._lines[row]
        if shown.heading:
            base += self.get_component_rich_style("rows--heading", partial=True)
        if self._is_lit(shown):
            base += self.get_component_rich_style("rows--chosen", partial=True)
        return Strip(self._painted(shown, base)).adjust_cell_length(width, base)

    def _points_at(self, shown: Line) -> bool:
        """Whether the line wears the sign of the focus."""
        return self.has_focus and shown is self._pointed

    def _is_lit(self, shown: Line) -> bool:
        """Whether the whole line shows that it is chosen."""
        return self._points_at(shown)

    def _painted(self, shown: Line, base: Style) -> list[Painted]:
        painted = list(self._sign(shown, base)) if self._gutter else []
        return painted + [
            Painted(segment.text, base + self._style(segment.tone)) for segment in shown.segments
        ]

    def _sign(self, shown: Line, base: Style) -> Iterator[Painted]:
        """What the gutter holds: a letter to jump by, the cursor, or nothing."""
        sign = self._seen.glyphs.cursor if self._points_at(shown) and self._seen else " "
        if letter := self._letters.get(shown.key):
            lit = self.get_component_rich_style("rows--letter", partial=True)
            yield Painted(letter, base + lit)
        else:
            yield Painted(sign, base)
        yield Painted(" " * (self._gutter - 1), base)

    @property
    def _pointed(self) -> Line | None:
        """The line that wears the sign of the focus."""
        if self._choosing or not self._lines:
            return self.chosen
        return self._lines[0]

    def _style(self, tone: Tone) -> Style:
        return self.get_component_rich_style(f"rows--{tone.value}", partial=True)

    def _redraw(self) -> None:
        width, height = self.scrollable_content_region.size
        if self._seen is None or width <= self._gutter:
            return
        width -= self._gutter
        lines = self._seen.fitted(tuple(self._source(self._seen, width, height)), width)
        if self._steady and self.has_focus:
            lines = kept_order(self._lines, lines)
        old, self._lines = self._lines, tuple(lines)
        if len(old) != len(lines):
            self.virtual_size = Size(width + self._gutter, len(lines))
        self._repaint(
            y for y in range(max(len(old), len(lines))) if old[y : y + 1] != self._lines[y : y + 1]
        )

    def _repaint(self, rows: Iterable[int]) -> None:
        top, (width, height) = self.scroll_offset.y, self.scrollable_content_region.size
        regions = [Region(0, y - top, width, 1) for y in rows if 0 <= y - top < height]
        if regions:
            self.refresh(*regions)

    def on_resize(self, _: events.Resize) -> None:
        self._redraw()

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self._redraw()
        self._repaint(range(len(self._lines)))


def kept_order(old: Sequence[Line], new: Sequence[Line]) -> list[Line]:
    """The new lines in the old ones' order, what was not there before at the end."""
    places = {row.key: place for place, row in enumerate(old)}
    return sorted(new, key=lambda row: (row.last, places.get(row.key, len(places))))
