"""The race of altui, a bare app and the peers: turns, and the figures that come of them."""

import os
import sys

import pytest

from bench.paint import Opened, Program, beside, budgets, race

PAINTS = "print('PAINTED', flush=True); input()"
"""Stays until its terminal is taken away or a key ends it."""
OURS = [Opened(0.4, 50), Opened(0.5, 52), Opened(0.9, 51)]
THEIRS = [Opened(0.8, 100), Opened(1.0, 104), Opened(1.0, 102)]


def test_a_peer_is_a_figure_without_a_budget_beside_altuis_share():
    paint, memory = beside("posting 2.11.1", THEIRS, OURS)
    assert (paint.what, paint.measured, paint.budget, paint.note) == (
        *("first paint, posting 2.11.1", 1000.0, None, "altui 0.5 x"),
    )
    assert (memory.what, memory.measured, memory.budget, memory.note) == (
        *("memory, posting 2.11.1", 102, None, "altui 0.5 x"),
    )


def test_a_peer_that_is_not_there_leaves_the_budgets_as_they_are():
    found = list(beside("posting 2.11.1", [], OURS, "could not be installed"))
    assert [(one.measured, one.kept, one.note) for one in found] == [
        (None, True, "could not be installed")
    ] * 2


def test_the_budget_is_a_ratio_turn_by_turn_and_the_most_memory():
    ratio, memory = budgets(OURS, [Opened(0.4, 40), Opened(0.4, 40), Opened(0.45, 40)])
    assert (ratio.measured, ratio.budget, ratio.note) == (1.25, 1.2, "500 ms, bare 400 ms")
    assert not ratio.kept
    assert (memory.measured, memory.kept) == (52, True)


@pytest.mark.parametrize("broken", ["raise SystemExit(3)", "print('PAINTED')"])
def test_one_that_does_not_open_is_named_and_the_others_go_on(broken: str):
    environ = {"PATH": os.environ["PATH"]}
    opens, fails = (
        Program(name, [sys.executable, "-c", code], environ, b"PAINTED", b"\x03")
        for name, code in (("opens", PAINTS), ("fails", broken))
    )
    turns, failed = race([fails, opens], 1)
    assert [*turns] == ["opens"]
    assert len(turns["opens"]) == 1
    assert turns["opens"][0].mb > 1
    assert failed == {"fails": "did not open"}
