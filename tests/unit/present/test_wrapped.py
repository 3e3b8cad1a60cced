"""Words of a service over several rows."""

import pytest
from msgspec.structs import replace

from altui.core.present.rows import Line, Segment, Tone, columns, fit
from altui.core.present.wrapped import MOST, folded, wrapped


def test_words_are_kept_whole_and_none_is_lost():
    text = "FATAL: no pg_hba.conf entry for host 52.0.2.4, user fivetran, no encryption"
    lines = wrapped(text, 30)
    assert lines == [
        "FATAL: no pg_hba.conf entry",
        "for host 52.0.2.4, user",
        "fivetran, no encryption",
    ]


@pytest.mark.parametrize("text", ["", "   ", "x" * 100, "漢字" * 60, "a " * 500, "é\u0301" * 90])
def test_every_line_fits(text: str):
    lines = wrapped(text, 20)
    assert 1 <= len(lines) <= MOST
    assert all(columns(one) <= 20 for one in lines)


def test_a_word_that_is_too_long_is_broken():
    assert wrapped("see https://example.org/a/very/long", 12) == [
        "see",
        "https://exam",
        "ple.org/a/ve",
        "ry/long",
    ]


def test_what_is_left_out_is_marked():
    assert wrapped("one two three four five", 5, most=2) == ["one", "two …"]


def test_a_services_words_go_on_below_where_there_is_room():
    row = Line("x", (Segment("Kibana denied: "), Segment("word " * 20)), folds=True)
    first, *further = folded(row, 40, 3)
    assert first.text.startswith("Kibana denied: word")
    assert len(further) == 2 and all(one.text.startswith("  word") for one in further)
    assert all(columns(one.text) <= 40 for one in (first, further[0]))
    assert fit(further[1], 40).text.endswith("…")
    assert folded(replace(row, folds=False), 40, 3) == (replace(row, folds=False),)
    assert folded(row, 200, 3) == (row,)


def test_further_rows_keep_the_tone_of_each_word():
    parts = (
        Segment("Elasticsearch"),
        Segment(", only Kibana's word", Tone.strong),
        Segment(": no"),
    )
    first, second = folded(Line("x", parts, folds=True), 22, 3)
    assert [first.text, second.text] == ["Elasticsearch, only", "  Kibana's word: no"]
    assert [item.tone for item in second.segments][1:] == [
        Tone.strong,
        Tone.strong,
        Tone.plain,
        Tone.plain,
    ]


def test_a_word_that_no_row_holds_is_broken_and_nothing_of_it_is_lost():
    address = "https://example.org/" + "a/b-c" * 20 + "12345" * 9
    rows = folded(Line("x", (Segment("page  "), Segment(address)), folds=True), 40, 12)
    assert all(columns(row.text) <= 40 for row in rows)
    assert "".join(row.text.strip() for row in rows) == "page" + address


def test_further_rows_hang_below_the_words_of_the_first():
    row = Line("x", (Segment("  said  "), Segment("one two three")), folds=True, hang=8)
    assert [part.text for part in folded(row, 16, 3)] == ["  said  one two", "        three"]
