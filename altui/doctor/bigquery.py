"""BigQuery: credentials, the project, the datasets, the tables, and every role that is needed."""

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import Struct, field

from altui.config import BigQuerySettings
from altui.core.model.doctor import Result
from altui.core.model.health import State
from altui.core.model.observed import Trouble
from altui.core.queries.bigquery import Relation, relations
from altui.core.queries.query import Query
from altui.core.words import plural
from altui.doctor.bigquery_roles import (
    CREATE,
    WRITE,
    Access,
    Who,
    editor,
    grant_on_dataset,
    grant_on_project,
    viewer,
)
from altui.doctor.exam import Context, Exams, failed, unset
from altui.doctor.settings import account_of
from altui.services.bigquery_access import account, open_read_session, project_permissions
from altui.services.bigquery_client import Calls, connect
from altui.services.bigquery_errors import translated, words_of
from altui.services.errors import ServiceError, deadline
from altui.services.text import clean
from altui.services.threads import in_thread

T = TypeVar("T")


class Found(Struct):
    """What the exams have learnt on their way."""

    client: Any = None
    who: Who = Who("")
    locations: dict[str, str] = field(default_factory=dict[str, str])
    access: dict[str, Access] = field(default_factory=dict[str, Access])
    """Per dataset that exists."""
    there: list[Relation] = field(default_factory=list[Relation])


async def exam(context: Context) -> Exams:
    settings = context.settings.bigquery
    if not settings.project:
        half = bool(settings.credentials or settings.emulator_host)
        fix = "set BQ_PROJECT to the id of the Google Cloud project"
        follows = "the warehouse is not read"
        yield unset("bigquery.project", "project", "BQ_PROJECT", follows, fix, half=half)
        return
    found = Found()
    job_user = await _job_user(context, found)
    yield job_user
    if job_user.state in {State.unknown, State.broken} or found.client is None:
        return
    yield await _datasets(context, found)
    if not found.access:
        return
    yield await _tables(context, found)
    for result in await _roles(context, found):
        yield result
    yield await _storage(context, found)


async def _ask(where: str, ask: Callable[[], T], seconds: float) -> T:
    """One question of a blocking client, bounded. Raises ServiceError."""

    def work() -> T:
        with translated(where):
            return ask()

    async with deadline(seconds, where):
        return await in_thread(work)


async def _job_user(context: Context, found: Found) -> Result:
    """A dry run needs what a query needs: a project, an account, and bigquery.jobs.create."""
    here, subject = "bigquery.job_user", "Job User"
    settings = context.settings.bigquery

    def ask() -> None:
        found.client = connect(settings)
        found.who = _who(found.client, settings)
        Calls(found.client, context.patience).estimate(Query("SELECT 1"))

    where = f"dry run of SELECT 1 in {settings.project}"
    try:
        await _ask(where, ask, context.patience)
    except ServiceError as error:
        return _no_query(context, found, error)
    as_whom = f" as {found.who.account}" if found.who.account else ""
    return Result(here, subject, State.ok, f"may run queries in {settings.project}{as_whom}", where)


def _no_query(context: Context, found: Found, error: ServiceError) -> Result:
    here, subject = "bigquery.job_user", "Job User"
    project = context.settings.bigquery.project
    key = context.came_from("bigquery.credentials")
    named = context.came_from("bigquery.project")
    if error.trouble is Trouble.denied and error.words.startswith("403"):
        command = grant_on_project(project, found.who, "bigquery.jobUser")
        fix = f"an administrator grants Job User in {project}"
        return failed(here, subject, error, fix, (command,))
    if error.trouble is Trouble.denied:
        fix = f"the key is not accepted: set GOOGLE_APPLICATION_CREDENTIALS{key} to a valid one"
        return failed(here, "credentials", error, fix)
    if error.trouble is Trouble.misconfigured and error.words.startswith("GOOGLE_"):
        fix = f"set GOOGLE_APPLICATION_CREDENTIALS{key} to the service account's key file"
        return failed(here, "credentials", error, fix)
    if error.trouble in {Trouble.missing, Trouble.refused}:
        fix = f"is BQ_PROJECT{named} the project's id, with the BigQuery API switched on?"
        command = f"gcloud services enable bigquery.googleapis.com --project={project}"
        return failed(here, "project", error, fix, (command,))
    host = context.settings.bigquery.emulator_host
    name = f"BIGQUERY_EMULATOR_HOST{context.came_from('bigquery.emulator_host')}"
    fix = f"is {host} up? {name}" if host else "is *.googleapis.com reachable from here (proxy)?"
    return failed(here, "project", error, fix)


