"""Settings that cannot be meant: each is named, with what was given and what is expected."""

import json
import re
from pathlib import Path

import pytest

from altui.config import ConfigError, Secret, load, masked
from altui.config.fields import Leaf, leaves


def refused(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> str:
    path = tmp_path / "altui.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load(environ or {}, path)
    return str(raised.value).replace(f"{path}: ", "")


def test_all_unknown_keys_are_named_at_once_with_the_nearest(tmp_path: Path):
    said = refused(
        tmp_path,
        """
        produktion = true
        project = "p"
        ES_URL = "http://secret@h"
        [elasticsaerch]
        [bigquery]
        projekt = "p"
        [[pipeline.tables]]
        name = "t"
        source = "a.t"
        raw = "a_t"
        staging = "s"
        day = "at"
        upadted = "x"
        [[pipeline.marts]]
        name = "m"
        index = "i"
        table = "t"
        measures = [{name = "n", sql = "1", tollerance = 1}]
        [profiles.default.pipeline.workflow]
        houre = 1
        [pipeline.office]
        quux = 1
        """,
        {"ALTUI_REDONLY": "1"},
    )
    assert said.splitlines() == [
        "10 settings are wrong:",
        "  produktion: no such setting; the nearest is production",
        "  project: no such setting; the nearest is bigquery.project",
        "  ES_URL: no such setting; the nearest is elasticsearch.url",
        "  elasticsaerch: no such setting; the nearest is elasticsearch",
        "  bigquery.projekt: no such setting; the nearest is bigquery.project",
        "  pipeline.tables[0].upadted: no such setting; the nearest is pipeline.tables[0].updated",
        "  pipeline.marts[0].measures[0].tollerance: no such setting; the nearest is "
        "pipeline.marts[0].measures[0].tolerance",
        "  pipeline.office.quux: no such setting; known here: opens, closes, zone, holidays",
        "  profiles.default.pipeline.workflow.houre: no such setting; the nearest is "
        "profiles.default.pipeline.workflow.hour",
        "  ALTUI_REDONLY in the environment is no setting; the nearest is ALTUI_READ_ONLY",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("production = 'yes'", "production: expected true or false, given 'yes'"),
        ("production = 1", "production: expected true or false, given 1"),
        ("profile = 3", "profile: expected text, given 3"),
        ("bigquery = 1", "bigquery: expected a table [bigquery], given a int, not shown"),
        ("[bigquery]\ndaily_bytes = 1.5", "bigquery.daily_bytes: expected a whole number, given 1"),
        ("[pipeline]\ntables = 3", "pipeline.tables: expected a list, given 3"),
        ("[pipeline]\ntables = [3]", "pipeline.tables[0]: expected a table"),
        ("[pipeline]\nmarts = [{name = 'm'}]", "pipeline.marts[0].index: missing"),
        ("[pipeline.office]\nholidays = ['x']", "holidays[0]: expected a date such as 2026-12-24"),
    ],
)
def test_a_value_of_the_wrong_kind_says_what_is_expected(tmp_path: Path, text: str, words: str):
    assert words in refused(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "[fivetran]\napi_key = {canary = 'canary'}",
        "[postgres]\ndsn = ['canary']",
        "[postgres]\ndsn = 'canary'",
        "[kibana]\nurl = 'u:canary@h'",
        "postgres = 'postgresql://u:canary@h'",
        "production = 'https://u:canary@h'",
        "canary_of_a_key = 'canary'\nproduction = 'x'",
        "[profiles]\nfivetran_api_secret = 'canary'",
        "profiles = 'https://u:canary@h'",
        "profiles = 'canary'",
        "[github]\nrepository = 'https://u:canary@h'",
        '[bigquery]\ncredentials = \'{"private_key": "canary"}\'',
        "[kibana]\nurl = 'https://u:canary@h\\n.x'".replace("'", '"'),
    ],
)
def test_a_value_where_a_secret_may_stand_is_not_shown(tmp_path: Path, text: str):
    assert "canary'" not in refused(tmp_path, text)
    assert "canary@" not in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[pipeline]\nwindow_days = 0", "pipeline.window_days: 0 is not between 1 and"),
        ("[pipeline]\nwindow_days = 999999999", "pipeline.window_days"),
        ("[pipeline]\ntotal_tolerance = nan", "pipeline.total_tolerance: nan"),
        ("[pipeline]\nquiet_days = -1", "pipeline.quiet_days"),
        ("[pipeline]\ntemplate = ' '", "pipeline.template: must not be empty"),
        ("[pipeline.workflow]\nhour = 24", "pipeline.workflow.hour: 24 is not between 0 and 23"),
        ("[pipeline.workflow]\nminute = 60", "pipeline.workflow.minute"),
        ("[pipeline.workflow]\nstuck_factor = 0.5", "pipeline.workflow.stuck_factor"),
        ("[pipeline.workflow]\nnights = 0", "pipeline.workflow.nights"),
        ("[pipeline.sync]\nevery_minutes = 0", "pipeline.sync.every_minutes"),
        ("[pipeline.office]\nopens = 25", "pipeline.office.opens"),
        ("[pipeline.office]\nopens = 17\ncloses = 9", "pipeline.office: it opens at 17 but"),
        ("[pipeline.office]\nzone = 'Mars/Olympus'", "pipeline.office.zone: 'Mars/Olympus'"),
        ("[pipeline.office]\nzone = '../../etc/passwd'", "pipeline.office.zone"),
        ("[pipeline.dashboard]\nid = ''", "pipeline.dashboard.id: must not be empty"),
        ("[postgres]\nstatement_timeout_ms = 0", "postgres.statement_timeout_ms"),
        ("[elasticsearch]\nindex_prefix = 'Analytics'", "ES_ANALYTICS_INDEX"),
        ("[elasticsearch]\nindex_prefix = '*'", "ES_ANALYTICS_INDEX"),
        ("[github]\nrepository = 'https://github.com/a/b'", "is not owner/name"),
        ("[bigquery]\nmarts_dataset = 'a-b'", "bigquery.marts_dataset"),
        ("[kibana]\nurl = 'http://h:99999'", "KIBANA_URL"),
        ("[kibana]\nurl = 'http://[::1'", "KIBANA_URL"),
    ],
)
def test_a_figure_or_name_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, words: str):
    assert words in refused(tmp_path, text)


