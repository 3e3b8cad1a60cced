"""What a panel shows where a service cannot be seen: the words of its title and first row."""

from msgspec import Struct

from altui.core.model.health import State
from altui.core.model.observed import Trouble
from altui.core.present.rows import Line, Segment, Tone, folding, line, tone_of
from altui.core.present.view import View
from altui.core.rules.seeing import PARTS, SERVICE_NAMES, STATE_OF, service_of

MISSING = {
    "postgres": "no Postgres",
    "fivetran": "no Fivetran key",
    "bigquery": "no BigQuery",
    "github": "no GitHub token",
    "elasticsearch": "no ES_URL",
    "kibana": "no Kibana",
}
SHORT = {**SERVICE_NAMES, "postgres": "Postgres", "elasticsearch": "ES"}
NOTHING = "unseen"
SOURCE, WAREHOUSE, METADATA = "postgres.counts", "bigquery.counts", "bigquery.tables"
DOCUMENTS, CLUSTER, READER = "elasticsearch.counts", "elasticsearch.cluster", "kibana.status"


def blind(seen: View, probe: str) -> bool:
    """Whether the probe was tried and nothing that it told can be judged."""
    return seen.observation(probe) is not None and not seen.look.stands(probe)


class Instead(Struct, frozen=True):
    """What a panel shows in place of what `probe` does not tell."""

    short: str = ""
    """For titles and beside a service's words; empty while all is seen."""
    probe: str = ""
    long: str = ""
    """Where there is a row for it; empty: the short form."""


def follows(seen: View, panel: str) -> Instead:
    """What stands in, in the panel of this key, for the service it is about."""
    match panel:
        case "fivetran" if blind(seen, "fivetran.connection"):
            if blind(seen, WAREHOUSE):
                return Instead(NOTHING, "fivetran.connection")
            long = "freshness from _fivetran_synced"
            return Instead("by _fivetran_synced", "fivetran.connection", long)
        case "workflow" if blind(seen, "github.runs"):
            if blind(seen, METADATA):
                return Instead("by the newest day alone", "github.runs")
            return Instead("by the marts' age", "github.runs", "the marts' modification time")
        case "indices":
            return _indices(seen)
        case "parity":
            return _parity(seen)
        case _:
            return Instead()


def _indices(seen: View) -> Instead:
    if blind(seen, DOCUMENTS) and blind(seen, READER):
        return Instead(NOTHING, DOCUMENTS, "what readers find cannot be seen")
    if blind(seen, DOCUMENTS):
        return Instead("only Kibana's word", DOCUMENTS)
    if blind(seen, READER):
        return Instead("the index only", READER)
    return Instead("days only", CLUSTER) if blind(seen, CLUSTER) else Instead()


def _parity(seen: View) -> Instead:
    if blind(seen, WAREHOUSE):
        if blind(seen, SOURCE) or blind(seen, DOCUMENTS):
            return Instead("nothing to compare", WAREHOUSE)
        return Instead("source = index", WAREHOUSE, "the index against the source, marts unseen")
    if blind(seen, SOURCE):
        long = "parity starts at BigQuery, OK as far as seen"
        return Instead("from BigQuery on", SOURCE, long)
    return Instead()


def reason(seen: View, probe: str) -> str:
    """`no Postgres`, `Postgres denied`, `ES health denied`: why the probe tells nothing."""
    service, observation = service_of(probe), seen.observation(probe)
    if observation is None or observation.error is None:
        return ""
    trouble = observation.error.trouble
    if trouble is Trouble.off:
        return MISSING[service]
    part = PARTS.get(probe, "") if seen.partly(service) else ""
    return " ".join(word for word in (SHORT[service], part, trouble.value) if word)


def titles(seen: View, panel: str) -> list[str]:
    """What may stand behind the panel's name, from long to short; all are empty while it sees."""
    instead = follows(seen, panel)
    if not instead.short:
        return [""]
    why = reason(seen, instead.probe)
    return [f"  {instead.short} ({why})", f"  {instead.short}", ""]


def state_of_sight(seen: View, probes: tuple[str, ...]) -> list[State]:
    """The states of those probes that have no answer; off ones count only where all are off."""
    errors = [
        item.error for probe in probes if (item := seen.observation(probe)) and blind(seen, probe)
    ]
    states = [STATE_OF[error.trouble] for error in errors if error]
    if len(states) == len(probes) and set(states) == {State.off}:
        return states
    return [state for state in states if state is not State.off]


def trouble(seen: View, probe: str, panel: str = "") -> Line | None:
    """The row that says why a service's figures are old or missing; None while they are live.

    With a panel it also says what stands there instead.
    """
    instead = follows(seen, panel)
    if instead.probe != probe:
        instead = Instead()
    observation = seen.observation(probe)
    name = SERVICE_NAMES[service_of(probe)]
    if observation is None:
        return Line(f"{probe}.trouble", (Segment(f"{name} was not looked at yet", Tone.dim),))
    error = observation.error
    if error is None or observation.answers:
        return None
    if error.trouble is Trouble.off:
        said = instead.long or instead.short
        words = MISSING[service_of(probe)] + (f": {said}" if said else "")
        return line(f"{probe}.off", (words, Tone.off))
    part = f" {PARTS[probe]}" if seen.partly(service_of(probe)) and probe in PARTS else ""
    state = STATE_OF[error.trouble]
    made = line(
        f"{probe}.trouble",
        (f"{name}{part} {error.trouble.value}", tone_of(state)),
        (f", seen {seen.clock(observation.at)}" if observation.at else "", Tone.dim),
        (f", {instead.short}" if instead.short not in ("", NOTHING) else "", Tone.plain),
        f": {error.words}",
    )
    return folding(made)
