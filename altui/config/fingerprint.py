"""Whether two processes ask the same services in the same way, without telling how."""

import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from altui.config.secret import Secret
from altui.config.settings import ScreenSettings, Settings

SALT = 16
"""Bytes of salt before the digest."""
READ_BY_CLIENTS = re.compile(
    r"PG[A-Z]+|(https?|all|no)_proxy|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CLOUDSDK_\w+",
    re.IGNORECASE,
)
"""Names in the environment by which the services' clients find their way."""


def fingerprint(settings: Settings, environ: Mapping[str, str]) -> bytes:
    """A salted digest, slow to guess secrets from; another one each time, see `same`."""
    salt = os.urandom(SALT)
    return salt + _digest(settings, environ, salt)


def same(known: bytes, settings: Settings, environ: Mapping[str, str]) -> bool:
    """Whether a fingerprint is one of these settings; an empty one is nobody's."""
    own = _digest(settings, environ, known[:SALT])
    return hmac.compare_digest(known[SALT:], own)


def _digest(settings: Settings, environ: Mapping[str, str], salt: bytes) -> bytes:
    # what neither changes a question nor an answer may differ
    asked = replace(settings, read_only=False, state_dir="", screen=ScreenSettings(), keys={})
    names = sorted(name for name in environ if READ_BY_CLIENTS.fullmatch(name))
    whole = (asked, _key(settings), [(name, environ[name]) for name in names])
    text = msgspec.json.encode(whole, enc_hook=_revealed)
    return hashlib.scrypt(text, salt=salt, n=2**12, r=8, p=1, dklen=32)


def _key(settings: Settings) -> str:
    """What BigQuery's key file holds: it is rotated in its place."""
    named = settings.bigquery.credentials
    try:
        return Path(named).read_text(errors="replace") if named else ""
    except OSError:
        return ""


def _revealed(value: object) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(f"no setting is a {type(value).__name__}")
