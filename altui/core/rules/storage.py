"""Elasticsearch's disks: how much is left before a watermark is crossed."""

from collections.abc import Iterator

from altui.core.model.health import Evidence, Finding, StageId, State
from altui.core.model.reading import Disk
from altui.core.rules.look import Look
from altui.core.words import size

PROBE = "elasticsearch.storage"
BLOCKS = {
    "read_only": "the cluster is read-only: nothing can be written",
    "read_only_allow_delete": "the cluster is read-only: nothing can be written but deletes",
}


def storage(look: Look) -> Iterator[Finding]:
    seen, observation = look.storage, look.observation(PROBE)
    if seen is None or observation is None or observation.error is not None:
        return
    for block in seen.blocks:
        subject = BLOCKS.get(block, f'block "{block}" on the whole cluster')
        said = _evidence(look, f"cluster.blocks.{block}: true")
        yield _finding(look, "es.read_only", State.broken, subject, said)
    if not seen.watched:
        return
    full = [disk for disk in seen.disks if below(disk, disk.flood)]
    high = [disk for disk in seen.disks if below(disk, disk.high) and disk not in full]
    for disks, state, what in (
        (full, State.broken, "past the flood stage, indices are blocked"),
        (high, State.late, "past the high watermark, shards are moved away"),
    ):
        if disks:
            worst = min(disks, key=lambda disk: disk.free - (disk.flood or 0))
            more = f" (+{len(disks) - 1} more nodes)" if len(disks) > 1 else ""
            subject = f"{worst.node[:30]}: {what}{more}"
            assumed = "watermarks" in seen.unseen
            words = left(worst) + (" (default watermarks assumed)" if assumed else "")
            said = _evidence(look, words, worst)
            yield _finding(look, "elasticsearch.disk", state, subject, said)


def below(disk: Disk, wanted: int | None) -> bool:
    """Whether less is free than a watermark wants; exactly that much is enough."""
    return wanted is not None and disk.free < wanted


def left(disk: Disk) -> str:
    """How much is left: `12.3 GB of 100.0 GB free, flood stage at 5.0 GB`."""
    words = f"{size(disk.free)} of {size(disk.total)} free"
    return words if disk.flood is None else f"{words}, flood stage at {size(disk.flood)}"


def _finding(look: Look, check: str, state: State, subject: str, said: Evidence) -> Finding:
    key = f"{check}.{state}" if check == "elasticsearch.disk" else f"{check}.{said.words}"
    since = look.first_seen(key)
    return Finding(check, StageId.elasticsearch, state, subject[:80], since, (), (said,), key)


def _evidence(look: Look, words: str, disk: Disk | None = None) -> Evidence:
    figures: dict[str, int | float | str | None] = {}
    if disk:
        figures = {
            "free bytes": disk.free,
            "total bytes": disk.total,
            "low watermark": disk.low,
            "high watermark": disk.high,
            "flood stage": disk.flood,
        }
    where = "GET /_nodes/stats/fs, /_cluster/settings"
    return Evidence(StageId.elasticsearch, where, words, look.seen_at(PROBE), figures)
