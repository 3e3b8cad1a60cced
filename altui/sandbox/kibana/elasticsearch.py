"""Kibana's own connection to Elasticsearch, where it keeps everything and asks for fields."""

from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import msgspec
from msgspec import Struct, field

SECONDS = 2.0
KEPT_METADATA = ("_id", "_ignored", "_index", "_source")


class _Capability(Struct):
    type: str
    searchable: bool = False
    aggregatable: bool = False
    metadata_field: bool = False


class _FieldCaps(Struct):
    fields: dict[str, dict[str, _Capability]] = field(
        default_factory=dict[str, dict[str, _Capability]]
    )


class UnreachableError(Exception):
    """Elasticsearch does not answer as it should; the message says how, in Kibana's words."""


class Elasticsearch:
    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None) -> None:
        """`transport` stands in for the network in tests."""
        self._client = httpx.AsyncClient(
            base_url=url, timeout=SECONDS, trust_env=False, transport=transport
        )
        self._address = urlsplit(url).netloc.rpartition("@")[2]

    async def reach(self) -> None:
        """The question by which Kibana judges its nodes. Raises UnreachableError."""
        _refuse(await self._ask("/_nodes", filter_path="nodes.*.version,nodes.*.ip"))

    async def fields(self, pattern: str) -> dict[str, Any]:
        """A data view's fields, as its indices have them; none where no index matches.

        Raises UnreachableError.
        """
        path = f"/{quote(pattern, safe='*,')}/_field_caps"
        answer = await self._ask(path, fields="*", allow_no_indices="true")
        if answer.status_code == 404:
            return {}
        _refuse(answer)
        caps = msgspec.json.decode(answer.content, type=_FieldCaps)
        found: dict[str, Any] = {}
        for name, kinds in sorted(caps.fields.items()):
            ways = list(kinds.values())
            if name in KEPT_METADATA or not any(way.metadata_field for way in ways):
                found[name] = _field(name, ways)
        return found

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(self, path: str, **params: str) -> httpx.Response:
        try:
            return await self._client.get(path, params=params)
        except httpx.ConnectError:
            raise UnreachableError(f"connect ECONNREFUSED {self._address}") from None
        except httpx.TimeoutException:
            raise UnreachableError("Request timed out") from None
        except httpx.TransportError:
            raise UnreachableError("socket hang up") from None


def _refuse(answer: httpx.Response) -> None:
    if answer.status_code != 200:
        raise UnreachableError(_words(answer))


def _words(answer: httpx.Response) -> str:
    """The error's type and reason, as Kibana's client builds its message."""
    try:
        error = answer.json()["error"]
        return f"{error['type']}: {error['reason']}"
    except (ValueError, KeyError, TypeError):
        return "Response Error"


def _field(name: str, ways: list[_Capability]) -> dict[str, Any]:
    types = [way.type for way in ways]
    return {
        "count": 0,
        "name": name,
        "type": _kibana_type(types),
        "esTypes": types,
        "scripted": False,
        "searchable": all(way.searchable for way in ways),
        "aggregatable": all(way.aggregatable for way in ways),
        "readFromDocValues": all(way.aggregatable for way in ways) and not name.startswith("_"),
        "shortDotsEnable": False,
        "isMapped": True,
    }


_TYPES = {
    **dict.fromkeys(("long", "integer", "short", "byte", "unsigned_long"), "number"),
    **dict.fromkeys(("double", "float", "half_float", "scaled_float"), "number"),
    **dict.fromkeys(("keyword", "text", "wildcard", "_id", "_index", "_ignored"), "string"),
    **dict.fromkeys(("date", "date_nanos"), "date"),
    "boolean": "boolean",
    "ip": "ip",
    "_source": "_source",
}


def _kibana_type(types: list[str]) -> str:
    """One word for all types; `conflict` where the indices disagree."""
    kinds = {_TYPES.get(each, "unknown") for each in types}
    return kinds.pop() if len(kinds) == 1 else "conflict"
