"""Probes, poller, observer: services in, snapshots in the store out."""
