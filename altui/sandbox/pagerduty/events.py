"""What PagerDuty's Events API v2 accepts, and its words where it does not.

Rules from its reference: routing key of 32 letters and digits, summary up to 1,024 characters,
dedup_key up to 255, four severities, a trigger needs a payload, the others a dedup_key.
"""

from collections.abc import Mapping
from typing import Any, cast

ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")

Event = Mapping[str, Any]


def faults(event: Event) -> list[str]:
    """Everything wrong with an alert event; empty when it is accepted."""
    found = _routing_key(event)
    action = event.get("event_action")
    if not action:
        found.append("'event_action' is missing or blank")
    elif action not in ACTIONS:
        found.append(f"'event_action' is invalid (must be one of the following: {_any(ACTIONS)})")
    found += _dedup_key(event, needed=action in ("acknowledge", "resolve"))
    if action == "trigger" or event.get("payload") is not None:
        found += _payload(event.get("payload"))
    return found + _attached(event)


def change_faults(event: Event) -> list[str]:
    """Everything wrong with a change event."""
    found = _routing_key(event)
    payload = event.get("payload")
    if not isinstance(payload, dict) or not payload:
        found.append("'payload' is missing or blank")
    else:
        body = cast(dict[str, Any], payload)
        found += _summary(body) + _custom_details(body)
    return found + _attached(event)


def _routing_key(event: Event) -> list[str]:
    key = event.get("routing_key")
    if not isinstance(key, str) or not key:
        return ["'routing_key' is missing or blank"]
    found: list[str] = []
    if len(key) != 32:
        found.append("Length of 'routing_key' is incorrect (should be 32 characters)")
    if not key.isalnum():
        found.append("'routing_key' cannot contain non-alphanumeric characters.")
    return found


def _dedup_key(event: Event, *, needed: bool) -> list[str]:
    key = event.get("dedup_key")
    if not key:
        return ["'dedup_key' is missing or blank"] if needed else []
    if not isinstance(key, str):
        return ["'dedup_key' is invalid (must be a string)"]
    return ["'dedup_key' is too long (maximum is 255 characters)"] if len(key) > 255 else []


def _payload(payload: object) -> list[str]:
    if not isinstance(payload, dict) or not payload:
        return ["'payload' is missing or blank"]
    body = cast(dict[str, Any], payload)
    found = _summary(body)
    severity = body.get("severity")
    if not severity:
        found.append("'payload.severity' is missing or blank")
    elif severity not in SEVERITIES:
        allowed = _any(SEVERITIES)
        found.append(f"'payload.severity' is invalid (must be one of the following: {allowed})")
    for name in ("source", "component", "group", "class"):
        value = body.get(name)
        if name == "source" and not value:
            found.append("'payload.source' is missing or blank")
        elif value is not None and not isinstance(value, str):
            found.append(f"'payload.{name}' is invalid (must be a string)")
    return found + _custom_details(body)


def _summary(payload: Mapping[str, Any]) -> list[str]:
    summary = payload.get("summary")
    if not isinstance(summary, str) or not summary:
        return ["'payload.summary' is missing or blank"]
    if len(summary) > 1024:
        return ["'payload.summary' is too long (maximum is 1024 characters)"]
    return []


def _custom_details(payload: Mapping[str, Any]) -> list[str]:
    details = payload.get("custom_details")
    if details is None or isinstance(details, dict):
        return []
    return ["'payload.custom_details' is invalid (must be an object)"]


def _attached(event: Event) -> list[str]:
    found: list[str] = []
    for name, part in (("links", "href"), ("images", "src")):
        listed: object = event.get(name)
        if listed is None:
            continue
        items = cast(list[Any], listed) if isinstance(listed, list) else [None]
        for item in items:
            value = cast(dict[str, Any], item).get(part) if isinstance(item, dict) else None
            if not isinstance(value, str) or not value:
                found.append(f"'{name}' is invalid (each needs a '{part}')")
            elif name == "images" and not value.startswith("https://"):
                found.append("'images' is invalid ('src' must be served by HTTPS)")
    return found


def _any(words: tuple[str, ...]) -> str:
    quoted = [f"'{word}'" for word in words]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"
