"""Day by stage as a part to choose from: a stage from its head row, or a day's row."""

from collections.abc import Callable

from rich.segment import Segment as Painted
from rich.style import Style

from altui.core.present.rows import Line
from altui.core.present.view import View
from altui.tui.rows import Rows, Source


class StripRows(Rows):
    """Rows without a gutter; what can be chosen is what opens a place.

    A row may open one, or each of its segments another. The sign of the choice takes the blank
    before it: the last column of the segment on its left, of the label for a whole row.
    """

    def __init__(self, source: Source, first: Callable[[View], str], *, id: str) -> None:
        """`first` is the place of the segment that is chosen as long as nobody chose another."""
        super().__init__(source, id=id, choosing=True)
        self.can_focus = True
        self._first = first
        self._place = ""

    @property
    def place(self) -> str:
        """The place that `enter` opens; empty where there is nothing to choose."""
        row = self.chosen
        if row is None or row.opens:
            return row.opens if row else ""
        return _places(row)[self._column(row)]

    def choose_beside(self, step: int) -> None:
        """Moves the choice along the row of segments; from another row it comes back to it."""
        row = next((row for row in self.choosable if _places(row)), None)
        if row is None:
            return
        places = _places(row)
        if self.chosen is row:
            column = min(max(self._column(row) + step, 0), len(places) - 1)
            self._place = places[column]
        self._chosen = row.key
        self._repaint(range(len(self.lines)))

    @property
    def choosable(self) -> list[Line]:
        return [row for row in self.lines if row.opens or _places(row)]

    @property
    def spots(self) -> list[tuple[str, str]]:
        return [
            spot
            for row in self.seen_lines
            for spot in (
                [(row.key, row.opens)] if row.opens else [(one, one) for one in _places(row)]
            )
        ]

    def watch_has_focus(self, has_focus: bool) -> None:
        if has_focus and not self._place and self._seen is not None:
            self._place = self._first(self._seen)  # it stays, whatever becomes the worst meanwhile
        super().watch_has_focus(has_focus)

    def _column(self, row: Line) -> int:
        """Which of the row's segments is chosen."""
        places = _places(row)
        wanted = self._place or (self._first(self._seen) if self._seen else "")
        return places.index(wanted) if wanted in places else 0

    def _is_lit(self, shown: Line) -> bool:
        return super()._is_lit(shown) and bool(shown.opens)

    def _painted(self, shown: Line, base: Style) -> list[Painted]:
        """With a sign in the blank before what is chosen, or what wears a letter."""
        painted = super()._painted(shown, base)
        chosen = self._chosen_part(shown) if self._points_at(shown) else None
        if chosen and not shown.opens:
            lit = self.get_component_rich_style("rows--chosen", partial=True)
            painted[chosen] = Painted(painted[chosen].text, (painted[chosen].style or base) + lit)
        for place in reversed(range(len(painted))):
            spot = shown.segments[place].opens or (shown.key if place == 1 else "")
            cursor = self._seen.glyphs.cursor if self._seen and place == chosen else ""
            sign, style = self._letters.get(spot) or cursor, painted[place - 1].style or base
            if sign and place and painted[place - 1].text.endswith(" "):
                if spot in self._letters:
                    style = base + self.get_component_rich_style("rows--letter", partial=True)
                before = painted[place - 1]
                cut = Painted(before.text[:-1], before.style)
                painted[place - 1 : place] = [cut, Painted(sign, style)]
        return painted

    def _chosen_part(self, shown: Line) -> int:
        """Which of the row's segments is chosen; of a whole row, the one behind its label."""
        opening = [place for place, part in enumerate(shown.segments) if part.opens]
        return 1 if shown.opens else opening[self._column(shown)]


def _places(row: Line) -> list[str]:
    return [segment.opens for segment in row.segments if segment.opens]
