"""The main screen: one list at 80 columns, panels two by two where there is room."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from altui.core.present.findings import not_ok, row_key
from altui.core.present.header import header
from altui.core.present.links import link, of_stage
from altui.core.present.page import Page
from altui.core.present.panels import PANELS, boxed, listed, rule
from altui.core.present.rows import Line
from altui.core.present.strip import strip, worst_stage
from altui.core.present.team import team
from altui.core.present.view import View
from altui.tui.bindings import bindings, panel_keys
from altui.tui.feed import Feed
from altui.tui.layout import heights, is_grid, spoken, zoomed
from altui.tui.place import Place
from altui.tui.rows import Rows
from altui.tui.strip import StripRows

PARTS = ("findings", *PANELS)
"""What can be chosen and zoomed, from top to bottom."""

HEADS = 2
"""Rows of the strip that are always there: the stages' names and their states."""


class MainScreen(Place):
    """Header, verdict, day by stage, what is not ok, and the four panels."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = bindings(
        {
            **panel_keys(),
            "open": "open",
            "zoom": "zoom",
            "main": "main",
            "leave": "leave",
            "quit": "app.quit",
            "down": "move(0, 1)",
            "up": "move(0, -1)",
            "right": "move(1, 0)",
            "left": "move(-1, 0)",
            "part-next": "app.focus_next",
            "part-last": "app.focus_previous",
        }
    )

    def __init__(self, feed: Feed) -> None:
        super().__init__(feed)
        self.zoomed = ""
        """The part that has the screen to itself, below header and verdict."""

    @property
    def shows(self) -> Sequence[str]:
        return PANELS

    @property
    def fronts(self) -> Sequence[str]:
        return PANELS

    def doorways(self) -> Iterable[Rows]:
        return [self.query_one(f"#{part}", Rows) for part in ("findings", "strip", *PANELS)]

    def compose(self) -> ComposeResult:
        yield Rows(_header, id="header")
        yield Rows(self._verdict, id="verdict")
        yield StripRows(_strip, worst_stage, id="strip")
        yield Rows(_findings_rule, id="findings-rule")
        yield Rows(not_ok, id="findings", gutter=True, choosing=True, steady=True)
        yield Rows(_rest, id="rest")
        with Container(id="panels"):
            for key in PANELS:
                yield Rows(partial(self._panel, key), id=key, gutter=True)
        yield Rows(_team, id="team")
        yield Rows(self.keys, id="keys")

    def draw(self, seen: View) -> None:
        width, height = self.size
        size = (seen, width, height)
        given = zoomed(*size, self.zoomed, PARTS) if self.zoomed else heights(*size)
        self.set_class(bool(self.zoomed), "-zoomed")
        self.query_one("#panels").display = self.zoomed != "findings"
        for rows in self.query(Rows):
            if rows.id in given:
                rows.display = given[rows.id] > 0
                rows.styles.height = given[rows.id] or 1
            elif rows.id in PARTS:
                rows.display = True
                rows.styles.height = "1fr"
        self.query_one("#findings", Rows).can_focus = bool(seen.findings)
        self.query_one("#strip", Rows).can_focus = given["strip"] >= HEADS
        mark = self.query_one("#verdict", Rows)
        state = seen.assessment.verdict.state.value if seen.assessment else "stale"
        mark.set_classes("-stale" if seen.stale else f"-{state}")
        super().draw(seen)

    def on_resize(self, _: events.Resize) -> None:
        self.draw(self.feed.view())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to zoom where nothing is chosen."""
        if action == "zoom":
            return bool(self.zoomed) or self._part != ""
        return super().check_action(action, parameters)

    def action_panel(self, key: str) -> None:
        if self.zoomed:
            self._zoom(key)
        self.set_focus(self.query_one(f"#{key}", Rows))

    @property
    def aim(self) -> str:
        """The place of the stage, panel or finding that is chosen; empty where nothing is."""
        focused = self.focused
        if isinstance(focused, StripRows):
            return focused.place
        if not isinstance(focused, Rows):
            return ""
        if focused.id in PANELS:
            return focused.id
        return focused.chosen.opens if focused.chosen else ""

    def link(self, seen: View) -> str:
        """Of the stage, panel or finding that is chosen, else of the verdict."""
        focused = self.focused
        if isinstance(focused, Rows) and focused.id == "findings" and focused.chosen:
            key = focused.chosen.key
            found = (item for item in seen.findings if row_key(item) == key)
            if chosen := next(found, None):
                return of_stage(seen, chosen.stage)
        elif self.aim:
            return link(seen, self.aim, Page(self.aim, ()))
        return super().link(seen)

    def action_zoom(self) -> None:
        """The chosen part on the whole screen, or back among the others."""
        self._zoom("" if self.zoomed else self._part)

    def action_main(self) -> None:
        self._zoom("")
        self.set_focus(None)

    def action_leave(self) -> None:
        if self.zoomed:
            self._zoom("")
        else:
            self.set_focus(None)

    def _zoom(self, part: str) -> None:
        if part != self.zoomed:
            self.zoomed = part
            self.draw(self.feed.view())

    @property
    def _part(self) -> str:
        """The part that has the focus."""
        focused = self.focused
        return focused.id if focused and focused.id in PARTS else ""

    def action_open(self) -> None:
        """Opens what is chosen; what is not ok when nothing is."""
        self.post_message(self.Open(self.aim or "findings"))

    def action_move(self, right: int, down: int) -> None:
        """Moves the choice by a line, then by a part; sideways along the stages and the panels."""
        stops = [rows.id for rows in self.query(Rows) if rows.can_focus]
        focused = self.focused
        if self.zoomed:
            self._turn(down + right)
            return
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

    def _verdict(self, seen: View, width: int, height: int) -> Sequence[Line]:
        return spoken(seen, width, self.size.height)

    def _panel(self, key: str, seen: View, width: int, height: int) -> Sequence[Line]:
        if self.zoomed or is_grid(*self.size):
            return boxed(seen, key, width, height)
        return listed(seen, key, height)

    def _turn(self, step: int) -> None:
        """Moves the choice in the zoomed part, else shows the one after it."""
        rows = self.query_one(f"#{self.zoomed}", Rows)
        place = PARTS.index(self.zoomed) + step
        if not rows.choose(step) and 0 <= place < len(PARTS):
            goal = self.query_one(f"#{PARTS[place]}", Rows)
            if goal.can_focus:
                self._zoom(PARTS[place])
                self.set_focus(goal)


def _header(seen: View, width: int, height: int) -> Sequence[Line]:
    return (header(seen, width),)


def _strip(seen: View, width: int, height: int) -> Sequence[Line]:
    if height <= HEADS:
        return strip(seen, width, height)
    return (rule("rule.strip", "", width), *strip(seen, width, height - 1))


def _findings_rule(seen: View, width: int, height: int) -> Sequence[Line]:
    return (rule("rule.findings", f"not ok ({len(seen.findings)})", width),)


def _team(seen: View, width: int, height: int) -> Sequence[Line]:
    return team(seen, width)


def _rest(seen: View, width: int, height: int) -> Sequence[Line]:
    return (rule("rule.rest", "the rest, as seen", width),)
