"""The trust folder as it is now: read again when a file in it changes, as revocation lists do every few weeks."""

import threading
from datetime import datetime, timedelta
from pathlib import Path

from borderlight.errors import BorderlightError
from borderlight.runtime.logs import logger
from matcher.adapters.passive_authentication.trust import TrustStore
from matcher.adapters.passive_authentication.trust_folder import OpenedTrust, fingerprint, open_trust_folder

_LOOK_EVERY = timedelta(seconds=30)
_READ_EVERY = timedelta(hours=12)
"""Whether a master list is believed depends on the day as well."""


class TrustFolderUnreadable(BorderlightError):
    """The trust folder cannot be read; set MATCHER_TRUST_FOLDER to a folder of certificates."""


class FolderTrust:
    """Callable with the time; with no folder nobody is trusted, and every signed chip is `issuer_unknown`."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._opened = OpenedTrust(TrustStore(), ())
        self._state: object = None
        self._looked_at: datetime | None = None
        self._read_at: datetime | None = None

    def __call__(self, now: datetime) -> TrustStore:
        """What is trusted at `now`; raises TrustFolderUnreadable when it could never be read."""
        if self._folder is None:
            return self._opened.store
        with self._lock:
            if self._looked_at is None or not timedelta(0) <= now - self._looked_at < _LOOK_EVERY:
                self._look(self._folder, now)
        return self._opened.store

    def _look(self, folder: Path, now: datetime) -> None:
        try:
            state = fingerprint(folder)
            if not folder.is_dir():
                raise NotADirectoryError(folder)
            is_old = self._read_at is None or not timedelta(0) <= now - self._read_at < _READ_EVERY
            if is_old or state != self._state:
                self._opened = open_trust_folder(folder, now)
                self._state, self._read_at = state, now
                self._tell(self._opened)
        except OSError as error:
            if self._read_at is None:
                raise TrustFolderUnreadable() from error
            logger().error("trust folder cannot be read, what it held before stays in force", error=str(error))
        self._looked_at = now

    @staticmethod
    def _tell(opened: OpenedTrust) -> None:
        count = sum(len(same) for same in opened.store.authorities.values())
        logger().info("trust folder read", authorities=count, problems=len(opened.problems))
        for problem in opened.problems[:20]:
            logger().warning("trust folder: a file does not count", file=problem.file, why=problem.detail)
