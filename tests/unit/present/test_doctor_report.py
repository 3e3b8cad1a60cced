"""The doctor's report: calm when all is well, and under each thing that is not, its fix."""

import json
from datetime import UTC, datetime

import jsonschema
import msgspec

from altui.core.model.doctor import Result, Section, examination
from altui.core.model.health import State
from altui.core.present.doctor import bad, blind, idle, rows, shell_lines
from altui.core.present.glyphs import ASCII, UNICODE
from altui.core.present.rows import columns
from docs import schema

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FINE = Result("postgres.connection", "connection", State.ok, "PostgreSQL 18.4, replica, TLS", "x")
GRANT = (
    "gcloud projects add-iam-policy-binding my-project "
    "--member=serviceAccount:analytics@my-project.iam.gserviceaccount.com "
    "--role=roles/bigquery.jobUser"
)
DENIED = Result(
    "bigquery.job_user",
    "Job User",
    State.denied,
    "403 User does not have bigquery.jobs.create permission in project my-project.",
    "dry run of SELECT 1 in my-project",
    "an administrator grants Job User in my-project",
    (GRANT,),
)
UNTOLD = Result("fivetran.role", "role", State.unknown, "cannot be tested here", matters=False)


def report(*results: Result, width: int = 80) -> list[str]:
    sections: dict[str, list[Result]] = {}
    for result in results:
        sections.setdefault(result.id.partition(".")[0], []).append(result)
    made = tuple(Section(name, "host:1", tuple(found)) for name, found in sections.items())
    seen = examination(NOW, "prod", made)
    return [row.text.rstrip() for row in rows(seen, UNICODE, width)]


def test_what_is_in_order_takes_one_line():
    assert report(FINE) == [
        "postgres       host:1",
        "  ✓ ok       connection     PostgreSQL 18.4, replica, TLS",
        "",
        "✓ ok: 1 thing in order",
    ]


def test_what_is_wrong_says_what_was_tried_what_came_back_and_the_fix():
    assert report(FINE, DENIED)[3:] == [
        "bigquery       host:1",
        "  ⊘ denied   Job User       403 User does not have bigquery.jobs.create",
        "                            permission in project my-project.",
        "             tried          dry run of SELECT 1 in my-project",
        "             fix            an administrator grants Job User in my-project",
        "               gcloud projects add-iam-policy-binding my-project \\",
        "                 --member=serviceAccount:analytics@my-project.iam.gserviceaccount.com \\",
        "                 --role=roles/bigquery.jobUser",
        "",
        "⊘ 1 denied: see each for its fix",
        "  in bigquery",
    ]


def test_words_stay_within_the_width():
    long = msgspec.structs.replace(DENIED, said="word " * 60, commands=())
    for width in (40, 80, 100):
        assert max(map(columns, report(long, width=width))) <= width


def test_a_broken_command_is_still_one_command():
    pieces = shell_lines(GRANT, 65)
    assert len(pieces) > 1
    joined = " ".join(piece.removesuffix("\\").strip() for piece in pieces)
    assert joined == GRANT
    assert all(piece.endswith(" \\") for piece in pieces[:-1])


def test_advice_beside_an_ok_is_a_hint():
    advised = msgspec.structs.replace(FINE, fix="use a replica")
    assert "             hint           use a replica" in report(advised)


def test_what_cannot_be_tested_is_never_ok_and_stops_nothing():
    lines = report(FINE, UNTOLD)
    assert "  ? unknown  role           cannot be tested here" in lines
    assert lines[-1] == "✓ ok: 1 thing in order, 1 cannot be tested here"


def test_the_worst_that_matters_decides():
    section = Section("bigquery", "", (FINE, DENIED, UNTOLD))
    assert examination(NOW, "prod", (section,)).state is State.denied
    assert bad(examination(NOW, "prod", (section,))) == (DENIED,)
    assert examination(NOW, "p", (Section("fivetran", "", (UNTOLD, FINE)),)).state is State.ok


def seen_by(*states: State, service: str = "postgres") -> bool:
    results = tuple(Result(f"{service}.{n}", "", state, "") for n, state in enumerate(states))
    local = Section("local", "", (Result("local.store", "store", State.ok, ""),))
    return blind(examination(NOW, "p", (local, Section(service, "", results))))


def test_blind_is_when_services_are_set_and_none_answers():
    assert seen_by(State.unknown)
    assert seen_by(State.unknown, State.off)
    assert not seen_by(State.off), "nothing is set: nothing was asked"
    assert not seen_by(State.denied), "a refusal is an answer"
    assert not seen_by(State.unknown, State.ok)
    assert not seen_by(State.unknown, service="dbt"), "dbt runs here"


def test_idle_is_when_nothing_is_set():
    off = Result("postgres.connection", "connection", State.off, "not set")
    local = Section("local", "", (Result("local.store", "store", State.ok, ""),))
    assert idle(examination(NOW, "p", (local, Section("postgres", "", (off,)))))
    assert not idle(examination(NOW, "p", (local, Section("postgres", "", (off, FINE)))))


def test_ascii_terminals_get_ascii_signs():
    sections = (Section("postgres", "", (FINE, DENIED)),)
    text = "".join(row.text for row in rows(examination(NOW, "p", sections), ASCII, 80))
    assert text.isascii()


def test_the_json_fits_its_published_schema():
    seen = examination(NOW, "prod", (Section("bigquery", "p at h", (FINE, DENIED, UNTOLD)),))
    made = json.loads(msgspec.json.encode(seen))
    jsonschema.validate(made, json.loads(schema.DOCTOR.read_text()))
    assert made["sections"][0]["results"][1]["commands"] == [GRANT]
