import pytest

from altui.sandbox.github.expressions import ExpressionError, Status, evaluate, expand, holds

CONTEXT = {
    "secrets": {"ES_URL": "http://es"},
    "vars": {"EMPTY": ""},
    "inputs": {"start": "2026-11-01", "quote": "it's $(here)"},
    "github": {"event_name": "schedule"},
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("secrets.ES_URL", "http://es"),
        ("secrets.es_url", "http://es"),
        ("secrets.MISSING", None),
        ("vars.BQ_DATASET || 'applylens'", "applylens"),
        ("vars.EMPTY || 'applylens'", "applylens"),
        ("inputs.start && inputs.end || 'none'", "none"),
        ("github.event_name == 'Schedule'", True),
        ("!(github.event_name != 'schedule') && 'it''s'", "it's"),
        ("1 == 1.0", True),
        ("null", None),
        ("'' || false", False),
        ("always()", True),
        ("failure()", False),
    ],
)
def test_values(expression: str, value: object):
    assert evaluate(expression, CONTEXT) == value


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "inputs.start ==",
        "(true",
        "hashFiles('x')",
        "inputs[0]",
        "matrix.os",
        "true false",
        "a ~ b",
    ],
)
def test_what_is_not_understood_is_refused_with_its_words(expression: str):
    with pytest.raises(ExpressionError):
        evaluate(expression, CONTEXT)


def test_text_keeps_what_stands_around_and_what_the_value_holds():
    assert expand("a-${{ inputs.quote }}-${{ vars.NONE }}-${{ true }}", CONTEXT) == (
        "a-it's $(here)--true"
    )


FINE, FAILED, CANCELLED = Status(), Status(failed=True), Status(cancelled=True)


@pytest.mark.parametrize(
    ("condition", "runs"),
    [
        (None, (True, False, False)),
        ("always()", (True, True, True)),
        ("${{ always() }}", (True, True, True)),
        ("failure()", (False, True, False)),
        ("cancelled()", (False, False, True)),
        ("failure() || cancelled()", (False, True, True)),
        ("github.event_name == 'schedule'", (True, False, False)),
        ("github.event_name == 'push'", (False, False, False)),
        ("${{ inputs.start != '' }}", (True, False, False)),
    ],
)
def test_conditions_after_success_failure_and_cancellation(
    condition: str | None, runs: tuple[bool, bool, bool]
):
    assert tuple(holds(condition, CONTEXT, each) for each in (FINE, FAILED, CANCELLED)) == runs
