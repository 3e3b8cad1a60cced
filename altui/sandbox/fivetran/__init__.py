"""Fivetran as this pipeline sees it: the REST API, the hourly sync, and the sync log.

The service is simulated; what it does is not. A sync reads PostgreSQL as `fivetran_user`, writes
BigQuery with Google's client, and fails with their own words.
"""

from altui.sandbox.fivetran.service import Fivetran
from altui.sandbox.world import World

__all__ = ["Fivetran", "create"]


def create(world: World) -> Fivetran:
    """The Fivetran of this sandbox; its state lives in `world.dir/fivetran`."""
    from altui.sandbox.fivetran.pipe import Pipe

    return Fivetran(world, Pipe(world))
