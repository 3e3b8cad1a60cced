"""Which fields a visualisation reads: Lens, Visualize, TSVB, saved searches, queries and filters.

Shapes differ by type and version of Kibana; what is not understood is passed over, never an error.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import msgspec

Json = dict[str, Any]
References = Mapping[str, str]
"""Id of a data view by the name of the reference to it."""

RECORDS = "___records___"
FIELD = re.compile(r"[A-Za-z@][\w.@-]*")
QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
ASKED = re.compile(r"(?<![\w.@*-])([A-Za-z@][\w.@-]*)\s*(?::|[<>])")


def fields(attributes: Json, views: References) -> Iterator[tuple[str, str]]:
    if isinstance(attributes.get("state"), dict):
        yield from _lens(a_dict(attributes["state"]), views)
    elif isinstance(attributes.get("visState"), str):
        yield from _visualization(inner_json(attributes["visState"]), attributes, views)
    elif isinstance(attributes.get("params"), dict):
        yield from _visualization(attributes, attributes, views)
    else:
        yield from _search(attributes, views)


# Lens


def _lens(state: Json, views: References) -> Iterator[tuple[str, str]]:
    """Columns of the layers that read a data view; ES|QL names its own index."""
    adhoc = a_dict(state.get("adHocDataViews"))
    states = a_dict(state.get("datasourceStates"))
    first = ""
    for kind in ("formBased", "indexpattern"):
        layers = a_dict(a_dict(states.get(kind)).get("layers"))
        for name, said in layers.items():
            layer = a_dict(said)
            view = view_of(views, f"indexpattern-datasource-layer-{name}") or str(
                layer.get("indexPatternId") or ""
            )
            if view in adhoc:
                continue
            first = first or view
            for column in a_dict(layer.get("columns")).values():
                for field in _column(a_dict(column)):
                    yield field, view
    for field, view in queried(state.get("query"), a_list(state.get("filters")), views, first):
        yield field, view


def _column(column: Json) -> Iterator[str]:
    params = a_dict(column.get("params"))
    order = a_dict(params.get("orderAgg"))
    asked = a_dict(column.get("filter")).get("query")
    found = [
        column.get("sourceField"),
        order.get("sourceField"),
        *a_list(params.get("secondaryFields")),
    ]
    for field in found:
        if isinstance(field, str) and field and field != RECORDS:
            yield field
    yield from _words(asked)


# Visualize, TSVB, saved searches, controls


def _visualization(vis: Json, attributes: Json, views: References) -> Iterator[tuple[str, str]]:
    params = a_dict(vis.get("params"))
    data = a_dict(vis.get("data"))
    view = any_view(views)
    for agg in a_list(vis.get("aggs")) + a_list(data.get("aggs")):
        field = a_dict(a_dict(agg).get("params")).get("field")
        if isinstance(field, str) and field:
            yield field, view
    for control in a_list(params.get("controls")):
        said = a_dict(control)
        own = view_of(views, said.get("indexPatternRefName")) or str(said.get("indexPattern") or "")
        if isinstance(said.get("fieldName"), str):
            yield said["fieldName"], own
    if vis.get("type") == "metrics":
        for field in _tsvb(params):
            yield field, view


def _tsvb(params: Json) -> Iterator[str]:
    yield from texts(params.get("time_field"))
    for series in map(a_dict, a_list(params.get("series"))):
        metrics = [a_dict(metric) for metric in a_list(series.get("metrics"))]
        own = {metric.get("id") for metric in metrics}
        yield from texts(series.get("terms_field"))
        for metric in metrics:
            # a pipeline aggregation names another metric instead of a field
            yield from (field for field in texts(metric.get("field")) if field not in own)


def _search(attributes: Json, views: References) -> Iterator[tuple[str, str]]:
    tabs = [a_dict(a_dict(tab).get("attributes")) for tab in a_list(attributes.get("tabs"))]
    for own in (attributes, *tabs):
        sorted_by = [field for one in a_list(own.get("sort")) for field in a_list(one)[:1]]
        for field in (*a_list(own.get("columns")), *sorted_by):
            if isinstance(field, str) and field and not field.startswith("_"):
                yield field, any_view(views)


# Filters and queries


def search_source(attributes: Json) -> Json:
    meta = a_dict(attributes.get("kibanaSavedObjectMeta"))
    return inner_json(meta.get("searchSourceJSON"))


def queried(
    query: Any, filters: list[Any], views: References, view: str
) -> Iterator[tuple[str, str]]:
    for field in _words(a_dict(query).get("query")):
        yield field, view
    for one in map(a_dict, filters):
        meta = a_dict(one.get("meta"))
        key = meta.get("key")
        if meta.get("disabled") or not isinstance(key, str) or meta.get("type") == "custom":
            continue
        if FIELD.fullmatch(key) and key not in {"query", "bool"}:
            yield key, view_of(views, meta.get("indexRefName")) or str(meta.get("index") or view)


def _words(query: Any) -> Iterator[str]:
    """Fields that a KQL or Lucene query names; a field with a wildcard is none."""
    if isinstance(query, str):
        yield from ASKED.findall(QUOTED.sub(" ", query[:10_000]))


# References


def view_of(references: References, *names: object) -> str:
    """Id of the data view by the first of the names that is a reference."""
    return next((references[name] for name in map(str, names) if name in references), "")


# Whatever shape it has


def a_dict(value: Any) -> Json:
    return cast(Json, value) if isinstance(value, dict) else {}


def a_list(value: Any) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else []


def inner_json(text: Any) -> Json:
    if not isinstance(text, str):
        return {}
    try:
        return a_dict(msgspec.json.decode(text))
    except (msgspec.DecodeError, RecursionError):
        return {}


def texts(value: Any) -> Iterator[str]:
    for one in a_list(value) or [value]:
        if isinstance(one, str) and one:
            yield one


def any_view(views: References) -> str:
    return next(iter(views.values()), "")
