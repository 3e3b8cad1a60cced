"""GitHub Actions, simulated: a dispatch or a night really runs the project's workflow."""

from altui.sandbox.github import api
from altui.sandbox.github.engine import GitHub
from altui.sandbox.github.shell import Bash, Shell
from altui.sandbox.world import World


def create(world: World, shell: Shell | None = None) -> GitHub:
    """The simulator; `shell` runs a step's script (tests put their own in its place)."""
    github = GitHub(world, shell or Bash(world.children))
    github.app = api.build(github)
    return github