TABLE = '{name="t", source="a.t", raw="a_t", staging="s", day="at"}'
MART = '{name="m", index="i", table="t"}'


@pytest.mark.parametrize(
    ("tables", "marts", "words"),
    [
        (f"{TABLE},{TABLE}", MART, "pipeline.tables: two have the name 't'"),
        (TABLE, f"{MART},{MART}", "pipeline.marts: two have the name 'm'"),
        (TABLE, f'{MART},{{name="n", index="i"}}', "pipeline.marts: two have the index 'i'"),
        (TABLE.replace('"at"', '""'), MART, "pipeline.tables[0].day: must not be empty"),
        (TABLE, MART.replace("}", ', id=" "}'), "pipeline.marts[0].id: must not be empty"),
        (TABLE, MART.replace('"t"', '"nowhere"'), "m names no table of pipeline.tables"),
        (TABLE, '{name="m", index="i"}', "at least one mart must name the table"),
        (
            TABLE,
            MART.replace("}", ', measures=[{name="n", sql="1", tolerance=-1}]}'),
            "the tolerance of n must not be negative",
        ),
        (
            TABLE,
            '{name="m", index="i", table="t", measures=[{name="n", sql="COUNT(*)"}]},'
            '{name="o", index="p", table="t", measures=[{name="n", sql="COUNT(a)"}]}',
            "m and o are made of t and give n another sql",
        ),
    ],
)
def test_tables_and_marts_must_fit_together(tmp_path: Path, tables: str, marts: str, words: str):
    assert words in refused(tmp_path, f"[pipeline]\ntables = [{tables}]\nmarts = [{marts}]\n")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ALTUI_PRODUCTION", "maybe", "ALTUI_PRODUCTION='maybe' in the environment: say true"),
        ("ALTUI_BIGQUERY_DAILY_BYTES", "1e9", "say a whole number"),
        ("ALTUI_PIPELINE_TOTAL_TOLERANCE", "much", "say a number"),
        ("ALTUI_PIPELINE_WINDOW_DAYS", "0", "pipeline.window_days: 0 is not between"),
        ("ALTUI_BIGQUERY_PROJEKT", "p", "the nearest is ALTUI_BIGQUERY_PROJECT"),
        ("ALTUI_ES_URL", "http://canary", "ALTUI_ES_URL in the environment is no setting"),
    ],
)
def test_the_environment_is_held_to_the_same(tmp_path: Path, name: str, value: str, words: str):
    said = refused(tmp_path, "", {name: value})
    assert words in said
    assert "canary" not in said


