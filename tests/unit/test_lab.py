"""`lab tldr` and `lab match`: a line a row, whatever is in the rows."""

import gzip
import json
from pathlib import Path

import pytest

from bot.cli import main

ROWS = [
    {
        "id": "2611.00001",
        "title": "Talking heads",
        "abstract": "We propose a method. It animates faces.",
        "authors": "A B",
    },
    {"id": "2611.00002", "title": "Dark matter", "abstract": "We search for it. Nothing is found.", "authors": ["C D"]},
]


def written(file: Path, rows: list[object], *, zipped: bool = False) -> str:
    content = "\n".join(json.dumps(row) for row in rows).encode()
    file.write_bytes(gzip.compress(content) if zipped else content)
    return str(file)


@pytest.mark.parametrize("zipped", [False, True])
def test_a_summary_a_row(tmp_path: Path, capsys: pytest.CaptureFixture[str], *, zipped: bool) -> None:
    rows = [*ROWS, {"title": "T", "source": ["Old things are old.", "We prove\nthat  P is not NP."], "target": ["x"]}]
    assert main(["lab", "tldr", written(tmp_path / "rows", list(rows), zipped=zipped)]) == 0
    lines = capsys.readouterr().out.split("\n")
    assert lines[2] == "We prove that P is not NP."
    assert len(lines) == 4
    assert lines[3] == ""


def test_takeaways_come_as_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "tldr", "--takeaways", written(tmp_path / "rows", list(ROWS))]) == 0
    rows = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert [sorted(row) for row in rows] == [["takeaways", "tldr"]] * 2


def test_ids_per_topic_in_order_and_a_bad_topic_stops_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    topics = tmp_path / "topics"
    topics.write_text("dark matter\nAND )\ntalking head\ndark matter\nnothing here\n", encoding="utf-8")
    assert main(["lab", "match", "--papers", written(tmp_path / "papers", list(ROWS)), "--topics", str(topics)]) == 0
    rows = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert [row["ids"] for row in rows] == [["2611.00002"], [], ["2611.00001"], ["2611.00002"], []]
    assert rows[1]["error"].startswith("I couldn't read your query")


@pytest.mark.parametrize("text", ["nonsense", "[1]", '{"title": "no text"}'])
def test_a_file_that_cannot_be_used_is_named_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    file = tmp_path / "rows"
    file.write_text(f'{{"title": "t", "abstract": "We go. It works."}}\n{text}\n', encoding="utf-8")
    assert main(["lab", "tldr", str(file)]) == 1
    assert "rows, line 2" in capsys.readouterr().err
