"""Exit codes, the same for every verb."""

from enum import IntEnum


class Exit(IntEnum):
    ok = 0
    """Everything is ok or due."""
    findings = 1
    """Something is late, broken, unknown or denied, or an action failed."""
    usage = 2
    """Wrong usage or configuration, or a fault of altui's own: nothing was judged."""
    blind = 3
    """Nothing could be seen."""
    interrupted = 130
