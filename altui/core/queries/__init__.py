"""Builders of the grouped queries, pure: window in, text and parameters out."""
