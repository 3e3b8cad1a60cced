"""What `altui init` makes of what it found."""

import pytest
from psycopg.conninfo import conninfo_to_dict

from altui.cli.init.matching import copied, fitted, home_of, prefixes, same_table
from altui.cli.init.passwords import has_user, joined, parted
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import SyncTable
from altui.services.discovery import Dataset, SourceTable

EMAILS, APPLICATIONS = Pipeline().tables
COLUMNS = frozenset({"id", "received_at", "created_at", "updated_at"})


def source(name: str, columns: frozenset[str] = COLUMNS) -> SourceTable:
    return SourceTable(name, columns, ("received_at",))


def test_a_table_is_found_by_its_name_and_else_by_the_only_one_alike():
    elsewhere, other = source("crm.emails"), source("old.emails", frozenset({"id"}))
    assert same_table(EMAILS, [elsewhere, source("public.emails")]) == source("public.emails")
    assert same_table(EMAILS, [elsewhere, other]) == elsewhere
    assert same_table(EMAILS, [elsewhere, source("new.emails")]) is None, "two: a question"
    assert same_table(APPLICATIONS, [elsewhere]) is None


def test_a_table_that_was_found_keeps_its_copies_names_only_under_its_own():
    assert fitted(EMAILS, source("public.emails"), "received_at") == EMAILS
    moved = fitted(EMAILS, source("crm.emails"), "received_at")
    assert (moved.source, moved.raw, moved.staging) == ("crm.emails", "crm_emails", "stg_emails")


def test_columns_that_are_not_there_are_not_asked_for():
    bare = fitted(EMAILS, source("public.emails", frozenset({"at"})), "at")
    assert (bare.day, bare.created, bare.updated) == ("at", "at", None)


def test_fivetrans_names_for_the_copies_are_taken():
    synced = [SyncTable("public.emails", "emails_v2", True), SyncTable("public.x", "x", True)]
    assert [table.raw for table in copied(Pipeline().tables, synced)] == [
        "emails_v2",
        "public_applications",
    ]


@pytest.mark.parametrize(
    ("held", "home"),
    [
        ({"raw": {"a", "b"}, "other": {"a"}}, "raw"),
        ({"other": {"a", "b"}}, "other"),
        ({"raw": {"a"}, "other": {"a"}}, "raw"),
        ({"other": {"z"}}, "raw"),
        ({}, "raw"),
    ],
)
def test_a_dataset_is_the_one_that_holds_most(held: dict[str, set[str]], home: str):
    datasets = [Dataset(name, frozenset(tables)) for name, tables in held.items()]
    assert home_of({"a", "b"}, datasets, "raw") == home


def test_a_prefix_is_what_stands_before_the_marts_suffixes():
    indices = ["prod_risk_daily", "prod_parity_drift", "test_risk_daily", "logs", "_risk_daily"]
    assert prefixes(indices, Pipeline().marts) == ("prod", "test")


@pytest.mark.parametrize(
    ("address", "shown", "password"),
    [
        ("https://u:p@h:9200/x", "https://u@h:9200/x", "p"),
        ("https://u:p%2F%40@h", "https://u@h", "p/@"),
        ("https://u@h", "https://u@h", ""),
        ("https://h:9200", "https://h:9200", ""),
        ("postgresql://u:p@h1:1,h2:2/d?sslmode=require", None, "p"),
        ("host=h user=u password='a b'", "host=h user=u", "a b"),
        ("http://u:p@[::1", "http://u@[::1", "p"),
        ("host=h password=a://b", "host=h", "a://b"),
    ],
)
def test_a_password_is_taken_out_and_put_back(address: str, shown: str | None, password: str):
    without, taken = parted(address)
    assert taken == password
    assert sorted(without.split()) == sorted((shown or address.replace(":p@", "@")).split())
    assert parted(joined(without, taken)) == (without, password)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("password=a%2Fb", ""),
        ("password=a%2Fb&user=u", "user=u"),
        ("user=u&password=a%2Fb", "user=u"),
        ("user=u&password=a%2Fb&sslmode=require", "user=u&sslmode=require"),
    ],
)
def test_a_password_among_a_dsns_parameters_is_found(asked: str, kept: str):
    without, taken = parted(f"postgresql://h/d?{asked}")
    assert (without, taken) == ("postgresql://h/d" + (f"?{kept}" if kept else ""), "a/b")
    meant = {"host": "h", "dbname": "d", "password": "a/b"} | dict(
        word.split("=") for word in kept.split("&") if word
    )
    assert conninfo_to_dict(joined(without, taken)) == meant


def test_a_password_is_asked_for_where_it_has_a_user():
    assert has_user("https://u@h")
    assert has_user("host=h user=u")
    assert has_user("postgresql://h/d?user=u")
    assert not has_user("https://h")
