"""What can be subscribed to: the contract's list (§7.1). Only what this platform does can happen here."""

ANALYSIS_COMPLETE = "analysis_complete_v2"

_NOT_SENT = (
    "Accepted, so that a subscription written for the Gencove API can be made here; this platform never sends it."
)
EVENT_TYPES: dict[str, str] = {
    ANALYSIS_COMPLETE: "A sample's analysis reached its end: `succeeded` or `failed_qc`.",
    "batch_final_report_complete_v2": _NOT_SENT,
    "samples_restored": _NOT_SENT,
    "analysis_complete": _NOT_SENT,
    "batch_final_report": _NOT_SENT,
    "explorer_s3_hot_storage_exceeded": _NOT_SENT,
    "explorer_s3_cold_storage_exceeded": _NOT_SENT,
}
