"""Manifests: every column's errors in words, numbers never kept, journals that survive an edit."""

from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from borderlight_cli.importing.manifest import ImportRow, ManifestUnreadable, read_manifest
from borderlight_cli.importing.run import Imported, Journal, bounded, run_import

SALT = b"s" * 32


def manifest(folder: Path, text: str) -> Path:
    (folder / "a.jpg").write_bytes(b"1")
    path = folder / "manifest.csv"
    path.write_text(text)
    return path


def rows(folder: Path, text: str) -> list[ImportRow]:
    return read_manifest(manifest(folder, text), "passport", SALT)


def test_a_row_becomes_a_document(tmp_path: Path) -> None:
    head = "traveller_ref,file,document_id,kind,issuing_state,expires_at,number\n"
    (row,) = rows(tmp_path, head + "t-1,a.jpg,p-1,visa,UTO,2030-01-01,X1234567\n")
    assert (row.traveller_ref, row.document_id, row.kind, row.problem) == ("t-1", "p-1", "visa", None)
    assert row.number_digest is not None and "X1234567" not in repr(row)


def test_parquet_is_read_like_csv(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"1")
    pq.write_table(pa.table({"traveller_ref": ["t-1"], "file": ["a.jpg"]}), tmp_path / "m.parquet")
    (row,) = read_manifest(tmp_path / "m.parquet", "passport", SALT)
    assert (row.traveller_ref, row.problem) == ("t-1", None)


def test_a_folder_names_travellers(tmp_path: Path) -> None:
    (tmp_path / "t-1").mkdir()
    for name in ("t-1/passport.jpg", "t-2.png", "notes.txt"):
        (tmp_path / name).write_bytes(b"1")
    found = read_manifest(tmp_path, "passport", SALT)
    assert [(row.traveller_ref, row.file.name) for row in found] == [("t-1", "passport.jpg"), ("t-2", "t-2.png")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a/b,a.jpg,passport,", "traveller_ref: letters"),
        (",a.jpg,passport,", "traveller_ref: letters"),
        ("t-1,none.jpg,passport,", "no such file"),
        ("t-1,../../etc/passwd,passport,", "no such file"),
        ("t-1,a.jpg,selfie,", "kind: one of"),
        ("t-1,a.jpg,passport,tomorrow", "expires_at: a date"),
    ],
)
def test_a_bad_row_says_what_is_wrong(tmp_path: Path, line: str, words: str) -> None:
    (row,) = rows(tmp_path, f"traveller_ref,file,kind,expires_at\n{line}\n")
    assert row.problem is not None and words in row.problem


def test_a_missing_column_says_which(tmp_path: Path) -> None:
    with pytest.raises(ManifestUnreadable, match="column file is missing; known columns: traveller_ref"):
        rows(tmp_path, "traveller_ref,photo\nt-1,a.jpg\n")


@pytest.mark.parametrize("name", ["none.csv", "broken.parquet"])
def test_what_is_no_manifest_says_so(tmp_path: Path, name: str) -> None:
    if name.startswith("broken"):
        (tmp_path / name).write_bytes(b"PAR1 but not really")
    with pytest.raises(ManifestUnreadable, match=name):
        read_manifest(tmp_path / name, "passport", SALT)


def test_a_finished_row_is_not_done_again_and_an_edited_one_is(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, "traveller_ref,file\nt-1,none.jpg\n")
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append([Imported(1, "t-1", row.document_id, "none.jpg", "enrolled", quality=(("sharpness", 5.0),))])
    with journal.path.open("a") as stream:
        stream.write('{"number": 2, "traveller_ref": "t')  # cut by a crash
    (kept,) = run_import([row], journal, None, 1, lambda _: None)
    assert kept.outcome == "enrolled" and kept.quality == (("sharpness", 5.0),)
    assert set(journal.done()) == {1}


class CountingPool(Executor):
    """Does each chunk at once and counts what was handed out."""

    def __init__(self) -> None:
        self.handed_out = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.handed_out += 1
        future: Future[Any] = Future()
        future.set_result(list(args[0]))
        return future


def test_no_more_chunks_are_handed_out_than_can_be_taken() -> None:
    pool, taken, most = CountingPool(), [], 0
    for future in bounded(pool, [[number] for number in range(40)], at_once=6):  # type: ignore[list-item]
        most = max(most, pool.handed_out - len(taken))
        taken += future.result()
    assert sorted(taken) == list(range(40)), "every chunk comes back once"
    assert most == 6
