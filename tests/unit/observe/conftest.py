"""What tests of probes need: a scripted server, and retries that do not wait."""

from tests.unit.services.conftest import no_waiting, server

__all__ = ["no_waiting", "server"]
