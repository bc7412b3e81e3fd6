"""Settings of capture-ingest; prefix CAPTURE_INGEST_."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from borderlight.vision.models import default_models_folder


class CaptureIngestSettings(BaseSettings):
    """api and normalizer share them."""

    model_config = SettingsConfigDict(env_prefix="CAPTURE_INGEST_")
    host: str = "0.0.0.0"  # noqa: S104 - a container serves its network
    port: int = 8080
    redis_url: str = "redis://127.0.0.1:6379/0"
    api_key: SecretStr | None = None
    allow_anonymous_agency: bool = False
    max_upload_bytes: int = 12_000_000
    upload_timeout_s: float = 60.0
    session_life_s: int = 900
    models_dir: Path = default_models_folder()
    worker_memory_bytes: int = 1_500_000_000
    worker_cpu_s: int = 20
