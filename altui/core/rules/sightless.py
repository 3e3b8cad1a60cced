"""Verdicts of a look that cannot tell: most is silent, what readers use is, or nothing was seen."""

from datetime import date

from altui.core.model.health import Finding, Form, StageId, Verdict, VerdictState
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import risk_mart
from altui.core.rules import network
from altui.core.rules.lines import forms, names_of, since, spoken, todos
from altui.core.rules.look import Look
from altui.core.rules.network import Silence
from altui.core.rules.seeing import configured, is_silent, off, service_of, unseen_words
from altui.core.rules.serving import newest_document
from altui.core.words import clock, day, plural

AGAIN = ("r looks again. If it stays", "r; if it stays")


def verdict(look: Look, blind: list[Finding]) -> Verdict | None:
    """What is said where nothing bad is known but too little is seen; None where enough is."""
    if (found := network.silence(look)) is not None:
        return _check(look, found)
    if not any(seen.answers for seen in look.snapshot.observations.values()):
        return _nothing_seen(look)
    if suspect := next((finding for finding in blind if _hides_readers(look, finding)), None):
        return _suspected(look, suspect)
    return None if _served(look) else _unserved(look, blind)


def _hides_readers(look: Look, finding: Finding) -> bool:
    """Whether what readers use gave no answer at all: it may be down for them too."""
    service = service_of(finding.check)
    return service in ("elasticsearch", "kibana") and is_silent(look, service)


def _served(look: Look) -> bool:
    """Whether the newest day was looked for where readers look, or as near to it as is configured.

    Without Elasticsearch's address the marts are as near as altui can see.
    """
    if look.documents is not None:
        return True
    return "elasticsearch" not in configured(look) and look.warehouse is not None


def asleep(look: Look) -> Verdict | None:
    """Most of what is known was not asked for in time: this host slept, or nobody watched."""
    troubles = [seen.error and seen.error.trouble for seen in look.snapshot.observations.values()]
    if troubles.count(Trouble.stale) * 2 <= len(troubles) - troubles.count(Trouble.off):
        return None
    tried = (seen.tried_at for seen in look.snapshot.observations.values() if seen.tried_at)
    last = clock(look.now, max(tried))
    return spoken(
        VerdictState.stale,
        (
            forms([f"most services were not looked at since {last}"]),
            forms(["this host slept or nobody watched: what was seen says nothing of now"]),
            forms(["wait for the first answers; r asks again"]),
        ),
    )


def _check(look: Look, found: Silence) -> Verdict:
    at = f"since {clock(look.now, found.since)}"
    places, suspect = ("from this host", "from here"), "your VPN or proxy?"
    if found.local:
        places, suspect = ("on this machine", "here"), "is it running?"
    if found.others:
        heads = [f"{found.count} do not answer {place} {at}" for place in places]
        count = plural(len(found.answering), "other answers", "others answer")
        tails = [f"; answering: {found.others}", f"; {count}"]
    else:
        heads = [f"nothing answers {place} {at}, {found.count}" for place in places]
        tails = [""]
    return spoken(
        VerdictState.check,
        (
            forms(heads, [f": {suspect}"]),
            [
                *forms([f"{found.cause}: "], tails, found.words),
                *forms([found.cause], tails),
            ],
            forms([network.what_to_do(found)]),
        ),
        found.since,
    )


def _nothing_seen(look: Look) -> Verdict:
    """No service gave an answer; each said, or we know, why: those that are off come last."""
    errors = [seen.error for seen in look.snapshot.observations.values() if seen.error]
    errors.sort(key=lambda error: error.trouble is Trouble.off)
    words = [error.words for error in errors]
    found = unseen_words(look) or [(service, "off") for service in off(look)]
    return spoken(
        VerdictState.check,
        (
            forms(f"nothing can be seen: {names}" for names in names_of(found)),
            [Form("", words[0])] if words else forms(["no service is configured"]),
            forms(["mend the settings named above; altui doctor says which and how"]),
        ),
    )


def _suspected(look: Look, finding: Finding) -> Verdict:
    newest = newest_document(look.last_known, risk_mart(look.pipeline))
    words = next((evidence.words for evidence in finding.evidence if evidence.words), finding.check)
    held = f", held {day(newest)} when last seen" if newest else ""
    witnesses = ["; no second witness"]
    if service_of(finding.check) == "elasticsearch" and look.kibana is not None:
        level = f'; but Kibana, its client, is "{look.kibana.level}"'
        witnesses = [level, "; but Kibana, its client, answers"]
    dos = todos(look, finding)
    return spoken(
        VerdictState.suspected,
        (
            forms([finding.subject], since(look, finding.since)),
            forms([""], [*(held + word for word in witnesses), *witnesses], words),
            forms(f"{again}: {do}" for again in AGAIN for do in dos),
        ),
        finding.since,
        finding.stage,
    )


def _unserved(look: Look, blind: list[Finding]) -> Verdict:
    """Nothing is known to be wrong, but whether readers have the day was not seen: never OK."""
    stage, probe = StageId.elasticsearch, "elasticsearch.counts"
    if "elasticsearch" not in configured(look):
        stage, probe = StageId.bigquery, "bigquery.counts"
    seen = look.observation(probe)
    error = seen.error if seen else None
    stale = error is not None and error.trouble is Trouble.stale
    hiding = next((finding for finding in blind if finding.stage is stage), None)
    held = newest_mart(look)
    marts = f"the marts hold {day(held)}; " if held else ""
    found = unseen_words(look) or [(service, "off") for service in off(look)]
    asked = f"whether {day(look.due.wanted_day)} is in the index cannot be seen"
    ask = "wait for its first answer; r asks again" if stale else "altui doctor says what to set"
    said = error.words if error else "it was not looked at"
    return spoken(
        VerdictState.stale if stale else VerdictState.check,
        (
            forms(f"{asked}: {names}" for names in names_of(found)),
            [Form(marts, said), Form("", said)],
            forms([hiding.do if hiding and hiding.do else ask]),
        ),
        hiding.since if hiding else None,
    )


def newest_mart(look: Look) -> date | None:
    """The newest complete day of the mart."""
    series = look.mart(risk_mart(look.pipeline))
    days = [day for day, count in series.by_day.items() if count] if series else []
    return max((day for day in days if day <= look.due.coming_day), default=None)
