"""`python -m altui`."""

from altui.cli import main

if __name__ == "__main__":
    main()
