"""The real shell of the runner: output, exit codes, and process groups that really end."""

import asyncio
import os
import select
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from altui.sandbox.github.shell import Bash
from altui.sandbox.processes import Children
from tests.github_lab import NOON, Lab, make_world


@pytest.fixture
async def children() -> AsyncIterator[Children]:
    children = Children()
    yield children
    await children.close()


Run = Callable[[str], "asyncio.Task[int]"]
Lines = asyncio.Queue[str]


@pytest.fixture
def lines() -> Lines:
    return asyncio.Queue()


@pytest.fixture
def run(children: Children, tmp_path: Path, lines: Lines) -> Run:
    def start(text: str) -> asyncio.Task[int]:
        script = tmp_path / "step.sh"
        script.write_text(text)
        env = {"PATH": os.environ["PATH"]}
        shell = Bash(children)
        return asyncio.ensure_future(shell(script, cwd=tmp_path, env=env, write=lines.put_nowait))

    return start


def all_of(lines: Lines) -> list[str]:
    return [lines.get_nowait() for _ in range(lines.qsize())]


def ends(process: int) -> bool:
    """Whether a process that was sent a signal is gone; the kernel tells when."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 5)[0])
    finally:
        os.close(handle)


async def test_output_of_both_streams_comes_line_by_line(run: Run, lines: Lines):
    long = "x" * 300_000
    text = f"echo one; echo two >&2; printf 'a\\r\\n\\xff\\n'; printf '{long}\\nend'"
    assert await run(text) == 0
    assert all_of(lines) == ["one", "two", "a", "\ufffd", long, "end"]


@pytest.mark.parametrize(
    ("text", "code"), [("exit 7", 7), ("false; echo on", 1), ("false | true", 1), ("true", 0)]
)
async def test_the_first_failure_ends_the_script(run: Run, lines: Lines, text: str, code: int):
    assert await run(text) == code
    assert all_of(lines) == []


async def test_what_stays_in_the_background_ends_with_the_step(run: Run, lines: Lines):
    assert await run("sleep 600 & echo $!") == 0
    assert ends(int(await lines.get()))


async def test_cancelling_interrupts_and_ends_the_whole_group(run: Run, lines: Lines):
    program = """
import os, time
try:
    print(os.getpid(), flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    running = run(f"python3 -c '{program}'")
    child = int(await lines.get())
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ends(child)
    assert all_of(lines) == ["interrupted"]


async def test_a_workflow_really_runs_in_a_copy_and_keeps_its_files(
    children: Children, tmp_path: Path
):
    world = make_world(tmp_path, NOON)
    workflow = world.project_dir / ".github" / "workflows" / "analytics-sync.yml"
    workflow.write_text(
        """
name: Small
on: workflow_dispatch
env: {GREETING: "from the workflow"}
jobs:
  only:
    steps:
      - uses: actions/checkout@v4
      - run: |
          echo "SAID=$GREETING" >> "$GITHUB_ENV"
          echo "::add-mask::hush"
      - name: Write
        working-directory: analytics/dbt
        run: |
          mkdir target
          echo "$SAID hush in $CI" | tee target/run.json
          git_free=$(pwd); echo "${git_free##*/}"
          echo "::error file=x::all is well"
      - run: exit 3
        continue-on-error: true
      - uses: actions/upload-artifact@v4
        with: {name: logs, path: analytics/dbt/target/}
"""
    )
    lab = Lab(world, Bash(children))
    await lab.github.seed()
    run = await lab.finished()
    await lab.close()
    job = run.last.jobs[0]
    log = lab.github.files.job_log(run, job)
    assert run.last.conclusion == "success", log
    assert "Z from the workflow *** in true\n" in log
    assert "Z dbt\n" in log
    assert "##[error]all is well" in log
    assert "##[error]Process completed with exit code 3." in log
    kept = lab.github.files.artifacts(run) / "logs" / "analytics" / "dbt" / "target" / "run.json"
    assert kept.read_text() == "from the workflow hush in true\n"
    assert not (world.project_dir / "analytics" / "dbt" / "target").exists()
