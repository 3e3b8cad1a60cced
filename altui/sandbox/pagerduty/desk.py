"""What became of the events: the incidents of the one service that the sandbox has."""

from collections import deque
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import Struct, field

from altui.sandbox.world import Clock

PER_MINUTE = 120
"""Events a routing key may send in a minute before PagerDuty answers 429."""
KEPT = 1000

Json = dict[str, Any]


class Incident(Struct):
    number: int
    dedup_key: str
    status: str
    """triggered, acknowledged, resolved."""
    summary: str
    severity: str
    created_at: datetime
    updated_at: datetime
    events: list[Json] = field(default_factory=list[Json])
    """Everything that was sent about it, routing key left out, oldest first."""


class _State(Struct):
    incidents: list[Incident] = field(default_factory=list[Incident])
    changes: list[Json] = field(default_factory=list[Json])
    dropped: list[Json] = field(default_factory=list[Json])
    """Accepted with 202 and then without effect, with the reason."""
    numbers: int = 0


class Desk:
    """Each change is on disk when the method returns."""

    def __init__(self, path: Path, clock: Clock, key: str) -> None:
        self._path = path
        self._clock = clock
        self._key = key
        self._state = (
            msgspec.json.decode(path.read_bytes(), type=_State) if path.exists() else _State()
        )
        self._recent: dict[str, deque[datetime]] = {}

    def busy(self, key: str) -> bool:
        """Whether this key has sent its share of the minute; else the event is counted."""
        now = self._clock.now()
        recent = self._recent.setdefault(key, deque())
        # the clock may have been moved either way
        while recent and not timedelta() <= now - recent[0] < timedelta(minutes=1):
            recent.popleft()
        if len(recent) >= PER_MINUTE:
            return True
        recent.append(now)
        return False

    def take(self, event: Json) -> str:
        """An event that was found valid; answers its dedup_key, made up where it had none."""
        dedup_key: str = event.get("dedup_key") or uuid4().hex
        shown = _without_key(event)
        if event["routing_key"] != self._key:
            self._drop(shown, "no integration has this routing key")
        elif event["event_action"] == "trigger":
            self._trigger(dedup_key, shown)
        else:
            self._follow_up(dedup_key, shown)
        self._save()
        return dedup_key

    def take_change(self, event: Json) -> None:
        shown = {**_without_key(event), "received_at": self._clock.now().isoformat()}
        if event["routing_key"] == self._key:
            self._state.changes.append(shown)
        else:
            self._drop(shown, "no integration has this routing key")
        self._save()

    def shown(self) -> Json:
        """Incidents, changes and dropped events, each oldest first."""
        body = msgspec.to_builtins(self._state)
        del body["numbers"]
        return body

    def _open(self, dedup_key: str) -> Incident | None:
        for incident in reversed(self._state.incidents):
            if incident.dedup_key == dedup_key and incident.status != "resolved":
                return incident
        return None

    def _trigger(self, dedup_key: str, event: Json) -> None:
        now = self._clock.now()
        incident = self._open(dedup_key)
        if incident is None:
            self._state.numbers += 1
            payload = event["payload"]
            incident = Incident(
                number=self._state.numbers,
                dedup_key=dedup_key,
                status="triggered",
                summary=payload["summary"],
                severity=payload["severity"],
                created_at=now,
                updated_at=now,
            )
            self._state.incidents.append(incident)
        _note(incident, event, now)

    def _follow_up(self, dedup_key: str, event: Json) -> None:
        incident = self._open(dedup_key)
        if incident is None:
            self._drop(event, "no open alert has this dedup_key")
            return
        resolved = event["event_action"] == "resolve"
        incident.status = "resolved" if resolved else "acknowledged"
        _note(incident, event, self._clock.now())

    def _drop(self, event: Json, why: str) -> None:
        self._state.dropped.append({**event, "why": why})

    def _save(self) -> None:
        state = self._state
        for listed in (state.incidents, state.changes, state.dropped):
            del listed[:-KEPT]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(state))
        new.replace(self._path)


def _note(incident: Incident, event: Json, now: datetime) -> None:
    incident.updated_at = now
    incident.events.append({**event, "received_at": now.isoformat()})
    del incident.events[:-KEPT]


def _without_key(event: Json) -> Json:
    return {name: value for name, value in event.items() if name != "routing_key"}
