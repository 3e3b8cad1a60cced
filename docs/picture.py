"""Draws the README's picture: `python docs/picture.py STATE_DIRECTORY [OUT.svg]`.

The real screen at 120x40, headless, over what the store of that profile holds; no service is asked.
"""

import asyncio
import sys
from pathlib import Path

from altui.clock import clock_of
from altui.config import load
from altui.store.store import Store
from altui.tui.app import Dashboard

SIZE = (120, 40)


async def draw(directory: Path, out: Path) -> None:
    settings = load()
    store = Store.open(directory)
    clock = clock_of(settings.clock)
    seen = store.snapshot(clock()).observations.values()
    # everything that was read counts as seen: the picture shows a dashboard that has been open
    started = min((item.tried_at for item in seen if item.tried_at), default=None)
    app = Dashboard(settings, store, clock, started)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        out.write_text(app.export_screenshot(title="altui"), encoding="utf-8")
    store.close()


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        raise SystemExit(__doc__)
    target = Path(sys.argv[2]) if len(sys.argv) == 3 else Path(__file__).with_name("dashboard.svg")
    asyncio.run(draw(Path(sys.argv[1]), target))
