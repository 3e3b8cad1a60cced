"""PagerDuty's key, by its form: more cannot be told without paging someone."""

import pytest

from altui.core.model.health import State
from altui.doctor.pagerduty import exam
from tests.answering import Answers
from tests.unit.doctor.conftest import MakeContext, results_of, states, untold

KEY = "R0123456789abcdefghijklmnopqrstu"


async def test_a_well_formed_key_is_unknown_and_wakes_nobody(
    context: MakeContext, answers: Answers
):
    seen = await results_of(exam, context({"PAGERDUTY_ROUTING_KEY": KEY}))
    assert (seen["key"].state, seen["key"].bad) == (State.unknown, False)
    assert seen["key"].said == "cannot be tested here without opening an incident"
    assert untold(seen) == []
    assert answers.asked == []


@pytest.mark.parametrize("key", ["short", KEY + "x", KEY[:-1] + "-", KEY[:-1] + "é"])
async def test_a_key_of_another_form_is_broken(context: MakeContext, key: str):
    seen = (await results_of(exam, context({"PAGERDUTY_ROUTING_KEY": key})))["key"]
    assert seen.bad and seen.state is State.broken
    assert f"{len(key)} characters" in seen.said or "letters and digits" in seen.said
    assert "PAGERDUTY_ROUTING_KEY (now from the environment)" in seen.fix
    assert key not in str(seen)


async def test_not_set(context: MakeContext):
    seen = await results_of(exam, context({}))
    assert states(seen) == {"key": "off"}
    assert untold(seen) == []
