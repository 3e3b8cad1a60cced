"""Cutting, columns, ASCII; ages, lengths and amounts in words."""

from datetime import UTC, datetime, timedelta

import pytest

from altui.core.model.health import State
from altui.core.present.glyphs import ASCII, UNICODE, prints_unicode
from altui.core.present.rows import (
    Segment,
    Tone,
    ascii_only,
    columns,
    cut,
    extra,
    fit,
    greyed,
    line,
    pad,
    tone_of,
)
from altui.core.words import age, ago, behind, clock, size, took, two_figures

NOW = datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("emails", 6, "emails"),
        ("emails", 5, "emai…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("e\u0301mails", 6, "e\u0301mails"),
        ("emails", 1, "…"),
        ("emails", 0, ""),
    ],
)
def test_a_text_is_cut_by_terminal_columns(text: str, width: int, expected: str):
    assert cut(text, width) == expected
    assert columns(pad(text, width)) == width


def test_a_line_is_cut_where_it_leaves_the_screen_and_keeps_its_tones():
    row = line("key", ("broken ", Tone.broken), "a long explanation")
    assert fit(row, 10).segments == (Segment("broken ", Tone.broken), Segment("a …"))
    assert fit(row, 7).text == "broken…"
    assert fit(row, 99) is row


def test_control_characters_never_reach_a_terminal():
    assert fit(line("key", "a\x1b[31mb\nc"), 20).text == "a [31mb c"


def test_ascii_keeps_every_column():
    row = line("key", "Δ 1 % “größer” 日本 …")
    plain = ascii_only(row)
    assert plain.text == 'd 1 % "gr??er" ???? ~'
    assert columns(plain.text) == columns(row.text)


def test_a_plus_or_minus_is_no_plus_in_ascii():
    assert ascii_only(line("key", "±1 %")).text == "+-1 %"


@pytest.mark.parametrize(
    ("environ", "encoding", "may"),
    [
        ({"LC_ALL": "C"}, "utf-8", False),
        ({"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, "utf-8", False),
        ({"LANG": "en_US.UTF-8"}, "utf-8", True),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, "UTF-8", True),
        ({"LANG": "en_US.UTF-8"}, "ascii", False),
        ({"LANG": "en_US.UTF-8"}, None, False),
    ],
)
def test_locale_and_stream_must_both_take_signs_beyond_ascii(
    environ: dict[str, str], encoding: str | None, may: bool
):
    assert prints_unicode(environ, encoding) is may


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1.2e-6, "0.0000012"),
        (0.0653, "0.065"),
        (4.2, "4.2"),
        (97.3, "97"),
        (100.0, "100"),
        (12345.0, "12,000"),
        (1e300, ">999,999"),
    ],
)
def test_two_figures_without_an_exponent(value: float, said: str):
    assert two_figures(value) == said


def test_grey_replaces_every_tone():
    assert {part.tone for part in greyed(line("k", ("a", Tone.ok), "b")).segments} == {Tone.dim}


@pytest.mark.parametrize("signs", [UNICODE, ASCII])
def test_each_state_has_a_glyph_and_a_tone_of_its_own(signs):
    assert len({signs.states[state] for state in State}) == len(State)
    assert len({tone_of(state) for state in State}) == len(State)
    assert {columns(glyph) for glyph in signs.states.values()} == {1}


def test_the_ascii_signs_are_ascii():
    everything = "".join(ASCII.states.values()) + ASCII.cursor + ASCII.bars
    assert everything.isascii()


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (4, "now"),
        (6, "1m"),
        (65, "1m"),
        (3540, "59m"),
        (3600, "1h"),
        (172_740, "47h"),
        (172_799, "2d"),
        (864_000, "10d"),
        (-300, "now"),
    ],
)
def test_ages_step_with_the_minute_of_the_clock(seconds: int, expected: str):
    assert age(NOW, NOW - timedelta(seconds=seconds)) == expected


def test_ages_in_sentences():
    assert ago(NOW, NOW) == "just now"
    assert ago(NOW, NOW - timedelta(hours=2)) == "2h ago"
    assert ago(NOW, None) == "never"


def test_lengths():
    assert [took(n) for n in (42, 370, 3900)] == ["42s", "6m10", "1h05"]
    assert behind(timedelta(days=2, hours=14, minutes=5)) == "2d 14h"
    assert behind(timedelta(hours=2, minutes=3)) == "2h03"


def test_a_moment_names_its_day_unless_it_is_today():
    assert clock(NOW, NOW - timedelta(hours=1)) == "11:00Z"
    assert clock(NOW, NOW - timedelta(days=1)) == "22 Nov 12:00Z"


def test_sizes():
    assert [size(n) for n in (12, 4_100_000, 61_000)] == ["12 B", "4.1 MB", "61.0 kB"]


def test_a_row_goes_without_its_extras_before_it_is_cut():
    row = line("x", "12,345", extra(", and more"), extra(", least", rank=2))
    assert fit(row, 80).text == "12,345, and more, least"
    assert fit(row, 16).text == "12,345, and more"
    assert fit(row, 6).text == "12,345"
    assert fit(row, 5).text == "…"


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("limit 1h15", 9, "limit …"),
        ("newest 59,912 rows", 11, "newest …"),
        ("newest 59,912 rows", 14, "newest 59,912…"),
        ("(119=119=119)", 9, "(…"),
        ("synced 22 Nov", 9, "synced …"),
        ("synced 22 Nov", 11, "synced …"),
        ("(-391 rows)", 4, "(…"),
        ("http://127.0.0.1:9200/", 12, "http://127.…"),
    ],
)
def test_half_a_figure_is_none(text: str, width: int, expected: str):
    assert cut(text, width) == expected
    assert fit(line("x", text), width).text == expected
