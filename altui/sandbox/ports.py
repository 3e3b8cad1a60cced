"""Free loopback ports, chosen once for a directory and kept while nobody else takes them."""

import json
import socket
from pathlib import Path

NAMES = (
    *("postgres", "bigquery", "bigquery_grpc", "bigquery_proxy", "elasticsearch"),
    *("fivetran", "github", "kibana", "pagerduty", "control"),
)


def choose(path: Path) -> dict[str, int]:
    """A port for each name; those of the last start where they are still free."""
    kept: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    chosen: dict[str, int] = {}
    held: list[socket.socket] = []
    try:
        for name in NAMES:
            held.append(_bound(kept.get(name, 0)))
            chosen[name] = held[-1].getsockname()[1]
    finally:
        for item in held:
            item.close()
    path.write_text(json.dumps(chosen))
    return chosen


def _bound(port: int) -> socket.socket:
    item = socket.socket()
    item.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        item.bind(("127.0.0.1", port))
    except OSError:
        item.bind(("127.0.0.1", 0))
    return item
