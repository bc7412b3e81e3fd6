"""Settings of liveness; prefix LIVENESS_."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class LivenessSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="LIVENESS_")
    host: str = "0.0.0.0"  # noqa: S104 - a container serves its network
    ops_port: int = 9090
    thresholds_file: Path = Path(__file__).parent / "thresholds.toml"
