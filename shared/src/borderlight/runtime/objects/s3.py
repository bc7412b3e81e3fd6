"""The object store port on any S3 server, through the MinIO client."""

import asyncio
import io
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error, ServerError
from pydantic import model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from borderlight.contracts.events import ObjectRef
from borderlight.errors import BorderlightError, InvalidMessage, ObjectForbidden, ObjectMissing, Unavailable
from borderlight.runtime.objects.port import StoredObject, check_key, reference
from borderlight.runtime.strong_key import TRIAL_KEYS

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_UNDATED = datetime.fromtimestamp(0, UTC)  # a server that states no time: old, so that a clock never spares it
_MISSING = {"NoSuchKey", "NoSuchBucket", "NotFound", "NoSuchObject", "NoSuchVersion"}
_FORBIDDEN = {"AccessDenied", "AllAccessDisabled", "InvalidObjectState"}
_PASSING = {
    "ExpiredToken", "InternalError", "InvalidAccessKeyId", "InvalidToken", "OperationAborted", "QuotaExceeded",
    "RequestTimeout", "RequestTimeTooSkewed", "ServiceUnavailable", "SignatureDoesNotMatch", "SlowDown",
    "TokenRefreshRequired", "XMinioServerNotInitialized",
}  # fmt: skip
_PASSING_STATUS = {401, 408, 409, 425, 429}


def _status(error: S3Error) -> int:
    return int(getattr(error.response, "status", 0) or 0)


def classify(code: str, status: int, what: str) -> BorderlightError:
    """Every answer of an S3 server that is no success, as one of our errors.

    Missing: ObjectMissing. Refused: ObjectForbidden (a store without ListBucket says it of what is missing, so it is
    not tried again). What passes with time or with the operator's hand on our credentials, and what is no answer of an
    S3 server at all (a proxy's page): Unavailable. Everything else is the request's own fault: InvalidMessage.
    """
    said = f"the object store answered {code or status} to {what}"
    if code in _MISSING:
        return ObjectMissing(said)
    if code in _FORBIDDEN:
        return ObjectForbidden(said)
    if code in _PASSING or status >= 500 or status in _PASSING_STATUS or not code:
        return Unavailable(said)
    return InvalidMessage(said)


class S3Settings(BaseSettings):
    """How to reach the S3 server; prefix S3_. The delivered secret is for servers on this machine only."""

    model_config = SettingsConfigDict(env_prefix="S3_", use_attribute_docstrings=True, hide_input_in_errors=True)
    endpoint: str = "http://127.0.0.1:9000"
    """Address of the S3 server; https means TLS."""
    access_key: str = "borderlight"
    """Access key."""
    secret_key: str = "borderlight-local-only"
    """Secret key; the delivered one is refused for servers on other machines."""
    region: str = "us-east-1"
    """Region that requests are signed for."""
    timeout_s: float = 10.0
    """Longest wait for an answer [s]."""

    @model_validator(mode="after")
    def has_a_secret_of_its_own(self) -> "S3Settings":
        if self.secret_key in TRIAL_KEYS and urlsplit(self.endpoint).hostname not in _LOOPBACK:
            raise ValueError("S3_SECRET_KEY stands in an example; another machine's store needs one of its own")
        return self


class S3ObjectStore:
    """Calls run in threads; every failure becomes one of our errors, see `classify`."""

    def __init__(self, settings: S3Settings) -> None:
        secure = settings.endpoint.startswith("https://")
        pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=2.0, read=settings.timeout_s), retries=False, maxsize=16
        )
        self._client = Minio(
            endpoint=settings.endpoint.split("://", 1)[-1],
            access_key=settings.access_key,
            secret_key=settings.secret_key,
            secure=secure,
            region=settings.region,
            http_client=pool,
        )

    async def _call(self, function: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return await asyncio.to_thread(function, *arguments, **named)
        except S3Error as error:
            raise classify(str(error.code), _status(error), f"{error.bucket_name}/{error.object_name}") from error
        except ServerError as error:  # an answer that is no S3 error: a proxy's, mostly
            raise classify("", int(error.status_code), "an object") from error
        except ValueError as error:  # the client itself refuses the name of a bucket or an object
            raise InvalidMessage(f"no name in an object store: {error}") from error
        except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
            raise Unavailable(f"the object store cannot be reached: {type(error).__name__}") from error

    async def put(self, bucket: str, key: str, content: bytes, media_type: str) -> ObjectRef:
        check_key(key)
        await self._call(
            self._client.put_object,
            bucket_name=bucket, object_name=key, data=io.BytesIO(content), length=len(content), content_type=media_type,
        )  # fmt: skip
        return reference(bucket, key, content, media_type)

    async def get(self, bucket: str, key: str) -> bytes:
        check_key(key)

        def read() -> bytes:
            response = self._client.get_object(bucket_name=bucket, object_name=key)
            try:
                return response.read()
            finally:
                response.close()
                response.release_conn()

        return await self._call(read)

    async def delete(self, bucket: str, key: str) -> None:
        await self._call(self._client.remove_object, bucket_name=bucket, object_name=key)

    async def list_keys(self, bucket: str, prefix: str) -> list[str]:
        return [one.key for one in await self.list_objects(bucket, prefix)]

    async def list_objects(self, bucket: str, prefix: str) -> list[StoredObject]:
        def read() -> list[StoredObject]:
            listed = self._client.list_objects(bucket_name=bucket, prefix=prefix, recursive=True)
            objects = (
                StoredObject(str(one.object_name), one.last_modified or _UNDATED, one.size or 0) for one in listed
            )
            return sorted(objects, key=lambda one: one.key)

        return await self._call(read)

    async def ensure_bucket(self, bucket: str) -> None:
        def make() -> None:
            if not self._client.bucket_exists(bucket_name=bucket):
                try:
                    self._client.make_bucket(bucket_name=bucket)
                except S3Error as error:
                    if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                        raise

        await self._call(make)
