"""Build the documentation site. It loads nothing from other hosts: fonts are the reader's own, diagrams are drawn by a
script that lies in the site."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from borderlight_tools.dev.page import ensure_node

SITE_TOOLS = Path(__file__).parent / "site"
_LOADS = re.compile(
    r"""<(?:script|img|iframe|link)\b[^>]*?(?:src|href)\s*=\s*["']?(?P<address>(?:https?:)?//[^"'\s>]+)"""
)


def _install_mermaid() -> Path:
    """The locked diagram script; fetched once with npm."""
    script = SITE_TOOLS / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"
    if not script.is_file():
        ensure_node()
        command = ["npm", "ci", "--silent", "--no-fund", "--no-audit", "--ignore-scripts"]
        subprocess.run(command, cwd=SITE_TOOLS, check=True)
    return script


def _gather(root: Path, folder: Path) -> None:
    """Pages as the site has them: docs/ with the start page, the guide for contributors and the services' pages."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(root / "docs", folder / "docs")
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "PATENTS.md"):
        if (root / name).is_file():
            shutil.copy(root / name, folder / ("index.md" if name == "README.md" else name))
    for service in sorted((root / "services").iterdir()):
        if (service / "README.md").is_file():
            target = folder / "services" / service.name / "README.md"
            target.parent.mkdir(parents=True)
            shutil.copy(service / "README.md", target)
    for page in folder.rglob("*.md"):
        page.write_text(_site_links(page.read_text(), page.relative_to(folder), root))


def _site_links(text: str, page: Path, root: Path) -> str:
    """Links to files that the site does not hold become plain text."""
    place = root / ("README.md" if page.name == "index.md" else page)

    def mended(match: "re.Match[str]") -> str:
        label, target = match[1], match[2].split("#")[0]
        if "://" in target or not target:
            return match[0]
        path = (place.parent / target).resolve()
        inside = path.suffix in {".md", ".jpg", ".png", ".svg"} and path.is_file() and path.is_relative_to(root)
        held = inside and (
            path.is_relative_to(root / "docs")
            or path.name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "PATENTS.md")
        )
        if held:
            return match[0].replace("README.md", "index.md") if path == root / "README.md" else match[0]
        folder_index = path / "README.md"
        if path.is_dir() and folder_index.is_file() and path.is_relative_to(root / "docs"):
            return f"[{label}]({match[2].rstrip('/')}/README.md)"
        return label

    return re.sub(r"\[([^\]]+)\]\(([^)\s]+)\)", mended, text)


def foreign_requests(site: Path) -> list[str]:
    """Addresses of other hosts that a page of the site would load."""
    loads = (
        f"{page.relative_to(site)}: {match['address']}"
        for page in sorted(site.rglob("*.html"))
        for match in _LOADS.finditer(page.read_text())
        if 'rel="canonical"' not in match[0]
    )
    return list(loads)


def build_site(root: Path) -> int:
    """Build into `.borderlight/site`; 1 when a link is broken or a page would ask another host."""
    work = root / ".borderlight" / "docs"
    _gather(root, work / "pages")
    (work / "pages" / "javascripts").mkdir(exist_ok=True)
    shutil.copy(_install_mermaid(), work / "pages" / "javascripts" / "mermaid.min.js")
    shutil.copy(SITE_TOOLS / "mkdocs.yml", work / "mkdocs.yml")
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "--config-file",
        str(work / "mkdocs.yml"),
    ]
    done = subprocess.run(
        [*command, "--site-dir", str(root / ".borderlight" / "site")],
        check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    if done.returncode:
        return done.returncode
    foreign = foreign_requests(root / ".borderlight" / "site")
    print("\n".join(foreign) if foreign else "site: .borderlight/site/index.html")
    return 1 if foreign else 0
