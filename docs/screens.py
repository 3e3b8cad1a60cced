"""Writes docs/screens.md and its pictures: the design's words beside the real screens.

`python -m docs.screens` brings every state about on a living sandbox and draws it (ten minutes);
with `--page` it writes the page alone.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from altui.config import Settings
from altui.store.store import Store
from docs.picture import Size, picture
from docs.story import OPTIONS, Onlooker, story
from tests import paths
from tests.given import suspected
from tests.living import started

OUT = Path(__file__).with_name("screens.md")
PICTURES = Path(__file__).with_name("screens")
SIZE: Size = (80, 24)


class Scene(NamedTuple):
    """A state of the design, and how the screen that shows it differs."""

    name: str
    title: str
    design: str
    differs: str
    sizes: tuple[Size, ...] = (SIZE,)

    def file(self, size: Size) -> str:
        return f"{self.name}.svg" if size == SIZE else f"{self.name}-{size[0]}x{size[1]}.svg"


SCENES = (
    Scene(
        "night",
        "03:43, Elasticsearch down",
        """\
PROD applylens  READ-ONLY     23 Nov 03:43Z (04:43 here)   live 5/6, oldest 21m
BROKEN  22 Nov is in 0 of 3 indices; dashboard ends 21 Nov. Since 03:24Z (19m)
WHY     Elasticsearch down: refused from CI 03:24, Kibana 503, and from here
DO      page Infrastructure (SLA 1h, 41m left). f: export 22 Nov when it is up
--------------------------------------------------------------------------------
         postgres   fivetran   bigquery      dbt      elastic     kibana
         ok 1m      ok 38m     ok 38m      ok 24m    X DOWN 19m   ! ends 21 Nov
22 Nov     150  ->    150  ->    150  ->     150  -X->   ?           -
21 Nov     163        163        163         163        163          163
-- not ok (3) ------------------------------------------------------------------
> X elastic   refused here, CI, Kibana            19m  last good 03:22Z, green
  X workflow  #812 failed in "export", test ok    19m  usual 6m10, next 03:15Z
  ! kibana    status 503 "unavailable"            18m  follows from elastic
-- the rest, as seen -----------------------------------------------------------
  1 fivetran  synced 03:05Z, next 04:05Z, emails + applications, 0 warnings
  2 workflow  last 5: ok ok ok ok FAIL
  3 indices   (seen 03:22Z) 399 of 400 days each, 4.1 MB, no blocks then
  4 parity    60,162 / 60,159 (due 04:05Z)   8,012 = 8,012   marts ok to 21 Nov
-- team ------------------------------------------------------------------------
  incident #31 open 03:29Z, nobody has it      backfill: none      locks: none
 f fix  v why  t trace  a act..  i incident  y copy  1-4 panel  ? help  q quit""",
        """\
Elasticsearch was stopped at 03:20Z, the nightly run really failed in its export, and Kibana found
its Elasticsearch gone. The words of CI are those of the run's log, in which GitHub masked the
address (`***`, in the widest picture). The headline names the run that failed: while Elasticsearch
is silent no count says how many indices hold the day. A figure that a silent service gave is kept
with its time (`seen 03:20Z`) and its cell is `?`. The team's line, `f`, `t`, `a` and `i` come with
actions and incidents; the cursor comes with the first arrow.""",
        (SIZE, (120, 40), (200, 60)),
    ),
    Scene(
        "wait",
        "WAIT",
        """\
WAIT    22 Nov not exported yet; nightly run due 03:15Z has not started (+25m)
WHY     GitHub starts it late: last 14 nights +9m to +41m. Late only at 04:22Z
DO      nothing; sleep until 04:22Z. w starts one now (both would run, safe)""",
        """\
Here the nights of the history began up to an hour late, so WHY names the allowance of an hour that
counts; late is that plus the usual duration, which is half a minute in the sandbox. `w` comes with
actions.""",
    ),
    Scene(
        "late",
        "LATE",
        """\
LATE    BigQuery is 2d 14h behind Postgres: emails -391 (0.65 %), apps -28
WHY     Fivetran rescheduled, schedule is manual: it never resumes by itself
DO      f: sync now (~6m), then rebuild 20-22 Nov. Platform, SLA 4h: 2d over""",
        """\
The schedule really was manual for 2d 14h; the word `rescheduled` was put into Fivetran's answer,
because the sandbox's Fivetran has no limit that it could reach. The headline names Fivetran: rows
newer than the last sync are due, whatever their number, so how far BigQuery is behind stands in the
parity panel. The fix with its key comes with actions; DO names the owner and the clock.""",
    ),
    Scene(
        "permission",
        "BROKEN in dbt",
        """\
BROKEN  22 Nov missing from the marts on; raw data complete. Since 03:19Z (24m)
WHY     dbt.permission: "User does not have bigquery.tables.create" (run 812)
DO      not from here: admin grants Data Editor (y: request). Data, 7h36m left""",
        """\
