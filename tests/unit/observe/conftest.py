"""What tests of probes need: retries that do not wait."""

from tests.unit.services.conftest import no_waiting

__all__ = ["no_waiting"]
