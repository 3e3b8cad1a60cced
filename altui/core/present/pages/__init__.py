"""Pages: everything about one thing, a file a kind; `places` says which page a place is."""
