"""Settings of decision; prefix DECISION_.

policy_file: the default policy; policies_dir: a folder of further ones (*.toml) that agencies may name for a session;
without it, `attended` and `unattended` as delivered. deadline_s: how long answers are waited for when the event does
not say it; clock_grace_s: how far the clocks of broker and decision may differ; rebuild_window_s: how long before the
last input that was handled a session can have been undecided, for a join that has lost everything: longer than any
`decide_by` and the worst delay of a sweep.
"""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class DecisionSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="DECISION_")
    host: str = "0.0.0.0"  # noqa: S104 - a container serves its network
    ops_port: int = 9090
    redis_url: str = "redis://127.0.0.1:6379/2"
    policies_dir: Path = Path(__file__).parent / "policies"
    policy_file: Path = Path(__file__).parent / "policy.toml"
    deadline_s: float = 30.0
    clock_grace_s: float = 1.0
    rebuild_window_s: float = 3_600.0
