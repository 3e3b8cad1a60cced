"""What a builder returns."""

from datetime import date

from msgspec import Struct, field


class Query(Struct, frozen=True):
    """One question to a service."""

    text: str
    """What is sent; parameters stand in it by name or number."""
    params: dict[str, date] = field(default_factory=dict[str, date])
    """Values of the parameters, in the order of their numbers."""
    repeat: str = ""
    """The same question with its values written out, for the engineer's own tool."""
