"""Settings of decision; prefix DECISION_."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class DecisionSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="DECISION_", use_attribute_docstrings=True)
    host: str = "0.0.0.0"
    """Address that the ops port listens on."""
    ops_port: int = 9090
    """Port of health, metrics and descriptions."""
    redis_url: str = "redis://127.0.0.1:6379/2"
    """Redis of the join: append-only file, no eviction."""
    policies_dir: Path = Path(__file__).parent / "policies"
    """Folder of further policies (TOML) that agencies may name for a session."""
    policy_file: Path = Path(__file__).parent / "policy.toml"
    """The default policy."""
    deadline_s: float = 30.0
    """How long answers are awaited when the event does not say it [s]."""
    clock_grace_s: float = 1.0
    """How far the clocks of the broker and of decision may differ [s]."""
    rebuild_window_s: float = 3_600.0
    """How long before the last handled input a session can have been undecided, for a join that lost all: longer than
    any `decide_by` and the worst delay of a sweep [s]."""
