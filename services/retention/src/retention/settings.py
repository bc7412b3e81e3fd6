"""Settings of retention; prefix RETENTION_. The clocks and keys are shared with the services that write."""

from datetime import timedelta

from borderlight.runtime.objects.retention_settings import RetentionSettings
from retention.domain.retention_clock import RetentionRules


class RetentionServiceSettings(RetentionSettings):
    host: str = "0.0.0.0"
    """Address to listen on."""
    ops_port: int = 9090
    """Port of health and metrics."""
    sweep_every_s: float = 60.0
    """Pause between two sweeps [s]."""

    def rules(self) -> RetentionRules:
        return RetentionRules(
            after_verdict=timedelta(hours=self.hours_after_verdict),
            without_verdict=timedelta(hours=self.hours_without_verdict),
            submitted=timedelta(hours=self.hours_submitted),
        )
