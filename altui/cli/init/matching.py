"""What was found, held against what the pipeline expects. Pure."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from altui.core.model.pipeline import Mart, Pipeline, Table
from altui.core.model.reading import SyncTable
from altui.services.discovery import Dataset, SourceTable


def same_table(table: Table, found: Sequence[SourceTable]) -> SourceTable | None:
    """The table itself; else the only one with its name and day column in another schema."""
    for one in found:
        if one.name == table.source:
            return one
    bare = table.source.rpartition(".")[2]
    alike = [
        one for one in found if one.name.rpartition(".")[2] == bare and table.day in one.columns
    ]
    return alike[0] if len(alike) == 1 else None


def fitted(table: Table, found: SourceTable, day: str) -> Table:
    """The table with the source's real names; Fivetran names its copy `schema_table`."""
    return replace(
        table,
        source=found.name,
        raw=table.raw if found.name == table.source else found.name.replace(".", "_"),
        day=day,
        created=table.created if table.created in found.columns else day,
        updated=table.updated if table.updated in found.columns else None,
    )


def copied(tables: Iterable[Table], synced: Sequence[SyncTable]) -> tuple[Table, ...]:
    """The tables with the names that Fivetran gives their copies."""
    names = {one.source: one.destination for one in synced if one.destination}
    return tuple(replace(table, raw=names.get(table.source, table.raw)) for table in tables)


def home_of(wanted: Iterable[str], datasets: Sequence[Dataset], usual: str) -> str:
    """The dataset that holds most of the wanted tables; the usual one when none holds more."""
    names = set(wanted)
    held = {dataset.name: len(names & dataset.tables) for dataset in datasets}
    best = max(held, key=lambda name: held[name], default=usual)
    return best if held.get(best, 0) > held.get(usual, 0) else usual


def prefixes(indices: Iterable[str], marts: Iterable[Mart]) -> tuple[str, ...]:
    """What stands before `_` and a mart's suffix in the names of indices, the commonest first."""
    suffixes = [f"_{mart.index}" for mart in marts]
    found = [
        name.removesuffix(suffix)
        for name in indices
        for suffix in suffixes
        if name.endswith(suffix) and name != suffix
    ]
    return tuple(sorted(set(found), key=lambda prefix: (-found.count(prefix), prefix)))


def wanted_tables(pipeline: Pipeline) -> tuple[set[str], set[str], set[str]]:
    """Names of the raw, staging and mart tables."""
    return (
        {table.raw for table in pipeline.tables},
        {table.staging for table in pipeline.tables},
        {mart.name for mart in pipeline.marts},
    )
