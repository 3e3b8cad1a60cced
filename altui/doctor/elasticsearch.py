"""Elasticsearch: the server, the pipeline's indices and template, and what the user may do."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from altui.config import public_url
from altui.core.model.doctor import Result
from altui.core.model.health import State
from altui.core.model.observed import Trouble
from altui.core.model.reading import Cluster
from altui.core.words import plural
from altui.doctor.exam import Context, Exams, failed, lacking, speaks_no_tls, unset
from altui.services.elasticsearch import ElasticsearchReader, translated
from altui.services.elasticsearch_client import connect
from altui.services.elasticsearch_cluster import NOT_OFFERED
from altui.services.errors import ServiceError, deadline
from altui.services.text import clean
from altui.services.threads import in_thread

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

T = TypeVar("T")

READS = {"cluster": ("monitor",), "index": ("read", "monitor", "view_index_metadata")}
"""Without `monitor` on them `_cat/indices` lists indices, but counts nothing in them."""
WRITES = {
    "cluster": ("manage_index_templates",),
    "index": ("create_index", "index", "delete", "manage"),
}
ASKED = "POST /_security/user/_has_privileges"
COLOURS = {"green", "yellow", "red"}
NO_SECURITY = {400, 404, 405, 410, 501}
"""Statuses of a server that has no security API."""


async def exam(context: Context) -> Exams:
    settings = context.settings.elasticsearch
    if not settings.url:
        fix = "set ES_URL, such as https://reader:password@host:9200"
        yield unset(
            "elasticsearch.server", "server", "ES_URL", "indices are not read", fix, half=False
        )
        return
    server = await _server(context)
    yield server
    if server.state is State.denied and server.said.startswith("403"):
        # known, but allowed little: every user may ask what that is
        for result in await _privileges(context):
            yield result
    if server.state is not State.ok:
        return
    reader = ElasticsearchReader(settings, context.settings.pipeline, context.patience)
    try:
        seen = await reader.cluster()
        yield _health(seen)
        yield _template(context, seen)
        yield _indices(context, seen)
    except ServiceError as error:
        fix = "the user needs cluster privilege monitor, and view_index_metadata and monitor on "
        yield failed("elasticsearch.cluster", "cluster", error, f"{fix}{settings.index_prefix}_*")
    for result in await _privileges(context):
        yield result


async def _ask(context: Context, where: str, ask: "Callable[[Elasticsearch], T]") -> T:
    """One question with the vendor's client. Raises ServiceError."""
    url = context.settings.elasticsearch.url.reveal()

    def work() -> T:
        with translated(where, url):
            return ask(connect(url, context.patience, max_retries=0))

    async with deadline(context.patience, where):
        return await in_thread(work)


async def _server(context: Context) -> Result:
    here, subject = "elasticsearch.server", "server"

    def look(client: "Elasticsearch") -> tuple[str, str | None]:
        from elasticsearch import ApiError

        try:
            answer = client.info()
            version: Any = answer.body.get("version", {}).get("number")
        except ApiError as error:
            if error.status_code != 405:
                raise
            # a distribution without the root page: each node tells its version
            answer = client.nodes.info(metric="http", filter_path="nodes.*.version")
            versions = {node["version"] for node in answer.body["nodes"].values()}
            version = ", ".join(sorted(versions))
        if not version or not isinstance(version, str):
            raise lacking("version.number", "GET /")
        return clean(version, 60), answer.meta.headers.get("date")

    try:
        version, date = await _ask(context, "GET /", look)
    except ServiceError as error:
        return failed(here, subject, error, _fix(context, error))
    context.heard("Elasticsearch", date)
    return Result(here, subject, State.ok, f"Elasticsearch {version}", "GET /")


def _fix(context: Context, error: ServiceError) -> str:
    came = context.came_from("elasticsearch.url")
    shown = public_url(context.settings.elasticsearch.url.reveal())
    if error.trouble is Trouble.denied:
        return f"set ES_URL{came} with the right user and password: https://USER:PASSWORD@host"
    if error.trouble is Trouble.misconfigured:
        return f"write ES_URL{came} as https://USER:PASSWORD@HOST:9200"
    if error.trouble in {Trouble.nonsense, Trouble.missing}:
        return f"is {shown} Elasticsearch itself, not OpenSearch or a proxy? ES_URL{came}"
    if speaks_no_tls(error):
        return f"it answers, but not in TLS: try http:// in ES_URL{came}"
    return f"is {shown} up, and reachable from here (VPN, firewall)? ES_URL{came}"


def _health(seen: Cluster) -> Result:
    here, tried = "elasticsearch.cluster", "GET /_cluster/health"
    words = seen.unseen.get("health", "")
    if words == NOT_OFFERED:
        said = "cluster health is not offered here"
        fix = "nothing to mend: serverless Elasticsearch has none"
        return Result(here, "cluster", State.unknown, said, tried, fix, matters=False)
    if words:
        fix = "give the user the cluster privilege monitor"
        return Result(here, "cluster", State.denied, words, tried, fix)
    if seen.status not in COLOURS:
        fix = "is ES_URL Elasticsearch itself?"
        return failed(here, "cluster", lacking("status", tried), fix)
    said = f"{seen.name} {seen.status}, {plural(seen.nodes, 'node')}"
    if seen.status == "red":
        fix = "some shards have no node: GET /_cluster/allocation/explain says why"
        return Result(here, "cluster", State.broken, said, tried, fix)
    return Result(here, "cluster", State.ok, said, tried)


