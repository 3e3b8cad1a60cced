"""A mart's rows as documents of its index."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from altui.core.model.pipeline import Mart
from altui.services.elasticsearch_writer import Document

# DATE and TIMESTAMP as ISO 8601, NUMERIC as a number with all its digits, NaN as null, BYTES as
# base64, arrays and structs as they are
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Unfit(NamedTuple):
    """A row that cannot become a document."""

    kind: str
    words: str


def documents(mart: Mart, rows: Iterable[Mapping[str, Any]]) -> tuple[list[Document], list[Unfit]]:
    """One document a row, every column a field, its id the ISO day (or text) of the id column.

    A row without an id or with one already taken would vanish without a word: it is unfit.
    """
    made: dict[str, Document] = {}
    unfit: list[Unfit] = []
    for row in rows:
        value = row.get(mart.id)
        if value is None:
            unfit.append(Unfit("no id", f"a row of {mart.name} has no {mart.id}"))
            continue
        key = value.isoformat() if hasattr(value, "isoformat") else str(value)
        if key in made:
            unfit.append(Unfit("duplicate id", f"{mart.name} has another row with {key}"))
            continue
        try:
            made[key] = Document(key, _ENCODER.encode(row))
        except (TypeError, ValueError) as error:
            unfit.append(Unfit(type(error).__name__, f"{key}: {error}"))
    return list(made.values()), unfit
