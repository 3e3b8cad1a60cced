"""One adapter a system; the only code that talks to it."""