def test_no_two_settings_share_an_environment_name():
    names = [name for leaf in leaves() for name in leaf.names]
    assert len(names) == len(set(names))


def test_every_figure_and_word_has_a_name_of_its_own_in_the_environment():
    assert load({"ALTUI_PIPELINE_WORKFLOW_HOUR": "5"}).pipeline.workflow.hour == 5
    unnamed = {leaf.dotted for leaf in leaves() if not leaf.names}
    lists = {"pipeline.tables", "pipeline.marts", "pipeline.office.holidays"}
    assert unnamed == {*lists, "keys"}


HEADERS = ["github.token", "kibana.api_key", "fivetran.api_key", "fivetran.api_secret"]
SECRETS = [leaf for leaf in leaves() if leaf.kind is Secret]


def around(leaf: Leaf, secret: str) -> str:
    """The secret alone, or where it stands in an address."""
    form = {"postgres.dsn": "host=h password='{}'", "elasticsearch.url": "https://u:{}@h"}
    return form.get(leaf.dotted, "{}").format(secret)


@pytest.mark.parametrize("leaf", SECRETS, ids=[leaf.dotted for leaf in SECRETS])
@pytest.mark.parametrize("end", ["\n", "\r\n", " ", "\t", "\u00a0"])
def test_white_space_around_a_secret_is_not_part_of_it(tmp_path: Path, leaf: Leaf, end: str):
    secret = Secret(around(leaf, "canary"))
    given = f"{end}{secret.reveal()}{end}"
    assert leaf.of(load({leaf.names[-1]: given})) == secret
    path = tmp_path / "altui.toml"
    path.write_text(f"[{leaf.path[0]}]\n{leaf.path[1]} = {json.dumps(given)}\n")
    assert leaf.of(load({}, path)) == secret


def test_a_variable_of_white_space_sets_nothing(tmp_path: Path):
    path = tmp_path / "altui.toml"
    path.write_text("[github]\ntoken = 'canary'\n")
    assert load({"GITHUB_TOKEN": " \r\n"}, path).github.token == Secret("canary")


@pytest.mark.parametrize("leaf", SECRETS, ids=[leaf.dotted for leaf in SECRETS])
@pytest.mark.parametrize("mark", ["\n", "\r", "\t", "\x00", "\x1b[31m", "\x7f", "\x85"])
def test_a_control_character_within_a_secret_is_refused(tmp_path: Path, leaf: Leaf, mark: str):
    given = around(leaf, f"cana{mark}ry")
    for said in (
        refused(tmp_path, "", {leaf.names[-1]: given}),
        refused(tmp_path, f"[{leaf.path[0]}]\n{leaf.path[1]} = {json.dumps(given)}\n"),
    ):
        assert f"{leaf.dotted} ({leaf.names[-1]})" in said
        assert "control character" in said
        assert "cana" not in said


