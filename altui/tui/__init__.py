"""The full-screen dashboard; reads the store, never a service."""
