"""Install what the native stack needs: Java, Maven, Redis from the distribution, the server jars through Maven.

`python -m borderlight_tools.devstack.install [--check] [--browser]`. Idempotent; each part leaves a stamp named after
its versions. `--browser` adds the browsers that the tests of the page drive.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from borderlight_tools.devstack.browsers import find_chromium, find_firefox

VERSIONS = Path(__file__).parent / "versions.toml"
_PACKAGES = {
    "java": "openjdk-17-jre-headless", "mvn": "maven", "redis-server": "redis-server", "chromium": "chromium",
    "firefox": "firefox-esr",
}  # fmt: skip


class NativeStackMissing(RuntimeError):
    """Something the native stack needs is not installed."""


def home() -> Path:
    """`BORDERLIGHT_NATIVE_HOME`, or the user's cache."""
    stated = os.environ.get("BORDERLIGHT_NATIVE_HOME")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return Path(stated) if stated else cache / "borderlight" / "native"


def jars_of(server: str) -> Path:
    """Folder of the jars of `server` (kafka, s3proxy) in the pinned version."""
    wanted = tomllib.loads(VERSIONS.read_text())[server]
    digest = hashlib.sha256(repr(sorted(wanted.items())).encode()).hexdigest()[:12]
    return home() / f"{server}-{digest}"


def _java_is_new_enough() -> bool:
    java = shutil.which("java")
    if java is None:
        return False
    text = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', text)
    return found is not None and int(found.group(1)) >= int(tomllib.loads(VERSIONS.read_text())["java"]["minimum"])


def missing() -> list[str]:
    """Names of what is not there yet."""
    absent = [name for name in ("mvn", "redis-server") if shutil.which(name) is None]
    if not _java_is_new_enough():
        absent.insert(0, "java")
    absent += [f"{server} jars" for server in ("kafka", "s3proxy") if not (jars_of(server) / ".complete").is_file()]
    if "mvn" in absent and not any("jars" in name for name in absent):
        absent.remove("mvn")
    return absent


def _install_packages(names: list[str]) -> None:
    packages = [_PACKAGES[name] for name in names]
    command = f"apt-get install --no-install-recommends {' '.join(packages)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NativeStackMissing(f"install {', '.join(names)} first, for example: sudo {command}")
    print(f"installing {', '.join(packages)} ...", file=sys.stderr)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment, stdout=subprocess.DEVNULL)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    subprocess.run(install, check=True, env=environment, stdout=subprocess.DEVNULL)


def _pom(server: str) -> str:
    def dependency(name: str, version: str) -> str:
        group, artifact = name.split(":")
        return (
            f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
            f"<version>{version}</version></dependency>"
        )

    wanted = tomllib.loads(VERSIONS.read_text())[server]
    listed = "".join(dependency(name, version) for name, version in wanted.items())
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        f"<groupId>org.borderlight</groupId><artifactId>{server}</artifactId><version>1</version>"
        f"<packaging>pom</packaging><dependencyManagement><dependencies>{listed}</dependencies></dependencyManagement>"
        f"<dependencies>{listed}</dependencies></project>"
    )


def _install_jars(server: str) -> None:
    target = jars_of(server)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    (target / "pom.xml").write_text(_pom(server))
    plugin = tomllib.loads(VERSIONS.read_text())["maven"]["dependency-plugin"]
    print(f"fetching the jars of {server} ...", file=sys.stderr)
    goal = f"org.apache.maven.plugins:maven-dependency-plugin:{plugin}:copy-dependencies"
    command = ["mvn", "-B", "-q", goal, "-DincludeScope=runtime", f"-DoutputDirectory={target / 'libs'}"]
    subprocess.run(command, cwd=target, check=True)
    (target / ".complete").touch()


def install(browser: bool = False) -> None:
    """Install what is missing; raises NativeStackMissing with the command that would help."""
    absent = missing()
    if browser:
        absent += [name for name, found in (("chromium", find_chromium()), ("firefox", find_firefox())) if not found]
    needs_jars = any("jars" in name for name in absent)
    packages = [name for name in absent if name in _PACKAGES]
    if needs_jars and shutil.which("mvn") is None and "mvn" not in packages:
        packages.append("mvn")
    if packages:
        _install_packages(packages)
    for server in ("kafka", "s3proxy"):
        if f"{server} jars" in absent:
            _install_jars(server)


def main() -> None:
    if "--check" in sys.argv[1:]:
        absent = missing()
        print("complete" if not absent else f"missing: {', '.join(absent)}")
        sys.exit(1 if absent else 0)
    try:
        install(browser="--browser" in sys.argv[1:])
    except NativeStackMissing as error:
        sys.exit(f"borderlight: {error}")


if __name__ == "__main__":
    main()
