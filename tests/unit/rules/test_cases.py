"""The table of cases: each state of each stage, and each boundary to the second."""

import pytest

from altui.core.model.health import State
from tests.unit.rules.cases import CASES, EDGES, Case, Edge, judged

QUIET = (State.ok, State.due, State.off)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.stage}-{case.state}-{case.how}")
def test_case(case: Case):
    result = judged(case.looks)
    assert result.stages[case.stage].state is case.state
    own = {finding.check for finding in result.findings if finding.stage is case.stage}
    if not case.check:
        assert own == set()
        assert case.state in (*QUIET, State.unknown)
        return
    found = [finding for finding in result.findings if finding.check == case.check]
    assert found, {finding.id for finding in result.findings}
    assert all(finding.evidence for finding in found), "a finding says what it rests on"
    assert len(found[0].subject) <= 80


@pytest.mark.parametrize("offset", [-1, 0, 1])
@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: f"{edge.stage}-{edge.boundary}")
def test_boundary(edge: Edge, offset: int):
    expected = {-1: edge.before, 0: edge.at_boundary, 1: edge.after}[offset]
    result = judged(edge.looks(offset))
    assert result.stages[edge.stage].state is expected
    found = {finding.check for finding in result.findings}
    if edge.check:
        assert (edge.check in found) == (expected not in QUIET)
    else:
        assert found == set()


def test_every_stage_can_be_in_every_state_that_it_can_be_in():
    there = {(case.stage, case.state) for case in CASES}
    never = {(case.stage, state) for case in CASES for state in State} - there
    assert {(stage.value, state.value) for stage, state in never} == {
        ("postgres", "due"),
        ("postgres", "late"),
        ("kibana", "due"),
    }
