"""The services `altui init` asks for: what is asked, what is found there, what came back."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from altui.cli.init import looking
from altui.cli.init.passwords import has_user, joined, parted
from altui.cli.init.talk import Talk
from altui.config import Secret, Settings
from altui.config.secret import ends_early

APART = "without its password, which is asked for next"
Look = Callable[[Settings, Talk], tuple[Settings, str]]


@dataclass(frozen=True)
class Service:
    """One section of the file."""

    section: str
    title: str
    needs: str
    """Said before its questions."""
    key: str
    """The setting without which it is off."""
    ask: Callable[[Settings, Talk], Settings]
    look: Look | None
    """Asks the service, finds the pipeline's names there, and tells what came back. Raises
    ServiceError. None: nothing can be asked without doing something."""

    def configured(self, settings: Settings) -> bool:
        return bool(getattr(getattr(settings, self.section), self.key))

    def without(self, settings: Settings) -> Settings:
        """Settings with this service off."""
        return replace(settings, **{self.section: type(getattr(settings, self.section))()})


def _postgres(settings: Settings, talk: Talk) -> Settings:
    was = settings.postgres.dsn.reveal()
    dsn = _address(talk, f"DSN {APART}, such as postgresql://reader@host:5432/applylens", was)
    return replace(settings, postgres=replace(settings.postgres, dsn=Secret(dsn)))


def _fivetran(settings: Settings, talk: Talk) -> Settings:
    was = settings.fivetran
    now = replace(
        was,
        api_key=Secret(talk.secret("API key", was.api_key.reveal())),
        api_secret=Secret(talk.secret("API secret", was.api_secret.reveal())),
    )
    return replace(settings, fivetran=now)


def _bigquery(settings: Settings, talk: Talk) -> Settings:
    was, credentials = settings.bigquery, settings.bigquery.credentials
    if not was.emulator_host:
        question = "Key file of the service account (empty: the account logged in here)"
        credentials = talk.text(question, credentials)
        credentials = str(Path(credentials).expanduser()) if credentials else ""
    project = talk.text("Project id", was.project or _project_of(credentials))
    return replace(settings, bigquery=replace(was, credentials=credentials, project=project))


def _github(settings: Settings, talk: Talk) -> Settings:
    was = settings.github
    now = replace(
        was,
        api_url=talk.text("API", was.api_url),
        repository=talk.text("Repository, owner/name", was.repository),
        token=Secret(talk.secret("Token", was.token.reveal())),
    )
    return replace(settings, github=now)


def _elasticsearch(settings: Settings, talk: Talk) -> Settings:
    was = settings.elasticsearch
    url = _address(talk, f"URL {APART}, such as https://reader@host:9200", was.url.reveal())
    return replace(settings, elasticsearch=replace(was, url=Secret(url)))


def _kibana(settings: Settings, talk: Talk) -> Settings:
    was = settings.kibana
    now = replace(
        was,
        url=_address(talk, "URL, such as https://kibana.internal", was.url),
        space=talk.text("Space (empty: the default one)", was.space),
        api_key=Secret(talk.secret("API key", was.api_key.reveal())),
    )
    return replace(settings, kibana=now)


def _pagerduty(settings: Settings, talk: Talk) -> Settings:
    key = talk.secret("Integration key (Events API v2)", settings.pagerduty.routing_key.reveal())
    return replace(settings, pagerduty=replace(settings.pagerduty, routing_key=Secret(key)))


def _address(talk: Talk, question: str, was: str) -> str:
    """An address whose password is asked for apart, unseen; kept as it is when both are kept."""
    was = "" if ends_early(was) else was  # its parts would be shown as host and path
    shown, password = parted(was)
    answer, typed = parted(talk.text(question, shown))
    known = password if answer == shown else ""
    if not typed and (known or has_user(answer)):
        typed = talk.secret("Its password", known)
    return was if (answer, typed) == (shown, password) else joined(answer, typed)


def _project_of(credentials: str) -> str:
    """The project that the key file belongs to."""
    try:
        held: Any = json.loads(Path(credentials).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(held.get("project_id") or "") if isinstance(held, dict) else ""  # pyright: ignore


# fmt: off
SERVICES = (
    Service("postgres", "PostgreSQL", "a role that may only read, on a replica if there is one",
            "dsn", _postgres, looking.postgres),
    Service("fivetran", "Fivetran", "an API key that may read the connection",
            "api_key", _fivetran, looking.fivetran),
    Service("bigquery", "BigQuery", "an account with Data Viewer and Job User",
            "project", _bigquery, looking.bigquery),
    Service("github", "GitHub Actions", "a token with Actions: read on the repository",
            "token", _github, looking.github),
    Service("elasticsearch", "Elasticsearch", "a user that may read and monitor the indices",
            "url", _elasticsearch, looking.elasticsearch),
    Service("kibana", "Kibana", "an API key that may read the dashboard's space",
            "url", _kibana, looking.kibana),
    Service("pagerduty", "PagerDuty", "not tested here: a test would page someone",
            "routing_key", _pagerduty, None),
)
# fmt: on
