"""Draws docs/dashboard.svg, the real screen at 120x40 over a sandbox (`make picture`)."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from altui.config import Settings, load
from altui.store.store import Store
from altui.tui.app import Dashboard
from bench.pipeline import sandbox

Size = tuple[int, int]
SIZE: Size = (120, 40)
OUT = Path(__file__).with_name("dashboard.svg")


async def picture(
    settings: Settings, store: Store, now: datetime, started: datetime, size: Size
) -> str:
    """The screen over a store at `now`, for one who opened it at `started`: an SVG."""
    app = Dashboard(settings, store, lambda: now, started)
    async with app.run_test(size=size) as pilot:
        store.serve(store.requests())
        app.look()
        await pilot.pause()
        return app.export_screenshot(title="altui")


async def draw(environ: Mapping[str, str]) -> str:
    """The screen as it was at the newest assessment, for one who had it open before."""
    settings = load(environ)
    store = Store.open(settings.directory)
    assessment = store.assessment()
    if assessment is None:
        raise SystemExit("nothing was assessed")
    seen = store.snapshot(assessment.at).observations.values()
    started = min((item.tried_at for item in seen if item.tried_at), default=assessment.at)
    drawn = await picture(settings, store, assessment.at, started, SIZE)
    store.close()
    return drawn


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="altui-picture-") as name:
        directory = Path(name)
        directory.chmod(0o755)  # PostgreSQL may run as another user
        with sandbox(directory / "sandbox", "--now", "12:00") as (environ, _):
            check = [sys.executable, "-m", "altui", "check"]
            subprocess.run(check, env=dict(environ), stdout=subprocess.DEVNULL, check=True)
            OUT.write_text(asyncio.run(draw(environ)), encoding="utf-8")


if __name__ == "__main__":
    main()
