"""The service's own page about what one looks at."""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode, urlsplit

from altui.core.model.health import StageId
from altui.core.model.observed import service_of
from altui.core.model.pipeline import risk_mart
from altui.core.present.commands import BIGQUERY, GITHUB, address, coded, project
from altui.core.present.page import Page
from altui.core.present.view import View

FIVETRAN = "https://api.fivetran.com"
OF_PANEL: Mapping[str, str] = {
    "fivetran": "fivetran",
    "workflow": "github",
    "indices": "elasticsearch",
    "parity": "bigquery",
}
OF_STAGE: Mapping[StageId, str] = {
    StageId.fivetran: "fivetran",
    StageId.bigquery: "bigquery",
    StageId.dbt: "github",
    StageId.elasticsearch: "elasticsearch",
    StageId.kibana: "kibana",
}


def link(seen: View, place: str, page: Page) -> str:
    """The page's own link, else that of its service; empty where there is none to open."""
    kind, _, rest = place.partition("/")
    if page.link:
        return opened(page.link)
    if kind in OF_PANEL:
        return of_service(seen, OF_PANEL[kind])
    if kind == "stage":
        return next((of_stage(seen, stage) for stage in StageId if stage == rest), "")
    return of_service(seen, service_of(rest)) if kind == "why" and rest else of_verdict(seen)


def of_verdict(seen: View) -> str:
    """Of the service that is not ok first; of the dashboard that readers see when all is."""
    stage = next((item.stage for item in seen.findings), StageId.kibana)
    return of_stage(seen, stage)


def of_stage(seen: View, stage: StageId) -> str:
    return of_service(seen, OF_STAGE.get(stage, ""))


def of_service(seen: View, service: str) -> str:
    page = PAGES.get(service)
    return opened(page(seen)) if page and address(seen, service) else ""


def opened(url: str) -> str:
    """The link where it may be opened: http or https, to a host, without a login; else nothing.

    A service may say any link, and a browser obeys other schemes in its own ways.
    """
    if not url.isprintable() or not url.isascii() or any(mark in url for mark in " \"'<>\\^`{|}"):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    fit = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    return url if fit else ""


def _fivetran(seen: View) -> str:
    known, base = seen.look.connection, address(seen, "fivetran")
    if known is None:
        return "https://fivetran.com/dashboard" if base == FIVETRAN else ""
    name = coded(known.id)
    if base != FIVETRAN:
        return f"{base}/v1/connections/{name}"
    return f"https://fivetran.com/dashboard/connections/{name}"


def _github(seen: View) -> str:
    base, file = address(seen, "github"), coded(seen.pipeline.workflow.file)
    web = f"https://github.com/{base.removeprefix(GITHUB)}" if base.startswith(GITHUB) else ""
    if not web and "/api/v3/repos/" in base:
        web = base.replace("/api/v3/repos/", "/", 1)
    runs = seen.look.runs.runs if seen.look.runs else ()
    return f"{web}/actions/workflows/{file}" if web else runs[0].url if runs else ""


def _bigquery(seen: View) -> str:
    """The mart that readers look for first, else the project."""
    base, known = address(seen, "bigquery"), seen.look.tables
    name = risk_mart(seen.pipeline).name
    full = next((one for one in (known.tables if known else ()) if one.endswith(f".{name}")), "")
    dataset, _, table = full.rpartition(".")
    if not base.startswith(BIGQUERY):
        return f"{base}/datasets/{coded(dataset)}/tables/{coded(table)}" if full else base
    asked = {"project": project(base)}
    if full:
        asked |= {"p": project(base), "d": dataset, "t": table, "page": "table"}
    return f"https://console.cloud.google.com/bigquery?{urlencode(asked, errors='replace')}"


def _elasticsearch(seen: View) -> str:
    prefix = seen.look.cluster.prefix if seen.look.cluster else ""
    index = f"/{coded(prefix)}_{coded(risk_mart(seen.pipeline).index)}" if prefix else ""
    return address(seen, "elasticsearch") + index


def _kibana(seen: View) -> str:
    board = coded(seen.pipeline.dashboard.id)
    return f"{address(seen, 'kibana')}/app/dashboards#/view/{board}"


PAGES: Mapping[str, Callable[[View], str]] = {
    "fivetran": _fivetran,
    "github": _github,
    "bigquery": _bigquery,
    "elasticsearch": _elasticsearch,
    "kibana": _kibana,
}
"""PostgreSQL has no page."""
