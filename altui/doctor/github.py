"""GitHub: the token, what it may see, the workflow, and the names of its secrets."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from altui.core.model.doctor import Result
from altui.core.model.health import State
from altui.core.model.observed import Trouble
from altui.core.words import plural
from altui.doctor.exam import Context, Exams, failed, lacking, unset, untestable
from altui.doctor.project import locate
from altui.services.errors import ServiceError
from altui.services.http import Answer, Http, decoded, refused
from altui.services.text import clean

REQUIRED = ("BQ_PROJECT", "BQ_SA_JSON", "ES_URL")
"""Secrets that the runbook's workflow needs."""
MAKE_ONE = (
    "GitHub > Settings > Developer settings > Fine-grained tokens: this repository, with "
    "Actions: read (read and write to start runs) and Secrets: read"
)
SOON = timedelta(days=7)
WRITE_SCOPE = "repo"


class _Rates(Struct):
    """`rate` is on its way out; an old Enterprise Server may have nothing else."""

    resources: dict[str, Any] | None = None
    rate: dict[str, Any] | None = None


class _Refusal(Struct):
    message: str


class _Permissions(Struct):
    push: bool | None = None


class _Repository(Struct):
    full_name: str | None = None
    private: bool | None = None
    permissions: _Permissions | None = None


class _Workflow(Struct):
    name: str | None = None
    state: str | None = None
    html_url: str | None = None


class _Secret(Struct):
    name: str


class _Secrets(Struct):
    secrets: list[_Secret]


async def exam(context: Context) -> Exams:
    settings = context.settings.github
    for variable, value, other in (
        ("GITHUB_TOKEN", settings.token, settings.repository),
        ("GITHUB_REPOSITORY", settings.repository, settings.token),
    ):
        if not value:
            follows = "workflow runs are not read"
            fix = "set GITHUB_REPOSITORY to owner/name"
            fix = f"set GITHUB_TOKEN. {MAKE_ONE}" if variable == "GITHUB_TOKEN" else fix
            yield unset("github.token", "token", variable, follows, fix, half=bool(other))
            return
    headers = {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "Authorization": f"Bearer {settings.token.reveal()}",
    }
    http = Http(settings.api_url, headers, context.patience, None, context.transport)
    owner, _, name = settings.repository.partition("/")
    base = f"/repos/{quote(owner, safe='')}/{quote(name, safe='')}"
    token, said = await _token(context, http)
    yield token
    if said is None or token.state is not State.ok:
        return
    try:
        answer = await http.get(base)
        repository = decoded(answer, _Repository)
        name = clean(repository.full_name, 150)
        if not name:
            raise lacking("full_name", answer.where)
    except ServiceError as error:
        yield _no_repository(context, error)
        return
    yield _repository(repository, name)
    yield await _workflow(context, http, base)
    yield _starting(said, repository)
    yield await _secrets(http, base)


async def _token(context: Context, http: Http) -> tuple[Result, Answer | None]:
    """The token by a question that costs nothing of its rate limit."""
    here, tried = "github.token", "GET /rate_limit"
    try:
        answer = await http.get("/rate_limit", answers=frozenset({404}))
        _recognised(answer)
    except ServiceError as error:
        if error.trouble in {Trouble.denied, Trouble.misconfigured}:
            fix = f"set GITHUB_TOKEN{context.came_from('github.token')}. {MAKE_ONE}"
        else:
            came = context.came_from("github.api_url") or " (now its default)"
            fix = f"is {http.shown} GitHub's API, reachable from here? GITHUB_API_URL{came}"
        return failed(here, "token", error, fix), None
    context.heard("GitHub", answer.headers.get("date"))
    expires = _expiry(answer.headers)
    words = ["accepted"]
    words += [kind] if (kind := _kind(context, answer.headers)) else []
    left, limit = (answer.headers.get(f"x-ratelimit-{name}", "") for name in ("remaining", "limit"))
    words += [f"{clean(left, 10)} of {clean(limit, 10)} calls left"] if limit else []
    fix = ""
    if expires is not None:
        words.append(f"expires {expires:%d %b %Y}")
        soon = expires - datetime.now(UTC) < SOON
        fix = f"it expires soon: make the next one. {MAKE_ONE}" if soon else ""
    return Result(here, "token", State.ok, ", ".join(words), tried, fix), answer


def _recognised(answer: Answer) -> None:
    """Raises ServiceError where this is not GitHub: a portal's page comes with 200 too."""
    if answer.status == 404:
        # an Enterprise Server without rate limits: "Rate limiting is not enabled."
        if "rate limit" not in decoded(answer, _Refusal).message.lower():
            raise refused(answer)
        return
    seen = decoded(answer, _Rates)
    if not (seen.resources or seen.rate):
        raise lacking("resources", answer.where)


def _kind(context: Context, headers: Mapping[str, str]) -> str:
    """What kind of token this is, and a classic one's scopes."""
    if "x-oauth-scopes" in headers:
        return f"scopes {clean(headers['x-oauth-scopes'], 100) or 'none'}"
    prefix = context.settings.github.token.reveal().partition("_")[0]
    return {"github": "fine-grained", "ghs": "an app's", "gho": "an OAuth app's"}.get(prefix, "")


