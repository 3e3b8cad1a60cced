"""Writes analytics-overview.ndjson: the data view and the dashboard that Kibana imports.

A dashboard is JSON inside JSON strings that no one can edit by hand. Its panels are listed in
analytics-overview.toml; change them there, run `python kibana/build.py`, and commit both files. A
test holds them equal.

The format is what Kibana 8.8 and later, 9 included, write themselves when they export: by-value
Lens panels, whose references stand on the dashboard under a panel's prefix.

One data view covers three indices with one document a day each. So every panel asks only for
documents that carry its index's own field, and every bucket is one day: an average over it is
that day's figure, and shares are quotients of sums, right for any width of bucket.
"""

import json
import tomllib
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

SOURCE = Path(__file__).with_name("analytics-overview.toml")
TARGET = Path(__file__).with_name("analytics-overview.ndjson")

DATA_VIEW = "analytics-applylens"
INDICES = "analytics_applylens_*"
DAY = "d"

Json = dict[str, Any]


class Figure(Struct, frozen=True, forbid_unknown_fields=True):
    """One line, bar or number: an aggregation of a field, or its share of another's sum."""

    label: str
    field: str
    operation: str = "sum"
    share_of: str = ""
    """Sum of `field` divided by the sum of this field."""
    decimals: int = 0
    color: str = ""