BigQuery refused dbt's jobs during the nightly run of the 24th, with these words. The strip shows
where the day stopped. WHY quotes the run's log as far as a line holds it; `v` has all of it. The
cause's name (`dbt.permission`) and the request to copy come with the diagnoses.""",
    ),
    Scene(
        "range",
        "BROKEN at the dashboard",
        """\
BROKEN  dashboard is empty, data is not: 22 Nov 150=150=150, in 3 of 3 indices
WHY     its range is "last 24 hours"; 22 Nov sits at 00:00Z, 27h40m ago
DO      set 90 days (o opens it). Can wait: Analytics team, next business day""",
        """\
The dashboard was imported with the range `now-24h`. The headline says what is wrong with it; that
the day is complete up to the index is read in the strip. The second finding follows from the first:
it is the same day, counted.""",
    ),
    Scene(
        "suspected",
        "BROKEN?",
        """\
BROKEN? 22 Nov missing in risk_daily only. Since 03:22Z (21m). 2 causes fit
WHY     mapping refused 1 doc OR export cut at 91 %: v shows what tells apart
DO      f: export 22 Nov again (~40s, right for both, undo kept). Infra 1h""",
        """\
No rule tells causes apart yet: this screen is drawn from a given assessment (`tests/given.py`), not
from the sandbox, and so are its fix, its incident and its team.""",
    ),
    Scene(
        "check",
        "CHECK",
        """\
CHECK   nothing answers from this host since 03:41Z, 6 of 6: your VPN or proxy?""",
        """\
Every address refused. They were all on this machine, so the question is whether it runs there
rather than whether the VPN does; for addresses elsewhere the line is the design's.""",
    ),
    Scene(
        "denied",
        "OK with one source unseen",
        """\
OK      22 Nov complete to the dashboard (150=150=150). Unseen: postgres (denied)""",
        """\
The reader's password was changed. WHY and DO speak of what is unseen, in PostgreSQL's own
words.""",
    ),
    Scene(
        "ok",
        "OK",
        """\
OK      22 Nov complete to the dashboard (150=150=150)""",
        """\
The morning after: `FAIL` among the last five is the night's run, the one after it was started by
hand. A mart's figure is blue where Fivetran has brought changed rows since the last build: its
measures are due with the next.""",
    ),
    Scene(
        "stale",
        "STALE",
        """\
STALE   checking... last seen 9h ago: OK. Nothing below is live yet (2 of 6 in)""",
        """\
A start in the night, with what was seen the evening before. Figures of the two services that have
answered are in their colours, all others grey.""",
    ),
)
HEAD = """\
# The design's words beside the screens

Each picture is the real screen at 80×24 over a [living sandbox](../README.md#the-command-line), in
simulated time: `python -m docs.screens` (`make screens`) brought the states about one after
another and drew them. Figures are the sandbox's. Where the screen says something else than the
design, the reason stands below it.
"""
PATHS = f"""\
## From the screen to the evidence

At most {paths.MOST_KEYS} keys from the main screen to the figure, the service's own words, and when
and where they were read, on the first screenful at 80×24. `v` goes by the verdict, `↓` by a row of
what is not ok, a digit by a panel; `-` where no service said anything. Made from the table that
`tests/tui/test_paths.py` walks, a row a test.
"""


def text() -> str:
    """The page, as the file holds it."""
    return "\n".join((HEAD, *_scenes(), PATHS, *paths.table())) + "\n"


def _scenes() -> Iterator[str]:
    for scene in SCENES:
        yield f"## {scene.title}\n\n```\n{scene.design}\n```\n"
        for size in scene.sizes:
            width, height = size
            yield f"![{scene.title} at {width}×{height}](screens/{scene.file(size)})\n"
        yield f"{scene.differs}\n"


async def draw(directory: Path) -> None:
    """Every picture; those of the living sandbox while their state stands."""
    scenes = {scene.name: scene for scene in SCENES}
    with started(*OPTIONS) as sandbox:
        it = Onlooker(sandbox, directory / "living")
        async for name in story(it):
            scene = scenes.pop(name)
            for size in scene.sizes:
                _keep(scene.file(size), await it.picture(size))
        it.close()
    (given,) = scenes.values()
    _keep(given.file(SIZE), await _suspected(directory / "given"))


async def _suspected(directory: Path) -> str:
    made = suspected()
    store = Store.open(directory)
    store.put_observations(made.snapshot.observations.values())
    if made.assessment is not None:
        store.put_assessment(made.assessment)
    began = made.facts.started or made.now
    settings = Settings(profile="applylens", production=True)
    drawn = await picture(settings, store, made.now, began, SIZE)
    store.close()
    return drawn


def _keep(name: str, drawn: str) -> None:
    (PICTURES / name).write_text(drawn, encoding="utf-8")


def main() -> None:
    # the same terminal everywhere
    for name in ("NO_COLOR", "LC_ALL", "LC_CTYPE", "TEXTUAL_THEME"):
        os.environ.pop(name, None)
    os.environ |= {"LANG": "C.UTF-8", "TZ": "Europe/Berlin"}
    time.tzset()
    OUT.write_text(text(), encoding="utf-8")
    if "--page" not in sys.argv[1:]:
        PICTURES.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="altui-screens-") as name:
            asyncio.run(draw(Path(name)))


if __name__ == "__main__":
    main()
