"""Asks each service once, finds the pipeline's names there, and tells in words what came back."""

import re
from collections.abc import Coroutine, Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from msgspec.structs import replace

from altui.cli.init.matching import (
    copied,
    fitted,
    home_of,
    prefixes,
    same_table,
    wanted_tables,
)
from altui.cli.init.talk import Talk
from altui.clock import clock_of
from altui.config import Settings
from altui.config.limits import wrong_in_settings
from altui.core.model.days import day_of
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Pipeline, Table
from altui.core.model.reading import Runs
from altui.services.discovery import (
    BigQueryDiscovery,
    Choice,
    ElasticsearchDiscovery,
    FivetranDiscovery,
    GitHubDiscovery,
    KibanaDiscovery,
    PostgresDiscovery,
    SourceTable,
)
from altui.services.errors import ServiceError
from altui.services.postgres import PostgresReader
from altui.services.threads import run

T = TypeVar("T")
NONE = Choice("none of these")


def postgres(settings: Settings, talk: Talk) -> tuple[Settings, str]:
    pipeline = settings.pipeline
    there = _heard(PostgresDiscovery(settings.postgres, pipeline.tables).source_tables())
    tables = tuple(_table(table, there, talk) for table in pipeline.tables)
    settings = _with_pipeline(settings, tables=tables)
    start = day_of(clock_of(settings.clock)()) - timedelta(days=pipeline.window_days)
    counts = _heard(PostgresReader(settings.postgres, tables).counts(start))
    if not counts.series:
        words = "; ".join(counts.missing.values())
        raise ServiceError(Trouble.missing, f"connected, but {words}", "postgres")
    seen = [f"{series.rows:,} {name}" for name, series in counts.series.items()]
    return settings, f"{', '.join(seen)} seen{_but(counts.missing.values())}"


def fivetran(settings: Settings, talk: Talk) -> tuple[Settings, str]:
    choices = _heard(FivetranDiscovery(settings.fivetran).connections())
    chosen = settings.fivetran.connection
    if len(choices) == 1:
        chosen = choices[0].id
    elif choices and (talk.asks or not chosen):
        chosen = talk.choose("Which connection feeds the pipeline?", choices, chosen)
    settings = replace(settings, fivetran=replace(settings.fivetran, connection=chosen))
    seen = _heard(FivetranDiscovery(settings.fivetran).connection())
    known = _heard(FivetranDiscovery(settings.fivetran).schemas()).tables
    pipeline = settings.pipeline
    sync = pipeline.sync
    if seen.sync_frequency > 0 and seen.schedule_type != "manual":
        sync = replace(sync, every_minutes=seen.sync_frequency)
    settings = _with_pipeline(settings, tables=copied(pipeline.tables, known), sync=sync)
    copies = [f"{one.source} → {one.destination}" for one in known if one.enabled][:4]
    words = f"{seen.id}: {seen.setup_state}, last success {_moment(seen.succeeded_at)}"
    return settings, ", ".join([words, *copies])


def bigquery(settings: Settings, talk: Talk) -> tuple[Settings, str]:
    was, pipeline = settings.bigquery, settings.pipeline
    usual = (was.dataset, was.staging, was.marts)
    datasets = _heard(BigQueryDiscovery(was, pipeline).datasets(usual))
    homes = [
        home_of(wanted, datasets, name)
        for wanted, name in zip(wanted_tables(pipeline), usual, strict=True)
    ]
    raw, staging, marts = homes
    now = replace(
        was,
        dataset=raw,
        staging_dataset="" if staging == f"{raw}_staging" else staging,
        marts_dataset="" if marts == f"{raw}_marts" else marts,
    )
    settings = replace(settings, bigquery=now)
    seen = _heard(BigQueryDiscovery(now, pipeline).tables())
    if not seen.tables:
        held = ", ".join(one.name for one in datasets) or "none"
        raise ServiceError(
            Trouble.missing, f"no table of the pipeline is there; datasets seen: {held}", "bigquery"
        )
    rows = [
        f"{meta.rows:,} rows in {name}"
        for name, meta in seen.tables.items()
        if name.startswith(f"{raw}.") and meta.rows is not None
    ][:2]
    words = f"{len(seen.tables)} tables of the pipeline in {', '.join(dict.fromkeys(homes))}"
    return settings, ", ".join([words, *rows]) + _but(seen.missing.values())


def github(settings: Settings, talk: Talk) -> tuple[Settings, str]:
    if not settings.github.repository:
        raise ServiceError(Trouble.off, "no repository was named", "github")
    workflow = settings.pipeline.workflow
    choices = _heard(GitHubDiscovery(settings.github, workflow).workflows())
    names = [choice.id for choice in choices]
    if choices and workflow.file not in names:
        file = talk.choose("Which workflow builds and exports every night?", choices, workflow.file)
        workflow = _scheduled(replace(workflow, file=file), talk)
    runs = _heard(GitHubDiscovery(settings.github, workflow).runs())
    workflow = replace(workflow, export_step=_export_step(runs, workflow.export_step, talk))
    settings = _with_pipeline(settings, workflow=workflow)
    good = next((run for run in runs.runs if run.conclusion == "success"), None)
    last = f"last success {_moment(good.updated_at)}" if good else "none succeeded yet"
    return settings, f"{runs.workflow} ({workflow.file}), {len(runs.runs)} runs read, {last}"