class Panel(Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    title: str
    of: str
    """The field whose existence picks the documents."""
    figures: tuple[Figure, ...]
    place: tuple[int, int, int, int]
    """Left, top, width, height on a grid of 48 columns."""
    shape: str = "line"
    """A series type of Lens, or `metric`."""
    description: str = ""
    limits: tuple[tuple[str, float], ...] = ()
    """Reference lines: word and value."""
    time_range: tuple[str, str] | None = None
    """The panel's own range instead of the dashboard's."""


def panels() -> list[Panel]:
    read = tomllib.loads(SOURCE.read_text(encoding="utf-8"))
    return msgspec.convert(read["panels"], list[Panel])


def text() -> str:
    """The file's content: the data view, the dashboard, and the line that counts them."""
    details = {
        "excludedObjects": [],
        "excludedObjectsCount": 0,
        "exportedCount": 2,
        "missingRefCount": 0,
        "missingReferences": [],
    }
    return "".join(f"{_compact(line)}\n" for line in (_data_view(), _dashboard(), details))


def _data_view() -> Json:
    return {
        "attributes": {
            "allowHidden": False,
            "fieldAttrs": "{}",
            "fieldFormatMap": "{}",
            "fields": "[]",
            "name": "ApplyLens analytics",
            "runtimeFieldMap": "{}",
            "sourceFilters": "[]",
            "timeFieldName": DAY,
            "title": INDICES,
        },
        "coreMigrationVersion": "8.8.0",
        "id": DATA_VIEW,
        "managed": False,
        "references": [],
        "type": "index-pattern",
        "typeMigrationVersion": "8.0.0",
    }


def _dashboard() -> Json:
    options = {
        "useMargins": True,
        "syncColors": False,
        "syncCursor": True,
        "syncTooltips": False,
        "hidePanelTitles": False,
    }
    return {
        "attributes": {
            "description": "Risk, volume, parity and backfills of ApplyLens by UTC day.",
            "kibanaSavedObjectMeta": {
                "searchSourceJSON": _compact(
                    {"query": {"query": "", "language": "kuery"}, "filter": []}
                )
            },
            "optionsJSON": _compact(options),
            "panelsJSON": _compact([_panel(panel) for panel in panels()]),
            "refreshInterval": {"pause": True, "value": 60000},
            "timeFrom": "now-90d",
            "timeRestore": True,
            "timeTo": "now",
            "title": "ApplyLens analytics overview",
            "version": 2,
        },
        "coreMigrationVersion": "8.8.0",
        "id": "analytics-overview",
        "managed": False,
        "references": [
            {**reference, "name": f"{panel.key}:{reference['name']}"}
            for panel in panels()
            for reference in _references(panel)
        ],
        "type": "dashboard",
        "typeMigrationVersion": "10.2.0",
    }


def _panel(panel: Panel) -> Json:
    left, top, width, height = panel.place
    config: Json = {"attributes": _lens(panel), "enhancements": {}}
    if panel.description:
        config["description"] = panel.description
    if panel.time_range:
        config["timeRange"] = dict(zip(("from", "to"), panel.time_range, strict=True))
    return {
        "type": "lens",
        "gridData": {"x": left, "y": top, "w": width, "h": height, "i": panel.key},
        "panelIndex": panel.key,
        "embeddableConfig": config,
        "title": panel.title,
    }


def _lens(panel: Panel) -> Json:
    metric = panel.shape == "metric"
    return {
        "title": "",
        "visualizationType": "lnsMetric" if metric else "lnsXY",
        "type": "lens",
        "references": _references(panel),
        "state": {
            "visualization": _metric(panel) if metric else _chart(panel),
            "query": {"query": f"{panel.of}: *", "language": "kuery"},
            "filters": [],
            "datasourceStates": {
                "formBased": {"layers": _layers(panel)},
                "indexpattern": {"layers": {}},
                "textBased": {"layers": {}},
            },
            "internalReferences": [],
            "adHocDataViews": {},
        },
    }


def _references(panel: Panel) -> list[Json]:
    return [
        {
            "id": DATA_VIEW,
            "name": f"indexpattern-datasource-layer-{layer}",
            "type": "index-pattern",
        }
        for layer in _layers(panel)
    ]


# What a panel shows.


def _metric(panel: Panel) -> Json:
    return {
        "layerId": _data_layer(panel),
        "layerType": "data",
        "metricAccessor": _column(panel, 0),
    }


def _chart(panel: Panel) -> Json:
    yes = {"x": True, "yLeft": True, "yRight": True}
    layers: list[Json] = [
        {
            "layerId": _data_layer(panel),
            "layerType": "data",
            "seriesType": panel.shape,
            "position": "top",
            "showGridlines": False,
            "xAccessor": f"{panel.key}-day",
            "accessors": [_column(panel, n) for n in range(len(panel.figures))],
            "yConfig": [
                {"forAccessor": _column(panel, n), "color": figure.color}
                for n, figure in enumerate(panel.figures)
                if figure.color
            ],
        }
    ]
    if panel.limits:
        layers.append(
            {
                "layerId": _limit_layer(panel),
                "layerType": "referenceLine",
                "accessors": [_limit(panel, n) for n in range(len(panel.limits))],
                "yConfig": [
                    {
                        "forAccessor": _limit(panel, n),
                        "axisMode": "left",
                        "lineStyle": "dashed",
                        "fill": "none",
                        "textVisibility": True,
                    }
                    for n in range(len(panel.limits))
                ],
            }
        )
    return {
        "legend": {"isVisible": True, "position": "right"},
        "valueLabels": "hide",
        # a day without a document stays a gap: nothing is drawn across it
        "fittingFunction": "None",
        "axisTitlesVisibilitySettings": {"x": False, "yLeft": False, "yRight": False},
        "tickLabelsVisibilitySettings": yes,
        "labelsOrientation": {"x": 0, "yLeft": 0, "yRight": 0},
        "gridlinesVisibilitySettings": yes,
        "preferredSeriesType": panel.shape,
        "layers": layers,
    }


# What a panel asks for.


def _layers(panel: Panel) -> Json:
    columns: Json = {} if panel.shape == "metric" else {f"{panel.key}-day": _day()}
    for n, figure in enumerate(panel.figures):
        columns |= _figure(_column(panel, n), figure)
    layers = {_data_layer(panel): _layer(columns)}
    if panel.limits:
        lines = {
            _limit(panel, n): {
                "label": word,
                "dataType": "number",
                "operationType": "static_value",
                "isStaticValue": True,
                "isBucketed": False,
                "scale": "ratio",
                "params": {"value": f"{value:g}"},
                "references": [],
                "customLabel": True,
            }
            for n, (word, value) in enumerate(panel.limits)
        }
        layers[_limit_layer(panel)] = _layer(lines)
    return layers


def _layer(columns: Json) -> Json:
    return {
        "columns": columns,
        "columnOrder": list(columns),
        "incompleteColumns": {},
        "sampling": 1,
    }


def _day() -> Json:
    return {
        "label": "Day",
        "dataType": "date",
        "operationType": "date_histogram",
        "sourceField": DAY,
        "isBucketed": True,
        "scale": "interval",
        "params": {"interval": "1d", "includeEmptyRows": True, "dropPartials": False},
        "customLabel": True,
    }


def _figure(column: str, figure: Figure) -> Json:
    """The columns of one figure; a share needs its two sums and their quotient beside it."""
    shape = {"id": "percent" if figure.share_of else "number"}
    params = {"format": {**shape, "params": {"decimals": figure.decimals}}}
    if not figure.share_of:
        plain = _aggregation(figure.label, figure.operation, figure.field)
        return {column: {**plain, "params": {**plain["params"], **params}}}
    formula = f"sum({figure.field}) / sum({figure.share_of})"
    part = f"Part of {figure.label}"
    sums = [f"{column}X0", f"{column}X1"]
    quotient = {
        "type": "function",
        "name": "divide",
        "args": sums,
        "location": {"min": 0, "max": len(formula)},
        "text": formula,
    }
    return {
        column: {
            **_number(figure.label, "formula"),
            "params": {"formula": formula, "isFormulaBroken": False, **params},
            "references": [f"{column}X2"],
        },
        sums[0]: _aggregation(part, "sum", figure.field),
        sums[1]: _aggregation(part, "sum", figure.share_of),
        f"{column}X2": {
            **_number(part, "math"),
            "params": {"tinymathAst": quotient},
            "references": sums,
        },
    }


def _aggregation(label: str, operation: str, field: str) -> Json:
    # a day without documents has no sum, rather than a sum of nought
    return {**_number(label, operation), "sourceField": field, "params": {"emptyAsNull": True}}


def _number(label: str, operation: str) -> Json:
    return {
        "label": label,
        "dataType": "number",
        "operationType": operation,
        "isBucketed": False,
        "scale": "ratio",
        "customLabel": True,
    }


def _data_layer(panel: Panel) -> str:
    return f"{panel.key}-data"


def _limit_layer(panel: Panel) -> str:
    return f"{panel.key}-limits"


def _column(panel: Panel, n: int) -> str:
    return f"{panel.key}-{n}"


def _limit(panel: Panel, n: int) -> str:
    return f"{panel.key}-limit-{n}"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
