"""How each question is asked by hand: complete, pasteable, and without a secret."""

import json
import shlex
import subprocess
from datetime import date

import pytest
from msgspec.structs import replace

from altui.config import Secret, Settings, load
from altui.core.model.observed import Observation, is_wish
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Counts
from altui.core.present.commands import COMMANDS, KEYED, NEEDS, WIDTH, command, host, price
from altui.core.present.places import page
from altui.core.present.view import View, view
from altui.observe.probes import granters, probes
from altui.tui.feed import addresses
from tests.canary import birds, found, planted
from tests.differing import differing
from tests.scenes import NOON, SCENES
from tests.unit.rules.cases import CASES, judged

ADDRESSES = {
    "postgres": "postgresql://replica.prod:5432/applylens",
    "fivetran": "https://api.fivetran.com",
    "bigquery": "https://bigquery.googleapis.com/bigquery/v2/projects/applylens-prod",
    "github": "https://api.github.com/repos/applylens/analytics",
    "elasticsearch": "https://es.prod:9243",
    "kibana": "https://kibana.prod/s/ops",
}
KEYS = {
    "github.jobs": "812/1",
    "github.log": "812/1",
    "elasticsearch.allocation": "idx",
    "elasticsearch.sample": "risk_daily",
}


def a_view(name: str = "healthy", known: dict[str, str] | None = None) -> View:
    scene = SCENES[name]()
    facts = replace(scene.facts, addresses=ADDRESSES if known is None else known)
    return view(scene.snapshot, scene.assessment, Pipeline(), scene.now, facts)


def whole(probe: str) -> str:
    """The id under which a probe, or a wish with some key, is asked."""
    return f"{probe}:{KEYS[probe]}" if probe in KEYS else probe


def test_every_probe_and_every_wish_can_be_asked_by_hand():
    settings = Settings()
    known = {probe.id for probe in probes(settings, lambda: NOON)} | {*granters(settings)}
    assert {*COMMANDS} == known
    assert {*KEYS} == {*KEYED} == {*granters(settings)}


@pytest.mark.parametrize("known", [ADDRESSES, {}], ids=["addresses", "none"])
@pytest.mark.parametrize("name", ["healthy", "nothing_yet"])
@pytest.mark.parametrize("probe", COMMANDS)
def test_the_lines_are_sound_for_a_shell(probe: str, name: str, known: dict[str, str]):
    text = command(a_view(name, known), whole(probe))
    assert text
    checked = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert text.isprintable() or "\n" in text


def test_the_newest_document_is_searched_as_it_was():
    scene = differing()
    shown = view(scene.snapshot, scene.assessment, Pipeline(), scene.now, scene.facts)
    text = command(shown, "elasticsearch.sample:risk_daily")
    assert "/analytics_applylens_risk_daily/_search?pretty" in text
    sent = json.loads(text.partition("<<'JSON'")[2].removesuffix("JSON"))
    assert (sent["size"], [*sent["sort"][0]]) == (1, ["d"])
    unknown = command(a_view("nothing_yet"), "elasticsearch.sample:risk_daily")
    assert "/*_risk_daily/_search" in unknown


def test_nobody_knows_what_is_no_probe():
    seen = a_view()
    for name in ("", "postgres", "postgres.nothing", "github.jobs", "postgres.counts:1", "a/b"):
        assert command(seen, name) == ""


def test_an_id_out_of_a_path_cannot_add_a_word_to_the_line():
    text = command(a_view(), "github.jobs:812; rm -rf ~/1$(id)")
    words = shlex.split(text)
    assert words[:4] == ["gh", "run", "view", "812; rm -rf ~"]
    assert "1$(id)" in words


