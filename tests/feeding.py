"""What an observer would have put into a store."""

from collections.abc import Mapping

from altui.config import load
from altui.config.fingerprint import fingerprint
from altui.core.model.observed import Snapshot
from altui.core.model.pipeline import Pipeline
from altui.core.rules.assess import assess
from altui.store.store import Store


def fed(store: Store, snapshot: Snapshot, environ: Mapping[str, str] | None = None) -> None:
    """As by an observer that was started in this environment."""
    store.put_observations(snapshot.observations.values())
    mark = fingerprint(load(environ), environ) if environ is not None else b""
    store.put_assessment(assess(snapshot, Pipeline(), snapshot.at), mark)
