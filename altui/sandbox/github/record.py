"""Writes down what a job does: step by step into the state, line by line into the logs."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime

from altui.sandbox.github import state as change
from altui.sandbox.github.files import Files
from altui.sandbox.github.state import Job, Run, Step

_COMMAND = re.compile(r"::(error|warning|notice|debug|group|endgroup|add-mask)(?: [^:]*)?::(.*)")


class Record:
    """One job's record. Secrets are masked here, before a line reaches the disk."""

    def __init__(
        self,
        run: Run,
        job: Job,
        files: Files,
        *,
        now: Callable[[], datetime],
        save: Callable[[], None],
        secrets: Iterable[str] = (),
    ) -> None:
        self.run = run
        self.job = job
        self._files = files
        self._now = now
        self._save = save
        self._masks: set[str] = set()
        for secret in secrets:
            self.mask(secret)

    def mask(self, secret: str) -> None:
        """From now on the text, and each of its lines, shows as ***."""
        self._masks |= {part for part in (secret, *secret.splitlines()) if part.strip()}

    def start_job(self) -> None:
        change.start_job(self.job, self._now())
        self._save()

    def finish_job(self, conclusion: str) -> None:
        change.finish_job(self.job, conclusion, self._now())
        self._save()

    def start(self, step: Step) -> None:
        change.start_step(step, self._now())
        self._save()

    def finish(self, step: Step, conclusion: str) -> None:
        change.finish_step(step, conclusion, self._now())
        self._files.finish_log(self.run, self.job, step)
        self._save()

    def say(self, step: Step, text: str) -> None:
        """Lines of the runner itself."""
        stamp = timestamp(self._now())
        for line in self._masked(text).split("\n"):
            self._files.append(self.run, self.job, step, f"{stamp} {line}")

    def output(self, step: Step, line: str) -> None:
        """One line of a program; workflow commands (`::error::…`) are carried out."""
        found = _COMMAND.fullmatch(line)
        if found is None:
            self.say(step, line)
        elif found[1] == "add-mask":
            self.mask(found[2])
        else:
            self.say(step, f"##[{found[1]}]{found[2]}")

    def _masked(self, text: str) -> str:
        for secret in sorted(self._masks, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


def timestamp(moment: datetime) -> str:
    """As in GitHub's logs: UTC, seven digits of a second."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}0Z"
