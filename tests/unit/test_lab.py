"""`lab tldr`, `lab match` and `lab query`: a line a row, whatever is in the rows."""

import gzip
import io
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


def test_a_query_is_shown_in_every_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "query", 'ti:heads AND au:"Chen J"', "talking heads"]) == 0
    one, other = capsys.readouterr().out.split("\n\n")
    assert one.splitlines() == [
        "read as  a query",
        'shown    ti:heads AND au:"Chen J"',
        'key      (authors:"chen j" AND title:"head")',
        'FTS5     (title : "head" AND authors : "chen j")',
        'arXiv    (ti:"heads" AND au:"Chen J")',
    ]
    assert other.startswith("read as  a topic")


@pytest.mark.parametrize(
    ("text", "shown", "place"),
    [
        ("ti:x AND )", "ti:x AND )", 9),
        ("\u6269\u6563 x", "\u6269\u6563 x", 0),
        ("\u202ea\tAND ()", " a AND ()", 8),
        ("ti:caf\u00e9 -\u00e9", "ti:caf\u00e9 -\u00e9", 8),
        ("co:\uff21\uff22 AND )", "co:\uff21\uff22 AND )", 12),  # these letters are two columns wide
    ],
)
def test_a_refusal_marks_its_place(text: str, shown: str, place: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "query", text]) == 1
    said, line, mark = capsys.readouterr().out.splitlines()
    assert said.startswith("refused  ")
    assert (line, mark) == (" " * 9 + shown, " " * (9 + place) + "^")


def test_queries_are_read_from_standard_input_and_a_long_one_is_cut_around_its_place(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"heads\n\n{'word ' * 30}AND OR {'x ' * 40}\r\n"))
    assert main(["lab", "query"]) == 1
    out = capsys.readouterr().out
    assert out.count("read as") == out.count("refused") == 1
    line, mark = out.splitlines()[-2:]
    assert line[len(mark) - 1 :].startswith("OR x")
    assert line.strip().startswith("…")
    assert line.endswith("…")
