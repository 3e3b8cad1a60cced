"""Answers as GitHub shapes them, from the state. Pure; `Urls` holds where links point."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

from altui.sandbox.github.state import BRANCH, Attempt, Job, Run, State
from altui.sandbox.github.workflow import Workflow

Body = dict[str, Any]

# fmt: off
_REPOSITORY_LINKS = (
    "archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits",
    "compare", "contents", "contributors", "deployments", "downloads", "events", "forks",
    "git_commits", "git_refs", "git_tags", "hooks", "issue_comment", "issue_events", "issues",
    "keys", "labels", "languages", "merges", "milestones", "notifications", "pulls", "releases",
    "stargazers", "statuses", "subscribers", "subscription", "tags", "teams", "trees",
)
_USER_LINKS = (
    "followers", "following", "gists", "starred", "subscriptions", "organizations", "repos",
    "events", "received_events",
)
# fmt: on


@dataclass(frozen=True)
class Urls:
    """`api` without a slash at its end, `/api/v3` included where the caller used it."""

    api: str
    html: str
    repository: str

    @property
    def repo(self) -> str:
        return f"{self.api}/repos/{self.repository}"

    @property
    def repo_html(self) -> str:
        return f"{self.html}/{self.repository}"


def number_of(text: str) -> int:
    """A stable id for what has only a name."""
    return crc32(text.encode())


def node(kind: str, number: int) -> str:
    return f"{kind}_kwDOSandbox{number}"


def moment(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def user(login: str, urls: Urls, kind: str = "User") -> Body:
    number, home = number_of(login), f"{urls.api}/users/{login}"
    return {
        "login": login,
        "id": number,
        "node_id": node("U", number),
        "avatar_url": f"{urls.html}/avatars/u/{number}",
        "gravatar_id": "",
        "url": home,
        "html_url": f"{urls.html}/{login}",
        **{f"{name}_url": f"{home}/{name}" for name in _USER_LINKS},
        "type": kind,
        "site_admin": False,
    }


def repository(urls: Urls) -> Body:
    owner, name = urls.repository.split("/")
    number = number_of(urls.repository)
    return {
        "id": number,
        "node_id": node("R", number),
        "name": name,
        "full_name": urls.repository,
        "private": True,
        "owner": user(owner, urls, "Organization"),
        "html_url": urls.repo_html,
        "description": None,
        "fork": False,
        "url": urls.repo,
        **{f"{link}_url": f"{urls.repo}/{link.replace('_', '/')}" for link in _REPOSITORY_LINKS},
    }


def workflow(of: Workflow, state: State, urls: Urls) -> Body:
    made = moment(state.created_at)
    return {
        "id": of.id,
        "node_id": node("W", of.id),
        "name": of.name,
        "path": of.path,
        "state": state.disabled.get(of.path, "active"),
        "created_at": made,
        "updated_at": made,
        "url": f"{urls.repo}/actions/workflows/{of.id}",
        "html_url": f"{urls.repo_html}/blob/{BRANCH}/{of.path}",
        "badge_url": f"{urls.repo_html}/workflows/{of.file}/badge.svg",
    }


def run(of: Run, attempt: Attempt, workflow_id: int, urls: Urls) -> Body:
    """The run as its attempt `attempt` shows it."""
    base = f"{urls.repo}/actions/runs/{of.id}"
    suite = of.id + 1
    earlier = f"{base}/attempts/{attempt.number - 1}" if attempt.number > 1 else None
    shown = base if attempt is of.last else f"{base}/attempts/{attempt.number}"
    repo = repository(urls)
    return {
        "id": of.id,
        "name": of.name,
        "node_id": node("WFR", of.id),
        "check_suite_id": suite,
        "check_suite_node_id": node("CS", suite),
        "head_branch": BRANCH,
        "head_sha": of.sha,
        "path": of.path,
        "display_title": f"{of.name} (seeded)" if attempt.seeded else of.name,
        "run_number": of.number,
        "run_attempt": attempt.number,
        "event": of.event,
        "status": attempt.status,
        "conclusion": attempt.conclusion,
        "workflow_id": workflow_id,
        "url": shown,
        "html_url": f"{urls.repo_html}/actions/runs/{of.id}",
        "pull_requests": [],
        "created_at": moment(of.created_at),
        "updated_at": moment(attempt.updated_at),
        "run_started_at": moment(attempt.started_at),
        "actor": user(of.actor, urls),
        "triggering_actor": user(attempt.actor, urls),
        "jobs_url": f"{shown}/jobs",
        "logs_url": f"{shown}/logs",
        "check_suite_url": f"{urls.repo}/check-suites/{suite}",
        "artifacts_url": f"{base}/artifacts",
        "cancel_url": f"{base}/cancel",
        "rerun_url": f"{base}/rerun",
        "previous_attempt_url": earlier,
        "workflow_url": f"{urls.repo}/actions/workflows/{workflow_id}",
        "referenced_workflows": [],
        "head_commit": {
            "id": of.sha,
            "tree_id": of.sha,
            "message": "The sandbox's project as it stood",
            "timestamp": moment(of.created_at),
            "author": {"name": of.actor, "email": f"{of.actor}@sandbox.invalid"},
            "committer": {"name": of.actor, "email": f"{of.actor}@sandbox.invalid"},
        },
        "repository": repo,
        "head_repository": repo,
        "head_repository_id": repo["id"],
    }


def job(of: Job, parent: Run, urls: Urls) -> Body:
    begun = of.status != "queued"
    return {
        "id": of.id,
        "run_id": parent.id,
        "run_url": f"{urls.repo}/actions/runs/{parent.id}",
        "run_attempt": of.attempt,
        "node_id": node("CR", of.id),
        "head_sha": parent.sha,
        "head_branch": BRANCH,
        "workflow_name": parent.name,
        "name": of.name,
        "url": f"{urls.repo}/actions/jobs/{of.id}",
        "html_url": f"{urls.repo_html}/actions/runs/{parent.id}/job/{of.id}",
        "check_run_url": f"{urls.repo}/check-runs/{of.id}",
        "status": of.status,
        "conclusion": of.conclusion,
        "created_at": moment(of.created_at),
        "started_at": moment(of.started_at),
        "completed_at": moment(of.completed_at),
        "labels": ["ubuntu-latest"],
        "runner_id": 1 if begun else None,
        "runner_name": "sandbox-runner-1" if begun else None,
        "runner_group_id": 1 if begun else None,
        "runner_group_name": "Default" if begun else None,
        "steps": [
            {
                "name": step.name,
                "number": step.number,
                "status": step.status,
                "conclusion": step.conclusion,
                "started_at": moment(step.started_at),
                "completed_at": moment(step.completed_at),
            }
            for step in (of.steps if begun else ())
        ],
    }


def secret(name: str, state: State) -> Body:
    made = moment(state.created_at)
    return {"name": name, "created_at": made, "updated_at": made}


def page(key: str, items: Sequence[Body], total: int) -> Body:
    return {"total_count": total, key: list(items)}
