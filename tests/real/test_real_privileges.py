"""What the doctor makes of users of a real Elasticsearch, with security on and switched off."""

from pathlib import Path

import pytest

from altui.config import load, origins
from altui.core.model.doctor import Result
from altui.core.model.health import State
from altui.doctor.elasticsearch import exam
from altui.doctor.exam import Context
from tests.real.conftest import PASSWORD, Real


async def examined(url: str, folder: Path, **environ: str) -> dict[str, Result]:
    known = {"ES_URL": url, "ALTUI_STATE_DIR": str(folder), **environ}
    empty = folder / "altui.toml"
    empty.touch()
    context = Context(load(known, empty), known, empty, origins(known, empty), patience=30)
    return {result.id.partition(".")[2]: result async for result in exam(context)}


def as_user(real: Real, name: str, password: str = PASSWORD) -> str:
    return real.url.replace("//", f"//{name}:{password}@")


async def test_a_server_without_security_is_unknown_never_ok(real: Real, tmp_path: Path):
    seen = await examined(real.url, tmp_path)
    assert seen["server"].said == "Elasticsearch 8.19.3", "though GET / is refused"
    assert seen["template"].state is State.ok
    for kind in ("reading", "writing"):
        assert (seen[kind].state, seen[kind].bad) == (State.unknown, False)
        assert seen[kind].said == "cannot be tested here: no security API"


async def test_a_user_who_may_export(secured: Real, tmp_path: Path):
    seen = await examined(as_user(secured, "exporter"), tmp_path)
    assert seen["reading"].state is State.ok
    assert (seen["writing"].state, seen["writing"].said) == (
        State.ok,
        "user exporter has every privilege for it",
    )


async def test_a_user_who_only_reads(secured: Real, tmp_path: Path):
    seen = await examined(as_user(secured, "reader"), tmp_path)
    assert (seen["cluster"].state, seen["reading"].state) == (State.ok, State.ok)
    assert seen["writing"].state is State.denied and seen["writing"].bad
    assert "manage_index_templates (cluster)" in seen["writing"].said
    assert "index (analytics_applylens_*)" in seen["writing"].said
    looking = await examined(as_user(secured, "reader"), tmp_path, ALTUI_READ_ONLY="true")
    assert not looking["writing"].bad


async def test_a_user_of_other_indices(secured: Real, tmp_path: Path):
    seen = await examined(as_user(secured, "elsewhere"), tmp_path)
    assert (seen["reading"].state, seen["writing"].state) == (State.denied, State.denied)
    assert seen["reading"].said == (
        "user elsewhere lacks read (analytics_applylens_*), "
        "monitor (analytics_applylens_*), view_index_metadata (analytics_applylens_*)"
    )


async def test_a_user_who_may_nothing(secured: Real, tmp_path: Path):
    seen = await examined(as_user(secured, "nobody"), tmp_path)
    assert {result.state for result in seen.values()} == {State.denied}
    assert [*seen] == ["server", "reading", "writing"]
    assert "user [nobody]" in seen["server"].said


@pytest.mark.parametrize("name", ["reader", "stranger", ""])
async def test_credentials_that_are_not_accepted(secured: Real, tmp_path: Path, name: str):
    url = as_user(secured, name, "wrong") if name else secured.url
    seen = await examined(url, tmp_path)
    assert [*seen] == ["server"]
    assert seen["server"].state is State.denied
    assert seen["server"].said.startswith("401 security_exception: ")
    assert seen["server"].fix.startswith("set ES_URL (now from the environment) with the right")
    assert "wrong" not in str(seen)
