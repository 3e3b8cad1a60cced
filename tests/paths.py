"""An engineer's path from the main screen to the evidence, for each state: three keys at most.

Each path starts where the dashboard opens at 80×24 and ends on a screen that shows, without
scrolling, the figure, the service's own words, and when and where they were read.
"""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import NamedTuple

from tests.given import BUSY, suspected
from tests.scenes import SCENES, Scene

MOST_KEYS = 3
STATES: dict[str, Callable[[], Scene]] = {
    **SCENES,
    "suspected": suspected,
    "suspected_busy": lambda: suspected(BUSY),
}
"""Every scene that there is, those given in advance of their rules too."""
SIGNS = {"down": "↓", "right": "→"}


class Path(NamedTuple):
    """From the main screen of a scene by these keys to these words."""

    scene: str
    keys: str
    """With a blank between them."""
    figure: str
    said: str
    """Words that came from a service; `-` where there are none, as of one that was never asked."""
    read: str


PATHS: tuple[Path, ...] = (
    Path("healthy", "v", "fivetran 119, bigquery 119, dbt 119", "-", "11:58Z (2m ago), BigQuery"),
    Path(
        "healthy",
        "1 enter",
        "60,159 rows",
        "connected, scheduled, on_schedule",
        "newest synced 11:22Z",
    ),
    Path("due", "v", "next run 03:15Z, late from 04:22Z", "-", "03:11Z (3m ago), GitHub"),
    Path("due", "2 enter", "22 Nov is due until 04:22Z", "success", "due, seen 03:11Z"),
    Path(
        "elasticsearch_down",
        "v",
        "postgres 119",
        "“Connection refused: es-prod-1:9200”",
        "03:43Z (just now), Elasticsearch, GET /_cluster/health",
    ),
    Path(
        "elasticsearch_down",
        "down enter",
        "21 Nov  88/89",
        "“Connection refused: es-prod-1:9200”",
        "GET /_cluster/health, 03:43Z",
    ),
    Path(
        "elasticsearch_down",
        "down down enter",
        "run 812",
        "“status completed, conclusion failure”",
        "03:43Z",
    ),
    Path(
        "bigquery_behind",
        "v",
        "fivetran 0 late, bigquery 0",
        "“setup connected, sync rescheduled, update delayed”",
        "12:00Z (just now), Fivetran, GET /v1/connections/warm_lantern",
    ),
    Path(
        "bigquery_behind",
        "down enter",
        "59,771 rows",
        "“setup connected, sync rescheduled, update delayed”",
        "GET /v1/connections/warm_lantern, 12:00Z",
    ),
    Path(
        "postgres_denied",
        "v",
        "postgres ? denied",
        "FATAL: password authentication failed for user",
        "11:34Z (26m ago), PostgreSQL",
    ),
    Path(
        "postgres_denied",
        "down enter",
        "60,162",
        '“FATAL: password authentication failed for user "altui_reader"”',
        "connect, 12:00Z",
    ),
    Path(
        "all_silent",
        "v",
        "6 of 6",
        "“Temporary failure in name resolution”",
        "12:00Z (just now), PostgreSQL, connect",
    ),
    Path(
        "all_silent",
        "down enter",
        "6 of 6",
        "“Temporary failure in name resolution”",
        "connect, 12:00Z",
    ),
    Path("stale_start", "v", "fivetran 119, bigquery 119", "-", "11:58Z (9h ago), BigQuery"),
    Path(
        "stale_start",
        "1 enter",
        "60,159 rows",
        "connected, scheduled, on_schedule",
        "ok, seen 21:00Z",
    ),
    Path("nothing_yet", "v", "0 of 6 in", "-", "postgres not looked at yet"),
    Path("nothing_yet", "right enter", "? unknown", "-", "postgres.counts         not looked at"),
    Path("half_blind", "v", "bigquery 119", "-", "fivetran is not configured"),
    Path("half_blind", "2 enter", "end 22 Nov", "-", "no GitHub token"),
    Path(
        "keys_expired",
        "v",
        "kibana ? denied",
        "no answer since 01:00Z: 401 the key has expired",
        "00:59Z (11h ago), Kibana",
    ),
    Path("keys_expired", "down enter", "60,159 rows", "“401 the key has expired”", "GET, 12:00Z"),
    Path(
        "keys_expired",
        "down down enter",
        "end 22 Nov",
        "“401 the key has expired”",
        "GET, 12:00Z",
    ),
    Path(
        "no_warehouse",
        "v",
        "bigquery ? unknown",
        "no answer since 11:48Z: no answer within 20 s",
        "11:47Z (13m ago), BigQuery",
    ),
    Path(
        "no_warehouse",
        "down enter",
        "60,159",
        "“no answer within 20 s”",
        "tables.list, 12:00Z",
    ),
    *(
        path
        for scene in ("suspected", "suspected_busy")
        for path in (
            Path(
                scene,
                "v",
                "refused 1, documents 270",
                "“mapper_parsing_exception: failed to parse field [avg_risk]",
                "03:24Z (19m ago), GitHub",
            ),
            Path(
                scene,
                "down enter",
                "run 812",
                "“status completed, conclusion failure”",
                "03:43Z",
            ),
        )
    ),
)


def table() -> Iterator[str]:
    """The paths as a table in Markdown: a row a path, the scene named once."""
    yield "| scene | keys | figure | the service's words | when and where |"
    yield "|---|---|---|---|---|"
    for scene, paths in groupby(PATHS, key=lambda path: path.scene):
        for nth, path in enumerate(paths):
            keys = " ".join(f"`{SIGNS.get(key, key)}`" for key in path.keys.split())
            said = " ".join(cell.strip("“”") for cell in (path.said,))
            cells = (scene if not nth else "", keys, path.figure, said, path.read)
            yield f"| {' | '.join(' '.join(cell.split()) for cell in cells)} |"