def _expiry(headers: Mapping[str, str]) -> datetime | None:
    """`github-authentication-token-expiration: 2026-12-01 09:30:00 UTC`."""
    text = headers.get("github-authentication-token-expiration", "")
    try:
        return datetime.strptime(text[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _no_repository(context: Context, error: ServiceError) -> Result:
    named = context.settings.github.repository
    came = context.came_from("github.repository")
    fix = (
        f"is GITHUB_REPOSITORY{came} right, and {named} among the token's repositories? "
        f"GitHub says 404 for what a token may not see. {MAKE_ONE}"
    )
    return failed("github.repository", "repository", error, fix)


def _repository(seen: _Repository, name: str) -> Result:
    said = f"{name}, {'private' if seen.private else 'public'}"
    return Result("github.repository", "repository", State.ok, said, "GET /repos/{owner}/{repo}")


async def _workflow(context: Context, http: Http, base: str) -> Result:
    here, subject = "github.workflow", "workflow"
    file = context.settings.pipeline.workflow.file
    path = f"{base}/actions/workflows/{quote(file, safe='')}"
    try:
        answer = await http.get(path, answers=frozenset({403}))
        if answer.status == 403:
            return failed(here, subject, refused(answer), _grant(answer, "Actions: read"))
        seen = decoded(answer, _Workflow)
        state = clean(seen.state, 40)
        if not state:
            raise lacking("state", answer.where)
    except ServiceError as error:
        fix = (
            f"put .github/workflows/{file} on the default branch, or name the right file under "
            "[pipeline.workflow] file; a token without Actions: read is told 404 too"
        )
        return failed(here, subject, error, fix)
    tried = f"GET .../actions/workflows/{file}"
    if state != "active":
        fix = "after 60 idle days GitHub disables schedules; whoever may, enables it"
        command = f"gh workflow enable {file} --repo {context.settings.github.repository}"
        return Result(here, subject, State.broken, f"{file}: {state}", tried, fix, (command,))
    said = f"{clean(seen.name, 60)} ({file}): {state}"
    return Result(here, subject, State.ok, said, tried)


def _starting(said: Answer, repository: _Repository) -> Result:
    """Whether the token may start runs: a classic token's scopes tell, others' cannot be asked."""
    here, subject = "github.dispatch", "starting runs"
    need = "only starting and cancelling runs needs it"
    role = repository.permissions
    if role is not None and role.push is False:
        words = "the token's owner may not write to the repository"
        tried = "permissions.push of GET /repos/{owner}/{repo}"
        fix = "ask for the role Write to start, re-run or cancel runs; looking needs no more"
        return Result(here, subject, State.denied, words, tried, fix, (), False)
    if "x-oauth-scopes" in said.headers:
        scopes = {scope.strip() for scope in said.headers["x-oauth-scopes"].split(",")}
        if WRITE_SCOPE in scopes:
            return Result(here, subject, State.ok, f"scope {WRITE_SCOPE}", "x-oauth-scopes")
        words = f"the token lacks scope {WRITE_SCOPE}"
        return Result(
            here, subject, State.denied, words, "x-oauth-scopes", f"add {WRITE_SCOPE}", (), False
        )
    return untestable(here, subject, "cannot be tested here: Actions: write", need)


async def _secrets(http: Http, base: str) -> Result:
    """Names only: GitHub never tells a secret's value."""
    here, subject = "github.secrets", "secrets"
    tried = "GET .../actions/secrets (names only)"
    wanted = _wanted()
    grant = "Secrets: read"
    try:
        answer = await http.get(
            f"{base}/actions/secrets", {"per_page": 100}, answers=frozenset({403, 404})
        )
        if answer.status in {403, 404}:
            said = f"{refused(answer).words}: whether {', '.join(wanted)} are there is unknown"
            return Result(
                here, subject, State.unknown, said, tried, _grant(answer, grant), (), False
            )
        names = {clean(secret.name, 100) for secret in decoded(answer, _Secrets).secrets}
    except ServiceError as error:
        return failed(here, subject, error, f"give the token {grant}")
    missing = [name for name in wanted if name not in names]
    if missing:
        said = f"{', '.join(missing)} not among {plural(len(names), 'secret')} of the repository"
        fix = "set it (unless the organisation or an environment holds it)"
        repository = base.removeprefix("/repos/")
        commands = tuple(_set(name, repository) for name in missing)
        return Result(here, subject, State.broken, said, tried, fix, commands)
    return Result(here, subject, State.ok, f"{', '.join(wanted)} are set", tried)


def _wanted() -> tuple[str, ...]:
    """The runbook's three, and whatever else the workflow's file names."""
    file = locate(".github/workflows/analytics-sync.yml")
    text = file.read_text(encoding="utf-8") if file else ""
    named = re.findall(r"\bsecrets\.([A-Za-z_]\w*)", text)
    return tuple(dict.fromkeys((*REQUIRED, *(name for name in named if name != "GITHUB_TOKEN"))))


def _set(name: str, repository: str) -> str:
    source = " < key.json" if name == "BQ_SA_JSON" else ""
    return f"gh secret set {name} --repo {repository}{source}"


def _grant(answer: Answer, usual: str) -> str:
    """What GitHub says the question needs, else what it is known to need."""
    needs = clean(answer.headers.get("x-accepted-github-permissions"), 120)
    return f"give the token {needs or usual}"
