"""Whatever strings stand in the store: nothing raises, nothing escapes its line, no markup."""

import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from altui.core.model.health import Assessment
from altui.core.model.observed import Observation, Snapshot
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Reading
from altui.core.present.printed import json_text
from altui.core.present.report import report
from altui.core.present.table import WIDTH, table
from altui.core.present.view import Facts, View, view
from altui.core.rules.assess import assess
from altui.store.store import Store
from tests.drawing import SIZES, drawn, unfit
from tests.hostile import (
    EVERYTHING,
    LONE,
    NOON,
    POISONS,
    SHORT,
    TextAt,
    filled,
    made,
    only,
    places,
    variants,
)
from tests.scenes import SCENES
from tests.world import healthy

PIPELINE = Pipeline()
WORLD = healthy(NOON, days=12)
PLACES = sorted({*places(Observation), *places(Reading), *places(Assessment)})
STARTED = NOON - timedelta(hours=1)
Seen = tuple[Snapshot, Assessment]


def test_the_places_are_those_of_the_model():
    """A guard of the guard: were the walk to miss a branch, these would be gone."""
    assert {
        "Note.message",
        "Run.conclusion",
        "RunStep.name",
        "Counts.series{}",
        "Counts.missing",
        "Counts.missing{}",
        "Index.blocks[]",
        "Kibana.references[]",
        "ProbeError.words",
        "Evidence.figures",
        "Evidence.figures{}",
        "StageHealth.word",
        "Verdict.headline",
        "Diagnosis.told_apart_by",
        "TraceRow.table",
        "Assessment.since{}",
    } <= set(PLACES)
    assert len(PLACES) > 60


def looked_over(snapshot: Snapshot, assessment: Assessment) -> None:
    """Both front ends print it: one line each, nothing that a terminal would obey."""
    seen = view(snapshot, assessment, PIPELINE, NOON, Facts("p", started=STARTED))
    for width, height in SIZES:
        wrong = [unfit(row.text, width) for row in drawn(seen, width, height)]
        assert not any(wrong), next(filter(None, wrong))
    printed = table(view(snapshot, assessment, PIPELINE, NOON, Facts("p")))
    wrong = [unfit(row, WIDTH) for row in printed]
    assert not any(wrong), next(filter(None, wrong))


def json_of(seen: View, assessment: Assessment, *, ascii_only: bool = False) -> str:
    return json_text(report(seen.look, assessment, "p"), ascii_only=ascii_only)


def world(text_at: TextAt) -> Seen:
    """The healthy pipeline with its texts replaced, as the rules see it."""
    observations = {
        probe: msgspec.structs.replace(seen, value=filled(seen.value, type(seen.value), text_at))
        for probe, seen in WORLD.observations.items()
    }
    snapshot = Snapshot(NOON, observations)
    return snapshot, assess(snapshot, PIPELINE, NOON)


def made_up(text_at: TextAt) -> Seen:
    """Every field there, whatever a pipeline would say: an assessment as a store might hold it."""
    readings = {type_.__name__: made(type_, text_at) for type_ in variants(Reading)}
    by_probe = {
        "postgres.counts": "Counts",
        "fivetran.connection": "Connection",
        "bigquery.tables": "Warehouse",
        "bigquery.counts": "Counts",
        "github.runs": "Runs",
        "elasticsearch.cluster": "Cluster",
        "elasticsearch.counts": "Counts",
        "kibana.status": "Kibana",
    }
    told = msgspec.structs.replace(made(Observation, text_at), detail=False)
    observations = {
        probe: msgspec.structs.replace(told, probe=probe, value=readings[name])
        for probe, name in by_probe.items()
    }
    snapshot = Snapshot(NOON, observations)
    assess(snapshot, PIPELINE, NOON)
    well = {name: msgspec.structs.replace(seen, error=None) for name, seen in observations.items()}
    assess(Snapshot(NOON, well), PIPELINE, NOON)
    return snapshot, made(Assessment, text_at)


def scene(name: str, text_at: TextAt) -> Seen:
    staged = SCENES[name]()
    assert staged.assessment is not None
    observations = {
        probe: filled(seen, Observation, text_at)
        for probe, seen in staged.snapshot.observations.items()
    }
    assessment = filled(staged.assessment, Assessment, text_at)
    return Snapshot(staged.now, observations), assessment


def honest(place: str) -> str:
    """A text that keeps the rules' branches open where only one place is poisoned."""
    return {
        "Connection.setup_state": "connected",
        "Runs.workflow_state": "active",
        "Run.status": "completed",
        "Run.conclusion": "success",
        "Run.event": "schedule",
        "Cluster.status": "green",
        "Kibana.level": "available",
        "Kibana.time_from": "now-90d",
        "Kibana.time_to": "now",
    }.get(place, "honest")


@pytest.mark.parametrize("name", [*POISONS, "lone surrogates"])
@pytest.mark.parametrize("kind", ["world", "made up"])
def test_a_text_everywhere_at_once(kind: str, name: str):
    poison = POISONS.get(name, LONE)
    snapshot, assessment = (world if kind == "world" else made_up)(lambda place: poison)
    looked_over(snapshot, assessment)


@pytest.mark.parametrize("place", PLACES)
def test_everything_at_one_place(place: str):
    for poison in (EVERYTHING, POISONS["lines"], LONE):
        looked_over(*made_up(only(place, poison, honest)))
        looked_over(*world(only(place, poison, honest)))


@pytest.mark.parametrize("name", [name for name in SCENES if SCENES[name]().assessment])
def test_every_scene_with_every_text_replaced(name: str):
    looked_over(*scene(name, lambda place: EVERYTHING))


@pytest.mark.parametrize("name", SHORT)
def test_the_report_for_programs_is_json_without_a_control_character(name: str):
    snapshot, assessment = made_up(lambda place: SHORT[name])
    seen = view(snapshot, assessment, PIPELINE, NOON, Facts("p"))
    text = json_of(seen, assessment)
    assert [line for line in text.splitlines() if not line.isprintable()] == []
    assert "\r" not in text
    decoded = json.loads(text)
    assert decoded["verdict"]["headline"] == SHORT[name], "what is shown stays what was said"
    plain = json_of(seen, assessment, ascii_only=True)
    assert plain.isascii()
    assert json.loads(plain) == decoded


@pytest.mark.parametrize("name", SHORT)
def test_the_store_gives_back_what_it_was_given(name: str, tmp_path: Path):
    snapshot, assessment = made_up(lambda place: SHORT[name])
    store = Store.open(tmp_path)
    store.put_observations(snapshot.observations.values())
    store.put_assessment(assessment)
    assert store.snapshot(NOON).observations == snapshot.observations
    assert store.assessment() == assessment
    store.close()
