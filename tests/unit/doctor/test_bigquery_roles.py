"""Which role is lacking, by what the tables, the project and the access lists say."""

import pytest

from altui.core.model.health import State
from altui.doctor.bigquery_roles import (
    CREATE,
    READ,
    WRITE,
    Access,
    Who,
    editor,
    grant_on_project,
    viewer,
)

ACCOUNT = "analytics@my-project.iam.gserviceaccount.com"
WHO = Who(ACCOUNT)
ALL = frozenset(WRITE)
NONE: frozenset[str] = frozenset()


def judged(
    held: frozenset[str] = ALL,
    entries: dict[str, str] | None = None,
    in_project: frozenset[str] | None = NONE,
    who: Who = WHO,
    matters: bool = True,
):
    access = {"raw": Access(entries or {}, ALL), "marts": Access(entries or {}, held)}
    return editor("my-project", who, access, in_project, "403 not used", matters=matters)


def test_the_line_to_copy_has_the_real_project_and_account():
    assert grant_on_project("my-project", WHO, "bigquery.jobUser") == (
        "gcloud projects add-iam-policy-binding my-project "
        f"--member=serviceAccount:{ACCOUNT} --role=roles/bigquery.jobUser"
    )
    person = grant_on_project("p", Who("me@example.com"), "bigquery.jobUser")
    assert "--member=user:me@example.com" in person
    assert '--member="user:$(gcloud config get account)"' in grant_on_project("p", Who(""), "x")


def test_a_table_that_may_not_be_filled_lacks_data_editor():
    seen = judged(held=frozenset({READ}))
    assert seen.state is State.denied and seen.bad
    assert "no bigquery.tables.updateData" in seen.said and seen.said.endswith(" in marts")
    assert seen.commands == (
        "gcloud projects add-iam-policy-binding my-project "
        f"--member=serviceAccount:{ACCOUNT} --role=roles/bigquery.dataEditor",
        "bq query --nouse_legacy_sql --project_id=my-project "
        "'GRANT `roles/bigquery.dataEditor` ON SCHEMA `my-project.marts` "
        f'TO "serviceAccount:{ACCOUNT}"\'',
    )
    assert not judged(held=NONE, matters=False).bad, "who only looks needs no Data Editor"


@pytest.mark.parametrize(
    ("entries", "in_project", "state"),
    [
        ({}, frozenset({CREATE}), State.ok),
        ({ACCOUNT: "WRITER"}, NONE, State.ok),
        ({ACCOUNT: "roles/bigquery.dataEditor"}, None, State.ok),
        ({}, NONE, State.denied),
        ({ACCOUNT: "READER"}, NONE, State.denied),
        ({ACCOUNT: "READER", "projectReaders": "READER"}, NONE, State.denied),
        # doubt is never ok, and never a refusal
        ({}, None, State.unknown),
        ({ACCOUNT: "READER"}, None, State.unknown),
        ({"team@example.com": "WRITER"}, NONE, State.unknown),
        ({ACCOUNT: "projects/p/roles/ours"}, NONE, State.unknown),
    ],
)
def test_whether_tables_may_be_made(
    entries: dict[str, str], in_project: frozenset[str] | None, state: State
):
    seen = judged(entries=entries, in_project=in_project)
    assert seen.state is state
    assert seen.bad is (state is State.denied)
    if state is State.unknown:
        assert "cannot be tested here" in seen.said


def test_an_unknown_account_is_not_found_in_the_list():
    assert judged(entries={"": "WRITER"}, who=Who(""), in_project=NONE).state is not State.ok


def test_data_viewer_is_needed_on_each_dataset():
    access = {"raw": Access({}, frozenset({READ})), "marts": Access({}, NONE)}
    seen = viewer("my-project", WHO, access)
    assert seen.state is State.denied
    assert seen.said == "no bigquery.tables.getData in marts"
    assert "roles/bigquery.dataViewer" in seen.commands[0]
    assert viewer("p", WHO, {"raw": Access({}, frozenset({READ}))}).state is State.ok
