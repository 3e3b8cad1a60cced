"""What an account may do in BigQuery beyond tables: in the project, and by the Storage API."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct, field

from altui.config import BigQuerySettings
from altui.services.addresses import is_loopback
from altui.services.bodies import bound
from altui.services.errors import ServiceError, off, trouble_of_status
from altui.services.lean import lean_imports
from altui.services.text import clean

RESOURCE_MANAGER = "https://cloudresourcemanager.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/cloud-platform.read-only"
"""BigQuery's own scope does not open Cloud Resource Manager."""


class _Error(Struct):
    message: str = ""


class _Answer(Struct):
    """Without any of the permissions the answer is an empty object."""

    permissions: list[str] = field(default_factory=list[str])
    error: _Error | None = None


def account(client: Any) -> str:
    """The account's address; empty for a person's login and for an emulator."""
    return clean(getattr(client._credentials, "service_account_email", ""), 200)


def project_permissions(
    settings: BigQuerySettings, client: Any, permissions: Sequence[str], seconds: float
) -> frozenset[str]:
    """Which of the permissions the account has in the whole project.

    Datasets have no testIamPermissions; the project has, at Cloud Resource Manager, whose API a
    project may have switched off. Blocking. Raises ServiceError, and what requests raises.
    """
    import requests

    where = "POST projects:testIamPermissions (Cloud Resource Manager)"
    if settings.emulator_host:
        session, base = requests.Session(), settings.emulator_host.rstrip("/")
        session.trust_env = not is_loopback(base)
    else:
        from google.auth import credentials
        from google.auth.transport import requests as transport

        library: Any = credentials
        scoped = library.with_scopes_if_required(client._credentials, [SCOPE])
        wire: Any = transport
        session, base = wire.AuthorizedSession(scoped), RESOURCE_MANAGER
    bound(session)
    with session:
        answer = session.post(
            f"{base}/v3/projects/{settings.project}:testIamPermissions",
            json={"permissions": list(permissions)},
            timeout=seconds,
        )
    status = int(answer.status_code)
    try:
        said = msgspec.json.decode(answer.content, type=_Answer)
    except msgspec.DecodeError:
        said = _Answer()
    if status != 200:
        words = (said.error and said.error.message) or answer.reason
        raise ServiceError(trouble_of_status(status), f"{status} {words}", where)
    return frozenset(said.permissions)


def open_read_session(settings: BigQuerySettings, table: str, client: Any, seconds: float) -> None:
    """CreateReadSession for a table (`dataset.table`); reads no row and bills nothing.

    Blocking. Raises ServiceError, and google.api_core's errors.
    """
    where = f"CreateReadSession of {table}"
    if settings.emulator_host and not settings.storage_emulator_host:
        raise off("no BIGQUERY_STORAGE_EMULATOR_HOST", where)
    with lean_imports():
        from google.cloud import bigquery_storage_v1 as storage

    made: Any = storage
    if settings.storage_emulator_host:
        import grpc
        from google.cloud.bigquery_storage_v1.services.big_query_read.transports import (
            BigQueryReadGrpcTransport as Transport,
        )

        plain: Any = Transport
        channel: Any = grpc.insecure_channel(settings.storage_emulator_host)  # type: ignore[reportUnknownMemberType]
        reader = made.BigQueryReadClient(transport=plain(channel=channel))
    else:
        reader = made.BigQueryReadClient(credentials=client._credentials)
    dataset, _, name = table.partition(".")
    project = settings.project
    try:
        reader.create_read_session(
            parent=f"projects/{project}",
            read_session=made.types.ReadSession(
                table=f"projects/{project}/datasets/{dataset}/tables/{name}",
                data_format=made.types.DataFormat.ARROW,
            ),
            max_stream_count=1,
            retry=None,
            timeout=seconds,
        )
    finally:
        reader.transport.close()
