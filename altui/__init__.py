"""altui: the on-call console of one analytics pipeline."""

__version__ = "0.1.0"
