"""How long the objects of a session are kept, and the keys that seal them; prefix RETENTION_. Every service that writes
or reads such objects has the same settings: the sentence on the capture page comes from them too."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from borderlight.runtime.sealing import KeyFileUnreadable, KeyRing, load_keys


class RetentionSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="RETENTION_", use_attribute_docstrings=True)
    key_file: Path | None = None
    """Master keys of sessions, a file that `borderlight documents keys init` writes. Not the document store's file."""
    keys: SecretStr | None = None
    """The same JSON as text, instead of the file."""
    hours_after_verdict: float = Field(default=12.0, gt=0, le=24 * 365)
    """Film, normalized capture and explanation are erased so many hours after the verdict."""
    hours_without_verdict: float = Field(default=48.0, gt=0)
    """A capture that was handed over and never decided is erased after so many hours."""
    hours_unfinished: float = Field(default=1.0, gt=0)
    """What was begun and never handed over is erased so many hours after the session's life has ended."""
    hours_submitted: float = Field(default=24.0, gt=0)
    """A submitted photograph that was never enrolled is erased after so many hours."""

    def masters(self) -> KeyRing:
        """The master keys; raises KeyFileUnreadable that says what to do."""
        try:
            return load_keys(self.key_file, self.keys.get_secret_value() if self.keys else None)
        except KeyFileUnreadable as error:
            raise KeyFileUnreadable(f"RETENTION_KEY_FILE or RETENTION_KEYS: {error}") from error

    def unfinished(self, session_life_s: float = 900.0) -> timedelta:
        """From the first byte of a session to the end of what was never handed over."""
        return timedelta(hours=self.hours_unfinished, seconds=session_life_s)
