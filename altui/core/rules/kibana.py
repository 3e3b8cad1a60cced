"""What readers find in Kibana: its status, the data view, the dashboard, and what they show."""

from collections.abc import Iterator

from altui.core.model.health import Evidence, Finding, StageId, State
from altui.core.model.reading import DataView, Kibana, Use
from altui.core.rules.elastic import kept, matches
from altui.core.rules.look import Look
from altui.core.rules.reach import hiding, range_shows, reach, shown_as, zone_of
from altui.core.rules.serving import newest_wanted
from altui.core.words import day as day_words
from altui.core.words import plural

Figures = dict[str, int | float | str | None]

PROBE = "kibana.status"
OUT = {"unavailable", "critical"}
SERVING = {"available", "degraded"}
_GONE = "does not exist"
FOLLOWS = {
    "data views": "data views are denied: time field not judged",
    "dashboard": "the dashboard is denied: its range is not judged",
    "fields": "fields are denied: the panels are not judged",
}
"""Parts without which Kibana is not called ok."""


def kibana(look: Look) -> Iterator[Finding]:
    """Status first; what it shows only while it shows anything."""
    seen, observation = look.kibana, look.observation(PROBE)
    if seen is None or observation is None or observation.error is not None:
        return
    if seen.level in OUT:
        down = _follows_from_elastic(look)
        subject = f'Kibana\'s status is "{seen.level}"'
        if down:
            subject = f'Kibana is "{seen.level}": follows from elastic'
        yield _finding(look, "kibana.unavailable", State.broken, subject, seen.summary)
        return
    if seen.level not in SERVING:
        subject = f'Kibana calls its status "{seen.level}"'
        yield _finding(look, "kibana.level", State.unknown, subject, seen.summary)
    yield from _view(look, seen)
    yield from _dashboard(look, seen)
    for part, follows in FOLLOWS.items():
        if words := seen.unseen.get(part):
            yield _finding(look, f"kibana.{_dotted(part)}.not_seen", State.denied, follows, words)


def _follows_from_elastic(look: Look) -> bool:
    seen = look.observation("elasticsearch.cluster")
    failing = seen is not None and seen.error is not None and seen.failing_since is not None
    said = look.kibana.summary.lower() if look.kibana else ""
    serves = seen is not None and seen.answers and look.cluster and look.cluster.status != "red"
    return failing or ("elasticsearch" in said and not serves)


def _view(look: Look, seen: Kibana) -> Iterator[Finding]:
    wanted = look.pipeline.dashboard
    if "data views" in seen.unseen:
        return
    view = next((view for view in seen.data_views if view.title == wanted.data_view), None)
    if view is None:
        space = seen.elsewhere.get("data view")
        others = plural(len(seen.data_views), "other is there", "others are there")
        words = (
            f"it is in space {space}"
            if space
            else others
            if seen.data_views
            else "no other is there"
        )
        subject = f"data view {wanted.data_view} {'is not in this space' if space else _GONE}"
        yield _finding(look, "kibana.no_pattern", State.broken, subject, words)
    elif view.time_field != wanted.time_field:
        has = f"is {view.time_field}" if view.time_field else "is not set"
        subject = f"the data view's time field {has}, should be {wanted.time_field}"
        yield _finding(look, "kibana.time_field", State.broken, subject, f"data view {view.title}")
    elif _covers_nothing(look, view):
        subject = f"no index matches {view.title}"
        words = "nothing was exported yet, or under another name"
        yield _finding(look, "kibana.no_data", State.broken, subject, words)


def _covers_nothing(look: Look, view: DataView) -> bool:
    """By Kibana's own word; where its fields were not read, by the indices there are."""
    if view.fields is not None:
        return view.empty
    cluster = look.cluster
    known = cluster is not None and cluster.prefix and "mappings" not in cluster.unseen
    if cluster is None or not known:
        return False
    return not any(matches(view.title, index) for index in cluster.indices.values())


def _dashboard(look: Look, seen: Kibana) -> Iterator[Finding]:
    wanted = look.pipeline.dashboard
    if "dashboard" in seen.unseen:
        return
    if seen.dashboard is None:
        words = f"no saved object dashboard/{wanted.id}"
        yield _finding(
            look, "kibana.no_dashboard", State.broken, "the dashboard does not exist", words
        )
        return
    yield from _references(look, seen)
    yield from _fields(look, seen)
    yield from _range(look, seen)
    yield from _zone(look, seen)


def _references(look: Look, seen: Kibana) -> Iterator[Finding]:
    views = {view.id: view for view in seen.data_views}
    gone = [one for one in seen.references if one not in views]
    if gone and "data views" not in seen.unseen:
        subject = f"{plural(len(gone), 'data view')} of the dashboard not found"
        yield _finding(look, "kibana.references", State.broken, subject, ", ".join(gone[:5]))
    if seen.missing:
        one = seen.missing[0]
        more = f" (+{len(seen.missing) - 1} more)" if len(seen.missing) > 1 else ""
        panel = f"panel {_quoted(one.where)}" if one.where else "the dashboard"
        subject = f"{panel} cannot be drawn: its {one.kind} is gone{more}"
        words = ", ".join(f"{one.kind}/{one.id}" for one in seen.missing[:5])
        yield _finding(
            look, "kibana.references", State.broken, subject, words, key="kibana.references.objects"
        )
    read = [views[one] for one in seen.references if one in views]
    astray = [view for view in read if _astray(look, view)]
    if astray:
        subject = f"the dashboard reads {astray[0].title[:30]}, not ours"
        words = f"should be {look.pipeline.dashboard.data_view}"
        yield _finding(look, "kibana.wrong_index", State.broken, subject, words)


