"""How each probe's question is asked by hand: lines for a shell that can be pasted as they are.

Credentials are the names of environment variables, never their values. A service's address is
written out where it is known; ES_URL and POSTGRES_DSN hold credentials and stay names.
"""

import json
from collections.abc import Callable, Mapping
from shlex import quote
from urllib.parse import quote as percent
from urllib.parse import urlsplit

from altui.core.model.observed import Wish, service_of
from altui.core.model.reading import Counts
from altui.core.present.view import View
from altui.core.queries import elasticsearch, postgres
from altui.core.rules.seeing import SERVICE_NAMES
from altui.core.words import size

How = Callable[[View, str], str]
"""The lines for a view and a wish's key."""

FLOOR = 10 * 1024**2
"""Bytes that BigQuery bills at least for each table of a query."""
CURL = "curl -sS -m 30"
WIDTH = 76
"""Columns after which a line goes on in the next one."""
ELASTICSEARCH = '"${ES_URL%/}"'
JSON = "-H 'Content-Type: application/json'"
GITHUB = "https://api.github.com/repos/"
"""What `gh` asks by itself; every other address, GitHub Enterprise's too, is asked by curl."""
BIGQUERY = "https://bigquery.googleapis.com/"

NEEDS: Mapping[str, str] = {
    "postgres": "psql, and POSTGRES_DSN in your shell",
    "fivetran": "curl, and FIVETRAN_API_KEY, FIVETRAN_API_SECRET in your shell",
    "bigquery": "bq, as the account of `gcloud auth login`; curl for an emulator",
    "github": "gh or curl, and GITHUB_TOKEN in your shell",
    "elasticsearch": "curl, and ES_URL in your shell",
    "kibana": "curl, and KIBANA_API_KEY in your shell",
}
"""What a service's lines need."""


def command(seen: View, probe: str) -> str:
    """The lines that ask what the probe asked; empty for a probe that nobody knows."""
    wish = Wish.of(probe)
    how = COMMANDS.get(wish.probe)
    return how(seen, wish.key) if how and bool(wish.key) is (wish.probe in KEYED) else ""


def host(seen: View, probe: str) -> str:
    """Service and host that a probe asks, such as `PostgreSQL at replica:5432/applylens`."""
    service = service_of(probe)
    name = SERVICE_NAMES.get(service, service)
    asked = address(seen, service)
    if not asked:
        return name
    if service == "bigquery":
        return f"{name}, project {project(asked)}"
    parts = urlsplit(asked)
    path = parts.path if service == "postgres" else ""
    return f"{name} at {parts.netloc + path if parts.netloc else asked}"


def address(seen: View, service: str) -> str:
    """The service's URL; empty where it is not known."""
    known = seen.facts.addresses.get(service, "").rstrip("/")
    # a password that cannot be told apart leaves an address of stars
    return "" if "*" in known else known


def project(url: str) -> str:
    """The project at the end of BigQuery's address."""
    return url.rstrip("/").rpartition("/")[2]


def coded(text: str, safe: str = "") -> str:
    """A part of a path; a service's name for something may hold any character at all."""
    return percent(text, safe, errors="replace")


def price(seen: View, probe: str) -> str:
    """What asking once more costs; empty where it costs nothing."""
    counts = seen.look.snapshot.get(probe, Counts)
    if service_of(probe) != "bigquery" or counts is None or not counts.query:
        return ""
    if not counts.bytes:
        return f"refused above {size(_most(counts))}"
    return f"bills about {size(counts.bytes)}; refused above {size(_most(counts))}"


# PostgreSQL


def _source(seen: View, _: str) -> str:
    counts = seen.look.snapshot.get("postgres.counts", Counts)
    query = counts.query if counts else ""
    if not query:
        start = seen.look.due.wanted_day
        query = postgres.counts(seen.pipeline.tables, start).repeat
    return _psql(query)


def _server(seen: View, _: str) -> str:
    return _psql("SELECT version(), pg_is_in_recovery()")


def _psql(query: str) -> str:
    """Read-only, bounded and in UTC, as altui asks."""
    text = (
        "BEGIN READ ONLY;\nSET LOCAL statement_timeout = '5s'; SET LOCAL TIME ZONE 'UTC';\n"
        f"{query.rstrip().rstrip(';')};\nCOMMIT;"
    )
    return _here('psql -X "$POSTGRES_DSN"', text, "SQL")


# Fivetran


def _connection(seen: View, _: str) -> str:
    known = seen.look.connection
    path = f"/v1/connections/{coded(known.id)}" if known else "/v1/groups"
    return _fivetran(seen, path, "application/json;version=2" if known else "application/json")


