"""One document of an index, as an engineer reads it: a field a line, cleaned and bounded."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Mart
from altui.core.model.reading import Sample
from altui.core.queries import elasticsearch as queries
from altui.services.errors import ServiceError
from altui.services.text import clean, spoken

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

MOST = 100
"""Fields of the document that are kept."""
LONGEST = 200
"""Characters of a value that are kept."""
FEW = 20
"""Items of a list that are kept."""
DEEPEST = 20


def read_sample(client: "Elasticsearch", mart: Mart, prefix: str, where: str) -> Sample:
    """The newest day's. Raises ServiceError where only some shards could be asked."""
    query = json.loads(queries.newest(mart, prefix).text)
    said = client.search(index=f"{prefix}_{mart.index}", body=query).body
    shards = said["_shards"]
    if said.get("timed_out") or shards.get("failed"):
        words = f"{shards.get('failed', 0)} of {shards.get('total')} shards failed"
        raise ServiceError(Trouble.refused, words, where)
    for hit in cast(list[dict[str, Any]], said["hits"]["hits"]):
        fields = [*_flat(hit.get("_source") or {})]
        return Sample(
            index=clean(hit.get("_index"), 255),
            id=spoken(hit.get("_id"), LONGEST),
            fields=tuple(_field(path, value) for path, value in fields[:MOST]),
            more=max(len(fields) - MOST, 0),
        )
    return Sample()


def _flat(source: Mapping[str, Any], before: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Values by dotted path; what lies too deep stays one value."""
    for name, value in source.items():
        path = f"{before}{name}"
        if isinstance(value, dict) and value and depth < DEEPEST:
            yield from _flat(cast(dict[str, Any], value), f"{path}.", depth + 1)
        else:
            yield path, value


def _field(path: str, value: Any) -> tuple[str, str]:
    return spoken(path, LONGEST), clean(_json(value), LONGEST)


def _json(value: Any) -> str:
    """As JSON has it, so that "7" is not 7; texts are cleaned and masked before they are quoted."""
    if isinstance(value, str):
        return json.dumps(spoken(value, LONGEST), ensure_ascii=False)
    if isinstance(value, list):
        items = cast(list[Any], value)
        more = [f"{len(items) - FEW} more"] if len(items) > FEW else []
        return f"[{', '.join([*map(_json, items[:FEW]), *more])}]"
    if isinstance(value, dict):
        inner = cast(dict[str, Any], value)
        return f"{{{', '.join(f'{_json(name)}: {_json(one)}' for name, one in inner.items())}}}"
    return json.dumps(value)
