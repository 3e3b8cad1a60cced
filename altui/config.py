"""Settings: altui.toml and the environment, as frozen Structs.

A setting's place in the file, its environment names and its meaning are declared once, here.
`ALTUI_SECTION_KEY` wins over the service's own name (`ES_URL`), which wins over the file.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, cast
from urllib.parse import urlsplit, urlunsplit

import msgspec
from msgspec import Meta, Struct

from altui.core.model.pipeline import Pipeline


class ConfigError(Exception):
    """A setting is wrong; the message names it and says what to do."""


class Secret:
    """A credential that shows itself only when asked to."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(***)" if self._value else "Secret()"

    __str__ = __repr__


def Env(*names: str) -> Meta:  # noqa: N802 - reads as an annotation
    """Names under which a setting is also read from the environment."""
    return Meta(extra={"env": names})


class PostgresSettings(Struct, frozen=True, forbid_unknown_fields=True):
    dsn: Annotated[Secret, Env("POSTGRES_DSN")] = Secret("")
    """Read replica where there is one; empty: off."""
    statement_timeout_ms: int = 5000


class FivetranSettings(Struct, frozen=True, forbid_unknown_fields=True):
    url: Annotated[str, Env("FIVETRAN_URL")] = "https://api.fivetran.com"
    api_key: Annotated[Secret, Env("FIVETRAN_API_KEY")] = Secret("")
    api_secret: Annotated[Secret, Env("FIVETRAN_API_SECRET")] = Secret("")
    connection: Annotated[str, Env("FIVETRAN_CONNECTION")] = ""
    """Connection id; empty: the only connection the key can see."""


class BigQuerySettings(Struct, frozen=True, forbid_unknown_fields=True):
    project: Annotated[str, Env("BQ_PROJECT")] = ""
    dataset: Annotated[str, Env("BQ_DATASET")] = "applylens"
    staging_dataset: Annotated[str, Env("BQ_STAGING_DATASET")] = ""
    """Empty: `{dataset}_staging`."""
    marts_dataset: Annotated[str, Env("BQ_MARTS_DATASET")] = ""
    """Empty: `{dataset}_marts`."""
    credentials: Annotated[str, Env("GOOGLE_APPLICATION_CREDENTIALS")] = ""
    emulator_host: Annotated[str, Env("BIGQUERY_EMULATOR_HOST")] = ""
    """`http://host:port`; read by Google's client and by the dbt profile too."""
    storage_emulator_host: Annotated[str, Env("BIGQUERY_STORAGE_EMULATOR_HOST")] = ""
    """`host:port` for gRPC."""
    daily_bytes: int = 10 * 1024**3
    """Exact counts stop for the day once they have billed this much."""

    @property
    def staging(self) -> str:
        return self.staging_dataset or f"{self.dataset}_staging"

    @property
    def marts(self) -> str:
        return self.marts_dataset or f"{self.dataset}_marts"


class GitHubSettings(Struct, frozen=True, forbid_unknown_fields=True):
    api_url: Annotated[str, Env("GITHUB_API_URL")] = "https://api.github.com"
    token: Annotated[Secret, Env("GITHUB_TOKEN")] = Secret("")
    repository: Annotated[str, Env("GITHUB_REPOSITORY")] = ""
    """`owner/name`."""


class ElasticsearchSettings(Struct, frozen=True, forbid_unknown_fields=True):
    url: Annotated[Secret, Env("ES_URL")] = Secret("")
    """May carry user and password; shown without them."""
    index_prefix: Annotated[str, Env("ES_ANALYTICS_INDEX")] = "analytics_applylens"


class KibanaSettings(Struct, frozen=True, forbid_unknown_fields=True):
    url: Annotated[str, Env("KIBANA_URL")] = ""
    api_key: Annotated[Secret, Env("KIBANA_API_KEY")] = Secret("")
    space: Annotated[str, Env("KIBANA_SPACE")] = ""


class PagerDutySettings(Struct, frozen=True, forbid_unknown_fields=True):
    url: Annotated[str, Env("PAGERDUTY_URL")] = "https://events.pagerduty.com"
    routing_key: Annotated[Secret, Env("PAGERDUTY_ROUTING_KEY")] = Secret("")


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    profile: Annotated[str, Env("ALTUI_PROFILE")] = "default"
    """Shown in the header; keeps the state of one pipeline apart from another's."""
    production: bool = False
    read_only: Annotated[bool, Env("ALTUI_READ_ONLY")] = False
    state_dir: Annotated[str, Env("ALTUI_STATE_DIR")] = ""
    """Empty: the platform's state directory."""
    clock: Annotated[str, Env("ALTUI_CLOCK")] = ""
    """A sandbox's clock file; time is then simulated and the header says so."""
    postgres: PostgresSettings = PostgresSettings()
    fivetran: FivetranSettings = FivetranSettings()
    bigquery: BigQuerySettings = BigQuerySettings()
    github: GitHubSettings = GitHubSettings()
    elasticsearch: ElasticsearchSettings = ElasticsearchSettings()
    kibana: KibanaSettings = KibanaSettings()
    pagerduty: PagerDutySettings = PagerDutySettings()
    pipeline: Pipeline = Pipeline()

    @property
    def directory(self) -> Path:
        """Where this profile's state lives; not created here."""
        if self.state_dir:
            return Path(self.state_dir).expanduser() / self.profile
        from platformdirs import user_state_path

        return user_state_path("altui") / self.profile


