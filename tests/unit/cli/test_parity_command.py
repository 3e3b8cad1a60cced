"""`altui parity` beside a running observer, its exit codes and what it refuses."""

from datetime import date
from typing import Any

import msgspec
import pytest

from altui.cli.check import check
from altui.cli.exits import Exit
from altui.cli.parity import Asked, parity
from altui.config import ConfigError
from altui.core.model.observed import Trouble
from altui.core.model.reading import Counts
from altui.core.present.parity_report import ParityReport
from altui.core.present.report import Report
from altui.services.bigquery import FLOOR
from altui.store.store import Store
from tests.answering import Scripted
from tests.feeding import fed
from tests.unit.services.test_bigquery_reader import NOT_FOUND, Warehouse, error
from tests.world import at, healthy, with_error, with_measure, with_value

NOON = at("2026-11-23 12:00")
OLD = date(2026, 11, 10)
INDEX = ("elasticsearch.counts", "index.mrt_risk_daily")


def test_json_is_the_published_report_with_checks_figures(
    observed: Store, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
):
    fed(observed, healthy(NOON), environ)
    assert parity(environ, Asked(as_json=True)) is Exit.ok
    made = msgspec.json.decode(capsys.readouterr().out, type=ParityReport)
    assert (made.version, made.outcome.value) == (1, "equal")
    assert check(environ, as_json=True, fresh=False) is Exit.ok
    report = msgspec.json.decode(capsys.readouterr().out, type=Report)
    for subject in made.subjects:
        if subject.totals is not None:
            assert subject.totals == report.panels.parity.tables[subject.name]


def test_a_difference_exits_1_and_the_table_shows_it(
    observed: Store, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
):
    fed(observed, with_measure(healthy(NOON), INDEX, OLD, "avg_risk", 1.5), environ)
    assert parity(environ, Asked()) is Exit.findings
    out = capsys.readouterr().out
    assert out.startswith("DIFFERENT")
    assert "10 Nov 2026" in out
    assert "index 1.5" in out
    assert parity(environ, Asked(table="applications")) is Exit.ok
    assert "index 1.5" not in capsys.readouterr().out


def test_a_side_that_is_not_seen_exits_3(
    observed: Store, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
):
    fed(
        observed,
        with_error(healthy(NOON), "postgres.counts", Trouble.unreachable, since=NOON),
        environ,
    )
    assert parity(environ, Asked()) is Exit.blind
    assert capsys.readouterr().out.startswith("BLIND")


@pytest.mark.parametrize(
    ("probe", "key"),
    [
        ("postgres.counts", "emails"),
        ("bigquery.counts", "raw.emails"),
        ("bigquery.counts", "staging.emails"),
        ("bigquery.counts", "mart.mrt_risk_daily"),
        ("elasticsearch.counts", "index.mrt_risk_daily"),
    ],
)
def test_what_does_not_exist_exits_1(
    observed: Store,
    environ: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    probe: str,
    key: str,
):
    counts = healthy(NOON).observations[probe].value
    assert isinstance(counts, Counts)
    series = {name: one for name, one in counts.series.items() if name != key}
    fed(
        observed,
        with_value(healthy(NOON), probe, series=series, missing={key: "Not found"}),
        environ,
    )
    assert parity(environ, Asked()) is Exit.findings
    assert f"{key} is missing" in capsys.readouterr().out.splitlines()[0]


def test_a_measure_that_was_not_read_exits_3(
    observed: Store, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
):
    unread = {"staging.emails.avg_risk": "Unrecognized name"}
    fed(observed, with_value(healthy(NOON), "bigquery.counts", unmeasured=unread), environ)
    assert parity(environ, Asked()) is Exit.blind
    assert capsys.readouterr().out.startswith("BLIND")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Asked(table="mails"), "no table 'mails'; there are emails, applications"),
        (Asked(start="2026-11-10", end="2026-11-01"), "give the earlier day first"),
        (Asked(end="2026-11-24"), "2026-11-24 is in the future: today is 2026-11-23"),
        (Asked(start="2026-11-24"), "in the future"),
        (Asked(start="10 Nov"), "'10 Nov' is not a day such as 2026-11-23"),
        (Asked(end="2026-02-30"), "is not a day"),
        (Asked(start="0001-01-01"), "3660 days back at most, to 2016-11-15: is the year right"),
        (Asked(start="0026-11-20"), "--start 0026-11-20 is too long ago"),
        (Asked(start="2016-11-14"), "too long ago"),
        (Asked(end="0001-01-05"), "--end 0001-01-05 is too long ago"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(
    environ: dict[str, str], asked: Asked, words: str
):
    with pytest.raises(ConfigError, match=words):
        parity(environ, asked)


def test_a_range_is_read_anew_and_leaves_what_the_screen_shows(
    observed: Store, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
):
    fed(observed, healthy(NOON), environ)
    before = observed.snapshot(NOON).observations
    assert parity(environ, Asked(start="2026-11-01", end="2026-11-10")) is Exit.blind
    assert "1 Nov to 10 Nov 2026" in capsys.readouterr().out
    assert observed.snapshot(NOON).observations == before


class OneTable(Warehouse):
    """Holds the raw emails alone, and gives no rows of any query."""

    def __call__(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if "/queries/" in path:
            return error(403, "accessDenied", "Access Denied: the job's rows")
        if "/tables/" in path and "public_emails" not in path:
            return 404, NOT_FOUND
        return super().__call__(method, path, body)


def test_a_range_that_bigquery_began_to_count_is_paid_for(
    observed: Store, environ: dict[str, str], server: Scripted, capsys: pytest.CaptureFixture[str]
):
    server.script = OneTable()
    fed(observed, healthy(NOON), environ)
    environ |= {"BQ_PROJECT": "p", "BIGQUERY_EMULATOR_HOST": server.url}
    assert parity(environ, Asked(start="2026-11-01")) is Exit.blind
    assert "bill 10 MiB (dry run)" in capsys.readouterr().err
    assert observed.billed(NOON.date()) == FLOOR


@pytest.mark.usefixtures("full")
def test_what_a_full_disk_still_holds_is_not_passed_off_as_now(
    unobserved: Store, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
):
    assert parity(environ, Asked()) is Exit.blind
    assert capsys.readouterr().out.startswith("BLIND")
