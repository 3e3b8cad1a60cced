"""Examining settings, credentials and permissions: what was tried, what came back, the fix.

A file a service. Everything here only reads; what cannot be tested without writing is unknown.
"""
