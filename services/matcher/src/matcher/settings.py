"""Settings of the matcher; prefix MATCHER_."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from borderlight.runtime.strong_key import StrongKey
from borderlight.vision.models import default_models_folder


class MatcherSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MATCHER_", use_attribute_docstrings=True, hide_input_in_errors=True)
    host: str = "0.0.0.0"
    """Address that the ops port listens on."""
    ops_port: int = 9090
    """Port of health, metrics and descriptions."""
    steward_host: str = "127.0.0.1"
    """Address that the stewards' HTTP API listens on."""
    steward_port: int = 8081
    """Port of the stewards' HTTP API."""
    redis_url: str = "redis://127.0.0.1:6379/1"
    """Redis that caches embeddings; it may be flushed."""
    models_dir: Path = default_models_folder()
    """Folder of the face models."""
    embedder_file: Path | None = None
    """An embedding model of your own: a TOML file beside its ONNX file."""
    key_file: Path | None = None
    """Master keys of the document store, a file that `borderlight documents keys init` writes."""
    keys: SecretStr | None = None
    """The same JSON as text, instead of the file."""
    steward_key: StrongKey | None = None
    """Opens the stewards' HTTP API; not set: there is none. At least 32 characters."""
    delete_submitted: bool = True
    """Delete a submitted photograph once it is enrolled."""
    returning_travellers: bool = False
    """Keep the face of an admitted session and list it beside the documents; it never decides."""
    returning_keep_days: float = 30.0
    """Such a face is kept for so many days."""
    sandbox_required: bool = False
    """Do not start where the kernel cannot confine the process that decodes photographs."""
    trust_folder: Path | None = None
    """Certificates of the states whose chips are checked; not set: every signed chip is `issuer_unknown`."""
    chip_refuses_sha1: bool = False
    """A chip that rests on SHA-1 is `signature_invalid`."""
    chip_needs_current_list: bool = False
    """A chip whose authority has no current revocation list in the folder is `issuer_unknown`."""
    keep_days: dict[str, float] = {}
    """Erase documents of a kind after so many days, for example `{"visa": 180}`."""
    thresholds_file: Path = Path(__file__).parent / "thresholds.toml"
    """Limits of the comparison, in place of the delivered ones; they name their embedding model."""