def _schemas(seen: View, _: str) -> str:
    known = seen.look.connection
    path = f"/v1/connections/{coded(known.id)}/schemas" if known else "/v1/groups"
    return _fivetran(seen, path, "application/json")


def _fivetran(seen: View, path: str, accept: str) -> str:
    login = '-u "$FIVETRAN_API_KEY:$FIVETRAN_API_SECRET"'
    return _line(CURL, login, f"-H 'Accept: {accept}'", _url(seen, "fivetran", path))


# BigQuery


def _tables(seen: View, _: str) -> str:
    known = seen.look.tables
    names = [*known.tables, *known.missing] if known else []
    if emulator := _emulator(seen):
        paths = [name.replace(".", "/tables/", 1) for name in names]
        return "\n".join(
            _line(CURL, quote(f"{emulator}/datasets/{coded(path, '/')}")) for path in paths or [""]
        )
    lines = [_line(_bq(seen), "show --format=prettyjson", quote(name)) for name in names]
    return "\n".join(lines) or f"{_bq(seen)} ls"


def _warehouse(seen: View, _: str) -> str:
    counts = seen.look.snapshot.get("bigquery.counts", Counts)
    known = counts is not None and bool(counts.query)
    sql = counts.query.rstrip() if counts and known else "SELECT 1 AS answers"
    most = _most(counts) if counts and known else FLOOR
    if emulator := _emulator(seen):
        body = {"useLegacySql": False, "maximumBytesBilled": f"{most}", "query": sql}
        line = _line(CURL, JSON, quote(f"{emulator}/queries"), "--data-binary @-")
        return _here(line, json.dumps(body), "JSON")
    bounds = f"--maximum_bytes_billed={most}", "--max_rows=10000"
    return _here(_line(_bq(seen), "query --use_legacy_sql=false", *bounds), sql, "SQL")


def _bq(seen: View) -> str:
    asked = address(seen, "bigquery")
    name = quote(project(asked)) if asked else '"$BQ_PROJECT"'
    return f"bq --project_id={name}"


def _emulator(seen: View) -> str:
    """Its address; bq signs in to Google whatever it asks, an emulator wants nobody to."""
    asked = address(seen, "bigquery")
    return "" if asked.startswith(BIGQUERY) else asked


def _most(counts: Counts) -> int:
    """Twice what it billed, and never below BigQuery's floor: rows arrive meanwhile."""
    return 2 * max(counts.bytes or 0, FLOOR * max(len(counts.series), 1))


# GitHub


def _runs(seen: View, _: str) -> str:
    file = seen.pipeline.workflow.file
    path = f"/actions/workflows/{coded(file)}"
    if name := _repository(seen):
        state = _line("gh api", quote(f"repos/{name}{path}"), "--jq .state")
        runs = _line("gh run list", f"-R {quote(name)}", f"--workflow {quote(file)}", "--limit 40")
        return f"{state}\n{runs}"
    return "\n".join(_github(seen, one) for one in (path, f"{path}/runs?per_page=40"))


def _jobs(seen: View, key: str) -> str:
    if name := _repository(seen):
        return _line(*_gh_run(key, name), "-v")
    return _github(seen, f"{_attempt(key)}/jobs?per_page=100")


def _log(seen: View, key: str) -> str:
    run, _, attempt = key.partition("/")
    if name := _repository(seen):
        return _line(*_gh_run(key, name), "--log-failed")
    file = quote(f"run-{run}-{attempt or '1'}.zip")
    return _line(_github(seen, f"{_attempt(key)}/logs"), f"-L -o {file}")


def _gh_run(key: str, name: str) -> tuple[str, ...]:
    run, _, attempt = key.partition("/")
    return "gh run view", quote(run), f"-R {quote(name)}", f"--attempt {quote(attempt or '1')}"


def _attempt(key: str) -> str:
    run, _, attempt = key.partition("/")
    return f"/actions/runs/{coded(run)}/attempts/{coded(attempt or '1')}"


def _repository(seen: View) -> str:
    """`owner/name` on github.com; empty where another address is asked."""
    asked = address(seen, "github")
    return asked.removeprefix(GITHUB) if asked.startswith(GITHUB) else ""


def _github(seen: View, path: str) -> str:
    login = '-H "Authorization: Bearer $GITHUB_TOKEN"'
    return _line(CURL, login, _url(seen, "github", path))


# Elasticsearch


def _cluster(seen: View, _: str) -> str:
    prefix = seen.look.cluster.prefix if seen.look.cluster else ""
    pattern = f"/{coded(prefix)}_*" if prefix else ""
    paths = [
        "/_cluster/health?pretty",
        f"/_cat/indices{pattern}?v",
        f"/_index_template/{coded(seen.pipeline.template)}?pretty",
    ]
    if pattern:
        paths.insert(2, f"{pattern}?pretty&flat_settings=true")
    return "\n".join(map(_elasticsearch, paths))


