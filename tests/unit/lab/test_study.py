"""Consent, withdrawal and export of a study."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from borderlight_lab.evaluation.scoring import with_truth
from borderlight_lab.study.export import export_bundles
from borderlight_lab.study.recorder import truth_of
from borderlight_lab.study.register import REGISTER, Capture, Labels, Study, StudyProblem

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEXT = "We film your face for three seconds while the screen shows colours. " * 3


def make(folder: Path) -> Study:
    return Study.create(folder, "Faces in bad light", "lead@example.org", TEXT, keep_days=30)


def record(study: Study, session: str, subject: str, at: datetime = NOW, species: str = "bona_fide") -> None:
    folder = study.capture_folder(session)
    folder.mkdir(parents=True)
    labels = Labels(subject=subject, species=species, ambient_lx=120)
    capture = Capture(session_id=session, journey=session, attempt=1, recorded_at=at, labels=labels)
    (folder / "capture.json").write_text("{}")
    (folder / "truth.json").write_text(json.dumps(truth_of(capture, None)))
    study.add_capture(capture)


def test_nothing_is_recorded_without_consent(tmp_path: Path) -> None:
    study = make(tmp_path / "study")
    with pytest.raises(StudyProblem, match="has not consented"):
        record(study, "a", "S-001")
    study.consent("S-001", "lead", NOW, "dark")
    record(study, "b", "S-001")
    assert [capture.session_id for capture in Study.open(study.folder).register.captures] == ["b"]
    assert study.folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["Maria Lopez", "S014x", "", "../S-1", "S-1\n"])
def test_a_name_is_no_pseudonym(tmp_path: Path, name: str) -> None:
    with pytest.raises(StudyProblem):
        make(tmp_path / "study").consent(name, "lead", NOW)


def test_withdrawal_deletes_everything_of_one_subject_and_only_that(tmp_path: Path) -> None:
    study = make(tmp_path / "study")
    for name in ("S-001", "S-002"):
        study.consent(name, "lead", NOW, photo=b"jpeg")
        record(study, f"session-{name}", name)
    near, far = tmp_path / "near", tmp_path / "far"
    export_bundles(study, near, NOW)
    export_bundles(study, far, NOW)
    far.rename(tmp_path / "carried-away")
    deleted, out_of_reach = study.withdraw("S-001", NOW)
    assert deleted == 1 and [Path(export.folder) for export in out_of_reach] == [far]
    assert not study.capture_folder("session-S-001").exists() and not study.photo("S-001").exists()
    assert not (near / "session-S-001").exists() and (near / "session-S-002").exists()
    assert study.capture_folder("session-S-002").exists() and study.photo("S-002").exists()
    with pytest.raises(StudyProblem, match="withdrawn"):
        record(study, "late", "S-001")
    with pytest.raises(StudyProblem, match="taken"):
        study.consent("S-001", "lead", NOW)


def test_two_processes_do_not_lose_each_others_changes(tmp_path: Path) -> None:
    console = make(tmp_path / "study")
    command = Study.open(console.folder)
    console.consent("S-001", "lead", NOW)
    command.consent("S-002", "lead", NOW)
    record(console, "a", "S-001")
    assert {one.pseudonym for one in Study.open(console.folder).register.subjects} == {"S-001", "S-002"}


def test_the_consent_text_cannot_change_under_those_who_agreed(tmp_path: Path) -> None:
    study = make(tmp_path / "study")
    (study.folder / "consent.txt").write_text(TEXT + "And we sell it.")
    with pytest.raises(StudyProblem, match="not the text that was agreed to"):
        Study.open(study.folder)


def test_recordings_end_with_the_time_that_was_promised(tmp_path: Path) -> None:
    study = make(tmp_path / "study")
    study.consent("S-001", "lead", NOW)
    record(study, "old", "S-001", NOW - timedelta(days=31))
    record(study, "new", "S-001", NOW)
    assert study.purge(NOW) == 1
    assert not study.capture_folder("old").exists() and study.capture_folder("new").exists()


def test_an_export_carries_labels_that_the_evaluation_reads(tmp_path: Path) -> None:
    study = make(tmp_path / "study")
    study.consent("S-001", "lead", NOW)
    record(study, "a", "S-001", species="print_flat")
    record(study, "b", "S-001")
    (chosen,) = export_bundles(study, tmp_path / "out", NOW, species="print_flat")
    judged = with_truth(tmp_path / "out" / chosen.session_id, {})
    assert (judged.label, judged.species, judged.truth["subject"]) == ("attack", "print_flat", "S-001")
    with pytest.raises(StudyProblem, match="not empty"):
        export_bundles(study, tmp_path / "out", NOW)


def test_a_broken_register_and_a_thin_consent_are_said(tmp_path: Path) -> None:
    with pytest.raises(StudyProblem, match="too short"):
        Study.create(tmp_path / "thin", "t", "c", "I agree.", 10)
    study = make(tmp_path / "study")
    (study.folder / REGISTER).write_text("{")
    with pytest.raises(StudyProblem, match=REGISTER):
        Study.open(study.folder)
    with pytest.raises(StudyProblem, match="study init"):
        Study.open(tmp_path / "nowhere")
