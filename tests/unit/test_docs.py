"""What the documents promise is there."""

import html
import json
import re
from datetime import date
from pathlib import Path

import jsonschema
import msgspec
import pytest

from altui.core.model.doctor import Examination
from altui.core.model.pipeline import Pipeline
from altui.core.present.parity_report import ParityReport, parity_report, scope_of
from altui.core.present.report import report
from altui.core.rules.assess import assess
from altui.core.rules.look import Look
from docs import schema, screens, states
from tests.unit.rules.cases import CASES
from tests.world import at, healthy

ROOT = Path(__file__).parents[2]
MOST_BYTES = 1_000_000
FOLDERS = "bin|data|etc|home|mnt|nix|opt|private|proc|root|run|srv|tmp|usr|var|work|Users|Volumes"
REGISTRIES = r"pypi|pythonhosted|npmjs|docker\.io|ghcr|crates\.io|artifactory|nexus|registry"


def test_the_published_schema_is_fresh():
    assert schema.OUT.read_text() == schema.text(), "run: python -m docs.schema"
    assert schema.PARITY.read_text() == schema.text(ParityReport), "run: python -m docs.schema"
    assert schema.DOCTOR.read_text() == schema.text(Examination), "run: python -m docs.schema"


def test_a_report_fits_the_published_schema():
    snapshot = healthy(at("2026-11-23 12:00"))
    judged = assess(snapshot, Pipeline(), snapshot.at)
    assert judged.due is not None
    look = Look(snapshot, Pipeline(), snapshot.at, judged.due)
    made = json.loads(msgspec.json.encode(report(look, judged, "prod")))
    jsonschema.validate(made, json.loads(schema.OUT.read_text()))
    scope = scope_of(Pipeline(), None, date(2026, 11, 1), date(2026, 11, 23))
    parity = json.loads(msgspec.json.encode(parity_report(look, judged, "prod", scope)))
    jsonschema.validate(parity, json.loads(schema.PARITY.read_text()))


def test_the_table_of_states_is_fresh():
    assert states.OUT.read_text() == states.text(), "run: python -m docs.states"


def test_every_state_that_is_seen_for_real_names_a_test_that_is_there():
    for case in CASES:
        if case.real:
            path, _, name = case.real.partition("::")
            text = (ROOT / path).read_text()
            assert f"def {name}(" in text or f'"{name}": Seen(' in text, case.real


def test_every_make_target_the_documents_name_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    for name in ("README.md", "CONTRIBUTING.md"):
        named = set(re.findall(r"`make ([a-z]+)", (ROOT / name).read_text()))
        assert named <= targets, name


def test_every_folder_contributing_names_exists():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for path in re.findall(r"`((?:altui|tests|docs|bench|analytics)/[a-z_/.]+)`", text):
        assert (ROOT / path).exists(), path


def test_every_environment_name_of_the_readme_is_a_setting():
    text = (ROOT / "README.md").read_text()
    source = (ROOT / "altui" / "config" / "settings.py").read_text()
    foreign = {"ALTUI_SECTION_KEY", "NO_COLOR"}
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", text)) - foreign
    for name in named:
        assert name in source or name.startswith("ALTUI_"), name


def test_the_page_of_screens_is_fresh():
    assert screens.OUT.read_text() == screens.text(), "run: python -m docs.screens --page"


def test_the_page_of_screens_names_every_picture_and_only_those():
    named = set(re.findall(r"\]\(screens/([^)]+)\)", screens.OUT.read_text()))
    assert named == {path.name for path in screens.PICTURES.iterdir()}


def test_the_screens_are_small():
    assert sum(path.stat().st_size for path in screens.PICTURES.iterdir()) < MOST_BYTES


@pytest.mark.parametrize(
    "path", [screens.OUT, *sorted(screens.PICTURES.iterdir())], ids=lambda path: path.name
)
def test_the_screens_say_nothing_of_the_machine_that_drew_them(path: Path):
    text = html.unescape(path.read_text()).replace("\xa0", " ")
    assert not re.findall(rf"(?<![\w.:/])/(?:{FOLDERS})\b[^ <]*", text)
    assert not re.findall(rf"[\w.-]*(?:{REGISTRIES})[\w.-]*", text)
