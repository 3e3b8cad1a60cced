"""Rows become documents with the types that Elasticsearch reads."""

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal

from altui.act.steps.documents import documents
from altui.core.model.pipeline import Mart

MART = Mart("mrt_x", "x")
DAY = date(2026, 3, 1)


def body(**columns: object) -> str:
    made, unfit = documents(MART, [{"d": DAY, **columns}])
    assert unfit == []
    return made[0].body.decode()


def test_every_column_is_a_field_of_the_right_type():
    text = body(
        n=3,
        share=12.5,
        name='quote " and\nline, é',
        at=datetime(2026, 3, 1, 4, 5, 6, 123456, tzinfo=UTC),
        local=datetime(2026, 3, 1, 4, 5, 6),
        hour=time(4, 5),
        flag=True,
        nothing=None,
        nan=float("nan"),
        infinite=float("inf"),
        raw=b"\x00\xff",
        tags=["a", "b"],
        none=[],
        struct={"x": [1, {"y": DAY}]},
    )
    assert "\n" not in text
    assert json.loads(text) == {
        "d": "2026-03-01",
        "n": 3,
        "share": 12.5,
        "name": 'quote " and\nline, é',
        "at": "2026-03-01T04:05:06.123456Z",
        "local": "2026-03-01T04:05:06",
        "hour": "04:05:00",
        "flag": True,
        "nothing": None,
        "nan": None,
        "infinite": None,
        "raw": "AP8=",
        "tags": ["a", "b"],
        "none": [],
        "struct": {"x": [1, {"y": "2026-03-01"}]},
    }


def test_numeric_is_a_number_with_all_its_digits():
    digits = "12345678901234567890123456789.123456789"
    assert f'"v":{digits}' in body(v=Decimal(digits))


def test_the_id_is_the_iso_day_of_the_id_column():
    made, _ = documents(MART, [{"d": DAY}])
    assert made[0].id == "2026-03-01"
    made, _ = documents(Mart("mrt_x", "x", id="key"), [{"d": DAY, "key": 7}])
    assert made[0].id == "7"


def test_rows_that_would_vanish_are_told():
    rows = [{"d": DAY, "n": 1}, {"d": DAY, "n": 2}, {"d": None}, {"d": date(2026, 3, 2), "v": 1j}]
    made, unfit = documents(MART, rows)
    assert [json.loads(one.body)["n"] for one in made] == [1]
    assert [one.kind for one in unfit] == ["duplicate id", "no id", "TypeError"]
