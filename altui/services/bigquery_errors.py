"""Google's exceptions as ServiceErrors."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, cast

from altui.core.model.observed import Trouble
from altui.services.errors import (
    UNSAID_REST,
    ServiceError,
    misconfigured,
    rest_of,
    trouble_of_status,
)
from altui.services.headers import retry_after
from altui.services.http import PROXY, SOCKS
from altui.services.text import clean, spoken

OVER_QUOTA = {
    "quotaExceeded",
    "rateLimitExceeded",
    "billingNotEnabled",
    "billingTierLimitExceeded",
    "bytesBilledLimitExceeded",
    "responseTooLarge",
}
"""Reasons of a 403 (or 500) that refuse the work, not the account."""
NOT_CHARGED = {"invalidQuery", "bytesBilledLimitExceeded"}
"""Reasons of a query that Google does not charge: it returned an error of its own."""
NO_SUCH_SHAPE = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    AssertionError,
)
"""What Google's client raises over an answer that it does not understand."""
NO_SUCH_NAME = ("Unrecognized name", "Name not found", "not found inside")


@contextmanager
def translated(where: str) -> Generator[None]:
    """Every exception that Google's libraries raise by intent, as a ServiceError."""
    import requests
    from google.api_core import exceptions as api
    from google.auth import exceptions as auth

    try:
        yield
    except api.GoogleAPICallError as error:
        words = f"{error.code or ''} {words_of(error)}".strip()
        raise ServiceError(trouble_of(error), words, where, _rest(error)) from error
    except api.RetryError as error:
        raise _after_retries(error, where) from error
    except auth.GoogleAuthError as error:
        raise _auth_error(error, where) from error
    except requests.RequestException as error:
        raise _wire_error(error, where) from error
    except TimeoutError as error:
        raise ServiceError(Trouble.unreachable, str(error) or "no answer in time", where) from error
    except OSError as error:
        raise ServiceError(Trouble.unreachable, _connection_words(error), where) from error
    except NO_SUCH_SHAPE as error:
        words = f"the answer has another shape than expected: {type(error).__name__} {error}"
        raise ServiceError(Trouble.nonsense, words, where) from error


def words_of(error: Any) -> str:
    """BigQuery's own words, without the method and URL that the client puts before them."""
    for detail in _details(error):
        if detail.get("message"):
            return spoken(detail["message"])
    _, found, words = str(error.message).partition("prettyPrint=false: ")
    return spoken(words if found else error.message)


def trouble_of(error: Any) -> Trouble:
    """What an error of the API says; its reasons are finer than its statuses."""
    if _reasons(error) & OVER_QUOTA:
        return Trouble.refused
    status = int(error.code or 0)
    if not status:
        return Trouble.unreachable
    if status == 400 and any(words in words_of(error) for words in NO_SUCH_NAME):
        return Trouble.missing
    return trouble_of_status(status)


def costs_nothing(error: Exception, *, begun: bool) -> bool:
    """Whether a query that failed so is not billed for certain; `begun`: BigQuery has the job.

    Google charges nothing for a query that returns an error, and may charge one that was cut
    short, by its timeout too, in full: https://cloud.google.com/bigquery/pricing.
    """
    from google.api_core import exceptions as api

    last: Any = error.cause if isinstance(error, api.RetryError) else error
    if not isinstance(last, api.GoogleAPICallError):
        return False
    if _reasons(last) & NOT_CHARGED:
        return True
    # 409: an earlier try of the same question has come through
    return not begun and isinstance(last, api.ClientError) and not isinstance(last, api.Conflict)


def _rest(error: Any) -> float | None:
    """Seconds to leave the service alone: what its answer names, a minute for a rate limit."""
    headers: Any = getattr(error.response, "headers", None) or {}
    asked = retry_after({"retry-after": headers.get("retry-after", "")}, datetime.now(UTC))
    if any(detail.get("reason") == "rateLimitExceeded" for detail in _details(error)):
        return UNSAID_REST if asked is None else asked
    return rest_of(int(error.code or 0), asked)


def _reasons(error: Any) -> set[str]:
    return {str(detail.get("reason")) for detail in _details(error)}


def _details(error: Any) -> list[dict[str, Any]]:
    """The entries of the answer's error list; gRPC and proxies give other things."""
    return [cast(dict[str, Any], one) for one in error.errors or () if isinstance(one, dict)]


def _after_retries(error: Any, where: str) -> ServiceError:
    """The last try's error, which says more than that there were several."""
    from google.api_core.exceptions import GoogleAPICallError

    cause = error.cause
    if isinstance(cause, GoogleAPICallError):
        words = f"{cause.code or ''} {words_of(cause)}"
        return ServiceError(trouble_of(cause), words, where, _rest(cause))
    return ServiceError(Trouble.unreachable, _connection_words(cause or error), where)


def _connection_words(error: Exception) -> str:
    """What went wrong on the wire, without the layers that pass it on."""
    first: Any = error.args[0] if error.args else None
    return clean(getattr(first, "reason", None) or error) or type(error).__name__


def _auth_error(error: Exception, where: str) -> ServiceError:
    """Refused credentials are denied, an unheard server is unknown."""
    from google.auth import exceptions as auth

    if isinstance(error, auth.InvalidOperation):
        # 401 from an emulator or proxy: there is no token that could be renewed
        return ServiceError(Trouble.denied, f"401 credentials wanted: {error}", where)
    if isinstance(error, auth.RefreshError):
        again = getattr(error, "retryable", False)
        trouble = Trouble.unreachable if again else Trouble.denied
        return ServiceError(trouble, f"no access token: {error}", where)
    return _unheard(error, where)


def _wire_error(error: Exception, where: str) -> ServiceError:
    from requests import exceptions as wire

    if isinstance(error, wire.InvalidJSONError):
        return ServiceError(Trouble.nonsense, f"the answer is not JSON: {error}", where)
    if isinstance(error, wire.ContentDecodingError | wire.TooManyRedirects):
        return ServiceError(Trouble.nonsense, _connection_words(error), where)
    if isinstance(error, wire.MissingSchema):
        return misconfigured("BIGQUERY_EMULATOR_HOST: not a URL such as http://host:9050", where)
    if isinstance(error, wire.InvalidProxyURL):
        return misconfigured(PROXY, where)
    if isinstance(error, wire.InvalidURL | wire.InvalidSchema) and not _of_socks(error):
        # our own address is a URL: the settings see to it; a proxy's may hold a password
        words = "led to what is no URL, by a redirect or by HTTPS_PROXY"
        return ServiceError(Trouble.nonsense, words, where)
    return _unheard(error, where)


def _unheard(error: Exception, where: str) -> ServiceError:
    if _of_socks(error):
        return misconfigured(SOCKS, where)
    return ServiceError(Trouble.unreachable, _connection_words(error), where)


def _of_socks(error: Exception) -> bool:
    """Whether requests lacks what a SOCKS proxy needs; Google's errors only quote it."""
    return "dependencies for SOCKS" in str(error)