def _astray(look: Look, view: DataView) -> bool:
    """Whether a data view covers none of the indices that hold the pipeline's days."""
    if view.title == look.pipeline.dashboard.data_view:
        return False
    if view.empty:
        return True
    own = [index for mart in look.pipeline.marts for index in kept(look.cluster, mart)]
    return bool(own) and not any(matches(view.title, index) for index in own)


def _fields(look: Look, seen: Kibana) -> Iterator[Finding]:
    views = {view.id: view for view in seen.data_views}
    gone = [use for use in seen.uses if use.view in views and _unmapped(look, use, views[use.view])]
    if not gone:
        return
    first = gone[0]
    more = f" (+{len(gone) - 1} more)" if len(gone) > 1 else ""
    panel = (
        first.where
        if first.where.startswith(("control", "a control", "the filters"))
        else (f"panel {_quoted(first.where)}")
    )
    subject = f"{panel} reads {first.field[:30]}, not in the mapping{more}"
    yield _finding(
        look,
        "kibana.field_not_mapped",
        State.broken,
        subject,
        "; ".join(f"{use.where}: {use.field}" for use in gone[:5]),
        figures={
            "fields": len({use.field for use in gone}),
            "panels": len({use.where for use in gone}),
        },
    )


def _unmapped(look: Look, use: Use, view: DataView) -> bool:
    """Whether a field is not there: by Kibana's own list, else by the indices' mappings."""
    if view.empty:
        return False  # the missing index is the finding
    if view.fields is not None:
        return use.field not in view.fields
    indices = look.cluster.indices.values() if look.cluster else ()
    known = [index.fields for index in indices if matches(view.title, index)]
    if not known or any(fields is None for fields in known):
        return False
    return not any(use.field in (fields or {}) for fields in known)


def _range(look: Look, seen: Kibana) -> Iterator[Finding]:
    wanted = newest_wanted(look)
    shows, found = range_shows(look, wanted), reach(seen)
    if found is None:
        subject = "the dashboard keeps no range of its own"
        said = seen.unseen.get("settings", "not read")
        words = f"Kibana's default decides, and is not seen: {said}"
        yield _finding(look, "kibana.time_range", State.unknown, subject, words)
        return
    words = f"{found.whose} is {found.begin} to {found.end}"
    if shows is None:
        subject = "the dashboard's range is not understood"
        yield _finding(look, "kibana.time_range", State.unknown, subject, words)
    elif not shows:
        subject = f"the dashboard's range does not show {wanted:%d %b}"
        yield _finding(look, "kibana.time_range", State.broken, subject, words)
    for one in hiding(look, wanted):
        subject = f"a filter saved with the dashboard hides {wanted:%d %b}"
        yield _finding(look, "kibana.filter", State.broken, subject, one.words)


def _zone(look: Look, seen: Kibana) -> Iterator[Finding]:
    day = newest_wanted(look)
    shown = shown_as(seen, day)
    if shown != day and seen.preferences:
        subject = f"{day_words(day)} is shown as {day_words(shown)} in Kibana"
        words = f"its zone is {seen.preferences.zone}, west of UTC; a day sits at 00:00 UTC"
        yield _finding(look, "kibana.timezone", State.late, subject, words)


def notes(seen: Kibana) -> tuple[str, ...]:
    """What is no finding and still decides what a reader sees."""
    found: list[str] = []
    if seen.preferences is None and "settings" in seen.unseen:
        found.append("time zone not seen")
    elif seen.preferences and seen.preferences.zone != "Browser":
        known = zone_of(seen) is not None
        found.append(f"zone {seen.preferences.zone}" + ("" if known else ", unknown here"))
    found.extend(f"filtered by “{one.words[:40]}”" for one in seen.filters[:2])
    return tuple(found)


def _quoted(title: str) -> str:
    return f"“{title if len(title) <= 25 else title[:24] + '…'}”"


def _dotted(part: str) -> str:
    return part.replace(" ", "_")


def _finding(
    look: Look,
    check: str,
    state: State,
    subject: str,
    words: str,
    *,
    figures: Figures | None = None,
    key: str = "",
) -> Finding:
    """`key` tells findings of one check apart."""
    where = "GET /api/status, data views, dashboard"
    evidence = Evidence(StageId.kibana, where, words, look.seen_at(PROBE), figures or {})
    subject = subject if len(subject) <= 80 else subject[:79] + "…"
    since = look.first_seen(key or check)
    return Finding(check, StageId.kibana, state, subject, since, (), (evidence,), key)
