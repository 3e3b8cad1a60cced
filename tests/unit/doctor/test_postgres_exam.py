"""PostgreSQL's exams where there is no server; the others run on the living pipeline."""

from socket import socket

import pytest

from altui.core.model.health import State
from altui.doctor.postgres import exam, milliseconds, target
from tests.unit.doctor.conftest import MakeContext, results_of, states


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("5s", 5000),
        ("250ms", 250),
        ("2min", 120_000),
        ("1h", 3_600_000),
        ("0", 0),
        ("", None),
        ("5 parsecs", None),
    ],
)
def test_a_time_setting_as_postgres_shows_it(setting: str, expected: int | None):
    assert milliseconds(setting) == expected


def test_a_target_is_shown_without_its_password():
    assert target("postgresql://u:canary@db:5433/app?sslmode=require") == "db:5433/app"
    assert target("host=db user=u password='canary x' dbname=app") == "db:5432/app"
    assert target("postgresql://u:canary@[") == ""
    assert target("") == ""


async def test_not_set(context: MakeContext):
    seen = await results_of(exam, context({}))
    assert states(seen) == {"connection": "off"}
    assert "postgresql://altui_reader:PASSWORD@" in seen["connection"].fix


async def test_a_dsn_that_cannot_be_understood_is_not_repeated(context: MakeContext):
    seen = await results_of(exam, context({"POSTGRES_DSN": "postgresql://u:canary@["}))
    assert seen["connection"].state is State.broken, "it is set: off would be wrong"
    assert seen["connection"].said == "POSTGRES_DSN cannot be understood"
    assert seen["connection"].fix.startswith("write POSTGRES_DSN (now from the environment) as")
    assert "canary" not in str(seen)


async def test_a_refused_connection(context: MakeContext):
    with socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        dsn = f"postgresql://u:canary@127.0.0.1:{port}/d"
        seen = (await results_of(exam, context({"POSTGRES_DSN": dsn})))["connection"]
    assert seen.state is State.unknown
    assert "onnection refused" in seen.said
    assert f"connect to 127.0.0.1:{port}/d" == seen.tried
    assert "canary" not in str(seen)
