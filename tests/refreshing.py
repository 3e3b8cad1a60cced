"""A screen in a process of its own whose store is written 960 times; prints what memory it holds.

Two lines: megabytes after the first 240 refreshes, when caches are full, and after the last.
"""

import asyncio
import gc
import os
import sys
from pathlib import Path

from msgspec.structs import replace

from altui.core.model.reading import Counts
from tests.scenes import SCENES
from tests.tui.conftest import Stage

WARM, REFRESHES = 240, 960


async def main(directory: Path) -> None:
    stage = Stage(SCENES["healthy"](), directory)
    app = stage.app()
    seen = stage.scene.snapshot.observations["postgres.counts"]
    assert isinstance(seen.value, Counts)
    assert stage.scene.assessment is not None
    emails = seen.value.series["emails"]
    async with app.run_test(size=(120, 40)) as pilot:
        for number in range(WARM + REFRESHES + 1):
            if number in (WARM, WARM + REFRESHES):
                gc.collect()
                sys.stdout.write(f"{held()}\n")
            figures = replace(emails, rows=emails.rows + number % 7)
            value = replace(seen.value, series={**seen.value.series, "emails": figures})
            stage.other.put_observations([replace(seen, value=value)])
            stage.other.put_assessment(stage.scene.assessment)
            stage.wait(seconds=20)
            app.look()
            await pilot.pause()
    stage.close()


def held() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
