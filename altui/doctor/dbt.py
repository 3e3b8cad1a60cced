"""dbt: the project, and what dbt itself makes of profile, environment and dataset names.

`dbt ls` renders the profile, checks dbt's version, parses the project and says where every model
and source lives; it asks nothing of BigQuery, whose own exams have done that. It takes some ten
seconds, half of them once its parse is kept in the state directory. `dbt debug` takes as long
and says nothing of datasets.
"""

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import msgspec
from msgspec import Struct

from altui.config import BigQuerySettings, Settings
from altui.core.model.doctor import Result
from altui.core.model.health import State
from altui.core.queries.bigquery import relations
from altui.doctor.exam import Context, Exams
from altui.doctor.local import ANOTHER
from altui.doctor.project import locate
from altui.services.text import clean

PROGRAM = (
    "import sys; sys.modules.update(dict.fromkeys(('pandas', 'pyarrow', 'numpy')));"
    "from dbt.cli.main import cli; cli()"
)
"""dbt without the optional packages that double its start."""
KEYS = ("name", "database", "schema")
HELD = {
    "project": "BQ_PROJECT",
    "dataset": "BQ_DATASET",
    "staging_dataset": "BQ_STAGING_DATASET",
    "marts_dataset": "BQ_MARTS_DATASET",
    "credentials": "GOOGLE_APPLICATION_CREDENTIALS",
    "emulator_host": "BIGQUERY_EMULATOR_HOST",
}
"""Settings of altui that the dbt project reads from the environment."""


class _Node(Struct):
    """A line of `dbt ls --output json`."""

    name: str
    database: str | None = None
    schema: str | None = None


async def exam(context: Context) -> Exams:
    pins = _pins()
    yield pins
    folder = project()
    if folder is None:
        said = "no analytics/dbt here, nor with altui"
        fix = "run altui in a checkout of the analytics repository"
        yield Result("dbt.project", "project", State.off, said, str(Path.cwd()), fix)
        return
    if not (folder / "dbt_project.yml").is_file():
        said = f"{folder} has no dbt_project.yml"
        fix = "run altui in a checkout of the analytics repository"
        yield Result("dbt.project", "project", State.broken, said, str(folder), fix)
        return
    if not context.settings.bigquery.project:
        said = "BQ_PROJECT is not set: the profile needs it"
        yield Result("dbt.profile", "profile", State.off, said, "dbt ls", "set BQ_PROJECT")
        return
    if pins.state is not State.ok:
        return
    cache = context.settings.directory / "dbt"
    try:
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        said = f"not tried: {cache}: {error.strerror}"
        yield Result("dbt.profile", "profile", State.unknown, said, "dbt ls", ANOTHER)
        return
    code, out, err = await _ls(context, folder, cache)
    if code:
        yield _refused(context, out, err)
        return
    yield _profile(context, folder)
    yield _datasets(context.settings, out)


def project() -> Path | None:
    return locate("analytics/dbt")


def _pins() -> Result:
    """dbt's versions against what altui's own metadata asks for."""
    from packaging.requirements import Requirement

    here, tried = "dbt.version", "versions installed beside altui"
    wanted = [Requirement(line) for line in requires("altui") or [] if line.startswith("dbt-")]
    said: list[str] = []
    wrong: list[str] = []
    for pin in wanted:
        try:
            found = version(pin.name)
        except PackageNotFoundError:
            wrong.append(f"{pin.name} is not installed")
            continue
        said.append(f"{pin.name} {found}")
        if not pin.specifier.contains(found, prereleases=True):
            wrong.append(f"{pin.name} {found} is outside {pin.specifier}")
    if wrong:
        command = f"{sys.executable} -m pip install " + " ".join(f"'{pin}'" for pin in wanted)
        said_wrong = "; ".join(wrong)
        return Result(here, "version", State.broken, said_wrong, tried, "install", (command,))
    return Result(here, "version", State.ok, ", ".join(said), tried)


