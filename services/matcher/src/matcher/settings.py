"""Settings of the matcher; prefix MATCHER_.

embedder_file: an operator's own embedding model (a TOML beside its ONNX file); key_file or keys: the master keys of the
document store; steward_key: lets stewards in over HTTP, on a port of their own (steward_host, steward_port); keep_days:
erase documents of a kind after so many days (JSON, for example {"visa": 180}); sandbox_required: do not start where the
kernel cannot confine the decoder of photographs; trust_folder: certificates of the states whose passport chips are
checked, without it every signed chip is `issuer_unknown`; chip_refuses_sha1: a chip that rests on SHA-1 is
`signature_invalid`; chip_needs_current_list: a chip whose authority has no current revocation list in the
folder is `issuer_unknown`.
"""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from borderlight.runtime.strong_key import StrongKey
from borderlight.vision.models import default_models_folder


class MatcherSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MATCHER_", hide_input_in_errors=True)
    host: str = "0.0.0.0"  # noqa: S104 - a container serves its network
    ops_port: int = 9090
    steward_host: str = "127.0.0.1"
    steward_port: int = 8081
    redis_url: str = "redis://127.0.0.1:6379/1"
    models_dir: Path = default_models_folder()
    embedder_file: Path | None = None
    key_file: Path | None = None
    keys: SecretStr | None = None
    steward_key: StrongKey | None = None
    delete_submitted: bool = True
    returning_travellers: bool = False
    returning_keep_days: float = 30.0
    sandbox_required: bool = False
    trust_folder: Path | None = None
    chip_refuses_sha1: bool = False
    chip_needs_current_list: bool = False
    keep_days: dict[str, float] = {}
    thresholds_file: Path = Path(__file__).parent / "thresholds.toml"
