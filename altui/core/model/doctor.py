"""What an examination of settings, credentials and permissions found: a result a line."""

from datetime import datetime

from msgspec import Struct

from altui.core.model.health import State, worst

VERSION = 1


class Result(Struct, frozen=True):
    """One thing that was tried, what came back, and how to mend it. Holds no secret."""

    id: str
    """Service and thing, such as `postgres.connection`; the same from look to look."""
    subject: str
    """The thing in a word or two, for a person."""
    state: State
    """ok, off (not set), denied, broken, or unknown: also what cannot be tested here."""
    said: str
    """What came back: the service's own words where it refused."""
    tried: str = ""
    """What was asked of whom: method and path, statement, or file."""
    fix: str = ""
    """What to do, in words; beside an ok result it is advice."""
    commands: tuple[str, ...] = ()
    """Exact commands or statements that do it."""
    matters: bool = True
    """False for what is worth knowing but stops nothing: it does not decide the exit code."""

    @property
    def bad(self) -> bool:
        return self.matters and self.state not in {State.ok, State.off}


class Section(Struct, frozen=True):
    """All results of one service, in the order they were tried."""

    service: str
    where: str
    """Address or place, without a password."""
    results: tuple[Result, ...]


class Examination(Struct, frozen=True):
    """The whole report: `altui doctor --json` prints it. Versioned; changes only add."""

    version: int
    at: datetime
    profile: str
    state: State
    """The worst result that matters; off when nothing is set."""
    sections: tuple[Section, ...]


def examination(at: datetime, profile: str, sections: tuple[Section, ...]) -> Examination:
    results = [result for section in sections for result in section.results]
    quiet = {State.ok, State.off}
    state = worst([one.state for one in results if one.bad or one.state in quiet])
    return Examination(VERSION, at, profile, state, sections)
