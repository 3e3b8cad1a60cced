"""Runs a Python program later, with its slow imports done now.

`python -m altui.sandbox.later SCRIPT MODULE...` imports the modules, waits for one line on stdin
and runs the script with that line's words as its arguments. Without a line nothing is run.
"""

import importlib
import runpy
import sys


def main() -> None:
    script, *modules = sys.argv[1:]
    for module in modules:
        importlib.import_module(module)
    line = sys.stdin.readline()
    if not line:
        sys.exit(1)
    sys.argv = [script, *line.split()]
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
