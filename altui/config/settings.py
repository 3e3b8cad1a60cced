"""The settings: one Struct a section, defaults and environment names beside each key."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import asdict

from altui.config.secret import Secret, public_url
from altui.core.model.pipeline import Pipeline


def Env(*names: str) -> Meta:  # noqa: N802 - reads as an annotation
    """Names under which a setting is also read from the environment."""
    return Meta(extra={"env": names})


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the settings; prints no secret and no password of a URL."""

    def __rich_repr__(self) -> Iterator[tuple[str, Any]]:
        for name, value in asdict(self).items():
            hidden = isinstance(value, str) and "://" in value
            yield name, public_url(value) if hidden else value

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({inner})"


class PostgresSettings(Section, frozen=True, forbid_unknown_fields=True):
    dsn: Annotated[Secret, Env("POSTGRES_DSN")] = Secret("")
    """Read replica where there is one; empty: off."""
    statement_timeout_ms: int = 5000


class FivetranSettings(Section, frozen=True, forbid_unknown_fields=True):
    url: Annotated[str, Env("FIVETRAN_URL")] = "https://api.fivetran.com"
    api_key: Annotated[Secret, Env("FIVETRAN_API_KEY")] = Secret("")
    api_secret: Annotated[Secret, Env("FIVETRAN_API_SECRET")] = Secret("")
    connection: Annotated[str, Env("FIVETRAN_CONNECTION")] = ""
    """Connection id; empty: the only connection the key can see."""


class BigQuerySettings(Section, frozen=True, forbid_unknown_fields=True):
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


class GitHubSettings(Section, frozen=True, forbid_unknown_fields=True):
    api_url: Annotated[str, Env("GITHUB_API_URL")] = "https://api.github.com"
    token: Annotated[Secret, Env("GITHUB_TOKEN")] = Secret("")
    repository: Annotated[str, Env("GITHUB_REPOSITORY")] = ""
    """`owner/name`."""


class ElasticsearchSettings(Section, frozen=True, forbid_unknown_fields=True):
    url: Annotated[Secret, Env("ES_URL")] = Secret("")
    """May carry user and password; shown without them."""
    index_prefix: Annotated[str, Env("ES_ANALYTICS_INDEX")] = "analytics_applylens"


class KibanaSettings(Section, frozen=True, forbid_unknown_fields=True):
    url: Annotated[str, Env("KIBANA_URL")] = ""
    api_key: Annotated[Secret, Env("KIBANA_API_KEY")] = Secret("")
    space: Annotated[str, Env("KIBANA_SPACE")] = ""


class PagerDutySettings(Section, frozen=True, forbid_unknown_fields=True):
    url: Annotated[str, Env("PAGERDUTY_URL")] = "https://events.pagerduty.com"
    routing_key: Annotated[Secret, Env("PAGERDUTY_ROUTING_KEY")] = Secret("")


class Settings(Section, frozen=True, forbid_unknown_fields=True):
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
