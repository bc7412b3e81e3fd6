"""`borderlight hostile`: clients that mean no good, against an API and readers of their own on this machine."""

import asyncio
import json
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from borderlight.contracts.bundle import read_bundle
from borderlight.contracts.events import CONTRACTS
from borderlight.vision.models import default_models_folder
from borderlight_lab.hostile import readers
from borderlight_lab.hostile.crowd import run_crowd
from borderlight_lab.hostile.requests import run_requests
from borderlight_tools.commands.contracts import examples_of
from borderlight_tools.devstack import servers
from borderlight_tools.devstack.server import Server, answers, free_ports

POD_LIMIT_MB = 403  # 384 MiB, deploy/k8s/base/api.yaml


@contextmanager
def api_process(folder: Path) -> Generator[tuple[int, int]]:
    """(port, pid) of an API of our own with a Redis of its own."""
    port, redis_port = free_ports(2)
    redis = servers.redis(folder / "redis", redis_port)
    redis.start()
    address = f"redis://127.0.0.1:{redis_port}/0"
    command = [sys.executable, "-m", "borderlight_lab.hostile.api_server", str(port), str(folder / "objects"), address]
    server = Server("api", command, folder / "api.log", partial(answers, f"http://127.0.0.1:{port}/healthz"))
    try:
        server.start()
        assert server.process is not None
        yield port, server.process.pid
        if server.process.poll() is not None:
            raise RuntimeError(f"the API has died: {server.log_tail()}")
    finally:
        server.stop()
        redis.stop()


def _material(folder: Path) -> tuple[list[bytes], list[dict[str, Any]], list[bytes]]:
    """Two simulated captures: videos, headers of the normalizer, and documents' photographs."""
    from borderlight_lab.simulator.bundle_writer import document_photo
    from borderlight_lab.simulator.clips import make_clips
    from borderlight_lab.simulator.head import make_head

    bundles = [read_bundle(path) for path in make_clips(folder / "clips", 2, 5)]
    headers = [
        {
            "session_id": "hostile", "challenge": bundle.capture["challenge"],
            "displayed": bundle.capture.get("displayed", []), "client_video": bundle.capture.get("video", {}),
        }
        for bundle in bundles
    ]  # fmt: skip
    return [bundle.video for bundle in bundles], headers, [document_photo(make_head(2, 0.2), 3)]


async def _good_archive(video: bytes, header: dict[str, Any]) -> bytes:
    from capture_ingest.adapters.sandboxed_capture_normalizer import SandboxedCaptureNormalizer

    normalizer = SandboxedCaptureNormalizer(default_models_folder())
    try:
        return (await normalizer.normalize(video, header))[0]
    finally:
        normalizer.close()


def _examples(shared: Path) -> list[tuple[str, Any]]:
    return [(topic, json.loads(path.read_text())) for topic in CONTRACTS for path in examples_of(shared, topic)[0]]


def _readers(folder: Path, cases: int, shared: Path, seed: int) -> dict[str, Any]:
    """A tenth of the cases are containers, which cost a decoder each."""
    videos, headers, photos = _material(folder)
    archive = asyncio.run(_good_archive(videos[0], headers[0]))
    decoded, lost = readers.decode_containers_now(videos, headers, default_models_folder(), cases // 10, seed)
    return {
        "containers": {**decoded.to_json(), "workers_lost": lost},
        "photographs": readers.read_photos(photos, cases // 10, seed).to_json(),
        "archives": readers.read_archives(archive, cases // 5, seed).to_json(),
        "events": readers.read_events(_examples(shared), 6 * cases // 10, seed).to_json(),
    }


def _holds(found: dict[str, Any]) -> list[str]:
    """What must not be."""
    broken = [f"{name}: {part['surprises']}" for name, part in found.items() if part.get("surprises")]
    requests, crowd = found.get("requests", {}), found.get("crowd", {})
    if requests.get("failed") or requests.get("hangs"):
        broken.append("requests: failures or hangs")
    if crowd and (crowd["honest_failed"] or not crowd["honest_finished"] or crowd["memory_most_mb"] > POD_LIMIT_MB):
        broken.append("crowd: honest sessions or memory")
    return broken


def hostile(
    requests: Annotated[int, typer.Option(help="mutated requests to the API", min=0)] = 40_000,
    files: Annotated[int, typer.Option(help="mutated containers, photographs, archives and events", min=0)] = 60_000,
    connections: Annotated[int, typer.Option(help="hostile connections at once", min=0)] = 500,
    seconds: Annotated[float, typer.Option(help="how long they last")] = 45.0,
    seed: Annotated[int, typer.Option(help="fixes the cases")] = 1,
    shared: Annotated[Path, typer.Option(help="shared/ of the checkout")] = Path("shared"),
) -> None:
    """Start an API of its own, attack it and the readers behind it, print what became of every case."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="borderlight-hostile-") as temporary:
        folder = Path(temporary)
        if connections:
            typer.echo(f"{connections} hostile connections for {seconds:g} s ...", err=True)
            with api_process(folder / "crowd") as (port, pid):
                found["crowd"] = asyncio.run(run_crowd(port, pid, connections, seconds)).to_json()
        if requests:
            typer.echo(f"{requests} mutated requests ...", err=True)
            with api_process(folder / "requests") as (port, pid):
                found["requests"] = asyncio.run(run_requests(port, pid, requests, seed)).to_json()
        if files:
            typer.echo(f"{files} mutated files and messages ...", err=True)
            found |= _readers(folder, files, shared, seed)
    typer.echo(json.dumps(found, indent=1))
    broken = _holds(found)
    typer.echo("holds" if not broken else f"BROKEN: {'; '.join(broken)}")
    raise typer.Exit(1 if broken else 0)


def register(app: typer.Typer) -> None:
    app.command("hostile")(hostile)
