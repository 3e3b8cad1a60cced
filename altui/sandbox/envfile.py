"""The environment that configures altui, and anyone else, for a running sandbox."""

import os
import shlex
from pathlib import Path

from altui.sandbox.world import World


def environment(world: World) -> dict[str, str]:
    """Names as in the runbook and in altui's settings."""
    return {
        "ALTUI_PROFILE": "sandbox",
        "ALTUI_CLOCK": str(world.clock.path),
        "ALTUI_STATE_DIR": str(world.dir / "state"),
        "POSTGRES_DSN": world.postgres_reader_dsn,
        "POSTGRES_ADMIN_DSN": world.postgres_admin_dsn,
        "POSTGRES_FIVETRAN_DSN": world.postgres_fivetran_dsn,
        "BQ_PROJECT": world.project_id,
        "BQ_DATASET": world.dataset,
        "BIGQUERY_EMULATOR_HOST": world.bigquery_url,
        "BIGQUERY_STORAGE_EMULATOR_HOST": world.bigquery_grpc,
        "ES_URL": world.elasticsearch_url,
        "ES_ANALYTICS_INDEX": world.index_prefix,
        "FIVETRAN_URL": world.fivetran_url,
        "FIVETRAN_API_KEY": world.fivetran_key,
        "FIVETRAN_API_SECRET": world.fivetran_secret,
        "FIVETRAN_CONNECTION": world.fivetran_connection,
        "GITHUB_API_URL": world.github_url,
        "GITHUB_TOKEN": world.github_token,
        "GITHUB_REPOSITORY": world.github_repository,
        "KIBANA_URL": world.kibana_url,
        "KIBANA_API_KEY": world.kibana_key,
        "PAGERDUTY_URL": world.pagerduty_url,
        "PAGERDUTY_ROUTING_KEY": world.pagerduty_key,
    }


def write(path: Path, world: World) -> None:
    """Writes the file whole or not at all; it holds credentials, so only its owner may read it."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        for key, value in environment(world).items():
            file.write(f"{key}={shlex.quote(value)}\n")
    new.replace(path)
