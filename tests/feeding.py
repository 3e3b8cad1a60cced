"""What an observer would have put into a store."""

from altui.core.model.observed import Snapshot
from altui.core.model.pipeline import Pipeline
from altui.core.rules.assess import assess
from altui.store.store import Store


def fed(store: Store, snapshot: Snapshot) -> None:
    store.put_observations(snapshot.observations.values())
    store.put_assessment(assess(snapshot, Pipeline(), snapshot.at))