def _storage(seen: View, _: str) -> str:
    shown = (
        "flat_settings=true&include_defaults=true&filter_path=*.cluster.routing.allocation.disk*"
    )
    paths = ("/_nodes/stats/fs?pretty", f"/_cluster/settings?pretty&{shown}")
    return "\n".join(map(_elasticsearch, paths))


def _documents(seen: View, _: str) -> str:
    counts = seen.look.documents
    request, _, body = (counts.query if counts else "").partition("\n")
    method, _, path = request.partition(" ")
    if not path:
        return _elasticsearch("/_cat/indices?v")
    if not body:
        return _elasticsearch(path, f"-X {quote(method)}")
    sent = "-H 'Content-Type: application/x-ndjson'", "--data-binary @-"
    return _here(_elasticsearch(f"{path}?pretty", *sent), body.rstrip("\n"), "NDJSON")


def _allocation(seen: View, key: str) -> str:
    paths = ("/_cluster/allocation/explain?pretty", f"/_cat/shards/{coded(key, safe='*,')}?v")
    return "\n".join(map(_elasticsearch, paths))


def _sample(seen: View, key: str) -> str:
    prefix = seen.look.cluster.prefix if seen.look.cluster else ""
    mart = next((mart for mart in seen.pipeline.marts if mart.index == key), None)
    name = f"{prefix}_{key}" if prefix else f"*_{key}"
    body = elasticsearch.newest(mart, prefix).text if mart else '{"size": 1}'
    path = f"/{coded(name, safe='*')}/_search?pretty"
    return _here(_elasticsearch(path, JSON, "-d @-"), body, "JSON")


def _elasticsearch(path: str, *more: str) -> str:
    return _line(CURL, ELASTICSEARCH + quote(path), *more)


# Kibana


def _kibana(seen: View, _: str) -> str:
    board = (
        '{"objects":[{"type":"dashboard","id":"'
        + seen.pipeline.dashboard.id.replace("\\", "\\\\").replace('"', '\\"')
        + '"}],"includeReferencesDeep":true}'
    )
    login = CURL, '-H "Authorization: ApiKey $KIBANA_API_KEY"'
    export = _url(seen, "kibana", "/api/saved_objects/_export")
    return "\n".join(
        (
            _line(*login, _url(seen, "kibana", "/api/status")),
            _line(*login, _url(seen, "kibana", "/api/data_views")),
            _line(*login, "-H 'kbn-xsrf: altui'", JSON, export, f"-d {quote(board)}"),
        )
    )


# What all share


def _url(seen: View, service: str, path: str) -> str:
    """The address as a word of the shell; by its variables where it is not known."""
    known = address(seen, service)
    return quote(known + path) if known else UNKNOWN[service] + quote(path)


def _line(*words: str) -> str:
    """One command; where it is long it goes on in the next lines."""
    made = ""
    for word in words:
        last = made.rpartition("\n")[2]
        room = len(last) + 1 + len(word) + 2 <= WIDTH
        made += word if not made else f" {word}" if room else f" \\\n  {word}"
    return made


def _here(line: str, text: str, mark: str) -> str:
    """The line with the text as its input, in which the shell changes nothing."""
    while mark in text.splitlines():
        mark += "_"
    return f"{line} <<'{mark}'\n{text}\n{mark}"


UNKNOWN: Mapping[str, str] = {
    "fivetran": '"${FIVETRAN_URL:-https://api.fivetran.com}"',
    "github": '"${GITHUB_API_URL:-https://api.github.com}/repos/$GITHUB_REPOSITORY"',
    "kibana": '"${KIBANA_URL%/}"',
}
COMMANDS: Mapping[str, How] = {
    "postgres.server": _server,
    "postgres.counts": _source,
    "fivetran.connection": _connection,
    "fivetran.schemas": _schemas,
    "bigquery.tables": _tables,
    "bigquery.counts": _warehouse,
    "github.runs": _runs,
    "github.jobs": _jobs,
    "github.log": _log,
    "elasticsearch.cluster": _cluster,
    "elasticsearch.counts": _documents,
    "elasticsearch.storage": _storage,
    "elasticsearch.allocation": _allocation,
    "elasticsearch.sample": _sample,
    "kibana.status": _kibana,
}
"""By probe, or by the first half of a granted wish's id: a new one needs a row here."""
KEYED = frozenset({"github.jobs", "github.log", "elasticsearch.allocation", "elasticsearch.sample"})
"""Those that are read by wish only, under a key."""
