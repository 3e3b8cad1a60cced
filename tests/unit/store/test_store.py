"""The store: what one process writes another reads, whole and typed."""

import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from altui.core.model.history import Size, SyncEnd, Totals
from altui.core.model.observed import Observation, ProbeError, Trouble
from altui.core.model.reading import Counts, Series
from altui.store import presence
from altui.store.database import OBSERVATIONS, StoreError
from altui.store.store import Store

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = date(2026, 11, 22)


@pytest.fixture
def store(tmp_path: Path):
    store = Store.open(tmp_path / "state")
    yield store
    store.close()


def test_an_observation_comes_back_as_it_was_with_value_and_error(store: Store):
    counts = Counts(DAY, {"emails": Series(151, NOON, {DAY: 150}, {DAY: NOON})}, "SELECT 1", 10)
    seen = Observation(
        "postgres.counts",
        counts,
        NOON,
        NOON,
        ProbeError(Trouble.unreachable, "refused", "postgres"),
        failures=2,
    )
    store.put_observations([seen])
    snapshot = store.snapshot(NOON)
    assert snapshot.observations == {"postgres.counts": seen}
    assert snapshot.get("postgres.counts", Counts) == counts


def test_what_nobody_wrote_since_is_not_decoded_again(tmp_path: Path):
    store, other = Store.open(tmp_path / "state"), Store.open(tmp_path / "state")
    counts, status = Observation("postgres.counts", at=NOON), Observation("kibana.status", at=NOON)
    other.put_observations([counts, status])
    before = store.snapshot(NOON).observations
    newer = Observation("kibana.status", at=NOON + timedelta(minutes=1))
    other.put_observations([counts, newer])
    after = store.snapshot(NOON).observations
    assert after["postgres.counts"] is before["postgres.counts"]
    assert after["kibana.status"] == newer
    other.drop(["postgres.counts"])
    assert set(store.snapshot(NOON).observations) == {"kibana.status"}
    other.put_observations([counts])
    assert store.snapshot(NOON).observations["postgres.counts"] == counts
    store.close()
    other.close()


def test_changed_tells_only_of_other_connections(store: Store):
    assert store.changed()
    assert not store.changed()
    other = Store.open(store.directory)
    other.put_observations([Observation("a")])
    assert store.changed()
    assert not store.changed()
    other.close()


def test_a_request_is_open_until_served(store: Store):
    ticket = store.request()
    assert store.requests() == {ticket: "*"}
    assert not store.served(ticket)
    store.serve([ticket])
    assert store.served(ticket)
    assert store.requests() == {}


def test_billed_bytes_add_up_by_day(store: Store):
    store.bill(DAY, 10)
    store.bill(DAY, 5)
    assert store.billed(DAY) == 15
    assert store.billed(date(2026, 11, 23)) == 0


def test_a_newer_schema_is_refused_in_words(tmp_path: Path):
    Store.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "altui.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="newer altui"):
        Store.open(tmp_path)


def test_a_store_of_the_first_schema_is_upgraded_and_keeps_what_it_holds(tmp_path: Path):
    store = Store.open(tmp_path)
    store.put_observations([Observation("kibana.status", at=NOON)])
    store.bill(DAY, 15)
    ticket = store.request()
    store.close()
    with sqlite3.connect(tmp_path / "altui.sqlite") as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if f"CREATE TABLE {name}" not in OBSERVATIONS and not name.startswith("sqlite_"):
                db.execute(f"DROP TABLE {name}")  # as the first schema was
        db.execute("PRAGMA user_version = 1")
    old = Store.open(tmp_path)
    assert old.snapshot(NOON).observations["kibana.status"].at == NOON
    assert old.billed(DAY) == 15
    assert old.requests() == {ticket: "*"}
    assert old.put_totals([totals(NOON)])
    assert old.history(NOON) == [totals(NOON)]
    assert old.put_sizes([Size(DAY, "a", 10)])
    old.close()
    Store.open(tmp_path).close()


def totals(at: datetime, apart: int = 0, table: str = "emails") -> Totals:
    return Totals(at, table, 1000, 1000 - apart, apart, 0, 12.5)


def test_a_round_is_kept_when_something_changed(store: Store):
    minute = timedelta(minutes=1)
    assert store.put_totals([totals(NOON), totals(NOON, 0, "applications")])
    assert not store.put_totals([totals(NOON + minute), totals(NOON + minute, 0, "applications")])
    assert store.put_totals([totals(NOON + 2 * minute, 3), totals(NOON, 0, "applications")])
    assert store.newest_totals() == [totals(NOON, 0, "applications"), totals(NOON + 2 * minute, 3)]
    assert len(store.history(NOON)) == 3
    assert store.history(NOON + minute) == [totals(NOON + 2 * minute, 3)]


def test_after_two_days_the_worst_round_of_each_hour_is_kept_and_after_90_none(store: Store):
    hour, minute, day = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
    for place, apart in enumerate((1, 120, 2, 3)):
        store.put_totals([totals(NOON + 10 * place * minute, apart)])
    store.put_totals([totals(NOON + hour, 5)])
    store.put_totals([totals(NOON + 2 * day - minute, 6)])
    assert len(store.history(NOON)) == 6, "nothing is thinned within two days"
    store.put_totals([totals(NOON + 2 * day + hour, 7)])
    assert [one.difference for one in store.history(NOON)] == [120, 5, 6, 7]
    store.put_totals([totals(NOON + 90 * day + 30 * minute, 8)])
    assert [one.difference for one in store.history(NOON - day)] == [5, 6, 7, 8]


