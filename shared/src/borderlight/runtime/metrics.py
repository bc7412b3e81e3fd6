"""Every metric, named once and explained. Labels are bounded; a session id is never a label."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)


class Metrics:
    """All metrics of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        self.stage_wait_seconds = Histogram(
            "borderlight_stage_wait_seconds", "From publication of the input event to its handling.",
            ["stage"], buckets=_SECONDS, registry=r,
        )  # fmt: skip
        self.stage_service_seconds = Histogram(
            "borderlight_stage_service_seconds", "Handling of one event.", ["stage"], buckets=_SECONDS, registry=r
        )
        self.stage_outcomes_total = Counter(
            "borderlight_stage_outcomes_total", "Events handled, by result.", ["stage", "outcome"], registry=r
        )
        self.dead_letters_total = Counter(
            "borderlight_dead_letters_total",
            "Messages set aside as dead letters.",
            ["topic", "error_class"],
            registry=r,
        )
        self.retries_total = Counter(
            "borderlight_retries_total", "Handlings tried again because something was away.", ["stage"], registry=r
        )
        self.consumer_lag_records = Gauge(
            "borderlight_consumer_lag_records", "Records not yet handled.", ["stage", "topic", "partition"], registry=r
        )
        self.consumer_paused = Gauge(
            "borderlight_consumer_paused", "1 while too many dead letters pause a partition of a stage.",
            ["stage"], registry=r,
        )  # fmt: skip
        self.inflight_age_seconds = Gauge(
            "borderlight_inflight_age_seconds", "Age of the oldest event in hand.", ["stage"], registry=r
        )
        self.sessions_accepted_total = Counter(
            "borderlight_sessions_accepted_total", "Captures accepted by the api.", registry=r
        )
        self.live_captures_total = Counter(
            "borderlight_live_captures_total", "Live captures, by how they ended.", ["end"], registry=r
        )
        self.uploads_rejected_total = Counter(
            "borderlight_uploads_rejected_total", "Uploads refused by the api.", ["reason"], registry=r
        )
        self.keys_refused_total = Counter(
            "borderlight_keys_refused_total", "Requests with a key that is nobody's.", registry=r
        )
        self.verdicts_total = Counter(
            "borderlight_verdicts_total", "Verdicts published, by outcome.", ["outcome"], registry=r
        )
        self.verdict_timeouts_total = Counter(
            "borderlight_verdict_timeouts_total", "Verdicts reached by deadline.", ["missing"], registry=r
        )
        self.late_sides_total = Counter(
            "borderlight_late_sides_total", "Answers that came after the verdict.", ["side"], registry=r
        )
        self.verdict_latency_seconds = Histogram(
            "borderlight_verdict_latency_seconds", "From acceptance of the capture to its verdict.",
            ["outcome"], buckets=_SECONDS, registry=r,
        )  # fmt: skip
        self.join_pending = Gauge("borderlight_join_pending", "Sessions that wait for an answer.", registry=r)
        self.oldest_overdue_seconds = Gauge(
            "borderlight_retention_oldest_overdue_seconds",
            "How long the oldest session has been due for erasure; 0 when none is.",
            registry=r,
        )
        self.join_gaps_total = Counter(
            "borderlight_join_gaps_total", "Records that came when earlier ones were not in the join.", ["topic"],
            registry=r,
        )  # fmt: skip
        self.join_catch_ups_total = Counter(
            "borderlight_join_catch_ups_total", "Times the join was brought back from the topics.", registry=r
        )
        self.join_set_aside_total = Counter(
            "borderlight_join_set_aside_total", "Sessions that could not be read and have no verdict.", registry=r
        )
        self.build_info = Gauge(
            "borderlight_build_info", "Always 1; what runs here.", ["service", "version"], registry=r
        )
