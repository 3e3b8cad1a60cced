"""A store that is damaged, foreign, newer, locked or full costs words, never a traceback."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from altui.core.model.observed import Observation
from altui.store.database import VERSION, StoreError
from altui.store.store import Store
from tests.scenes import NOON, SCENES

SCENE = SCENES["healthy"]()
PAYLOADS = {
    "nothing": b"",
    "cut": b'{"probe":"postgres.counts","value":{"type":"Cou',
    "not JSON": b"\x00\xff\xfe",
    "invalid UTF-8": b'{"probe":"\xc3\x28"}',
    "lone surrogate": b'{"probe":"\\ud800"}',
    "deep": b"[" * 100_000,
    "another shape": b'{"probe":7}',
    "a word of a newer altui": b'{"probe":"p","value":{"type":"Horoscope","stars":3}}',
    "a state of a newer altui": b'{"at":"2026-11-23T00:00:00Z","stages":{"moon":{}}}',
    "text": '{"probe":"p"',
    "a number": 7,
}


@pytest.fixture
def store(tmp_path: Path):
    store = Store.open(tmp_path / "state")
    store.put_observations(SCENE.snapshot.observations.values())
    assert SCENE.assessment is not None
    store.put_assessment(SCENE.assessment)
    yield store
    store.close()


def damage(store: Store, payload: object) -> None:
    with sqlite3.connect(store.directory / "altui.sqlite") as other:
        other.execute(
            "UPDATE observation SET payload = ? WHERE probe = 'postgres.counts'", [payload]
        )
        other.execute("UPDATE assessment SET payload = ?", [payload])
    other.close()


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_a_payload_that_cannot_be_read_is_as_if_it_was_never_written(store: Store, payload: object):
    damage(store, payload)
    seen = store.snapshot(NOON).observations
    assert set(seen) == set(SCENE.snapshot.observations) - {"postgres.counts"}
    assert store.assessment() is None
    store.put_observations([Observation("postgres.counts")])
    assert "postgres.counts" in store.snapshot(NOON).observations


def test_what_a_newer_altui_adds_to_a_struct_does_no_harm(store: Store):
    damage(store, b'{"probe":"postgres.counts","failures":2,"a_new_field":{"of":[1]}}')
    assert store.snapshot(NOON).observations["postgres.counts"].failures == 2


def check(directory: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "altui", "check"],
        env={
            "ES_URL": "http://127.0.0.1:1",
            "ALTUI_STATE_DIR": str(directory),
            "LC_ALL": "C.UTF-8",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def in_words(ran: "subprocess.CompletedProcess[str]", words: str) -> None:
    assert "Traceback" not in ran.stderr
    assert words in ran.stderr
    assert ran.returncode == 2
    assert ran.stdout == ""


def test_a_file_that_is_no_database(tmp_path: Path):
    place = tmp_path / "default"
    place.mkdir()
    (place / "altui.sqlite").write_bytes(b"this is not a database, whatever its name says" * 100)
    with pytest.raises(StoreError, match="not a database"):
        Store.open(place)
    in_words(check(tmp_path), "ALTUI_STATE_DIR")


def test_a_store_of_a_newer_altui(tmp_path: Path):
    Store.open(tmp_path / "default").close()
    with sqlite3.connect(tmp_path / "default" / "altui.sqlite") as other:
        other.execute(f"PRAGMA user_version = {VERSION + 1}")
    other.close()
    in_words(check(tmp_path), "newer altui")


def test_a_store_with_damaged_payloads_is_looked_past(tmp_path: Path):
    store = Store.open(tmp_path / "default")
    store.put_observations(SCENE.snapshot.observations.values())
    damage(store, b"\xff")
    store.close()
    ran = check(tmp_path)
    assert "Traceback" not in ran.stderr
    assert "Elasticsearch" in ran.stdout


def test_a_store_that_another_process_holds_locked(tmp_path: Path):
    Store.open(tmp_path / "default").close()
    holder = sqlite3.connect(tmp_path / "default" / "altui.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        in_words(check(tmp_path), "locked")
    finally:
        holder.close()
