"""Children end with their parent, however that ends. Nothing here waits for a time: each child
holds the writing end of a pipe, and the pipe ends when the last of them has ended."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from altui.sandbox.processes import Children

STUBBORN = """
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    signal.pause()
print("up", flush=True)
signal.pause()
"""
PARENT = """
import asyncio, sys
from altui.sandbox.processes import Children

async def main():
    children = Children()
    await children.open()
    with open(int(sys.argv[1]), "wb", closefd=False) as out:
        await children.start(sys.executable, "-c", sys.argv[2], stdout=out)
        await children.start(sys.executable, "-c", sys.argv[2], stdout=out)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_a_killed_parent_leaves_no_process_not_even_a_stubborn_grandchild():
    reading, writing = os.pipe()
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(writing), STUBBORN], pass_fds=[writing]
    )
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.readline() == b"up\n"
        assert pipe.readline() == b"up\n"
        parent.kill()
        parent.wait()
        assert pipe.read() == b""  # returns when all four have ended


async def test_the_janitor_keeps_a_lock_until_the_last_child_has_ended():
    reading, writing = os.pipe()
    children = Children()
    await children.open(writing)
    os.close(writing)
    child = await children.start("sleep", "1000")
    await children.close()
    assert child.returncode == -signal.SIGTERM
    assert await asyncio.to_thread(os.read, reading, 1) == b""
    os.close(reading)


async def test_stop_is_polite_first(tmp_path: Path):
    script = tmp_path / "script"
    script.write_text(
        "trap 'echo bye; exit 3' INT; echo up; while :; do read -t 60 x <> $0.p; done"
    )
    os.mkfifo(f"{script}.p")
    children = Children()
    await children.open()
    out = asyncio.subprocess.PIPE
    child = await children.start("bash", script, stdout=out, polite=signal.SIGINT)
    assert child.stdout is not None
    assert await child.stdout.readline() == b"up\n"
    await children.stop(child)
    assert (child.returncode, await child.stdout.read()) == (3, b"bye\n")
    await children.close()


async def test_a_child_inherits_nothing_that_is_not_named():
    children = Children()
    await children.open()
    child = await children.start(
        sys.executable, "-c", "import sys; sys.exit(len(sys.stdin.read()))"
    )
    assert await child.wait() == 0
    await children.close()
