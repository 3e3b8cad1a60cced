"""The verbs, their options and their help; what they do is in the files beside this one."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from altui.cli.guard import guarded

app = typer.Typer(
    name="altui",
    help="The on-call console of one analytics pipeline. Without a verb it opens the dashboard.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Config = Annotated[
    Path | None, typer.Option("--config", help="altui.toml to use instead of the one found.")
]
Profile = Annotated[
    str | None, typer.Option("--profile", help="Which of altui.toml's pipelines, by its name.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON (versioned) instead of a table.")]


def run() -> int | str | None:
    """Runs the command line and returns its exit code."""
    return guarded(app)


@app.callback(invoke_without_command=True)
def dashboard(
    context: typer.Context,
    config: Config = None,
    profile: Profile = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Refuse every action; cannot be unlocked.")
    ] = False,
) -> None:
    import os

    from altui.cli.context import choose

    choose(os.environ, config, profile, read_only=read_only)
    if version:
        from altui import __version__

        sys.stdout.write(f"altui {__version__}\n")
        raise typer.Exit
    if context.invoked_subcommand is None:
        from altui.cli.dashboard import open_dashboard

        raise typer.Exit(open_dashboard(os.environ))


@app.command()
def check(
    json: Json = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask every service anew, also while an observer runs.")
    ] = False,
) -> None:
    """Is yesterday's data where people look for it? Exit 0: ok or due; 1: findings; 3: blind."""
    import os

    from altui.cli.check import check as run_check

    raise typer.Exit(run_check(os.environ, as_json=json, fresh=fresh))


@app.command()
def init(
    output: Annotated[
        Path | None, typer.Option("--output", help="File to write instead of the one found.")
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option("--profile", help="Name of the pipeline; added to the file that is there."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nothing; the environment's variables answer.")
    ] = False,
) -> None:
    """Set up a real pipeline: asks for each service, tests each answer, writes altui.toml."""
    import os

    from altui.cli.init import init as run_init

    raise typer.Exit(run_init(os.environ, output=output, profile=profile, force=force, yes=yes))


@app.command()
def doctor(
    json: Json = False,
    service: Annotated[
        list[str] | None,
        typer.Option("--service", help="Examine this one only (settings, local, postgres ...)."),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", help="Seconds for everything together, 1 to 600.")
    ] = 30.0,
) -> None:
    """Every setting, credential and permission: what was tried, what came back, how to fix it."""
    import os

    from altui.cli.doctor import doctor as run_doctor

    raise typer.Exit(run_doctor(os.environ, as_json=json, services=service or (), seconds=timeout))


@app.command()
def parity(
    table: Annotated[
        str | None, typer.Option("--table", metavar="NAME", help="One table or mart only.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--start", metavar="DAY", help="First day, YYYY-MM-DD (UTC).")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--end", metavar="DAY", help="Last day; default: today.")
    ] = None,
    json: Json = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask every service anew, even beside an observer.")
    ] = False,
) -> None:
    """Does every copy hold what its source holds? Exit 0: equal or due; 1: different; 3: blind."""
    import os

    from altui.cli.parity import Asked
    from altui.cli.parity import parity as run_parity

    raise typer.Exit(run_parity(os.environ, Asked(table, start, end, json, fresh)))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def demo(
    context: typer.Context,
    json: Json = False,
    headless: Annotated[
        bool, typer.Option("--headless", help="Print the health report; open no screen.")
    ] = False,
) -> None:
    """The dashboard over a living copy of the pipeline; takes `altui sandbox up`'s options."""
    from altui.cli.demo import demo as run_demo

    raise typer.Exit(run_demo(context.args, as_json=json, headless=headless))


@app.command(
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "help_option_names": [],
    }
)
def sandbox(context: typer.Context) -> None:
    """A living copy of the pipeline: up, down, status, writer, clock (see `altui sandbox -h`)."""
    import os

    arguments = [sys.executable, "-m", "altui.sandbox", *context.args]
    os.execv(sys.executable, arguments)  # noqa: S606 - a separate program takes over
