"""The settings: one Struct a section, defaults and environment names beside each key."""

from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import asdict

from altui.config.masking import learn
from altui.config.secret import Secret, public_url
from altui.core.model.pipeline import Pipeline
from altui.core.present.themes import DARK


def Env(*names: str) -> Meta:  # noqa: N802 - reads as an annotation
    """Names under which a setting is also read from the environment."""
    return Meta(extra={"env": names})


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the settings; prints no secret and no password of a URL."""

    def __post_init__(self) -> None:
        for value in asdict(self).values():
            if isinstance(value, Secret):
                learn(value.reveal(), secret=True)
            elif isinstance(value, str):
                learn(value, secret=False)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [
            (name, public_url(value) if isinstance(value, str) and "://" in value else value)
            for name, value in asdict(self).items()
        ]

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({inner})"


class PostgresSettings(Section, frozen=True, forbid_unknown_fields=True):
    """The source tables: a read-only role, on a replica where there is one."""

    dsn: Annotated[Secret, Env("POSTGRES_DSN")] = Secret("")
    """URL or keywords, such as `postgresql://reader:password@replica/applylens`; empty: off."""
    statement_timeout_ms: int = 5000
    """The server ends a count that takes longer."""


class FivetranSettings(Section, frozen=True, forbid_unknown_fields=True):
    """What copies the source tables into the warehouse: an API key that may read."""

    url: Annotated[str, Env("FIVETRAN_URL")] = "https://api.fivetran.com"
    """Where the API is."""
    api_key: Annotated[Secret, Env("FIVETRAN_API_KEY")] = Secret("")
    """Empty: off."""
    api_secret: Annotated[Secret, Env("FIVETRAN_API_SECRET")] = Secret("")
    """The key's other half."""
    connection: Annotated[str, Env("FIVETRAN_CONNECTION")] = ""
    """Connection id; empty: the only connection the key can see."""


class BigQuerySettings(Section, frozen=True, forbid_unknown_fields=True):
    """The warehouse: raw, staging and marts."""

    project: Annotated[str, Env("BQ_PROJECT")] = ""
    """Project id; empty: off."""
    dataset: Annotated[str, Env("BQ_DATASET")] = "applylens"
    """The raw dataset, where Fivetran writes."""
    staging_dataset: Annotated[str, Env("BQ_STAGING_DATASET")] = ""
    """Empty: `{dataset}_staging`."""
    marts_dataset: Annotated[str, Env("BQ_MARTS_DATASET")] = ""
    """Empty: `{dataset}_marts`."""
    credentials: Annotated[str, Env("GOOGLE_APPLICATION_CREDENTIALS")] = ""
    """Key file; empty: the account this machine is logged in with."""
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
    """The nightly workflow: a token that may read Actions."""

    api_url: Annotated[str, Env("GITHUB_API_URL")] = "https://api.github.com"
    """GitHub Enterprise Server: `https://host/api/v3`."""
    token: Annotated[Secret, Env("GITHUB_TOKEN")] = Secret("")
    """Fine-grained, `Actions: read` on the repository; empty: off."""
    repository: Annotated[str, Env("GITHUB_REPOSITORY")] = ""
    """`owner/name`."""


class ElasticsearchSettings(Section, frozen=True, forbid_unknown_fields=True):
    """The indices the marts are exported to."""

    url: Annotated[Secret, Env("ES_URL")] = Secret("")
    """`https://user:password@host:9200`; shown without user and password; empty: off."""
    index_prefix: Annotated[str, Env("ES_ANALYTICS_INDEX")] = "analytics_applylens"
    """What every index of the pipeline begins with, before `_` and the mart's suffix."""


class KibanaSettings(Section, frozen=True, forbid_unknown_fields=True):
    """The dashboard readers look at."""

    url: Annotated[str, Env("KIBANA_URL")] = ""
    """Empty: off."""
    api_key: Annotated[Secret, Env("KIBANA_API_KEY")] = Secret("")
    """Encoded API key that may read the dashboard's space."""
    space: Annotated[str, Env("KIBANA_SPACE")] = ""
    """Empty: the default space."""


class PagerDutySettings(Section, frozen=True, forbid_unknown_fields=True):
    """Who is paged (Events API v2)."""

    url: Annotated[str, Env("PAGERDUTY_URL")] = "https://events.pagerduty.com"
    """Where events are sent."""
    routing_key: Annotated[Secret, Env("PAGERDUTY_ROUTING_KEY")] = Secret("")
    """Integration key of the service that is paged; empty: off."""


class Cadence(Section, frozen=True, forbid_unknown_fields=True):
    """Seconds between looks."""

    fivetran: int = 30
    """The connection's state."""
    github: int = 30
    """The workflow's runs; by ETag, so that nothing new costs nothing."""
    elasticsearch: int = 30
    """The cluster, and the documents of each day."""
    postgres: int = 60
    """Whether it answers."""
    kibana: int = 60
    """Its status, data views and dashboard."""
    bigquery: int = 60
    """Table metadata, which is free."""
    counts: int = 900
    """Exact counts of PostgreSQL and BigQuery; at once on `r` and when a sync or run ends."""
    details: int = 300
    """What only a panel's details show, while they are shown."""
    allocation: int = 60
    """Why a shard is unassigned, while one is."""


class ScreenSettings(Section, frozen=True, forbid_unknown_fields=True):
    """How the dashboard looks."""

    theme: str = DARK.name
    """`altui-dark`, `altui-light` or `altui-colour-blind`."""


class Settings(Section, frozen=True, forbid_unknown_fields=True):
    profile: Annotated[str, Env("ALTUI_PROFILE")] = "default"
    """The pipeline's name, in the header; with tables `[profiles.NAME]`, the one that is used."""
    production: bool = False
    """PROD in the header."""
    read_only: Annotated[bool, Env("ALTUI_READ_ONLY")] = False
    """Refuses every action, as `--read-only` does."""
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
    keys: dict[str, str | tuple[str, ...]] = {}
    """Other keys than the usual ones, by what they do: `refresh = "f5"`, or a list of keys."""
    screen: ScreenSettings = ScreenSettings()
    cadence: Cadence = Cadence()
    pipeline: Pipeline = Pipeline()

    @property
    def directory(self) -> Path:
        """Where this profile's state lives; not created here."""
        if self.state_dir:
            return Path(self.state_dir).expanduser() / self.profile
        from platformdirs import user_state_path

        return user_state_path("altui") / self.profile