def elasticsearch(settings: Settings, talk: Talk) -> tuple[Settings, str]:
    was, pipeline = settings.elasticsearch, settings.pipeline
    there = _heard(ElasticsearchDiscovery(was, pipeline).names())
    prefix = was.index_prefix
    if not any(name.startswith(f"{prefix}_") for name in there):
        if found := prefixes(there, pipeline.marts):
            choices = [Choice(one, f"{one}_*") for one in found]
            usual = found[0] if len(found) == 1 else prefix
            prefix = talk.choose("What do the pipeline's indices begin with?", choices, usual)
        else:
            prefix = _prefix(settings, talk)
    now = replace(was, index_prefix=prefix)
    seen = _heard(ElasticsearchDiscovery(now, pipeline).cluster())
    settings = replace(settings, elasticsearch=now)
    documents = sum(index.docs or 0 for index in seen.indices.values())
    words = f"{seen.name} is {seen.status}, {len(seen.indices)} indices {prefix}_*"
    return settings, f"{words} with {documents:,} documents"


def kibana(settings: Settings, talk: Talk) -> tuple[Settings, str]:
    dashboard = settings.pipeline.dashboard
    seen = _heard(KibanaDiscovery(settings.kibana, dashboard).status())
    titles = [view.title for view in seen.data_views]
    if titles and dashboard.data_view not in titles:
        choices = [Choice(view.title, f"by {view.time_field}") for view in seen.data_views]
        title = talk.choose(
            "Which data view do readers use?", [*choices, NONE], _only(titles, NONE.id)
        )
        if title != NONE.id:
            view = seen.data_views[titles.index(title)]
            field = view.time_field or dashboard.time_field
            dashboard = replace(dashboard, data_view=title, time_field=field)
    if seen.dashboard is None:
        choices = _heard(KibanaDiscovery(settings.kibana, dashboard).dashboards())
        ids = [choice.id for choice in choices]
        if choices:
            question = "Which dashboard do readers look at?"
            chosen = talk.choose(question, [*choices, NONE], _only(ids, NONE.id))
            dashboard = dashboard if chosen == NONE.id else replace(dashboard, id=chosen)
            seen = _heard(KibanaDiscovery(settings.kibana, dashboard).status())
    settings = _with_pipeline(settings, dashboard=dashboard)
    missing = [] if dashboard.data_view in titles else [f"no data view {dashboard.data_view}"]
    missing += [] if seen.dashboard else [f"no dashboard {dashboard.id}"]
    version = f" {seen.version}" if seen.version else ""
    shown = f', dashboard "{seen.dashboard}"' if seen.dashboard else ""
    return settings, f"Kibana{version} is {seen.level}{shown}{_but(missing)}"


def _table(table: Table, there: tuple[SourceTable, ...], talk: Talk) -> Table:
    """The table as it is called at the source; unchanged when nobody can say."""
    found = same_table(table, there)
    if found is None:
        choices = [Choice(one.name) for one in there if one.times]
        if not choices:
            return table
        question = f"{table.source} is not there. Which table holds the {table.name}?"
        name = talk.choose(question, [*choices, NONE], NONE.id)
        found = next((one for one in there if one.name == name), None)
    if found is None:
        return table
    day = table.day
    if day not in found.columns and found.times:
        question = f"{found.name} has no column {day}. Which one says a row's day?"
        day = talk.choose(question, [Choice(column) for column in found.times], found.times[0])
    return fitted(table, found, day)


def _prefix(settings: Settings, talk: Talk) -> str:
    """What the indices begin with, asked for until an index may be called so."""
    was = settings.elasticsearch
    while True:
        prefix = talk.text("What do the pipeline's indices begin with", was.index_prefix)
        now = replace(settings, elasticsearch=replace(was, index_prefix=prefix))
        wrong = next(wrong_in_settings(now), "")
        if not wrong:
            return prefix
        talk.say(f"  ✗ {wrong}")


def _scheduled(workflow: Any, talk: Talk) -> Any:
    usual = f"{workflow.hour:02}:{workflow.minute:02}"
    while True:
        answer = talk.text("When does its schedule start it, UTC", usual)
        if found := re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", answer):
            return replace(workflow, hour=int(found[1]), minute=int(found[2]))
        talk.say("  ✗ say it as hh:mm")


def _export_step(runs: Runs, usual: str, talk: Talk) -> str:
    """The name of the exporting step, asked for when no run that was read has the usual one."""
    steps = [step.name for run in runs.runs for step in run.steps]
    if not steps or usual in steps:
        return usual
    choices = [Choice(name) for name in dict.fromkeys(steps)]
    chosen = talk.choose("Which step exports to Elasticsearch?", [*choices, NONE], NONE.id)
    return usual if chosen == NONE.id else chosen


def _heard(answer: Coroutine[Any, Any, T]) -> T:
    return run(answer)


def _with_pipeline(settings: Settings, **values: Any) -> Settings:
    pipeline: Pipeline = replace(settings.pipeline, **values)
    return replace(settings, pipeline=pipeline)


def _only(values: list[str], otherwise: str) -> str:
    return values[0] if len(values) == 1 else otherwise


def _but(missing: Iterable[str]) -> str:
    words = "; ".join(missing)
    return f"; but {words}" if words else ""


def _moment(at: datetime | None) -> str:
    return f"{at:%d %b %H:%MZ}" if at else "never"
