"""The proxy in front of the BigQuery emulator: passes on, and supplies what the emulator lacks."""

from altui.sandbox.bigquery_proxy.proxy import BigQueryProxy
from altui.sandbox.world import World

__all__ = ["BigQueryProxy", "create"]


def create(world: World) -> BigQueryProxy:
    """The proxy of this sandbox; its state lives in `world.dir/bigquery_proxy`."""
    return BigQueryProxy(world)
