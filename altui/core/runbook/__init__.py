"""The runbook as data, and its loader."""
