"""Whatever a service sends, what enters is one harmless line."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from altui.services.text import clean


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        (None, ""),
        (42, "42"),
        ("two\nlines\tand  spaces ", "two lines and spaces"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b2Jgone", "gone"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1;2|payload\x1b\\after", "after"),
        ("\x1b]52;c;never ended", ""),
        ("\x1bcreset", "reset"),
        ("a\x00b\x07c\x7f", "abc"),
        ("\u202efdp.exe\u2066x\u2069", "fdp.exex"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("Zürich 東京 🙂", "Zürich 東京 🙂"),
        ("line\u2028separator", "line separator"),
    ],
)
def test_what_becomes_of_a_text(text: object, line: str) -> None:
    assert clean(text) == line


def test_a_long_text_ends_with_an_ellipsis_within_the_limit() -> None:
    assert clean("a" * 50, 10) == "aaaaaaaaa…"
    assert clean("a" * 10, 10) == "aaaaaaaaaa"


hostile = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x1b\x9b\x07\x00\u202e\u2028\r\n[]0;31m\\"),
    ),
    max_size=400,
)


@given(hostile, st.integers(1, 60))
def test_any_text_becomes_one_bounded_line_that_cleaning_leaves_alone(
    text: str, limit: int
) -> None:
    line = clean(text, limit)
    assert len(line) <= limit
    assert not [c for c in line if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert line == line.strip()
    assert clean(line, limit) == line
    line.encode("utf-8")
