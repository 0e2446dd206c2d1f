"""`lab check` on files: row by row, readable, and bad files end in a sentence."""

import json
from pathlib import Path

import pytest

from bot.cli import main

SOURCE = "Heron: A Parser\nWe introduce Heron, a parser for noisy speech. It is correct on 75% of the sentences.\n"
GOOD = {"text": "Heron parses noisy speech.", "quote": "We introduce Heron, a parser for noisy speech."}
BAD = {"text": "Heron is 75% better.", "quote": "It is correct on 75% of the sentences."}


def files(folder: Path, summary: str, source: str = SOURCE) -> list[str]:
    (folder / "summary.json").write_text(summary, encoding="utf-8")
    (folder / "source.txt").write_text(source, encoding="utf-8")
    return ["lab", "check", str(folder / "summary.json"), str(folder / "source.txt")]


def test_each_row_is_told_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(files(tmp_path, json.dumps({"tldr": GOOD, "takeaways": [BAD]}))) == 0
    told = capsys.readouterr().out
    assert "accepted  tldr\n          Heron parses noisy speech." in told
    assert "REJECTED  takeaways[0]: its quote says 75% of something" in told
    assert "2 of 2 quotes found, 1 accepted, 1 rejected; too little is left" in told


@pytest.mark.parametrize(("summary", "source"), [("no json", SOURCE), ("{}", "  ")])
def test_a_bad_file_ends_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], summary: str, source: str
) -> None:
    assert main(files(tmp_path, summary, source)) == 1
    assert capsys.readouterr().err.strip().endswith(".")


def test_a_missing_file_ends_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "check", str(tmp_path / "none"), str(tmp_path / "none")]) == 1
    assert "cannot be read" in capsys.readouterr().err
