"""The command line."""


def main() -> None:
    """Entry point of the `altui` command."""
