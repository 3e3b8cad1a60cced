"""SQLite: where the processes meet."""
