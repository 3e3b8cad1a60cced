"""A living copy of the pipeline: a separate program that imports nothing of altui."""
