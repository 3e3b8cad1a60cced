"""Settings: altui.toml and the environment, as frozen Structs.

A setting's place in the file, its environment names and its meaning are declared once, in
settings.py. `ALTUI_SECTION_KEY` wins over the service's own name (`ES_URL`), which wins over the
profile's table in the file, which wins over the file's shared settings.
"""

from altui.config.caution import cautions, exposure, overridden, secrets_exposed
from altui.config.loading import find, load, origins
from altui.config.masking import guard_stderr, masked
from altui.config.secret import ConfigError, Secret, public_url
from altui.config.settings import (
    BigQuerySettings,
    Cadence,
    ElasticsearchSettings,
    FivetranSettings,
    GitHubSettings,
    KibanaSettings,
    PagerDutySettings,
    PostgresSettings,
    ScreenSettings,
    Settings,
)

__all__ = [
    "BigQuerySettings",
    "Cadence",
    "ConfigError",
    "ElasticsearchSettings",
    "FivetranSettings",
    "GitHubSettings",
    "KibanaSettings",
    "PagerDutySettings",
    "PostgresSettings",
    "ScreenSettings",
    "Secret",
    "Settings",
    "cautions",
    "exposure",
    "find",
    "guard_stderr",
    "load",
    "masked",
    "origins",
    "overridden",
    "public_url",
    "secrets_exposed",
]
