"""What types cannot say of a setting: limits, names, and what must fit together."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, tzinfo
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

from altui.clock import offset_of
from altui.config.checking import nearest, shown
from altui.config.fields import Leaf, leaves
from altui.config.keys import wrong_keys
from altui.config.secret import KEYWORD, Secret, ends_early
from altui.config.settings import Settings
from altui.core.model.pipeline import Mart, Office, Pipeline, Table
from altui.core.present.themes import THEMES

PROFILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
YEAR = 366
YEAR_MINUTES = YEAR * 24 * 60
# fmt: off
LIMITS: dict[str, tuple[float, float]] = {
    "postgres.statement_timeout_ms":          (1, 2**31 - 1),
    "bigquery.daily_bytes":                   (0, 2**60),
    "cadence.fivetran":                       (5, 86400),
    "cadence.github":                         (5, 86400),
    "cadence.elasticsearch":                  (5, 86400),
    "cadence.postgres":                       (5, 86400),
    "cadence.kibana":                         (5, 86400),
    "cadence.bigquery":                       (5, 86400),
    "cadence.counts":                         (60, 86400),
    "cadence.details":                        (5, 86400),
    "cadence.allocation":                     (5, 86400),
    "pipeline.window_days":                   (1, 10 * YEAR),
    "pipeline.look_back_days":                (1, 10 * YEAR),
    "pipeline.quiet_days":                    (1, 10 * YEAR),
    "pipeline.workflow.hour":                 (0, 23),
    "pipeline.workflow.minute":               (0, 59),
    "pipeline.workflow.least_delay_minutes":  (0, YEAR_MINUTES),
    "pipeline.workflow.nights":               (1, 1000),
    "pipeline.workflow.successes":            (1, 1000),
    "pipeline.workflow.usual_minutes":        (1, YEAR_MINUTES),
    "pipeline.workflow.missed_minutes":       (0, YEAR_MINUTES),
    "pipeline.workflow.stuck_factor":         (1, 1000),
    "pipeline.workflow.stuck_minutes":        (1, YEAR_MINUTES),
    "pipeline.sync.every_minutes":            (1, YEAR_MINUTES),
    "pipeline.sync.grace_minutes":            (0, YEAR_MINUTES),
    "pipeline.sync.usual_minutes":            (1, YEAR_MINUTES),
    "pipeline.sync.successes":                (1, 1000),
    "pipeline.sync.margin_minutes":           (0, YEAR_MINUTES),
    "pipeline.office.opens":                  (0, 23),
    "pipeline.office.closes":                 (1, 24),
    "pipeline.total_tolerance":               (0, 1),
}
# fmt: on
"""Least and greatest value."""
UNLISTED = (0, 2**53)
BARE = (
    "holds a bare @, /, ? or # where it ends the password too early (not shown): in the password, "
    "write @ as %40, / as %2F, ? as %3F and # as %23"
)
IN_HEADERS = {"fivetran.api_key", "fivetran.api_secret", "github.token", "kibana.api_key"}
"""Secrets that are sent in a header of HTTP, which takes ASCII only."""


def wrong_in_settings(settings: Settings, *, alone: bool = False) -> Iterator[str]:
    """Each setting that cannot be meant, by its name; `alone`: not how they fit together."""
    if not PROFILE_NAME.fullmatch(settings.profile):
        yield f"profile: {shown(settings.profile)} must be made of letters, digits, - and _"
    yield from _wrong_characters(settings)
    yield from _wrong_addresses(settings)
    yield from _wrong_places(settings)
    yield from _wrong_figures(settings)
    yield from _wrong_names(settings)
    yield from wrong_keys(settings.keys)
    if not alone:
        yield from _wrong_pipeline(settings.pipeline)


def zone_of(name: str) -> tzinfo | None:
    """The time zone of that name; None when there is none."""
    if name == "UTC":
        return UTC  # known without a time zone database
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _wrong_characters(settings: Settings) -> Iterator[str]:
    """Characters that no word may hold; what holds them is not shown, it may be a secret."""
    for leaf in leaves():
        value = leaf.of(settings)
        text = value.reveal() if isinstance(value, Secret) else value
        if not isinstance(text, str):
            continue
        if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
            yield (
                f"{_name(leaf)}: holds a control character, such as a line break or a tab (not "
                "shown): copy it again, as one line"
            )
        elif leaf.dotted in IN_HEADERS and not text.isascii():
            yield f"{_name(leaf)}: holds letters beyond ASCII (not shown): copy it again"


def _name(leaf: Leaf) -> str:
    return f"{leaf.dotted} ({leaf.names[-1]})"


def _wrong_places(settings: Settings) -> Iterator[str]:
    try:
        _ = settings.directory
    except RuntimeError:
        yield (
            f"state_dir (ALTUI_STATE_DIR): {shown(settings.state_dir)} begins with the home of a "
            "user who is not known here; give the whole path"
        )
    if settings.clock:
        try:
            offset_of(Path(settings.clock))
        except ValueError as error:
            yield (
                f"clock (ALTUI_CLOCK): {settings.clock} {error}; name a running sandbox's clock "
                "file, or leave it out for the real time"
            )
    if settings.bigquery.credentials.lstrip().startswith("{"):
        yield (
            "bigquery.credentials (GOOGLE_APPLICATION_CREDENTIALS): holds a key (not shown): save "
            "it as a file of mode 0600 and give the path"
        )


def _wrong_addresses(settings: Settings) -> Iterator[str]:
    urls = {
        "elasticsearch.url (ES_URL)": settings.elasticsearch.url.reveal(),
        "fivetran.url (FIVETRAN_URL)": settings.fivetran.url,
        "github.api_url (GITHUB_API_URL)": settings.github.api_url,
        "kibana.url (KIBANA_URL)": settings.kibana.url,
        "pagerduty.url (PAGERDUTY_URL)": settings.pagerduty.url,
        "bigquery.emulator_host (BIGQUERY_EMULATOR_HOST)": settings.bigquery.emulator_host,
    }
    for name, url in urls.items():
        if ends_early(url):
            yield f"{name}: {BARE}"
        elif url and not _is_url(url):
            yield f"{name}: not a URL such as https://host:9200 (not shown: it may hold a password)"
    if words := _wrong_dsn(settings.postgres.dsn.reveal()):
        yield f"postgres.dsn (POSTGRES_DSN): {words}"


def _wrong_dsn(dsn: str) -> str:
    """What libpq would misread or not understand; it is not shown."""
    if not dsn:
        return ""
    if "://" not in dsn and "=" not in dsn:
        return "not a DSN such as postgresql://user@host/database"
    if re.match(r"[\w+.-]+://", dsn):
        if ends_early(dsn):
            return BARE
        if re.search(r"%(?![0-9A-Fa-f]{2})", dsn):
            return "holds a bare % (not shown): in the password, write % as %25"
        return ""
    # pairs of keyword and value, and nothing between them
    values = [value for _, value in KEYWORD.findall(dsn)]
    left_open = any(one.startswith("'") and not re.fullmatch(r".+'", one) for one in values)
    if left_open or KEYWORD.sub("", dsn).strip():
        return (
            "not pairs such as host=replica (not shown): a password with a space or a quote "
            r"stands in quotes, password='two words', and ' as \'"
        )
    return ""


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0


def _wrong_figures(settings: Settings) -> Iterator[str]:
    for leaf in leaves():
        value = leaf.of(settings)
        if leaf.kind in {int, float}:
            least, most = LIMITS.get(leaf.dotted, UNLISTED)
            if not least <= value <= most:  # NaN is refused too
                yield f"{leaf.dotted}: {shown(value)} is not between {least} and {most}"
        elif leaf.kind is str and leaf.default and not value.strip():
            yield f"{leaf.dotted}: must not be empty; without the line it is {leaf.default!r}"


def _wrong_names(settings: Settings) -> Iterator[str]:
    repository = settings.github.repository
    if repository and not re.fullmatch(r"[\w.-]+/[\w.-]+", repository, re.ASCII):
        yield f"github.repository (GITHUB_REPOSITORY): {shown(repository)} is not owner/name"
    prefix = settings.elasticsearch.index_prefix
    if prefix and not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", prefix):
        yield (
            f"elasticsearch.index_prefix (ES_ANALYTICS_INDEX): {shown(prefix)} cannot begin an "
            "index's name: lower-case letters, digits, . _ and - only"
        )
    for name in ("dataset", "staging_dataset", "marts_dataset"):
        dataset = getattr(settings.bigquery, name)
        if not re.fullmatch(r"\w*", dataset, re.ASCII):
            yield f"bigquery.{name}: {shown(dataset)} must be made of letters, digits and _"
    theme = settings.screen.theme
    if theme not in THEMES:
        yield f"screen.theme: {shown(theme)} is none of {', '.join(THEMES)}{nearest(theme, THEMES)}"


def _wrong_pipeline(pipeline: Pipeline) -> Iterator[str]:
    yield from _wrong_list("pipeline.tables", pipeline.tables)
    yield from _wrong_list("pipeline.marts", pipeline.marts)
    yield from _twice("pipeline.marts", "index", [mart.index for mart in pipeline.marts])
    for place, mart in enumerate(pipeline.marts):
        path = f"pipeline.marts[{place}].measures"
        yield from _twice(path, "name", [one.name for one in mart.measures])
        for one in mart.measures:
            if not one.tolerance >= 0:
                yield f"{path}: the tolerance of {one.name} must not be negative"
    yield from _two_meanings(pipeline)
    tables = {table.name for table in pipeline.tables}
    for mart in pipeline.marts:
        if mart.table is not None and mart.table not in tables:
            yield f"pipeline.marts: {mart.name} names no table of pipeline.tables"
    if not any(mart.table for mart in pipeline.marts):
        yield "pipeline.marts: at least one mart must name the table it aggregates"
    yield from _wrong_office(pipeline.office)


def _two_meanings(pipeline: Pipeline) -> Iterator[str]:
    """A table's staging is aggregated once for all its marts, by the measures' names."""
    first: dict[tuple[str, str], tuple[str, str]] = {}
    for mart in pipeline.marts:
        for measure in mart.measures if mart.table else ():
            of, sql = first.setdefault((mart.table or "", measure.name), (mart.name, measure.sql))
            if sql != measure.sql:
                yield (
                    f"pipeline.marts: {of} and {mart.name} are made of {mart.table} and give "
                    f"{measure.name} another sql; use one sql or another name"
                )


def _wrong_list(path: str, rows: Iterable[Table | Mart]) -> Iterator[str]:
    """Empty names and columns, and names that two have."""
    yield from _twice(path, "name", [row.name for row in rows])
    for place, row in enumerate(rows):
        for name, value in msgspec.structs.asdict(row).items():
            if isinstance(value, str) and not value.strip():
                yield f"{path}[{place}].{name}: must not be empty"


def _twice(path: str, key: str, names: list[str]) -> Iterator[str]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{path}: two have the {key} {name!r}"


def _wrong_office(office: Office) -> Iterator[str]:
    if zone_of(office.zone) is None:
        yield f"pipeline.office.zone: {shown(office.zone)} is no time zone such as Europe/Berlin"
    if office.opens >= office.closes:
        yield f"pipeline.office: it opens at {office.opens} but closes at {office.closes}"
