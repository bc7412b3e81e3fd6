"""Settings of the matcher; prefix MATCHER_."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from borderlight.vision.models import default_models_folder


class MatcherSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MATCHER_")
    host: str = "0.0.0.0"  # noqa: S104 - a container serves its network
    port: int = 8080
    redis_url: str = "redis://127.0.0.1:6379/1"
    models_dir: Path = default_models_folder()
    thresholds_file: Path = Path(__file__).parent / "thresholds.toml"
