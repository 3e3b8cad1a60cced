"""What every verb starts with: settings, store and clock of the chosen profile."""

import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from altui.config import ConfigError, Settings, cautions, load


def choose(
    environ: MutableMapping[str, str],
    config: Path | None,
    profile: str | None = None,
    *,
    read_only: bool,
) -> None:
    """Puts the global options into the environment, so that child processes follow them too."""
    if config is not None:
        environ["ALTUI_CONFIG"] = str(config.resolve())
    if profile is not None:
        environ["ALTUI_PROFILE"] = profile
    if read_only:
        environ["ALTUI_READ_ONLY"] = "true"


def settings_for_looking(environ: Mapping[str, str]) -> Settings:
    """Settings with at least one service to look at. Raises ConfigError otherwise.

    What is dangerous about them goes to stderr.
    """
    settings = load(environ)
    for words in cautions(environ):
        sys.stderr.write(f"altui: {words}\n")
    configured = (
        settings.postgres.dsn,
        settings.fivetran.api_key,
        settings.github.token,
        settings.bigquery.project,
        settings.elasticsearch.url,
        settings.kibana.url,
    )
    if not any(configured):
        raise ConfigError(
            "no service is configured. `altui init` asks for them and writes altui.toml; `altui "
            "demo` shows a living copy of the pipeline; or set ES_URL, BQ_PROJECT, POSTGRES_DSN ..."
        )
    return settings
