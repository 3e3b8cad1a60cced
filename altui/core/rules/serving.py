"""What readers are served: indices that answer, and a dashboard that shows their newest day."""

from collections.abc import Iterator
from datetime import date

from altui.core.model.days import day_of
from altui.core.model.health import Evidence, Finding, StageId, State
from altui.core.model.pipeline import Mart
from altui.core.model.reading import Cluster
from altui.core.rules.allocation import explained
from altui.core.rules.look import Look
from altui.core.rules.reach import reader_sees


def indices(look: Look) -> Iterator[Finding]:
    """Cluster health, blocks, missing template, and an index that ends too early."""
    if look.cluster is not None:
        yield from _cluster(look, look.cluster)
    for mart in look.pipeline.marts:
        newest = newest_document(look, mart)
        if mart.table and look.documents and (newest is None or newest < look.due.wanted_day):
            ends = f"ends {newest.day} {newest:%b}" if newest else "holds no day"
            subject = f"{mart.index} {ends}; {look.due.wanted_day:%d %b} was due"
            yield _elastic(look, f"index.behind.{mart.name}", State.late, subject)


def _cluster(look: Look, cluster: Cluster) -> Iterator[Finding]:
    if cluster.status == "red":
        red = _elastic(look, "elasticsearch.red", State.broken, "Elasticsearch is red")
        yield explained(look, red)
    for index in cluster.indices.values():
        if index.blocks:
            words = f"{index.name} is blocked: {', '.join(index.blocks)}"
            yield _elastic(look, f"elasticsearch.block.{index.name}", State.broken, words)
    if not cluster.template:
        subject = f"index template {look.pipeline.template} is not loaded"
        yield _elastic(look, "elasticsearch.no_template", State.broken, subject)


def kibana(look: Look) -> Iterator[Finding]:
    """Status, data view, dashboard, and whether its range shows the newest day."""
    seen, observation = look.kibana, look.observation("kibana.status")
    if seen is None or observation is None or observation.error is not None:
        return
    if seen.level in {"unavailable", "critical"}:
        subject = f'Kibana\'s status is "{seen.level}"'
        yield _reader(look, "kibana.unavailable", State.broken, subject, seen.summary)
        return
    wanted = look.pipeline.dashboard
    view = next((view for view in seen.data_views if view.title == wanted.data_view), None)
    if view is None:
        subject = f"data view {wanted.data_view} does not exist"
        yield _reader(look, "kibana.no_pattern", State.broken, subject)
    elif view.time_field != wanted.time_field:
        subject = f"data view's time field is {view.time_field}, not {wanted.time_field}"
        yield _reader(look, "kibana.time_field", State.broken, subject)
    if seen.dashboard is None:
        subject = "the dashboard does not exist"
        words = f"no saved object dashboard/{wanted.id}"
        yield _reader(look, "kibana.no_dashboard", State.broken, subject, words)
    elif unresolved := set(seen.references) - {view.id for view in seen.data_views}:
        subject = f"the dashboard refers to {len(unresolved)} data view(s) that do not exist"
        yield _reader(look, "kibana.references", State.broken, subject, ", ".join(unresolved))
    elif not reader_sees(look, look.due.wanted_day):
        subject = f"the dashboard's range does not show {look.due.wanted_day:%d %b}"
        words = f"{seen.time_from} to {seen.time_to}"
        yield _reader(look, "kibana.time_range", State.broken, subject, words)


def newest_document(look: Look, mart: Mart) -> date | None:
    series = look.index(mart)
    return day_of(series.latest) if series and series.latest else None


def newest_seen(look: Look, mart: Mart) -> date | None:
    """The newest day a reader sees through the dashboard; None when Kibana shows nothing."""
    series = look.index(mart)
    if series is None or look.kibana is None or look.kibana.dashboard is None:
        return None
    days = [day for day in series.by_day if reader_sees(look, day)]
    return max(days, default=None)


def _elastic(look: Look, check: str, state: State, subject: str) -> Finding:
    cluster = look.cluster
    words = f"cluster {cluster.name}: {cluster.status}" if cluster else ""
    evidence = Evidence(
        StageId.elasticsearch,
        "GET /_cluster/health, /_cat/indices",
        words,
        look.seen_at("elasticsearch.cluster"),
    )
    days = (look.due.wanted_day,) if check.startswith("index.behind") else ()
    return Finding(
        check, StageId.elasticsearch, state, subject, look.first_seen(check), days, (evidence,)
    )


def _reader(look: Look, check: str, state: State, subject: str, words: str = "") -> Finding:
    evidence = Evidence(
        StageId.kibana,
        "GET /api/status, data views, dashboard",
        words,
        look.seen_at("kibana.status"),
    )
    return Finding(check, StageId.kibana, state, subject, look.first_seen(check), (), (evidence,))