def _template(context: Context, seen: Cluster) -> Result:
    here, name = "elasticsearch.template", context.settings.pipeline.template
    tried = f"GET /_index_template/{name}"
    if seen.template:
        return Result(here, "template", State.ok, f"{name} is loaded", tried)
    if seen.template is None:
        words = seen.unseen.get("template", "not seen")
        fix = "give the user the cluster privilege monitor"
        state = State.denied if words.startswith("403") else State.unknown
        return Result(here, "template", state, words, tried, fix)
    file = f"es/index-templates/{name}.json"
    url = public_url(context.settings.elasticsearch.url.reveal()).rstrip("/")
    command = (
        f"curl -X PUT {url}/_index_template/{name} --header Content-Type:application/json "
        f"--data @{file}"
    )
    said = f"{name} is not loaded: the next new index gets guessed fields"
    return Result(here, "template", State.broken, said, tried, "load it", (command,))


def _indices(context: Context, seen: Cluster) -> Result:
    here, prefix = "elasticsearch.indices", context.settings.elasticsearch.index_prefix
    tried = f"GET /_cat/indices/{prefix}_*"
    wanted = [f"{prefix}_{mart.index}" for mart in context.settings.pipeline.marts]
    # an alias may stand for an index whose name goes on
    missing = [name for name in wanted if not any(one.startswith(name) for one in seen.indices)]
    if not seen.indices:
        came = context.came_from("elasticsearch.index_prefix") or " (now its default)"
        fix = f"is ES_ANALYTICS_INDEX{came} right? Else export: nothing was exported yet"
        said = f"no index begins with {prefix}_"
        return Result(here, "indices", State.broken, said, tried, fix)
    if missing:
        said = f"no {', '.join(missing)}"
        fix = "the first export of a day makes it: python analytics/export/export_to_es.py"
        return Result(here, "indices", State.broken, said, tried, fix)
    return Result(here, "indices", State.ok, f"{len(wanted)} of {prefix}_*", tried)


async def _privileges(context: Context) -> list[Result]:
    """What the user may do, for reading and for writing, as the server itself judges it."""
    pattern = f"{context.settings.elasticsearch.index_prefix}_*"
    cluster = [*READS["cluster"], *WRITES["cluster"]]
    privileges = [*READS["index"], *WRITES["index"]]

    def look(client: "Elasticsearch") -> dict[str, Any]:
        index = [{"names": [pattern], "privileges": privileges}]
        return client.security.has_privileges(cluster=cluster, index=index).body

    try:
        said = await _ask(context, ASKED, look)
        held = _held(said, pattern)
    except ServiceError as error:
        return [_untold(kind, error) for kind in ("reading", "writing")]
    read_only = context.settings.read_only
    user = clean(said.get("username"), 100)
    return [
        _judged("reading", READS, held, user, pattern, matters=True),
        _judged("writing", WRITES, held, user, pattern, matters=not read_only),
    ]


def _held(said: Mapping[str, Any], pattern: str) -> frozenset[tuple[str, str]]:
    """What the answer grants: (cluster or index, privilege)."""
    try:
        parts = {"cluster": said["cluster"].items(), "index": said["index"][pattern].items()}
    except (KeyError, TypeError, AttributeError) as error:
        words = f"the answer has another shape than expected: {type(error).__name__}"
        raise ServiceError(Trouble.nonsense, words, ASKED) from None
    return frozenset(
        (where, name) for where, part in parts.items() for name, is_held in part if is_held is True
    )


def _judged(
    kind: str,
    wanted: Mapping[str, tuple[str, ...]],
    held: frozenset[tuple[str, str]],
    user: str,
    pattern: str,
    *,
    matters: bool,
) -> Result:
    here = f"elasticsearch.{kind}"
    lacking = [
        f"{name} ({'cluster' if where == 'cluster' else pattern})"
        for where, names in wanted.items()
        for name in names
        if (where, name) not in held
    ]
    if not lacking:
        return Result(here, kind, State.ok, f"user {user} has every privilege for it", ASKED)
    role = (
        f'{{"cluster": {_json(wanted["cluster"])}, "indices": [{{"names": ["{pattern}"], '
        f'"privileges": {_json(wanted["index"])}}}]}}'
    )
    said = f"user {user} lacks {', '.join(lacking)}"
    fix = f"give {user} a role such as this one"
    commands = (f"PUT /_security/role/altui_{kind} {role}",)
    return Result(here, kind, State.denied, said, ASKED, fix, commands, matters)


def _json(names: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


def _untold(kind: str, error: ServiceError) -> Result:
    """A server without a security API cannot be asked: that is unknown, never ok."""
    here = f"elasticsearch.{kind}"
    status = error.words.partition(" ")[0]
    switched_off = status == "500" and "security" in error.words.lower()
    if switched_off or (status.isdigit() and int(status) in NO_SECURITY):
        said = "cannot be tested here: no security API"
        tried = f"{error.where}: {error.words}"
        fix = "look at the user's roles by hand"
        return Result(here, kind, State.unknown, said, tried, fix, matters=False)
    return failed(here, kind, error, "is ES_URL Elasticsearch itself, and up? Its log says more")
