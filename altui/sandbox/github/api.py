"""The REST paths of GitHub Actions, below `/` as on github.com and below `/api/v3` as on a server.

Statuses and bodies follow GitHub's machine-readable descriptions of versions 2022-11-28 and
2026-03-10 and of Enterprise Server 3.19.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from altui.sandbox.github import render
from altui.sandbox.github.engine import GitHub, RefusedError
from altui.sandbox.github.gate import ENTERPRISE_RELEASE, VERSIONS, Call, Gate, read_object
from altui.sandbox.github.inputs import checked
from altui.sandbox.github.listing import chosen, page_of
from altui.sandbox.github.state import BRANCH, Attempt, Job, Run
from altui.sandbox.github.workflow import Workflow, WorkflowError

Handler = Callable[[Call], Awaitable[Response]]

_LINK_SECONDS = 60
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def build(github: GitHub) -> Starlette:
    world = github.world
    gate = Gate(world.github_token, world.github_repository, world.github_url, github.now)
    api = Api(github)

    def guarded(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                call = gate.admit(request)
            except RefusedError as refusal:
                return gate.refused(request, refusal)
            try:
                answer = await handler(call)
            except RefusedError as refusal:
                answer = gate.refused(request, refusal)
            except WorkflowError as error:
                answer = gate.refused(request, RefusedError(422, str(error)))
            return gate.finish(call, answer)

        return endpoint

    routes = [
        Route(path, guarded(handler), methods=[method]) for method, path, handler in api.table()
    ]
    anywhere = Route("/{path:path}", guarded(_nowhere), methods=_METHODS)
    app = Starlette(
        routes=[
            Route("/_logs/{kind}/{number:int}/{attempt:int}", api.download),
            Route("/_sandbox/runs/{run_id:int}/wait", api.wait),
            Mount("/api/v3", routes=[*routes, anywhere]),
            *routes,
            anywhere,
        ]
    )
    app.state.gate = gate
    return app


async def _nowhere(call: Call) -> Response:
    raise RefusedError(404, "Not Found")


class Api:
    """One method an endpoint; each takes an admitted call."""

    def __init__(self, github: GitHub) -> None:
        self.github = github
        self._signing_key = secrets.token_bytes(32)
        self.seconds: Callable[[], float] = time.time
        """Real time, by which links to logs expire."""

    def table(self) -> Sequence[tuple[str, str, Handler]]:
        repo = "/repos/{owner}/{repo}"
        actions = f"{repo}/actions"
        run, job = f"{actions}/runs/{{run_id:int}}", f"{actions}/jobs/{{job_id:int}}"
        attempt = f"{run}/attempts/{{attempt:int}}"
        workflow = f"{actions}/workflows/{{workflow_id}}"
        return (
            ("GET", "/meta", self.meta),
            ("GET", "/versions", self.versions),
            ("GET", "/rate_limit", self.rate_limit),
            ("GET", repo, self.repository),
            ("GET", f"{actions}/secrets", self.secrets),
            ("GET", f"{actions}/workflows", self.workflows),
            ("GET", workflow, self.workflow),
            ("GET", f"{workflow}/runs", self.runs),
            ("POST", f"{workflow}/dispatches", self.dispatch),
            ("PUT", f"{workflow}/enable", self.enable),
            ("PUT", f"{workflow}/disable", self.disable),
            ("GET", f"{actions}/runs", self.runs),
            ("GET", run, self.run),
            ("GET", f"{run}/jobs", self.jobs),
            ("GET", f"{run}/logs", self.run_logs),
            ("POST", f"{run}/cancel", self.cancel),
            ("POST", f"{run}/force-cancel", self.cancel),
            ("POST", f"{run}/rerun", self.rerun),
            ("POST", f"{run}/rerun-failed-jobs", self.rerun_failed),
            ("GET", attempt, self.run),
            ("GET", f"{attempt}/jobs", self.jobs),
            ("GET", f"{attempt}/logs", self.run_logs),
            ("GET", job, self.job),
            ("GET", f"{job}/logs", self.job_logs),
            ("POST", f"{job}/rerun", self.job_rerun),
        )

    # The service itself.

    async def meta(self, call: Call) -> Response:
        own: dict[str, Any] = {"verifiable_password_authentication": False}
        if call.enterprise:
            own["installed_version"] = ENTERPRISE_RELEASE
        return JSONResponse(own)

    async def versions(self, call: Call) -> Response:
        return JSONResponse(["2022-11-28"] if call.enterprise else list(VERSIONS))

    async def rate_limit(self, call: Call) -> Response:
        gate: Gate = self.github.app.state.gate
        core = gate.rate(call).body
        search = {**core, "limit": 30, "used": 0, "remaining": 30}
        body: dict[str, Any] = {"resources": {"core": core, "search": search}}
        if call.version == "2022-11-28":
            body["rate"] = core
        return JSONResponse(body)

    async def repository(self, call: Call) -> Response:
        self._ours(call)
        return JSONResponse({**render.repository(call.urls), "default_branch": BRANCH})

    async def secrets(self, call: Call) -> Response:
        self._ours(call)
        bodies = [render.secret(name, self.github.state) for name in sorted(self.github.secrets())]
        return _listed(call, "secrets", bodies)

    # Workflows.

    async def workflows(self, call: Call) -> Response:
        self._ours(call)
        state = self.github.state
        bodies = [render.workflow(each, state, call.urls) for each in self.github.workflows()]
        return _listed(call, "workflows", bodies)

    async def workflow(self, call: Call) -> Response:
        found = self._workflow(call)
        return JSONResponse(render.workflow(found, self.github.state, call.urls))

    async def enable(self, call: Call) -> Response:
        self.github.enable(self._workflow(call))
        return Response(status_code=204)

    async def disable(self, call: Call) -> Response:
        self.github.disable(self._workflow(call))
        return Response(status_code=204)

    async def dispatch(self, call: Call) -> Response:
        workflow = self._workflow(call)
        body = await read_object(call.request)
        inputs = checked(workflow, body, enterprise=call.enterprise)
        if workflow.path in self.github.state.disabled:
            raise RefusedError(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
        run = self.github.trigger(workflow, "workflow_dispatch", inputs)
        if call.version != "2026-03-10" and body.get("return_run_details") is not True:
            return Response(status_code=204)
        shown = render.run(run, run.last, workflow.id, call.urls)
        return JSONResponse(
            {"workflow_run_id": run.id, "run_url": shown["url"], "html_url": shown["html_url"]}
        )

    # Runs.

    async def runs(self, call: Call) -> Response:
        self._ours(call)
        found = self.github.state.runs
        if "workflow_id" in call.path:
            path = self._workflow(call).path
            found = [run for run in found if run.path == path]
        ids = {each.path: each.id for each in self.github.workflows()}
        matching = chosen(found, call.query)
        shown, link = page_of(matching, call.query, _here(call))
        bodies = [render.run(run, run.last, ids.get(run.path, 0), call.urls) for run in shown]
        return _page("workflow_runs", bodies, len(matching), link)

    async def run(self, call: Call) -> Response:
        run = self._run(call)
        ids = {each.path: each.id for each in self.github.workflows()}
        attempt = self._attempt(call, run)
        return JSONResponse(render.run(run, attempt, ids.get(run.path, 0), call.urls))

    async def jobs(self, call: Call) -> Response:
        run = self._run(call)
        jobs = self._attempt(call, run).jobs
        if "attempt" not in call.path and call.query.get("filter") == "all":
            jobs = [job for each in reversed(run.attempts) for job in each.running_jobs]
        return _listed(call, "jobs", [render.job(job, run, call.urls) for job in jobs])

    async def job(self, call: Call) -> Response:
        run, _, job = self._job(call)
        return JSONResponse(render.job(job, run, call.urls))

    async def cancel(self, call: Call) -> Response:
        force = call.request.url.path.endswith("/force-cancel")
        self.github.cancel(self._run(call), force=force)
        return JSONResponse({}, 202)

    async def rerun(self, call: Call) -> Response:
        self.github.rerun(self._run(call))
        return JSONResponse({}, 201)

    async def rerun_failed(self, call: Call) -> Response:
        run = self._run(call)
        keys = {job.key for job in run.last.jobs if job.conclusion != "success"}
        if run.done and not keys:
            raise RefusedError(403, "This workflow run has no failed jobs to retry")
        self.github.rerun(run, keys)
        return JSONResponse({}, 201)

    async def job_rerun(self, call: Call) -> Response:
        run, _, job = self._job(call)
        self.github.rerun(run, {job.key})
        return JSONResponse({}, 201)

    # Logs: a link that lives one minute, as GitHub's to its storage.

    async def run_logs(self, call: Call) -> Response:
        run = self._run(call)
        attempt = self._attempt(call, run)
        if attempt.status != "completed":
            raise RefusedError(404, "Not Found")
        return self._link("run", run.id, attempt.number)

    async def job_logs(self, call: Call) -> Response:
        _, attempt, job = self._job(call)
        if job.status != "completed":
            raise RefusedError(404, "Not Found")
        return self._link("job", job.id, attempt.number)

    async def download(self, request: Request) -> Response:
        """What a link leads to; needs no token, only its own signature."""
        expiry = request.query_params.get("se", "")
        signature = request.query_params.get("sig", "")
        right = hmac.compare_digest(signature, self._signature(request.url.path, expiry))
        if not right or self.seconds() > float(expiry):
            return PlainTextResponse("AuthenticationFailed: the link has expired", 403)
        number: int = request.path_params["number"]
        state = self.github.state
        if request.path_params["kind"] == "job":
            found = state.job(number)
            if found is not None:
                return PlainTextResponse(self.github.files.job_log(found[0], found[2]))
        elif (run := state.run(number)) is not None:
            ordinal: int = request.path_params["attempt"]
            attempt = run.attempts[ordinal - 1]
            archive = self.github.files.run_log(run, attempt)
            return Response(archive, media_type="application/zip")
        return PlainTextResponse("BlobNotFound", 404)

    async def wait(self, request: Request) -> Response:
        """Not GitHub's: answers when the run has ended or the step `?step=` has begun."""
        run = self.github.state.run(request.path_params["run_id"])
        if run is None:
            return PlainTextResponse("no such run", 404)
        name = request.query_params.get("step")

        def begun() -> bool:
            steps = (step for job in run.last.jobs for step in job.steps)
            return any(step.name == name and step.status != "queued" for step in steps)

        await self.github.until(lambda: run.done or begun())
        return Response(status_code=204)

    def _link(self, kind: str, number: int, attempt: int) -> Response:
        path = f"/_logs/{kind}/{number}/{attempt}"
        expiry = f"{self.seconds() + _LINK_SECONDS:.0f}"
        query = urlencode({"se": expiry, "sig": self._signature(path, expiry)})
        return RedirectResponse(f"{self.github.world.github_url}{path}?{query}", 302)

    def _signature(self, path: str, expiry: str) -> str:
        return hmac.new(self._signing_key, f"{path} {expiry}".encode(), hashlib.sha256).hexdigest()

    # What a path names; 404 for what is not there.

    def _ours(self, call: Call) -> None:
        named = f"{call.path['owner']}/{call.path['repo']}"
        if named.lower() != self.github.world.github_repository.lower():
            raise RefusedError(404, "Not Found")

    def _workflow(self, call: Call) -> Workflow:
        self._ours(call)
        named = call.path["workflow_id"]
        for each in self.github.workflows():
            if named in (str(each.id), each.file):
                return each
        raise RefusedError(404, "Not Found")

    def _run(self, call: Call) -> Run:
        self._ours(call)
        run = self.github.state.run(call.path["run_id"])
        if run is None:
            raise RefusedError(404, "Not Found")
        return run

    def _attempt(self, call: Call, run: Run) -> Attempt:
        number: int = call.path.get("attempt", len(run.attempts))
        if not 1 <= number <= len(run.attempts):
            raise RefusedError(404, "Not Found")
        return run.attempts[number - 1]

    def _job(self, call: Call) -> tuple[Run, Attempt, Job]:
        self._ours(call)
        found = self.github.state.job(call.path["job_id"])
        if found is None:
            raise RefusedError(404, "Not Found")
        return found


def _listed(call: Call, key: str, bodies: list[render.Body]) -> Response:
    shown, link = page_of(bodies, call.query, _here(call))
    return _page(key, shown, len(bodies), link)


def _page(key: str, bodies: list[render.Body], total: int, link: str) -> Response:
    headers = {"link": link} if link else {}
    return JSONResponse(render.page(key, bodies, total), headers=headers)


def _here(call: Call) -> str:
    path = call.request.url.path.removeprefix("/api/v3")
    return f"{call.urls.api}{path}"
