"""Runs dbt for a test: one JSON request a line on stdin, one JSON answer a line on stdout.

A request is `{"args": [...], "env": {...}}`. After `parse` the parsed project is used again for
every later request, whatever its vars. (No file beside this one may be called dbt_…: dbt takes
such modules for plugins and imports them.)
"""

import json
import os
import sys

from dbt.cli.main import dbtRunner

manifest = None
for line in sys.stdin:
    request = json.loads(line)
    os.environ.update(request["env"])
    parse = request["args"][0] == "parse"
    done = dbtRunner(manifest=None if parse else manifest).invoke(request["args"])
    if parse and done.success:
        manifest = done.result
    answer = {
        "success": done.success,
        "exception": str(done.exception or ""),
        "results": [
            {"name": r.node.name, "status": str(r.status), "message": r.message or ""}
            for r in getattr(done.result, "results", [])
            if hasattr(r, "node")
        ],
        "nodes": {
            node.name: {"type": str(node.resource_type), "relation": node.relation_name}
            for node in (manifest.nodes.values() if parse and manifest else ())
        },
    }
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
