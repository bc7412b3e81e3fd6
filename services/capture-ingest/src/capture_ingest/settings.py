"""Settings of capture-ingest; prefix CAPTURE_INGEST_."""

from pathlib import Path

from pydantic import BaseModel, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from borderlight.runtime.objects.retention_settings import RetentionSettings
from borderlight.runtime.strong_key import TRIAL_KEYS, StrongKey
from borderlight.vision.models import default_models_folder
from capture_ingest.domain.agency import AgencyKey, Scope, key_digest

_KNOWN = {key_digest(key) for key in ("", *TRIAL_KEYS)}


class AgencyEntry(BaseModel):
    """One agency in CAPTURE_INGEST_AGENCIES; `borderlight agency-key NAME` writes it."""

    key_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    scopes: list[Scope] = [Scope.CREATE, Scope.READ]

    @field_validator("key_sha256")
    @classmethod
    def is_no_known_key(cls, digest: str) -> str:
        if digest in _KNOWN:
            raise ValueError("this is the digest of an empty key or of one from an example")
        return digest


class CaptureIngestSettings(BaseSettings):
    """api and normalizer share them.

    port: the public one of the api; ops_port: health, metrics and the API's description, for the operator's network;
    redis_url: sessions; counters_redis_url: rate limits, None is the sessions' Redis; public_url: what links begin
    with; trusted_proxies: addresses and networks whose X-Forwarded-For counts, with commas between; policies: ids
    beside the default that agencies may name, as decision has them; upload_memory_bytes: what all uploads of a process
    may hold together; max_connections: beyond it a connection is answered with 503; worker_memory_bytes: what decoding
    may use beyond the loaded models, so that the pod has more; sandbox_required: do not start where the kernel cannot
    confine the decoder; attempts_per_day: challenges that one traveller may see in 24 hours, over all sessions, 0 is
    without limit; answer_deadline_s: from the challenge to the finish of a capture that was not committed while it was
    filmed.
    """

    model_config = SettingsConfigDict(env_prefix="CAPTURE_INGEST_", hide_input_in_errors=True)
    host: str = "0.0.0.0"  # noqa: S104 - a container serves its network
    port: int = 8080
    ops_port: int = 9090
    redis_url: str = "redis://127.0.0.1:6379/0"
    counters_redis_url: str | None = None
    api_key: StrongKey | None = None
    agencies: dict[str, AgencyEntry] = {}
    allow_anonymous_agency: bool = False
    max_upload_bytes: int = 12_000_000
    upload_timeout_s: float = 60.0
    upload_idle_s: float = 15.0
    upload_memory_bytes: int = 96_000_000
    request_timeout_s: float = 10.0
    max_connections: int = 1000
    session_life_s: int = 900
    max_attempts: int = 3
    attempts_per_day: int = 12
    answer_deadline_s: float = 30.0
    policies: list[str] = []
    models_dir: Path = default_models_folder()
    worker_memory_bytes: int = 700_000_000
    worker_cpu_s: int = 20
    sandbox_required: bool = False
    public_url: str | None = None
    trusted_proxies: str = "127.0.0.1"
    rate_per_address: str = "6000/minute"
    rate_per_session: str = "120/minute"
    rate_per_agency: str = "6000/minute"
    rate_of_wrong_keys: str = "30/minute"
    agency_name: str = ""
    min_camera_fps: float = 15.0
    kept_hours: float = Field(
        default=RetentionSettings.model_fields["hours_after_verdict"].default,
        validation_alias="RETENTION_HOURS_AFTER_VERDICT",  # what the page says is what retention does
    )
    parent_origins: list[str] = []

    @property
    def link_base(self) -> str:
        """What links begin with: never what a request says, whoever sent it chose its Host."""
        return (self.public_url or f"http://127.0.0.1:{self.port}").rstrip("/")

    def agency_keys(self) -> dict[str, AgencyKey]:
        """Every key that is accepted; `api_key` is one with all scopes."""
        keys = {name: AgencyKey(entry.key_sha256, frozenset(entry.scopes)) for name, entry in self.agencies.items()}
        if self.api_key is not None:
            keys["api_key"] = AgencyKey(key_digest(self.api_key.get_secret_value()), frozenset(Scope))
        return keys
