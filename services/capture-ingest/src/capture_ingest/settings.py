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
    """api and normalizer share them."""

    model_config = SettingsConfigDict(
        env_prefix="CAPTURE_INGEST_", use_attribute_docstrings=True, hide_input_in_errors=True
    )
    host: str = "0.0.0.0"
    """Address that the api and its ops port listen on."""
    port: int = 8080
    """Public port of the api: the page and the HTTP API."""
    ops_port: int = 9090
    """Port of health, metrics and the API's description, for the operator's network only."""
    redis_url: str = "redis://127.0.0.1:6379/0"
    """Redis of sessions and attempts."""
    counters_redis_url: str | None = None
    """Redis of rate limits; not set: the sessions' Redis."""
    api_key: StrongKey | None = None
    """One key with all scopes, for a single agency; at least 32 characters."""
    agencies: dict[str, AgencyEntry] = {}
    """Accepted agency keys, by name; `borderlight agency-key NAME` writes an entry."""
    allow_anonymous_agency: bool = False
    """Open sessions without a key; only where the api listens on this machine alone."""
    max_upload_bytes: int = 12_000_000
    """Largest film that is taken [bytes]."""
    upload_timeout_s: float = 60.0
    """Longest time that one upload request may last [s]."""
    upload_idle_s: float = 15.0
    """An upload request that sends nothing for so long is ended [s]."""
    upload_memory_bytes: int = 96_000_000
    """What all uploads of one process may hold in memory together [bytes]."""
    request_timeout_s: float = 10.0
    """Longest time for the body of any other request [s]."""
    max_connections: int = 1000
    """Connections of one process; more are answered with 503."""
    session_life_s: int = 900
    """How long a session that was opened can be used [s]."""
    max_attempts: int = 3
    """Captures of one journey: the first and its retakes."""
    attempts_per_day: int = 12
    """Challenges that one traveller may see in 24 hours, over all sessions; 0 is without limit."""
    answer_deadline_s: float = 30.0
    """From the challenge to the finish of a capture that was not committed while it was filmed [s]."""
    policies: list[str] = []
    """Ids of policies beside the default that agencies may name; decision must have them."""
    models_dir: Path = default_models_folder()
    """Folder of the face models."""
    worker_memory_bytes: int = 700_000_000
    """Memory that decoding may use beyond the loaded models [bytes]; a pod needs more."""
    worker_cpu_s: int = 20
    """Processor time for decoding one film [s]."""
    sandbox_required: bool = False
    """Do not start where the kernel cannot confine the process that decodes films."""
    public_url: str | None = None
    """What links for travellers begin with; not set: this machine's address and port."""
    trusted_proxies: str = "127.0.0.1"
    """Addresses and networks whose X-Forwarded-For counts, with commas between."""
    rate_per_address: str = "6000/minute"
    """Requests of one address, as number/period."""
    rate_per_session: str = "120/minute"
    """Requests for one session with its token, as number/period."""
    rate_per_agency: str = "6000/minute"
    """Sessions that one agency may open, as number/period."""
    rate_of_wrong_keys: str = "30/minute"
    """Requests with wrong keys from one address, as number/period."""
    agency_name: str = ""
    """Who asks for the capture, as the consent screen says it."""
    min_camera_fps: float = 15.0
    """Below so many frames a second the page says that the camera is slow."""
    kept_hours: float = Field(
        default=RetentionSettings.model_fields["hours_after_verdict"].default,
        validation_alias="RETENTION_HOURS_AFTER_VERDICT",  # what the page says is what retention does
    )
    """Hours from the verdict to the erasure, as the consent screen says; retention keeps the same setting."""
    parent_origins: list[str] = []
    """Origins of pages that may embed the capture page."""

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
