"""Which role an account lacks, by what testIamPermissions and the datasets' access lists say."""

from collections.abc import Mapping

from msgspec import Struct, field

from altui.core.model.doctor import Result
from altui.core.model.health import State

READ = "bigquery.tables.getData"
WRITE = (READ, "bigquery.tables.updateData", "bigquery.tables.update", "bigquery.tables.delete")
"""What can be asked of a table. Data Editor has all four, Data Viewer the first."""
CREATE = "bigquery.tables.create"
"""Belongs to a dataset or project, and only a project can be asked."""
WRITERS = {
    "WRITER",
    "OWNER",
    "roles/bigquery.dataEditor",
    "roles/bigquery.dataOwner",
    "roles/bigquery.admin",
}
READERS = {"READER", "roles/bigquery.dataViewer", "roles/bigquery.metadataViewer"}
TRIED = "tables.testIamPermissions, projects.testIamPermissions, datasets.get access"


class Who(Struct, frozen=True):
    account: str
    """Address of the account; empty when it cannot be told."""

    @property
    def member(self) -> str:
        """As gcloud wants it; without a name, that of whoever is logged in."""
        if not self.account:
            return '"user:$(gcloud config get account)"'
        kind = "serviceAccount" if self.account.endswith("gserviceaccount.com") else "user"
        return f"{kind}:{self.account}"


class Access(Struct, frozen=True):
    """One dataset as this account finds it."""

    entries: dict[str, str] = field(default_factory=dict[str, str])
    """Role by address, of the dataset's own access list."""
    held: frozenset[str] = frozenset()
    """Permissions held on every one of its tables."""


def grant_on_project(project: str, who: Who, role: str) -> str:
    return (
        f"gcloud projects add-iam-policy-binding {project} --member={who.member} "
        f"--role=roles/{role}"
    )


def grant_on_dataset(project: str, dataset: str, who: Who, role: str) -> str:
    """The same on one dataset only, in SQL: `bq` binds roles to tables, not to datasets."""
    member = who.member.strip('"') if who.account else "user:YOU"
    statement = f'GRANT `roles/{role}` ON SCHEMA `{project}.{dataset}` TO "{member}"'
    return f"bq query --nouse_legacy_sql --project_id={project} '{statement}'"


def viewer(project: str, who: Who, access: Mapping[str, Access]) -> Result:
    """Whether every dataset's rows may be read."""
    here = "bigquery.viewer"
    shut = [name for name, one in access.items() if READ not in one.held]
    if not shut:
        return Result(here, "Data Viewer", State.ok, "rows of every dataset may be read", TRIED)
    said = f"no {READ} in {', '.join(shut)}"
    fix = f"an administrator grants Data Viewer, in {project} or on a dataset only"
    commands = _grants(project, shut, who, "bigquery.dataViewer")
    return Result(here, "Data Viewer", State.denied, said, TRIED, fix, commands)


def editor(
    project: str,
    who: Who,
    access: Mapping[str, Access],
    in_project: frozenset[str] | None,
    why: str,
    *,
    matters: bool,
) -> Result:
    """Whether dbt may rebuild what is there, and make new tables.

    `in_project` is None when the project could not be asked, `why` says it. `matters` is False
    for someone who only looks.
    """
    here, subject = "bigquery.editor", "Data Editor"
    lacking = {
        name: [permission for permission in WRITE if permission not in one.held]
        for name, one in access.items()
    }
    lacking = {name: names for name, names in lacking.items() if names}
    if lacking:
        said = "; ".join(f"no {', '.join(names)} in {name}" for name, names in lacking.items())
        fix = f"an administrator grants Data Editor, in {project} or on a dataset only"
        commands = _grants(project, [*lacking], who, "bigquery.dataEditor")
        return Result(here, subject, State.denied, said, TRIED, fix, commands, matters)
    making = {name: _may_create(one, who, in_project) for name, one in access.items()}
    refused = [name for name, may in making.items() if may is False]
    untold = [name for name, may in making.items() if may is None]
    if refused:
        said = f"no {CREATE} in {', '.join(refused)}: tables may be filled, not made"
        fix = f"an administrator grants Data Editor, in {project} or on a dataset only"
        commands = _grants(project, refused, who, "bigquery.dataEditor")
        return Result(here, subject, State.denied, said, TRIED, fix, commands, matters)
    if untold:
        reason = f" ({why})" if why else " (through a group or a role of your own, perhaps)"
        said = f"tables may be filled; {CREATE} cannot be tested here{reason}"
        fix = "look at the roles of the account and its groups by hand"
        return Result(here, subject, State.unknown, said, TRIED, fix, matters=False)
    return Result(here, subject, State.ok, "tables may be filled, changed and made", TRIED)


def _may_create(access: Access, who: Who, in_project: frozenset[str] | None) -> bool | None:
    """True or False where project and access list leave no doubt, else None."""
    if in_project is not None and CREATE in in_project:
        return True
    roles = access.entries
    if who.account and roles.get(who.account) in WRITERS:
        return True
    # a group or a custom role of the list may hold it; a project that is silent may too
    doubt = any(role not in READERS for name, role in roles.items() if name != who.account)
    custom = who.account in roles and roles[who.account] not in READERS
    return None if in_project is None or doubt or custom else False


def _grants(project: str, datasets: list[str], who: Who, role: str) -> tuple[str, ...]:
    on_datasets = (grant_on_dataset(project, name, who, role) for name in datasets)
    return (grant_on_project(project, who, role), *on_datasets)