def _who(client: Any, settings: BigQuerySettings) -> Who:
    """The account that asks; with an emulator, which knows none, the key file's."""
    if known := account(client):
        return Who(known)
    try:
        return Who(account_of(settings.credentials).email) if settings.credentials else Who("")
    except (OSError, ValueError):
        return Who("")


def _named(settings: BigQuerySettings) -> dict[str, str]:
    """Each dataset with the variable that names it."""
    return {
        settings.dataset: "BQ_DATASET",
        settings.staging: "BQ_STAGING_DATASET",
        settings.marts: "BQ_MARTS_DATASET",
    }


async def _datasets(context: Context, found: Found) -> Result:
    """Whether the datasets exist, lie in one place, and who may write to them."""
    from google.api_core.exceptions import NotFound

    here, tried = "bigquery.datasets", "datasets.get"
    settings = context.settings.bigquery
    missing: dict[str, str] = {}

    def ask() -> None:
        calls = Calls(found.client, context.patience)
        for name in _named(settings):
            try:
                dataset = calls.dataset(f"{settings.project}.{name}")
            except NotFound as error:
                missing[name] = words_of(error)
                continue
            found.locations[name] = clean(dataset.location, 40)
            found.access[name] = Access(_entries(dataset), frozenset())

    try:
        await _ask(tried, ask, context.patience)
    except ServiceError as error:
        commands = _grants(settings, found.who, "bigquery.dataViewer")
        fix = "an administrator grants at least Data Viewer, in the project or on a dataset"
        commands = commands if error.trouble is Trouble.denied else ()
        return failed(here, "datasets", error, fix, commands)
    if missing:
        named = ", ".join(f"{_named(settings)[name]} (now {name})" for name in missing)
        fix = f"is {named} right? A dataset that is not there yet is made by the first dbt run"
        said = "; ".join(missing.values())
        return Result(here, "datasets", State.broken, said, tried, fix)
    places = set(found.locations.values())
    if len(places) > 1:
        said = ", ".join(f"{name} in {place}" for name, place in found.locations.items())
        fix = "no query reads two locations: keep all datasets in one (BQ_LOCATION for dbt)"
        return Result(here, "datasets", State.broken, said, tried, fix)
    said = f"{', '.join(found.access)} in {places.pop()}"
    return Result(here, "datasets", State.ok, said, tried)


def _entries(dataset: Any) -> dict[str, str]:
    """Who has which role on the dataset itself, by address (users, service accounts, groups)."""
    return {
        clean(entry.entity_id, 200): clean(entry.role, 100)
        for entry in dataset.access_entries or ()
        if entry.role and isinstance(entry.entity_id, str)
    }


