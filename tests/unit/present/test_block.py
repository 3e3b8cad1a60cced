"""The block for chat, and the links that may be opened."""

import pytest
from msgspec.structs import replace

from altui.core.model.health import StageId
from altui.core.present.block import FENCE, MOST_ROWS, WIDEST, block, overview
from altui.core.present.links import link, of_stage, of_verdict, opened
from altui.core.present.page import Page
from altui.core.present.panels import PANELS
from altui.core.present.places import page
from altui.core.present.rows import line
from altui.core.present.verdict import verdict
from tests.scenes import SCENES
from tests.unit.present.test_commands import ADDRESSES, a_view


@pytest.mark.parametrize("name", SCENES)
def test_a_block_holds_who_when_the_verdict_and_the_place(name: str):
    seen = a_view(name)
    for shown in (overview(seen), *(page(seen, key) for key in ("why", "findings", *PANELS))):
        lines = block(seen, shown).splitlines()
        assert (lines[0], lines[-1]) == (FENCE, FENCE)
        assert lines[1] == f"PROD applylens  {seen.now.day} Nov 2026 {seen.now:%H:%M}Z"
        assert lines[2:5] == [row.text.rstrip() for row in verdict(seen, WIDEST)]
        assert lines[6].startswith(shown.name)
        assert len(lines) <= 9 + MOST_ROWS
        assert all(text.isprintable() for text in lines)


def test_the_verdict_stands_in_it_once():
    seen = a_view("elasticsearch_down")
    text = block(seen, page(seen, "why"))
    assert text.count(seen.assessment.verdict.headline) == 1  # type: ignore[union-attr]


def test_rows_beyond_the_most_are_counted():
    rows = tuple(line(str(place), f"row {place}") for place in range(MOST_ROWS + 3))
    lines = block(a_view(), Page("log", rows)).splitlines()
    assert lines[-3:] == [f"row {MOST_ROWS - 1}", "and 3 more rows", FENCE]


def test_nothing_in_it_ends_the_fence_or_moves_a_cursor():
    hostile = "a\x1b]52;c;eA==\a b\r\n```\u202e``` \u009b31m"
    text = block(a_view(), Page(f"x{hostile}", (line("a", hostile), line("b", "`" * 7))))
    assert text.count(FENCE) == 2
    assert all(part.isprintable() for part in text.splitlines())
    assert "\x1b" not in text and "\a" not in text and "\u202e" not in text


def test_an_ascii_terminal_copies_ascii():
    seen = a_view("elasticsearch_down")
    seen = replace(seen, facts=replace(seen.facts, unicode=False))
    assert block(seen, overview(seen)).isascii()


def test_a_page_about_a_command_is_copied_bare():
    seen = a_view()
    shown = page(seen, "why/bigquery.counts")
    assert block(seen, shown) == shown.command + "\n"
    assert block(seen, replace(shown, command="a\x1b[2J\tb\nc")) == "a [2J b\nc\n"


def test_each_place_has_its_services_page():
    seen = a_view("elasticsearch_down")

    def of(place: str) -> str:
        return link(seen, place, page(seen, place))

    assert of("fivetran") == "https://fivetran.com/dashboard/connections/warm_lantern"
    web = "https://github.com/applylens/analytics/actions"
    assert of("workflow") == f"{web}/workflows/analytics-sync.yml"
    run = seen.look.runs.runs[0]  # type: ignore[union-attr]
    assert of(f"workflow/{run.id}") == run.url
    assert of("parity") == (
        "https://console.cloud.google.com/bigquery?project=applylens-prod"
        "&p=applylens-prod&d=applylens_marts&t=mrt_risk_daily&page=table"
    )
    assert of("indices") == of("why") == of("findings") == "https://es.prod:9243"
    board = "https://kibana.prod/s/ops/app/dashboards#/view/analytics-overview"
    assert of_stage(seen, StageId.kibana) == of("why/kibana.status") == board
    assert of_verdict(a_view()) == board
    assert of("stage/kibana") == board
    assert of("stage/fivetran") == of("fivetran/emails") == of("fivetran")
    assert of("stage/postgres") == of_stage(seen, StageId.postgres) == ""


def test_links_of_other_installations_and_of_services_without_an_address():
    known = ADDRESSES | {
        "github": "https://ghe.corp/api/v3/repos/o/r",
        "fivetran": "http://127.0.0.1:7",
        "bigquery": "http://127.0.0.1:8/bigquery/v2/projects/p",
    }
    seen = a_view(known=known)
    assert of_stage(seen, StageId.dbt).startswith("https://ghe.corp/o/r/actions/workflows/")
    assert of_stage(seen, StageId.fivetran) == "http://127.0.0.1:7/v1/connections/warm_lantern"
    assert of_stage(seen, StageId.bigquery).endswith(
        "/projects/p/datasets/applylens_marts/tables/mrt_risk_daily"
    )
    assert all(of_stage(a_view(known={}), stage) == "" for stage in StageId)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ssh://host",
        "vscode://file/x",
        "https://",
        "https:///x",
        "//host/x",
        "https://github.com@evil.test/",
        "https://u:p@host/",
        "https://host/\x1b[2J",
        "https://host/a b",
        'https://host/"',
        "https://host/`id`",
        "https://h\u043est/",
        "https://[bad/",
        "",
    ],
)
def test_only_plain_web_links_are_opened(url: str):
    assert opened(url) == ""
    assert link(a_view(), "workflow/1", Page("x", (), link=url)) != url or not url


def test_web_links_are_opened():
    for url in ("https://host/a?b=c#d", "http://127.0.0.1:80/x"):
        assert opened(url) == url
