"""Draws the README's picture: `python docs/picture.py STATE_DIRECTORY [OUT.svg]`.

The real screen at 120x40, headless, over what the store of that profile holds; no service is asked.
"""

import asyncio
import sys
from pathlib import Path

from altui.config import load
from altui.store.store import Store
from altui.tui.app import Dashboard

SIZE = (120, 40)


async def draw(directory: Path, out: Path) -> None:
    """Writes the screen as it was at the newest assessment, for one who had it open before."""
    store = Store.open(directory)
    assessment = store.assessment()
    if assessment is None:
        raise SystemExit(f"{directory}: nothing was assessed yet; run `altui check` first")
    seen = store.snapshot(assessment.at).observations.values()
    started = min((item.tried_at for item in seen if item.tried_at), default=assessment.at)
    app = Dashboard(load(), store, lambda: assessment.at, started)
    async with app.run_test(size=SIZE) as pilot:
        store.serve(store.requests())
        app.look()
        await pilot.pause()
        picture = app.export_screenshot(title="altui")
    store.close()
    await asyncio.to_thread(out.write_text, picture, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        raise SystemExit(__doc__)
    target = Path(sys.argv[2]) if len(sys.argv) == 3 else Path(__file__).with_name("dashboard.svg")
    asyncio.run(draw(Path(sys.argv[1]), target))