async def _tables(context: Context, found: Found) -> Result:
    from google.api_core.exceptions import NotFound

    here, tried = "bigquery.tables", "tables.get of each table"
    settings = context.settings.bigquery
    wanted = [
        one
        for one in relations(
            context.settings.pipeline, settings.dataset, settings.staging, settings.marts
        )
        if one.dataset in found.access
    ]
    missing: list[str] = []
    lacking: list[str] = []

    def ask() -> None:
        calls = Calls(found.client, context.patience)
        for relation in wanted:
            try:
                table = calls.table(f"{settings.project}.{relation.name}")
            except NotFound:
                missing.append(relation.name)
                continue
            found.there.append(relation)
            columns = {column.name for column in table.schema}
            lacking.extend(
                f"{relation.name} has no column {name}"
                for name in relation.needs
                if name not in columns
            )

    try:
        await _ask(tried, ask, context.patience)
    except ServiceError as error:
        fix = "an administrator grants at least Data Viewer"
        commands = _grants(settings, found.who, "bigquery.dataViewer")
        commands = commands if error.trouble is Trouble.denied else ()
        return failed(here, "tables", error, fix, commands)
    if missing or lacking:
        words = [f"not there: {', '.join(missing)}"] if missing else []
        fix = (
            "raw tables come with Fivetran's first sync, the others with the first dbt run; other "
            "names belong under [pipeline]"
        )
        said = "; ".join([*words, *lacking])
        return Result(here, "tables", State.broken, said, tried, fix)
    said = f"{plural(len(wanted), 'table')} with the columns that are counted"
    return Result(here, "tables", State.ok, said, tried)


async def _roles(context: Context, found: Found) -> list[Result]:
    """Data Viewer and Data Editor by testIamPermissions: on every table, and in the project."""
    settings = context.settings.bigquery
    if not found.there:
        return []
    in_project: frozenset[str] | None = None
    why = ""

    def on_tables() -> dict[str, frozenset[str]]:
        calls = Calls(found.client, context.patience)
        held: dict[str, frozenset[str]] = {}
        for relation in found.there:
            answer = calls.permitted(f"{settings.project}.{relation.name}", WRITE)
            # what is missing on one table is missing
            held[relation.dataset] = held.get(relation.dataset, answer) & answer
        return held

    try:
        held = await _ask("tables.testIamPermissions", on_tables, context.patience)
    except ServiceError as error:
        fix = "look at the account's roles by hand: IAM in the Google Cloud console"
        return [
            failed("bigquery.viewer", "Data Viewer", error, fix, matters=False),
            failed("bigquery.editor", "Data Editor", error, fix, matters=False),
        ]
    try:
        in_project = await _ask(
            "projects.testIamPermissions",
            lambda: project_permissions(settings, found.client, [CREATE], context.patience),
            context.patience,
        )
    except ServiceError as error:
        why = error.words
    access = {
        name: Access(entry.entries, held[name])
        for name, entry in found.access.items()
        if name in held
    }
    needed = not context.settings.read_only
    return [
        viewer(settings.project, found.who, access),
        editor(settings.project, found.who, access, in_project, why, matters=needed),
    ]


async def _storage(context: Context, found: Found) -> Result:
    """Storage Read by opening a session; without it rows come page by page, only slower."""
    here, subject = "bigquery.storage", "Storage Read"
    settings = context.settings.bigquery
    solid = [one for one in found.there if one.dataset != settings.staging or one.raw]
    if not solid:
        said = "cannot be tested here: there is no table to read"
        tried, fix = "CreateReadSession", "dbt makes the tables; then ask again"
        return Result(here, subject, State.unknown, said, tried, fix, matters=False)
    table = solid[-1].name
    where = f"CreateReadSession of {table}"
    try:
        await _ask(
            where,
            lambda: open_read_session(settings, table, found.client, context.patience),
            2 * context.patience,  # Google's gRPC client takes its time to load
        )
    except ServiceError as error:
        if error.trouble is Trouble.off:
            said = f"cannot be tested here: {error.words}"
            fix = "rows are read page by page: slower, nothing is lost"
            return Result(here, subject, State.unknown, said, where, fix, matters=False)
        command = grant_on_project(settings.project, found.who, "bigquery.readSessionUser")
        fix = "rows are then read page by page over REST: slower, nothing is lost"
        commands = (command,) if error.trouble is Trouble.denied else ()
        return failed(here, subject, error, fix, commands, matters=False)
    return Result(here, subject, State.ok, "sessions can be opened", where)


def _grants(settings: BigQuerySettings, who: Who, role: str) -> tuple[str, ...]:
    on_datasets = (grant_on_dataset(settings.project, name, who, role) for name in _named(settings))
    return (grant_on_project(settings.project, who, role), *on_datasets)