def load(environ: Mapping[str, str] | None = None, path: Path | None = None) -> Settings:
    """Settings from the file (given, or found) and the environment.

    Raises ConfigError with the setting's path when a key is unknown or a value does not fit.
    """
    environ = os.environ if environ is None else environ
    found = path or find(environ)
    data: dict[str, Any] = {}
    if found is not None:
        try:
            data = tomllib.loads(found.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"{found}: cannot be read: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{found}: not valid TOML: {error}") from error
    try:
        settings = msgspec.convert(
            _overlay(Settings, data, environ, ()), Settings, dec_hook=_decode
        )
    except msgspec.ValidationError as error:
        raise ConfigError(f"{found or 'environment'}: {error}") from error
    _refuse_nonsense(settings)
    return settings


def find(environ: Mapping[str, str]) -> Path | None:
    """altui.toml of `ALTUI_CONFIG`, the working directory or the platform's configuration."""
    if named := environ.get("ALTUI_CONFIG"):
        return Path(named)
    here = Path("altui.toml")
    if here.is_file():
        return here
    from platformdirs import user_config_path

    platform = user_config_path("altui") / "altui.toml"
    return platform if platform.is_file() else None


def public_url(url: str) -> str:
    """A URL without its user and password."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rsplit("@", 1)[1]))


def _refuse_nonsense(settings: Settings) -> None:
    """What types cannot say. Raises ConfigError that names the setting."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", settings.profile):
        raise ConfigError(f"profile={settings.profile!r}: use letters, digits, - and _ only")
    urls = {
        "ES_URL": settings.elasticsearch.url.reveal(),
        "FIVETRAN_URL": settings.fivetran.url,
        "GITHUB_API_URL": settings.github.api_url,
        "KIBANA_URL": settings.kibana.url,
        "PAGERDUTY_URL": settings.pagerduty.url,
        "BIGQUERY_EMULATOR_HOST": settings.bigquery.emulator_host,
    }
    for name, url in urls.items():
        parts = urlsplit(url)
        if url and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ConfigError(f"{name} is not a URL such as https://host:9200")
    dsn = settings.postgres.dsn.reveal()
    if dsn and "://" not in dsn and "=" not in dsn:
        raise ConfigError("POSTGRES_DSN is not a DSN such as postgresql://user@host/database")
    tables = {table.name for table in settings.pipeline.tables}
    for mart in settings.pipeline.marts:
        if mart.table is not None and mart.table not in tables:
            raise ConfigError(f"pipeline.marts: {mart.name} names no table of pipeline.tables")
    if not any(mart.table for mart in settings.pipeline.marts):
        raise ConfigError("pipeline.marts: at least one mart must name the table it aggregates")


def _overlay(
    struct: type[Struct], data: dict[str, Any], environ: Mapping[str, str], path: tuple[str, ...]
) -> dict[str, Any]:
    """`data` with what the environment says laid over it, section by section."""
    merged = dict(data)
    for field in msgspec.structs.fields(struct):
        kind, names = _unwrapped(field.type)
        own = "_".join(("ALTUI", *path, field.name)).upper()
        if isinstance(kind, type) and issubclass(kind, Struct) and not issubclass(kind, Pipeline):
            section = merged.get(field.name, {})
            if isinstance(section, dict):
                inner = _overlay(kind, cast(dict[str, Any], section), environ, (*path, field.name))
                if inner:
                    merged[field.name] = inner
            continue
        for name in (own, *names):
            if name in environ and environ[name] != "":
                merged[field.name] = _parsed(name, environ[name], kind)
                break
    return merged


def _unwrapped(annotation: Any) -> tuple[Any, tuple[str, ...]]:
    for meta in getattr(annotation, "__metadata__", ()):
        if isinstance(meta, Meta) and meta.extra:
            return annotation.__origin__, tuple(meta.extra.get("env", ()))
    return annotation, ()


def _parsed(name: str, text: str, kind: Any) -> Any:
    if kind is bool:
        lowered = text.strip().lower()
        if lowered in {"1", "true", "yes", "on"}:
            return True
        if lowered in {"0", "false", "no", "off"}:
            return False
        raise ConfigError(f"{name}={text!r}: say true or false")
    if kind is int:
        try:
            return int(text)
        except ValueError:
            raise ConfigError(f"{name}={text!r}: say a whole number") from None
    return text


def _decode(kind: type, value: Any) -> Any:
    if kind is Secret:
        if not isinstance(value, str):
            raise ValueError("expected text")
        return Secret(value)
    raise NotImplementedError(kind)
