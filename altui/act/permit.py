"""The permission to write, for whoever starts a change: `permit(settings)` gives it or refuses."""

from altui.services.permit import Permit, PermitError, permit

__all__ = ["Permit", "PermitError", "permit"]
