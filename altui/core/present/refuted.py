"""What would refute a finding: the answer that its command must not give if it is true."""

from altui.core.model.health import Finding
from altui.core.model.observed import Trouble

_BY_CHECK: tuple[tuple[str, str], ...] = (
    ("fivetran.paused", "its answer says paused: false"),
    ("fivetran.rescheduled", "sync_state is not rescheduled any more, or succeeded_at is newer"),
    ("fivetran.unselected", "the table is enabled in its answer"),
    ("fivetran.broken", "setup_state is connected and no task is left"),
    ("fivetran.failed", "succeeded_at is newer than failed_at"),
    ("fivetran.late", "succeeded_at is newer than the slot that was missed"),
    ("bigquery.stale", "a raw table holds a newer _fivetran_synced"),
    ("dbt.not_built", "the mart was modified after the night's start"),
    ("workflow.failed", "a newer run ended in success"),
    ("workflow.cancelled", "a newer run ended in success"),
    ("workflow.missed", "there is a scheduled run since the schedule's time"),
    ("workflow.stuck", "the run has ended"),
    ("workflow.disabled", "the workflow's state is active"),
    ("workflow.left_out", "a newer run took these days in"),
    ("parity.total", "the totals differ by no more than the runbook's 1 %"),
    ("parity.duplicates", "each of these days has one document"),
    ("parity.measure", "the measure is the same on both sides, within its tolerance"),
    ("parity.unmeasured", "the measure can be read"),
    ("parity.reader", "the dashboard shows these days"),
    ("parity.", "both sides count the same on these days"),
    ("index.behind", "the index holds a document of that day"),
    ("index.holes", "the index holds documents of these days"),
    ("es.flood_stage", "no block stands in the settings"),
    ("es.read_only", "no block stands in the settings"),
    ("elasticsearch.block", "no block stands in the settings"),
    ("elasticsearch.closed", "the index is open"),
    ("elasticsearch.disk", "more is free than the watermark asks for"),
    ("elasticsearch.health", "status is green"),
    ("elasticsearch.red", "status is green or yellow"),
    ("elasticsearch.mapping", "the mapping has the template's types"),
    ("elasticsearch.no_template", "the template is there"),
    ("elasticsearch.template", "the template is as the project ships it"),
    ("es.ilm_deletes_live_index", "nothing in the policy deletes the index"),
    ("es.orphan_days", "the mart holds these days"),
    ("es.read_twice", "the data view's pattern meets one index of the mart"),
    ("kibana.unavailable", "status.overall.level is available"),
    ("kibana.level", "status.overall.level is available"),
    ("kibana.no_dashboard", "the export holds the dashboard"),
    ("kibana.no_data", "the data view finds fields"),
    ("kibana.no_pattern", "the data view is listed"),
    ("kibana.wrong_index", "the dashboard refers to that data view"),
    ("kibana.time_field", "the data view's timeFieldName is the day column"),
    ("kibana.field_not_mapped", "the index maps the field"),
    ("kibana.filter", "no saved filter leaves the day out"),
    ("kibana.time_range", "the saved range holds the day"),
    ("kibana.timezone", "dateFormat:tz is UTC, or the browsers' own"),
    ("kibana.references", "every object that it refers to is in the export"),
    ("local.network", "one of these services answers this host"),
    ("altui.", "nothing in the services: it is a fault of altui"),
)
_BY_ENDING: dict[str, str] = {
    Trouble.unreachable.value: "it answers this host",
    Trouble.nonsense.value: "the answer is the service's own, whole",
    Trouble.denied.value: "it answers these credentials with figures",
    Trouble.refused.value: "it answers without a refusal",
    Trouble.missing.value: "it finds what was asked for",
    Trouble.misconfigured.value: "the setting can be used: it asks and is answered",
    Trouble.budget.value: "today's bytes in altui's store are below [bigquery] daily_bytes",
    "not_seen": "that part can be read",
}
ANYTHING = "its answer shows another figure"


def refuted_by(finding: Finding) -> str:
    """What an answer of now would have to say if the finding did not hold."""
    own = next((words for start, words in _BY_CHECK if finding.check.startswith(start)), "")
    return own or _BY_ENDING.get(finding.check.rpartition(".")[2], ANYTHING)
