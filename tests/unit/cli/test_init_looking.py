"""What `altui init` asks when a service holds several things, other names, or nonsense."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from altui.cli.init import looking
from altui.cli.init.talk import Silent
from altui.config import (
    ElasticsearchSettings,
    FivetranSettings,
    GitHubSettings,
    KibanaSettings,
    Secret,
    Settings,
)
from altui.services.discovery import Choice
from altui.services.errors import ServiceError
from tests.answering import Scripted


class Chooser(Silent):
    """Chooses and says by a part of the question; anything else is not expected."""

    asks = True

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.offered: dict[str, list[str]] = {}

    def text(self, question: str, default: str) -> str:
        return next(answer for key, answer in self.answers.items() if key in question)

    def choose(self, question: str, choices: Sequence[Choice], default: str) -> str:
        key = next(key for key in self.answers if key in question)
        self.offered[key] = [choice.id for choice in choices]
        return self.answers[key]


@pytest.fixture
def server() -> Iterator[Scripted]:
    made = Scripted()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.released.set()
    made.shutdown()
    made.server_close()


def by_path(answers: dict[str, Any]) -> Callable[[str, str, bytes], tuple[int, Any]]:
    def script(method: str, path: str, body: bytes) -> tuple[int, Any]:
        found = answers.get(path.partition("?")[0])
        return (404, {"message": "no such thing"}) if found is None else (200, found)

    return script


def connection(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "service": "postgres", "schema": "applylens", "status": {}, **more}


def fivetran(url: str, chosen: str = "") -> Settings:
    own = FivetranSettings(url, Secret("key"), Secret("secret"), chosen)
    return replace(Settings(), fivetran=own)


def two_connections() -> dict[str, Any]:
    tables = {"emails": {"enabled": True, "name_in_destination": "emails_v2"}}
    return {
        "/v1/connections": {"data": {"items": [connection("a\x1b[2J"), connection("b")]}},
        "/v1/connections/b": {
            "data": connection("b", sync_frequency=15, schedule_type="auto"),
        },
        "/v1/connections/b/schemas": {
            "data": {"schemas": {"public": {"enabled": True, "tables": tables}}}
        },
        "/v1/groups": {"data": {"items": [{"id": "g"}]}},
        "/v1/groups/g/connections": {"data": {"items": [{"id": "a"}, {"id": "b"}]}},
    }


def test_one_of_several_connections_is_chosen_with_its_schedule_and_names(server: Scripted):
    server.script = by_path(two_connections())
    talk = Chooser(connection="b")
    found, words = looking.fivetran(fivetran(server.url), talk)
    assert talk.offered["connection"] == ["a", "b"]
    assert found.fivetran.connection == "b"
    assert found.pipeline.sync.every_minutes == 15
    assert found.pipeline.tables[0].raw == "emails_v2"
    assert "public.emails → emails_v2" in words


def test_with_nobody_to_choose_the_connections_are_listed(server: Scripted):
    server.script = by_path(two_connections())
    with pytest.raises(ServiceError, match="set FIVETRAN_CONNECTION to one of a, b"):
        looking.fivetran(fivetran(server.url), Silent())
    found, _ = looking.fivetran(fivetran(server.url, "b"), Silent())
    assert found.fivetran.connection == "b"


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"data": {"items": [{}]}}', b"\xff"])
def test_an_answer_that_is_none_is_an_error_in_words(server: Scripted, answer: bytes):
    server.script = lambda method, path, body: (200, answer)
    with pytest.raises(ServiceError, match="cannot be understood"):
        looking.fivetran(fivetran(server.url), Silent())


def github(url: str) -> Settings:
    return replace(Settings(), github=GitHubSettings(url, Secret("token"), "o/r"))


def test_another_workflow_is_chosen_with_its_start_and_its_exporting_step(server: Scripted):
    actions = "/repos/o/r/actions"
    run = {"id": 1, "created_at": "2026-11-23T05:31:00Z", "status": "completed"}
    server.script = by_path(
        {
            f"{actions}/workflows": {
                "workflows": [
                    {"path": ".github/workflows/ci.yml", "name": "CI"},
                    {"path": ".github/workflows/nightly.yml", "name": None},
                ]
            },
            f"{actions}/workflows/nightly.yml": {"name": "Nightly", "state": "active"},
            f"{actions}/workflows/nightly.yml/runs": {
                "workflow_runs": [{**run, "conclusion": "success"}]
            },
            f"{actions}/runs/1/jobs": {"jobs": [{"steps": [{"name": "dbt"}, {"name": "Ship"}]}]},
        }
    )
    talk = Chooser(workflow="nightly.yml", schedule="05:30", step="Ship")
    found, words = looking.github(github(server.url), talk)
    workflow = found.pipeline.workflow
    assert (workflow.file, workflow.hour, workflow.minute) == ("nightly.yml", 5, 30)
    assert workflow.export_step == "Ship"
    assert talk.offered["workflow"] == ["ci.yml", "nightly.yml"]
    assert words.startswith("Nightly (nightly.yml), 1 runs read")


def test_a_repository_that_is_not_there_is_told_in_githubs_words(server: Scripted):
    server.script = by_path({})
    with pytest.raises(ServiceError, match="404 no such thing"):
        looking.github(github(server.url), Silent())


def kibana(server: Scripted, boards: bytes) -> Settings:
    server.script = by_path(
        {
            "/api/status": {"status": {"overall": {"level": "available"}}},
            "/api/data_views": {
                "data_view": [{"id": "v", "title": "prod_*", "timeFieldName": "day"}]
            },
            "/api/saved_objects/_export": boards,
        }
    )
    return replace(Settings(), kibana=KibanaSettings(server.url, Secret("key")))


def test_a_prefix_that_no_index_can_have_is_asked_for_again(server: Scripted):
    class Typist(Silent):
        asks = True

        def __init__(self) -> None:
            self.answers = iter(("Analytics_*", "", "prod"))
            self.said: list[str] = []

        def say(self, words: str) -> None:
            self.said.append(words)

        def text(self, question: str, default: str) -> str:
            return next(self.answers)

    server.headers_sent = {"X-Elastic-Product": "Elasticsearch"}
    health = {"cluster_name": "c", "status": "green", "number_of_nodes": 1}
    server.script = lambda method, path, body: (
        200,
        health if path == "/_cluster/health" else [] if "_cat" in path else {},
    )
    settings = replace(Settings(), elasticsearch=ElasticsearchSettings(Secret(server.url)))
    found, _ = looking.elasticsearch(settings, talk := Typist())
    assert found.elasticsearch.index_prefix == "prod"
    assert "'Analytics_*' cannot begin an index's name" in talk.said[0]
    assert "must not be empty" in talk.said[1]


def test_the_only_data_view_and_dashboard_are_taken_unasked(server: Scripted):
    board = b'{"id": "main", "type": "dashboard", "attributes": {"title": "Main"}}\n'
    found, words = looking.kibana(kibana(server, board), Silent())
    dashboard = found.pipeline.dashboard
    assert (dashboard.id, dashboard.data_view, dashboard.time_field) == ("main", "prod_*", "day")
    assert words == 'Kibana is available, dashboard "Main"'


def test_what_nobody_chose_is_said_to_be_missing(server: Scripted):
    none = Chooser(**{"data view": "none of these", "dashboard": "none of these"})
    boards = b'{"id": "a", "attributes": {}}\n{"id": "b", "attributes": {}}\n'
    found, words = looking.kibana(kibana(server, boards), none)
    assert found.pipeline == Settings().pipeline
    assert none.offered["dashboard"] == ["a", "b", "none of these"]
    assert words.endswith("but no data view analytics_applylens_*; no dashboard analytics-overview")
