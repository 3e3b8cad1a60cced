"""The permission to change something on the far side, which every writer must be given."""

from typing import NoReturn, final

from altui.config import Settings

_PROOF = object()


class PermitError(Exception):
    """Writing is refused; the message says what, why and what to do."""


@final
class Permit:
    """Proof that this process may write. `permit` alone makes one.

    It cannot be pickled or copied: another process reads its own settings and asks for its own.
    """

    __slots__ = ("_proof", "profile")

    def __init__(self, proof: object, profile: str) -> None:
        if proof is not _PROOF:
            raise PermitError("A Permit is made by permit(settings) and by nothing else.")
        self._proof = proof
        self.profile = profile

    @property
    def genuine(self) -> bool:
        return getattr(self, "_proof", None) is _PROOF

    def __reduce__(self) -> NoReturn:
        raise PermitError("A Permit stays in its process: the other one asks permit(settings).")

    def __repr__(self) -> str:
        return f"Permit(profile={self.profile!r})"


def permit(settings: Settings) -> Permit:
    """The one door to writing. Raises PermitError in read-only mode."""
    if settings.read_only:
        raise PermitError(
            f"Writing is refused: profile {settings.profile!r} is read-only. "
            "Nothing was changed. To write, unset ALTUI_READ_ONLY, or set read_only = false "
            "in altui.toml, and start again."
        )
    return Permit(_PROOF, settings.profile)


def require(held: object) -> None:
    """Raises PermitError unless `held` came from `permit`; each writer asks when it is built."""
    if not (isinstance(held, Permit) and held.genuine):
        raise PermitError("A writer needs a Permit: ask permit(settings) for one.")