def test_sql_is_what_was_sent_and_the_shell_changes_nothing_in_it():
    seen = a_view()
    query = "SELECT '$HOME', `a`, \"b\"\nFROM t -- SQL\nSQL"
    counts = Counts(date(2026, 8, 26), {}, query, 41_943_040)
    observations = dict(seen.look.snapshot.observations)
    for probe in ("postgres.counts", "bigquery.counts"):
        observations[probe] = Observation(probe, counts, NOON, NOON)
    snapshot = replace(seen.look.snapshot, observations=observations)
    seen = view(snapshot, seen.assessment, Pipeline(), NOON, seen.facts)
    for probe, program in (("postgres.counts", "psql"), ("bigquery.counts", "bq")):
        shown = subprocess.run(
            ["sh", "-c", f"{program}() {{ cat; }}\n{command(seen, probe)}"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert query in shown.stdout
    assert "--maximum_bytes_billed=83886080" in command(seen, "bigquery.counts")
    assert price(seen, "bigquery.counts") == "bills about 41.9 MB; refused above 83.9 MB"


def test_long_lines_go_on_in_the_next_where_a_word_ends():
    for probe in COMMANDS:
        for line in command(a_view(), whole(probe)).splitlines():
            assert len(line) <= WIDTH or len(line.split()) <= 2, line


def test_addresses_of_other_installations():
    known = ADDRESSES | {
        "github": "https://ghe.corp/api/v3/repos/o/r",
        "bigquery": "http://127.0.0.1:9050/bigquery/v2/projects/p",
    }
    seen = a_view(known=known)
    assert "curl" in command(seen, "github.runs")
    assert "https://ghe.corp/api/v3/repos/o/r/actions/workflows/" in command(seen, "github.runs")
    emulated = command(seen, "bigquery.counts")
    assert "http://127.0.0.1:9050/bigquery/v2/projects/p/queries" in emulated
    sent = json.loads(emulated.splitlines()[-2])
    assert sent["query"] == seen.look.warehouse.query  # type: ignore[union-attr]
    assert sent["maximumBytesBilled"] == "104857600"
    table = "datasets/applylens_marts/tables/mrt_risk_daily"
    assert f"/projects/p/{table}" in command(seen, "bigquery.tables")
    assert host(seen, "elasticsearch.counts") == "Elasticsearch at es.prod:9243"
    assert host(seen, "bigquery.counts") == "BigQuery, project p"
    assert host(seen, "postgres.counts") == "PostgreSQL at replica.prod:5432/applylens"
    assert host(a_view(known={}), "kibana.status") == "Kibana"


def test_every_service_says_what_its_lines_need():
    assert {*NEEDS} == {probe.split(".")[0] for probe in COMMANDS}


@pytest.mark.parametrize("keywords", [False, True])
def test_no_secret_stands_on_any_page(keywords: bool, tmp_path):
    environ = planted("h.example:1", "db.example:5", keywords=keywords)
    settings = load({**environ, "ALTUI_STATE_DIR": str(tmp_path)})
    known = addresses(settings)
    assert {*known} == {*ADDRESSES}
    assert "h.example:1" in known["kibana"]
    text = repr(known)
    for name in ("healthy", "elasticsearch_down", "nothing_yet"):
        seen = a_view(name, known)
        places = ["why", *(f"why/{whole(probe)}" for probe in COMMANDS)]
        for place in places:
            shown = page(seen, place)
            text += shown.command + "\n".join(row.text for row in shown.rows)
    assert "$KIBANA_API_KEY" in text
    assert found(text, birds()) == []


def test_a_password_that_cannot_be_told_from_its_address_leaves_the_variable():
    settings = Settings(kibana=replace(Settings().kibana, url="https://u:p/w@kibana.prod"))
    assert "${KIBANA_URL%/}" in command(a_view(known=addresses(settings)), "kibana.status")


def test_what_is_off_has_no_address():
    assert addresses(Settings()) == {}
    settings = Settings(fivetran=replace(Settings().fivetran, api_key=Secret("k")))
    assert addresses(settings) == {"fivetran": "https://api.fivetran.com"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.stage}-{case.state}-{case.how}")
def test_evidence_is_traced_to_the_probe_that_read_it(case):
    from altui.core.present.sources import probe_of

    snapshot, made = case.looks[-1], judged(case.looks)
    seen = view(snapshot, made, Pipeline(), snapshot.at, SCENES["healthy"]().facts)
    for finding in made.findings:
        for item in finding.evidence:
            probe = probe_of(seen, item)
            assert command(seen, probe), (finding.check, item.where, probe)
            observed = snapshot.look(probe)
            assert observed is not None, (finding.check, item.where, probe)
            times = {observed.at, observed.tried_at}
            known = item.at in times or item.at is None or finding.check in OTHER_TIMES
            assert known, (finding.check, item.where, probe)
            assert is_wish(probe) is (":" in probe)


OTHER_TIMES = {"es.orphan_days"}
"""The rule says when the cluster was read, and counts what another probe counted."""
