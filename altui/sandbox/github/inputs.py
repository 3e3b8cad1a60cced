"""What a dispatch may ask for; refusals carry 422 and GitHub's words."""

from collections.abc import Mapping
from typing import Any, cast

from altui.sandbox.github.engine import RefusedError
from altui.sandbox.github.state import BRANCH
from altui.sandbox.github.workflow import Workflow


def checked(workflow: Workflow, body: Mapping[str, Any], *, enterprise: bool) -> dict[str, str]:
    """The inputs of a dispatch. A server (`enterprise`) knows fewer keys and 10 inputs, not 25."""
    allowed = {"ref", "inputs"} if enterprise else {"ref", "inputs", "return_run_details"}
    for unknown in sorted(set(body) - allowed):
        raise RefusedError(422, f'Invalid request.\n\n"{unknown}" is not a permitted key.')
    ref: object = body.get("ref")
    if not isinstance(ref, str):
        raise RefusedError(422, 'Invalid request.\n\n"ref" wasn\'t supplied.')
    if ref.removeprefix("refs/heads/") != BRANCH:
        raise RefusedError(422, f"No ref found for: {ref}")
    if not workflow.dispatchable:
        raise RefusedError(422, "Workflow does not have 'workflow_dispatch' trigger")
    return _inputs(workflow, body.get("inputs") or {}, 10 if enterprise else 25)


def _inputs(workflow: Workflow, given: object, most: int) -> dict[str, str]:
    if not isinstance(given, dict):
        raise RefusedError(422, "Invalid request.\n\nFor 'properties/inputs', it is not an object.")
    inputs = cast(dict[str, Any], given)
    if len(inputs) > most:
        raise RefusedError(422, f"you may only define up to {most} inputs for a workflow_dispatch")
    declared = {each.name for each in workflow.inputs}
    unexpected = [f'"{name}"' for name in inputs if name not in declared]
    if unexpected:
        raise RefusedError(422, f"Unexpected inputs provided: [{', '.join(unexpected)}]")
    for each in workflow.inputs:
        if each.required and not each.default and not inputs.get(each.name):
            raise RefusedError(422, f"Required input '{each.name}' not provided")
    return {name: str(value) for name, value in inputs.items()}