@pytest.mark.parametrize("name", [leaf.dotted for leaf in SECRETS])
def test_a_header_takes_ascii_only(tmp_path: Path, name: str):
    leaf = next(leaf for leaf in SECRETS if leaf.dotted == name)
    given = around(leaf, "can\u00e4ry\u20ac")
    if name not in HEADERS:
        assert leaf.of(load({leaf.names[-1]: given})).reveal() == given
        return
    said = refused(tmp_path, "", {leaf.names[-1]: given})
    assert f"{leaf.dotted} ({leaf.names[-1]})" in said
    assert "letters beyond ASCII" in said
    assert "can\u00e4ry" not in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a=" + "[" * 100_000, "nested too deeply"),
        ("a=" + "{a=" * 100_000, "nested too deeply"),
        ("production" + ".a" * 5000 + " = 1", "expected true or false, given a table"),
        ("[pipeline]\nquiet_days = " + "9" * 5000, "a number of too many digits"),
        ("[pipeline]\nquiet_days = " + "9" * 400, "quiet_days: a number of 41 digits or more"),
        ("[pipeline]\nquiet_days = 0x" + "f" * 5000, "quiet_days: a number of 41 digits or more"),
        ("[pipeline]\ntotal_tolerance = 0x" + "f" * 5000, "total_tolerance"),
        ("production = 0x" + "f" * 5000, "production: expected true or false"),
        ("kibana = 0x" + "f" * 5000, "kibana: expected a table"),
        ("state_dir = '~nobody-of-that-name/x'", "state_dir (ALTUI_STATE_DIR)"),
        ('state_dir = "/tmp/\\u0000"', "state_dir (ALTUI_STATE_DIR): holds a control character"),
        ("clock = '/nowhere/clock.json'", "clock (ALTUI_CLOCK): /nowhere/clock.json cannot be"),
    ],
)
def test_what_cannot_be_taken_up_at_all_is_refused_in_few_words(
    tmp_path: Path, text: str, words: str
):
    said = refused(tmp_path, text)
    assert words in said
    assert len(said) < 300


def test_a_key_of_escape_sequences_is_shown_but_not_obeyed(tmp_path: Path):
    keys = [r"\u001b[31mred", r"\u202ebidi", r"\u009b2Jclear", r"\nline", "long" * 1000]
    text = "\n".join(f'"{key}" = 1' for key in keys)
    said = refused(tmp_path, f'{text}\n[profiles.a]\n[profiles.a."\\u001b[31mred"]')
    assert r"\x1b[31mred: no such setting" in said
    assert r"profiles.a.\x1b[31mred" in said
    assert all(character.isprintable() for character in said.replace("\n  ", ""))
    assert len(said.splitlines()) == 7
    assert max(map(len, said.splitlines())) < 400


def test_a_password_in_a_switch_of_the_environment_is_not_shown(tmp_path: Path):
    assert "canary" not in refused(tmp_path, "", {"ALTUI_PRODUCTION": "https://u:canary@h"})


BARE = ["Zebra@Quagga/Okapi#Tapir", "Zebra@Quagga", "Zebra/Okapi", "Zebra?Okapi", "Zebra#Okapi"]
BARE += ["Zebra@Quagga?a=Okapi", "12/Okapi", "12#Okapi", "Zebra?a=Okapi"]
PASSWORD = "write @ as %40, / as %2F, ? as %3F and # as %23"


@pytest.mark.parametrize("password", BARE)
@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("POSTGRES_DSN", "postgresql://reader:{}@127.0.0.1:33171/applylens"),
        ("ES_URL", "http://reader:{}@127.0.0.1:9200"),
        ("KIBANA_URL", "http://reader:{}@127.0.0.1:5601/base"),
    ],
)
def test_a_password_that_ends_an_address_too_early_is_refused_and_not_shown(
    tmp_path: Path, name: str, address: str, password: str
):
    said = refused(tmp_path, "", {name: address.format(password)})
    assert name in said and PASSWORD in said
    for part in ("Zebra", "Quagga", "Okapi", "Tapir"):
        assert part.lower() not in said.lower()