def environment(settings: BigQuerySettings, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment with altui's settings under the names that the profile reads."""
    known = {name: str(getattr(settings, key)) for key, name in HELD.items()}
    return {**environ, **{name: value for name, value in known.items() if value}}


async def _ls(context: Context, folder: Path, cache: Path) -> tuple[int, str, str]:
    """Exit code, stdout and stderr. A caller who gives up ends dbt and what it started."""
    where = ("--project-dir", str(folder), "--profiles-dir", str(folder))
    kept = ("--target-path", str(cache), "--log-path", str(cache), "--log-level-file", "none")
    asked = ("--output", "json", "--output-keys", *KEYS, "--resource-type", "model", "source")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, "--quiet", "ls", *where, *kept, *asked),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**environment(context.settings.bigquery, context.environ), "NO_COLOR": "1"},
        start_new_session=True,
    )
    try:
        out, err = await process.communicate()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return process.returncode or 0, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")


def _refused(context: Context, out: str, err: str) -> Result:
    """dbt's own words, without its clock and its heading."""
    lines = [clean(line, 300) for line in (out + "\n" + err).splitlines()]
    lines = [re.sub(r"^\d\d:\d\d:\d\d\s+", "", line) for line in lines]
    words = " ".join(line for line in lines if line and line != "Encountered an error:")
    said = clean(words, 400) or "dbt failed without a word"
    fix = "mend profiles.yml or dbt_project.yml as dbt says"
    if missing := re.search(r"Env var required but not provided: '(\w+)'", words):
        fix = f"set {missing[1]}: the dbt profile reads it from the environment"
    return Result("dbt.profile", "profile", State.broken, said, "dbt ls", fix)


def _profile(context: Context, folder: Path) -> Result:
    """The profile holds; whoever starts dbt by hand needs the same variables."""
    here, tried = "dbt.profile", "dbt ls: profiles.yml and the project with this environment"
    settings = context.settings.bigquery
    wanted = environment(settings, {})
    apart = [name for name, value in wanted.items() if context.environ.get(name, "") != value]
    # a default of altui's is the profile's default as well
    apart = [
        name
        for name in apart
        if name != "BQ_DATASET"
        or context.environ.get(name)
        or settings.dataset != BigQuerySettings().dataset
    ]
    said = "profiles.yml and project parse"
    if not apart:
        return Result(here, "profile", State.ok, said, tried)
    hint = "altui's settings are not in the environment; for dbt by hand"
    commands = tuple(f"export {name}={wanted[name]}" for name in apart)
    return Result(here, "profile", State.ok, said, tried, hint, commands)


def _datasets(settings: Settings, out: str) -> Result:
    """Where dbt builds and reads against where altui looks."""
    here, tried = "dbt.datasets", "dbt ls: database and schema of models and sources"
    known, pipeline = settings.bigquery, settings.pipeline
    theirs = dict(_places(out))
    wrong: dict[str, None] = {}
    missing: list[str] = []
    for relation in relations(pipeline, known.dataset, known.staging, known.marts):
        ours = f"{known.project}.{relation.dataset}"
        place = theirs.get(relation.table)
        if place is None:
            missing.append(relation.table)
        elif place != ours:
            wrong[f"dbt uses {place}, altui reads {ours}"] = None
    if wrong or missing:
        fix = (
            "name the same to both: BQ_DATASET, BQ_STAGING_DATASET, BQ_MARTS_DATASET and "
            "[pipeline] in altui.toml; +schema in dbt_project.yml"
        )
        words = [*wrong, *([f"dbt knows no {', '.join(missing)}"] if missing else [])]
        return Result(here, "datasets", State.broken, "; ".join(words), tried, fix)
    said = "dbt builds where altui reads"
    return Result(here, "datasets", State.ok, said, tried)


def _places(out: str) -> Iterator[tuple[str, str]]:
    """Each model or source with `project.dataset`."""
    for line in out.splitlines():
        try:
            node = msgspec.json.decode(line, type=_Node)
        except msgspec.DecodeError:
            continue
        yield clean(node.name, 200), clean(f"{node.database}.{node.schema}", 200)
