"""What the panels' titles say while two services cannot be seen: every pair, in every two ways."""

from itertools import combinations, product

import pytest

from altui.core.model.pipeline import SERVICES, Pipeline
from altui.core.present.follows import MISSING, titles
from altui.core.present.page import titled
from altui.core.present.panels import PANELS
from altui.core.present.places import page
from altui.core.present.rows import columns
from altui.core.present.view import Facts, view
from tests.unit.rules.test_half_blind import NOON, TROUBLES, blinded, healthy, judged

FACTS = Facts("prod")
CALLED = {
    "postgres": "Postgres",
    "fivetran": "Fivetran",
    "bigquery": "BigQuery",
    "github": "GitHub",
    "elasticsearch": "ES",
    "kibana": "Kibana",
}
# A panel, the services that must be unseen for it, what it then goes by, and whom the title names.
# The first line that fits holds; without any the title is the panel's name alone.
INSTEAD = """
    fivetran   fivetran bigquery         unseen                     fivetran
    fivetran   fivetran                  by _fivetran_synced        fivetran
    workflow   github bigquery           by the newest day alone    github
    workflow   github                    by the marts' age          github
    indices    elasticsearch kibana      unseen                     elasticsearch
    indices    elasticsearch             only Kibana's word         elasticsearch
    indices    kibana                    the index only             kibana
    parity     bigquery postgres         nothing to compare         bigquery
    parity     bigquery elasticsearch    nothing to compare         bigquery
    parity     bigquery                  source = index             bigquery
    parity     postgres                  from BigQuery on           postgres
"""
LINES = [
    (panel, frozenset(services.split()), words, named)
    for panel, services, words, named in (
        [part.strip() for part in row.replace("  ", "\t").split("\t") if part.strip()]
        for row in INSTEAD.strip().splitlines()
    )
]


def expected(panel: str, troubles: dict[str, str]) -> tuple[str, str]:
    """What stands in, and why; both empty where the panel sees what it is about."""
    for key, services, words, named in LINES:
        if key == panel and services <= troubles.keys():
            trouble = troubles[named]
            return words, MISSING[named] if trouble == "off" else f"{CALLED[named]} {trouble}"
    return "", ""


def told(troubles: dict[str, str]) -> None:
    snapshot = blinded(healthy(NOON), **troubles)
    shown = view(snapshot, judged(snapshot), Pipeline(), NOON, FACTS)
    for panel in PANELS:
        words, why = expected(panel, troubles)
        said = [f"  {words} ({why})", f"  {words}", ""] if words else [""]
        assert titles(shown, panel) == said, (panel, troubles)
        row = titled(page(shown, panel), 120).text
        assert (f"  {words} ({why}) " in row) == bool(words), row
        narrow = titled(page(shown, panel), 80).text
        assert columns(narrow) <= 80
        assert words in narrow, narrow


def test_the_table_is_read_as_it_is_written() -> None:
    assert len(LINES) == 11
    assert {panel for panel, *_ in LINES} <= set(PANELS)


def test_a_title_says_nothing_while_all_is_seen() -> None:
    told({})


@pytest.mark.parametrize(("service", "trouble"), product(SERVICES, TROUBLES))
def test_one_service(service: str, trouble: str) -> None:
    told({service: trouble})


@pytest.mark.parametrize("pair", combinations(SERVICES, 2), ids=" ".join)
def test_every_pair_in_every_two_troubles(pair: tuple[str, str]) -> None:
    for both in product(TROUBLES, repeat=2):
        told(dict(zip(pair, both, strict=True)))
