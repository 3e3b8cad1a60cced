import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from altui.sandbox import ports
from altui.sandbox.faults import Fault, FaultDoor, Faults
from altui.sandbox.serving import Servers


async def real(request: Request) -> PlainTextResponse:
    return PlainTextResponse("the real answer")


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def door(faults: Faults) -> FaultDoor:
    app = Starlette(routes=[Route("/{path:path}", real, methods=["GET", "POST"])])
    return FaultDoor(app, "github", faults)


@pytest.fixture
def client(door: FaultDoor) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://service")


async def test_without_a_fault_the_service_answers(client: httpx.AsyncClient):
    assert (await client.get("/anything")).text == "the real answer"


async def test_a_fault_answers_in_place_of_the_service_as_often_as_said(
    client: httpx.AsyncClient, faults: Faults
):
    faults.add(Fault("github", "/runs", status=503, body="sorry", headers={"x": "y"}, times=2))
    answers = [await client.get("/runs") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].text == "sorry"
    assert answers[0].headers["x"] == "y"
    assert faults.listed() == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault("kibana", status=500),
        Fault("github", "/runs$", status=500),
        Fault("github", method="POST", status=500),
    ],
)
async def test_a_fault_meets_its_service_path_and_method_alone(
    client: httpx.AsyncClient, faults: Faults, fault: Fault
):
    faults.add(fault)
    assert (await client.get("/runs/1")).status_code == 200


async def test_a_fault_lasts_until_removed(client: httpx.AsyncClient, faults: Faults):
    number = faults.add(Fault("github", status=500))
    other = faults.add(Fault("github", status=502))
    assert (await client.get("/")).status_code == 500
    faults.remove(number)
    assert (await client.get("/")).status_code == 502
    faults.remove(other)
    assert (await client.get("/")).status_code == 200


def test_a_path_that_is_no_expression_is_refused(faults: Faults):
    with pytest.raises(ValueError, match="unterminated"):
        faults.add(Fault("github", "[", status=500))
    assert faults.listed() == []


async def test_a_reset_leaves_the_caller_without_an_answer(
    door: FaultDoor, faults: Faults, tmp_path
):
    servers = Servers()
    port = ports.choose(tmp_path / "ports.json")["github"]
    await servers.serve(door, port)
    faults.add(Fault("github", reset=True, times=1))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        with pytest.raises(httpx.ReadError):
            await client.get("/")
        assert (await client.get("/")).status_code == 200
    await servers.close()
