"""The object store port on any S3 server, through the MinIO client."""

import asyncio
import io
from typing import Any

import urllib3
from minio import Minio
from minio.error import S3Error
from pydantic_settings import BaseSettings, SettingsConfigDict

from borderlight.contracts.events import ObjectRef
from borderlight.errors import ObjectMissing, Unavailable
from borderlight.runtime.objects.port import check_key, reference

_MISSING = {"NoSuchKey", "NoSuchBucket", "NotFound", "NoSuchObject"}


class S3Settings(BaseSettings):
    """How to reach the S3 server; prefix S3_."""

    model_config = SettingsConfigDict(env_prefix="S3_")
    endpoint: str = "http://127.0.0.1:9000"
    access_key: str = "borderlight"
    secret_key: str = "borderlight-local-only"
    region: str = "us-east-1"
    timeout_s: float = 10.0


class S3ObjectStore:
    """Calls run in threads; every network failure becomes Unavailable."""

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
            if error.code in _MISSING:
                raise ObjectMissing(f"not in the object store: {error.bucket_name}/{error.object_name}") from error
            raise Unavailable(f"the object store answered {error.code}") from error
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
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
        def read() -> list[str]:
            found = self._client.list_objects(bucket_name=bucket, prefix=prefix, recursive=True)
            return sorted(str(item.object_name) for item in found)

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
