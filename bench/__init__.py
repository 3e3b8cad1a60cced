"""Measures the budgets of this machine: `python -m bench [--help]`."""
