"""The Permit reaches every writer, found mechanically; whatever is no writer only reads."""

import ast
import importlib
import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from altui.act.permit import PermitError
from altui.config import ElasticsearchSettings, Secret, Settings
from altui.services.permit import Permit, permit

ROOT = Path(__file__).parents[2]
OURS = [path for path in (ROOT / "altui").rglob("*.py") if "sandbox" not in path.parts]
CONTRACTS = {
    contract["name"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
}
WRITERS = [
    name
    for name in CONTRACTS["Only act writes"]["forbidden_modules"]
    if name != "altui.services.permit"
]
CLIENTS = {"client", "_client", "session", "_session", "http", "_http"}
"""What vendors' clients are called here."""
READING = re.compile(
    r"(get|exists|list|test|has|count|search|query|info|health|stats)(_\w+)?"
    r"|\w*(msearch|simulate\w*|privileges|explain\w*|read_session)|close|mount|tail|rows|each"
)
"""Methods of a client that change nothing on the far side."""
HANDED_ON = {"perform_request", "ask", "post", "send", "request"}
"""Methods that are told what to do: their arguments are looked at, or their callers' are."""
SQL_THAT_WRITES = re.compile(
    r"\s*(INSERT|UPDATE|DELETE|MERGE|TRUNCATE|DROP|ALTER|CREATE|GRANT|REVOKE|COPY|CALL|EXPORT)\s",
    re.IGNORECASE,
)


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def calls(path: Path) -> Iterator[tuple[list[str], ast.Call]]:
    """Every call of a method, with the names that lead to it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield names(node.func), node


def names(node: ast.expr) -> list[str]:
    found: list[str] = []
    while isinstance(node, ast.Attribute):
        found.append(node.attr)
        node = node.value
    return [*([node.id] if isinstance(node, ast.Name) else []), *reversed(found)]


def classes(name: str) -> list[type]:
    module = importlib.import_module(name)
    return [
        one
        for _, one in inspect.getmembers(module, inspect.isclass)
        if one.__module__ == name and not issubclass(one, tuple | Exception)
    ]


def test_every_module_that_is_called_a_writer_is_under_the_contract():
    called = {module_of(path) for path in OURS if "writ" in path.stem}
    assert called <= set(WRITERS)
    assert WRITERS


@pytest.mark.parametrize("name", WRITERS)
def test_every_class_of_a_writer_wants_a_permit_first(name: str):
    writers = classes(name)
    assert writers
    for one in writers:
        first, *_ = inspect.signature(one).parameters.values()
        assert first.annotation is Permit, f"{one.__name__}({first})"
        for made in (None, object(), Settings(), object.__new__(Permit)):
            with pytest.raises(PermitError):
                one(made, ElasticsearchSettings(url=Secret("http://127.0.0.1:9")))


def test_nothing_is_permitted_in_read_only_mode():
    with pytest.raises(PermitError, match="read-only"):
        permit(Settings(read_only=True))


def test_only_act_makes_and_needs_a_permit():
    """Whoever imports the permit or a writer lives in act, or is a writer."""
    allowed = {*WRITERS, "altui.services.permit"}
    for path in OURS:
        name = module_of(path)
        imported = {
            found
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom | ast.Import)
            for found in (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [alias.name for alias in node.names]
            )
        }
        if name not in allowed and not name.startswith("altui.act"):
            assert imported.isdisjoint(allowed), name


STEPS = [path for path in OURS if path.parent.name == "steps" and path.stem != "__init__"]


@pytest.mark.parametrize("path", STEPS, ids=lambda path: path.stem)
def test_a_step_that_uses_a_writer_asks_for_the_permit(path: Path):
    """Its public functions take a Permit, and refuse what is none before anything else."""
    module: Any = importlib.import_module(module_of(path))
    text = path.read_text()
    if not any(f"{one.__name__}(" in text for name in WRITERS for one in classes(name)):
        return
    wanting = [
        one
        for name, one in inspect.getmembers(module, inspect.isfunction)
        if one.__module__ == module.__name__
        and any(item.annotation is Permit for item in inspect.signature(one).parameters.values())
    ]
    assert [one.__name__ for one in wanting if not one.__name__.startswith("_")]
    for one in wanting:
        given = {
            name: Settings() if item.annotation is Settings else None
            for name, item in inspect.signature(one).parameters.items()
        }
        with pytest.raises(PermitError):
            one(**given)


def test_whoever_is_no_writer_calls_only_what_reads():
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {'.'.join(found)}"
        for path in OURS
        if module_of(path) not in WRITERS
        for found, node in calls(path)
        if CLIENTS & set(found[:-1]) and "cat" not in found and not _reads(path, found[-1], node)
    ]
    assert wrong == []


def _reads(path: Path, method: str, call: ast.Call) -> bool:
    if method not in HANDED_ON:
        return READING.fullmatch(method) is not None
    if method == "send":
        return path.stem == "http"  # what it sends is what `ask` and `get` were told
    said = [ast.unparse(argument) for argument in call.args]
    told = " ".join(said)
    if method == "post":
        return told.endswith(":testIamPermissions'")
    return said[0] in {"'GET'", "'HEAD'"} or (said[0] == "'POST'" and _exports(path, call))


def _exports(path: Path, call: ast.Call) -> bool:
    """Kibana reads saved objects by a POST: its path is written just before the call."""
    before = path.read_text().splitlines()[: call.lineno][-12:]
    paths = [line for line in before if "path = " in line]
    return bool(paths) and "/api/saved_objects/_export" in paths[-1]


def test_no_text_that_is_sent_to_a_database_writes():
    """Strings that are executed anywhere but in our own store."""
    own = {"altui.store.store", "altui.store.database", "altui.doctor.local"}
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in OURS
        if module_of(path) not in own and not module_of(path).startswith("altui.store")
        for found, node in calls(path)
        if found[-1] in {"execute", "executemany", "query", "copy"}
        for inner in ast.walk(node)
        if isinstance(inner, ast.Constant)
        and isinstance(inner.value, str)
        and SQL_THAT_WRITES.match(inner.value)
    ]
    assert wrong == []


def test_every_builder_of_queries_builds_selects():
    """core/queries holds every query on the pipeline: none of its texts starts a statement else."""
    texts = [
        (path.name, node.value)
        for path in (ROOT / "altui" / "core" / "queries").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert any("SELECT" in text for _, text in texts)
    assert [(name, text) for name, text in texts if SQL_THAT_WRITES.match(text)] == []