@pytest.mark.parametrize("part", ["Zebra@Quagga/Okapi#Tapir", "Zebra@Quagga?a=Okapi"])
def test_its_parts_are_masked_all_the_same(tmp_path: Path, part: str):
    refused(tmp_path, "", {"ES_URL": f"http://reader:{part}@127.0.0.1:9200"})
    for word in re.findall(r"\w{4,}", part):
        assert word not in masked(f"failed to resolve host '{word}' of {part}")


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://reader:Zebra%40Quagga@h:5432/db",
        "postgresql://h:5432/db?user=reader@server&password=Zebra",
        "postgresql:///db?host=/run/pg",
        "postgresql://u:p@h1:1,h2:2/db?sslmode=require",
        "postgresql://u:100%25@h/db",
        "host=h password='Zebra Quagga' dbname=db",
        r"host=h password=Zebra\ Quagga  dbname = db",
    ],
)
def test_what_libpq_understands_is_taken(dsn: str):
    assert load({"POSTGRES_DSN": dsn}).postgres.dsn.reveal() == dsn


def test_a_bare_percent_and_a_space_without_quotes_are_named(tmp_path: Path):
    said = refused(tmp_path, "", {"POSTGRES_DSN": "postgresql://u:Zebra%Quagga@h/db"})
    assert "POSTGRES_DSN" in said and "write % as %25" in said and "Quagga" not in said
    for dsn in ("host=h password=Zebra Quagga dbname=db", "password=Zebra Quagga", "password='Ze"):
        said = refused(tmp_path, "", {"POSTGRES_DSN": dsn})
        assert "password='two words'" in said and "Ze" not in said and "Quagga" not in said


def test_everything_that_is_wrong_is_named_at_once(tmp_path: Path):
    said = refused(
        tmp_path,
        """
        [cadence]
        x = 1
        github = "often"
        [bigquery]
        daily_bytes = -1
        [postgres]
        statement_timeout_ms = -5
        [pipeline]
        tables = [{name = "t"}]
        marts = [{name = "m", index = "i", table = "t"}]
        [pipeline.office]
        opens = "early"
        closes = 3
        """,
        {"ALTUI_POSTGRES_DSNN": "x", "ALTUI_CADENCE_COUNTS": "lots", "KIBANA_URL": "none"},
    )
    assert [line.strip().partition(":")[0] for line in said.splitlines()] == [
        "12 settings are wrong",
        "cadence.x",
        "cadence.github",
        *(f"pipeline.tables[0].{key}" for key in ("source", "raw", "staging", "day")),
        "pipeline.office.opens",
        "ALTUI_POSTGRES_DSNN in the environment is no setting; the nearest is ALTUI_POSTGRES_DSN",
        "ALTUI_CADENCE_COUNTS='lots' in the environment",
        "kibana.url (KIBANA_URL)",
        "postgres.statement_timeout_ms",
        "bigquery.daily_bytes",
    ]


def test_a_profile_that_is_not_there_is_named_with_the_rest(tmp_path: Path):
    said = refused(tmp_path, "[profiles.prod]", {"ALTUI_PROFILE": "x", "ALTUI_CADENCE_COUNTS": "y"})
    assert "no profile 'x'" in said and "ALTUI_CADENCE_COUNTS='y'" in said


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('profile = "prod', "before the end of the file"),
        ("profile = 'prod", "before the end of the file"),
        ('\nprofile = "prod\n', "on line 2"),
        ("profile = 'prod\nstate_dir = 'x'\n", "on line 1"),
    ],
)
def test_a_string_that_is_not_closed_is_told_as_such(tmp_path: Path, text: str, where: str):
    assert refused(tmp_path, text) == f"not valid TOML: a string is not closed {where}"
