"""The yardstick of first paint: a bare Textual app with four tables of 200 rows."""

from textual.app import App, ComposeResult
from textual.containers import Grid
from textual.widgets import DataTable


class Bare(App[None]):
    CSS = "Grid { grid-size: 2 2 }"

    def compose(self) -> ComposeResult:
        with Grid():
            for _ in range(4):
                yield DataTable()

    def on_mount(self) -> None:
        for table in self.query(DataTable):
            table.add_columns("one", "two", "three")
            for row in range(200):
                table.add_row(f"PAINTED {row}", str(row), str(row * row))


if __name__ == "__main__":
    Bare().run()
