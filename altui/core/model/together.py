"""What is going on among the people who look after the pipeline."""

from datetime import datetime

from msgspec import Struct


class OpenIncident(Struct, frozen=True):
    number: int
    opened: datetime
    holder: str = ""
    """Who has it; empty: nobody."""


class Team(Struct, frozen=True):
    incident: OpenIncident | None = None
    backfill: str = ""
    """Range and owner of the one that runs; empty: none."""
    locks: tuple[str, ...] = ()
    """Each with its holder."""
    shared: bool = True
    """False: only what this machine knows, others do not see it."""
