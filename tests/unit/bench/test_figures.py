"""A figure beside its budget, and the page of them."""

import pytest

from bench.figures import Figure, page, table


@pytest.mark.parametrize(
    ("measured", "budget", "kept", "verdict"),
    [
        (149.9, 150, True, "kept"),
        (150, 150, True, "kept"),
        (150.1, 150, False, "**over**"),
        (None, 150, False, "**over**"),
        (9999, None, True, "-"),
        (None, None, True, "-"),
    ],
)
def test_a_verdict(measured: float | None, budget: float | None, kept: bool, verdict: str):
    figure = Figure("quit", measured, budget, "ms")
    assert (figure.kept, figure.verdict) == (kept, verdict)


def test_a_table_says_what_was_not_measured_and_why():
    lines = table(
        [
            Figure("quit", 0.12345, 0.3, "s"),
            Figure("memory, posting", None, None, "MB", "could not be installed"),
        ]
    ).splitlines()
    assert lines == [
        "| what | measured | budget | verdict | |",
        "|---|---|---|---|---|",
        "| quit | 0.1235 s | 0.3 s | kept |  |",
        "| memory, posting | - | - | - | could not be installed |",
    ]


def test_a_page_says_on_what_it_was_measured():
    text = page([Figure("quit", 0.1, 0.3, "s")], "Today, 2 cores.")
    assert text.startswith("# Budgets\n\nToday, 2 cores.\n\n| what |")
    assert text.endswith(".\n")
