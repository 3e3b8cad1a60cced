"""The main screen: one list at 80 columns, panels two by two where there is room."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from altui.core.present.findings import not_ok, row_key
from altui.core.present.header import header
from altui.core.present.links import link, of_stage
from altui.core.present.page import Page
from altui.core.present.panels import PANELS, boxed, listed, rule
from altui.core.present.rows import Line
from altui.core.present.strip import strip, worst_stage
from altui.core.present.verdict import verdict
from altui.core.present.view import View
from altui.tui.layout import heights, is_grid
from altui.tui.place import Place, panel_keys
from altui.tui.rows import Rows
from altui.tui.strip import StripRows

BESIDE = "The stage or panel beside; the worst stage first"


STATES = 3
"""Rows of the strip from which on the states of the stages are among them."""


class MainScreen(Place):
    """Header, verdict, day by stage, what is not ok, and the four panels."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "details", id="open", tooltip="Everything about what is chosen"),
        *panel_keys("Choose a panel; enter opens it"),
        Binding("down,j", "move(0, 1)", "down", show=False, id="down", tooltip="One row down"),
        Binding("up,k", "move(0, -1)", "up", show=False, id="up", tooltip="One row up"),
        Binding("right", "move(1, 0)", "beside", show=False, id="right", tooltip=BESIDE),
        Binding("left", "move(-1, 0)", "beside", show=False, id="left", tooltip=BESIDE),
        Binding("tab", "app.focus_next", "next", show=False, id="next", tooltip="Next part"),
        Binding(
            "shift+tab",
            "app.focus_previous",
            "previous",
            show=False,
            id="previous",
            tooltip="Part before",
        ),
        Binding("0,escape", "leave", "main", show=False, id="main", tooltip="Choose nothing"),
        Binding("q", "app.quit", "quit", id="quit", tooltip="Leave altui; ctrl+q leaves anywhere"),
    ]

    @property
    def shows(self) -> Sequence[str]:
        return PANELS

    def compose(self) -> ComposeResult:
        yield Rows(_header, id="header")
        yield Rows(_verdict, id="verdict")
        yield StripRows(_strip, worst_stage, id="strip")
        yield Rows(_findings_rule, id="findings-rule")
        yield Rows(not_ok, id="findings", gutter=True, choosing=True, steady=True)
        yield Rows(_rest, id="rest")
        with Container(id="panels"):
            for key in PANELS:
                yield Rows(partial(self._panel, key), id=key, gutter=True)
        yield Rows(self.keys, id="keys")

    def draw(self, seen: View) -> None:
        width, height = self.size
        given = heights(seen, width, height)
        for rows in self.query(Rows):
            if rows.id in given:
                rows.display = given[rows.id] > 0
                rows.styles.height = given[rows.id] or 1
            elif rows.id in PANELS:
                rows.styles.height = "1fr"
        self.query_one("#findings", Rows).can_focus = bool(seen.findings)
        self.query_one("#strip", Rows).can_focus = given["strip"] >= STATES
        mark = self.query_one("#verdict", Rows)
        state = seen.assessment.verdict.state.value if seen.assessment else "stale"
        mark.set_classes("-stale" if seen.stale else f"-{state}")
        super().draw(seen)

    def on_resize(self, _: events.Resize) -> None:
        self.draw(self.feed.view())

    def action_panel(self, key: str) -> None:
        self.set_focus(self.query_one(f"#{key}", Rows))

    def link(self, seen: View) -> str:
        """Of the panel or the finding that is chosen, else of the verdict."""
        focused = self.focused
        if isinstance(focused, Rows) and focused.id in PANELS:
            return link(seen, focused.id, Page(focused.id, ()))
        if isinstance(focused, Rows) and focused.id == "findings" and focused.chosen:
            key = focused.chosen.key
            found = (item for item in seen.findings if row_key(item) == key)
            if chosen := next(found, None):
                return of_stage(seen, chosen.stage)
        return super().link(seen)

    def action_leave(self) -> None:
        self.set_focus(None)

    def action_open(self) -> None:
        """Opens what is chosen; what is not ok when nothing is."""
        focused = self.focused
        key = "findings"
        if isinstance(focused, StripRows):
            key = focused.place or key
        elif isinstance(focused, Rows) and focused.id in PANELS:
            key = focused.id
        elif isinstance(focused, Rows) and focused.chosen:
            key = focused.chosen.opens or key
        self.post_message(self.Open(key))

    def action_move(self, right: int, down: int) -> None:
        """Moves the choice by a line, then by a part; sideways along the stages and the panels."""
        stops = [rows.id for rows in self.query(Rows) if rows.can_focus]
        focused = self.focused
        if not isinstance(focused, Rows) or focused.id not in stops:
            below = next(stop for stop in stops if stop != "strip")
            first = "strip" if right and "strip" in stops else below
            self.set_focus(self.query_one(f"#{first}", Rows))
        elif right and isinstance(focused, StripRows):
            focused.choose_beside(right)
        elif not focused.choose(down) and (goal := self._beside(focused.id, stops, right, down)):
            self.set_focus(self.query_one(f"#{goal}", Rows))

    def _beside(
        self, here: str | None, stops: Sequence[str | None], right: int, down: int
    ) -> str | None:
        grid = is_grid(*self.size)
        if right and not grid:
            return None
        place = stops.index(here)
        first = stops.index(PANELS[0])
        if grid and place >= first:
            column = (place - first) % 2
            if right and not 0 <= column + right <= 1:
                return None
            place = place + right + 2 * down
            place = first - 1 if place < first else place
        else:
            place += down
        return stops[place] if 0 <= place < len(stops) else None

    def _panel(self, key: str, seen: View, width: int, height: int) -> Sequence[Line]:
        if is_grid(*self.size):
            return boxed(seen, key, width, height)
        return listed(seen, key, height)


def _header(seen: View, width: int, height: int) -> Sequence[Line]:
    return (header(seen, width),)


def _verdict(seen: View, width: int, height: int) -> Sequence[Line]:
    return verdict(seen)


def _strip(seen: View, width: int, height: int) -> Sequence[Line]:
    return (rule("rule.strip", "", width), *strip(seen, width, height - 1))


def _findings_rule(seen: View, width: int, height: int) -> Sequence[Line]:
    return (rule("rule.findings", f"not ok ({len(seen.findings)})", width),)


def _rest(seen: View, width: int, height: int) -> Sequence[Line]:
    return (rule("rule.rest", "the rest, as seen", width),)
