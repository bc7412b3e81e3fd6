"""Copies of a study's recordings as labelled bundles, noted in the register so that a withdrawal finds them."""

import json
import shutil
from datetime import datetime
from pathlib import Path

from borderlight_lab.study.register import Capture, Export, Study, StudyProblem


def export_bundles(study: Study, out: Path, now: datetime, species: str | None = None) -> list[Capture]:
    """Write `<session>/` bundles and study-export.json to `out`; raises StudyProblem."""
    if out.exists() and any(out.iterdir()):
        raise StudyProblem(f"{out} is not empty; give a new folder")
    chosen = [capture for capture in study.register.captures if species in (None, capture.labels.species)]
    if not chosen:
        raise StudyProblem("there is nothing to export yet")
    out.mkdir(parents=True, exist_ok=True)
    out.chmod(0o700)
    # The register first: a copy that nobody remembers could not be withdrawn.
    subjects = sorted({capture.labels.subject for capture in chosen})
    with study.changing() as register:
        register.exports.append(Export(folder=str(out.resolve()), at=now, subjects=subjects))
    for capture in chosen:
        shutil.copytree(study.capture_folder(capture.session_id), out / capture.session_id)
    note = {
        "schema": "borderlight.study-export/1", "study": study.register.title, "contact": study.register.contact,
        "exported_at": now.isoformat(), "consent_sha256": study.register.consent_sha256,
        "keep_days": study.register.keep_days, "captures": len(chosen), "subjects": subjects,
        "condition": "Faces of people. Delete a subject's folders when the study tells you of a withdrawal.",
    }  # fmt: skip
    (out / "study-export.json").write_text(json.dumps(note, indent=1) + "\n")
    return chosen