def test_ends_of_syncs_are_kept_once_with_what_was_first_known_of_each(store: Store):
    minute = timedelta(minutes=1)
    first = SyncEnd(NOON, began=NOON - 5 * minute)
    assert store.put_syncs([first, SyncEnd(NOON - 60 * minute, failed=True)])
    assert not store.put_syncs([SyncEnd(NOON), SyncEnd(NOON - 60 * minute, failed=True)])
    assert not store.put_syncs([first])
    assert store.put_syncs([SyncEnd(NOON - 60 * minute, True, after=NOON - 61 * minute)])
    assert store.syncs(10) == (
        first,
        SyncEnd(NOON - 60 * minute, True, after=NOON - 61 * minute),
    )
    assert store.syncs(1) == (first,)


def test_ends_of_syncs_are_kept_for_14_days(store: Store):
    day = timedelta(days=1)
    for back in range(20):
        store.put_syncs([SyncEnd(NOON - back * day)])
    assert len(store.syncs(99)) == 20, "what is old is dropped when something new comes"
    store.put_syncs([SyncEnd(NOON + day / 24)])
    assert [one.ended for one in store.syncs(99)] == [
        NOON + day / 24,
        *(NOON - back * day for back in range(14)),
    ]


def test_a_size_is_kept_a_day_and_index_the_newest_of_them(store: Store):
    assert store.put_sizes([Size(DAY, "a", 10), Size(DAY, "b", 7)])
    assert not store.put_sizes([Size(DAY, "a", 10), Size(DAY, "b", 7)])
    assert not store.put_sizes([])
    assert store.put_sizes([Size(DAY, "a", 12), Size(DAY, "b", 7)])
    assert store.put_sizes([Size(DAY + timedelta(days=1), "a", 12)])
    assert store.sizes(DAY) == [
        Size(DAY, "a", 12),
        Size(DAY, "b", 7),
        Size(DAY + timedelta(days=1), "a", 12),
    ]
    assert store.sizes(DAY + timedelta(days=2)) == []


def test_sizes_of_90_days_are_kept(store: Store):
    for back in range(100, -1, -1):
        store.put_sizes([Size(DAY - timedelta(days=back), "a", back)])
    assert [one.bytes for one in store.sizes(date.min)] == [*range(89, -1, -1)]


def test_a_directory_that_cannot_be_made_is_told_with_the_way_out(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="ALTUI_STATE_DIR"):
        Store.open(tmp_path / "file" / "below")


def test_an_unreadable_observation_is_left_out_not_fatal(store: Store):
    store._db.execute("INSERT INTO observation VALUES ('x', '{\"probe\": 1}')")
    assert store.snapshot(NOON).observations == {}


def test_presence_ends_with_the_process_that_held_it(store: Store):
    program = (
        "import sys; from pathlib import Path; from altui.store.store import Store\n"
        "store = Store.open(Path(sys.argv[1]))\n"
        "with store.attend(), store.observing() as mine:\n"
        "    print(mine, flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(store.directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout and child.stdout.readline() == "True\n"
    assert store.attended()
    assert store.observed()
    child.kill()
    child.communicate()
    assert not store.attended()
    assert not store.observed()


def test_who_only_looks_whether_a_lock_is_held_keeps_nobody_from_taking_it(store: Store):
    observer = store.directory / presence.OBSERVER
    taken: list[bool] = []

    def take() -> None:
        with store.observing() as mine:
            taken.append(mine)

    with presence.holding(observer):
        taking = threading.Thread(target=take)
        taking.start()
    taking.join()
    assert taken == [True]


def test_panels_are_shown_for_as_long_as_somebody_shows_them(tmp_path: Path):
    observer, one, two = (Store.open(tmp_path) for _ in range(3))
    assert not observer.shown("fivetran")
    one.show(["fivetran", "parity"])
    two.show(["fivetran"])
    assert observer.shown("fivetran")
    assert observer.shown("parity")
    one.show(["parity"])
    assert observer.shown("fivetran"), "another screen shows it still"
    two.close()
    assert not observer.shown("fivetran")
    one.show([])
    assert not observer.shown("parity")
    observer.close()
    one.close()


def test_a_screen_that_was_killed_shows_nothing(tmp_path: Path):
    observer = Store.open(tmp_path)
    code = (
        "import sys, pathlib; from altui.store.store import Store;"
        "store = Store.open(pathlib.Path(sys.argv[1])); store.show(['fivetran']);"
        "print('shown', flush=True); sys.stdin.read()"
    )
    screen = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert screen.stdout is not None
    screen.stdout.readline()
    assert observer.shown("fivetran")
    screen.kill()
    screen.communicate()
    assert not observer.shown("fivetran")
    observer.close()


def test_details_stand_apart_and_can_be_dropped(tmp_path: Path):
    store = Store.open(tmp_path)
    store.put_observations(
        [Observation("kibana.status"), Observation("github.log:1/1", detail=True)]
    )
    seen = store.snapshot(NOON)
    assert (set(seen.observations), set(seen.details)) == ({"kibana.status"}, {"github.log:1/1"})
    assert seen.look("github.log:1/1") is not None
    store.drop(["github.log:1/1", "never.there"])
    assert store.snapshot(NOON).details == {}
    store.close()
