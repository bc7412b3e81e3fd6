"""Every answer of an object store is missing, forbidden, passing or the request's own fault; none is tried for ever."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from borderlight.contracts.events import ObjectRef
from borderlight.errors import (
    BorderlightError,
    InvalidMessage,
    ObjectForbidden,
    ObjectForeign,
    ObjectMissing,
    Unavailable,
)
from borderlight.runtime.objects.file import FileObjectStore
from borderlight.runtime.objects.port import Place, read_own
from borderlight.runtime.objects.s3 import S3ObjectStore, S3Settings, classify

ANSWERS: list[tuple[str, int, type[BorderlightError]]] = [
    ("NoSuchKey", 404, ObjectMissing), ("NoSuchBucket", 404, ObjectMissing), ("", 404, Unavailable),
    ("AccessDenied", 403, ObjectForbidden), ("", 403, Unavailable), ("InvalidObjectState", 403, ObjectForbidden),
    ("SlowDown", 503, Unavailable), ("InternalError", 500, Unavailable), ("", 502, Unavailable), ("", 429, Unavailable),
    ("SignatureDoesNotMatch", 403, Unavailable), ("RequestTimeTooSkewed", 403, Unavailable),
    ("InvalidBucketName", 400, InvalidMessage), ("KeyTooLongError", 400, InvalidMessage),
    ("EntityTooLarge", 400, InvalidMessage), ("NeverHeardOf", 400, InvalidMessage), ("NeverHeardOf", 500, Unavailable),
    ("MethodNotAllowed", 405, InvalidMessage), ("NotImplemented", 501, Unavailable),
]  # fmt: skip


@pytest.mark.parametrize(("code", "status", "kind"), ANSWERS)
def test_an_answer_is_of_one_kind(code: str, status: int, kind: type[BorderlightError]) -> None:
    error = classify(code, status, "b/k")
    assert isinstance(error, kind)
    assert isinstance(error, ObjectForbidden) == (kind is ObjectForbidden)


class Answering(BaseHTTPRequestHandler):
    """An S3 server that refuses everything in one way."""

    code, status = "", 200

    def do_GET(self) -> None:
        body = (
            f"<Error><Code>{self.code}</Code><Message>no</Message><Resource>/</Resource><RequestId>1</RequestId>"
            f"<HostId>h</HostId></Error>"
        ).encode()
        self.send_response(self.status)
        self.send_header("content-type", "application/xml" if self.code else "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture
def server() -> Iterator[tuple[S3ObjectStore, type[Answering]]]:
    kind = type("Answering", (Answering,), {})
    http = HTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield S3ObjectStore(S3Settings(endpoint=f"http://127.0.0.1:{http.server_port}")), kind
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.mark.parametrize(("code", "status", "kind"), ANSWERS)
async def test_the_store_raises_it(
    server: tuple[S3ObjectStore, type[Answering]], code: str, status: int, kind: type[BorderlightError]
) -> None:
    store, answering = server
    answering.code, answering.status = code, status
    with pytest.raises(kind):
        await store.get("captures", "s/video.mp4")


async def test_a_bucket_that_no_store_can_have_is_the_messages_fault() -> None:
    store = S3ObjectStore(S3Settings(endpoint="http://127.0.0.1:1"))
    with pytest.raises(InvalidMessage):
        await store.get("x", "k")


async def test_nobody_there_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        await S3ObjectStore(S3Settings(endpoint="http://127.0.0.1:1")).get("captures", "k")


def reference(bucket: str, key: str) -> ObjectRef:
    return ObjectRef(bucket=bucket, key=key, sha256="0" * 64, size=1, media_type="image/jpeg")


@pytest.mark.parametrize(
    ("bucket", "key"),
    [
        ("captures", "s/video.mp4"), ("references", "t/1.jpg"), ("documents", "another/1.jpg"), ("documents", "t"),
        ("documents", "t/../another/1.jpg"), ("documents", "/t/1.jpg"), ("x", "t/1.jpg"),
    ],
)  # fmt: skip
async def test_an_object_elsewhere_is_not_even_read(tmp_path: Path, bucket: str, key: str) -> None:
    class Untouched(FileObjectStore):
        async def get(self, bucket: str, key: str) -> bytes:
            raise AssertionError("read")

    with pytest.raises(InvalidMessage) as refusal:
        await read_own(Untouched(tmp_path), reference(bucket, key), Place("documents", "t/"))
    assert isinstance(refusal.value, ObjectForeign) or ".." in key or key.startswith("/")


def test_no_service_reads_what_an_event_names_without_saying_where_it_may_lie() -> None:
    services = Path(__file__).resolve().parents[3] / "services"
    readers = [path.name for path in services.rglob("src/**/*.py") if "read_verified" in path.read_text()]
    assert not readers, "read_own, with a Place"
