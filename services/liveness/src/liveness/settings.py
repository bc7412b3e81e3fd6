"""Settings of liveness; prefix LIVENESS_."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class LivenessSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="LIVENESS_", use_attribute_docstrings=True)
    host: str = "0.0.0.0"
    """Address that the ops port listens on."""
    ops_port: int = 9090
    """Port of health, metrics and descriptions."""
    thresholds_file: Path = Path(__file__).parent / "thresholds.toml"
    """Limits of the evidences, in place of the delivered ones."""
