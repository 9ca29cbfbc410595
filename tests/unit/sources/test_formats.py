"""One contract for every format: the same rows in, the same canonical lines out, from any row on, in bounded chunks."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from journeyloop.adapters.sources import FORMATS, Unfit, chunk, reader
from journeyloop.adapters.sources.columns import Columns

COLUMNS = ("user_id", "event", "timestamp", "order_id", "properties.product_id", "note")
ROWS: list[dict[str, Any]] = [
    {
        "user_id": f"u{number}",
        "event": "Order Completed",
        "timestamp": f"2024-01-{1 + number % 28:02}T10:00:00Z",
        "order_id": f"o{number}",
        "properties.product_id": None if number % 3 else f"p{number}",
        "note": 'said "yes", later\nno; ü',
    }
    for number in range(chunk.ROWS + 10)
]


def write_jsonl(path: Path) -> None:
    path.write_text("\n\n".join(json.dumps(row) for row in ROWS) + "\n")


def write_csv(path: Path, delimiter: str = ",") -> None:
    with path.open("w", newline="", encoding="utf-8-sig") as text:
        writer = csv.DictWriter(text, COLUMNS, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(ROWS)


def write_parquet(path: Path) -> None:
    write_csv(path.with_suffix(".from.csv"))
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * FROM read_csv('{path.with_suffix('.from.csv')}', all_varchar=true)) TO '{path}'"
        )


def zipped(write: Callable[[Path], None]) -> Callable[[Path], None]:
    def written(path: Path) -> None:
        write(path.with_suffix(""))
        path.write_bytes(gzip.compress(path.with_suffix("").read_bytes()))

    return written


WRITERS: dict[str, Callable[[Path], None]] = {
    ".jsonl": write_jsonl,
    ".ndjson": write_jsonl,
    ".csv": write_csv,
    ".tsv": lambda path: write_csv(path, "\t"),
    ".parquet": write_parquet,
    ".jsonl.gz": zipped(write_jsonl),
    ".csv.gz": zipped(lambda path: write_csv(path, ";")),
}


def lines(path: Path, start: int = 0) -> list[Any]:
    columns = Columns("events", {}, {})
    return [json.loads(columns.line(row)) for some in reader(path)(path, start) for row in some.rows]


def test_every_format_is_here() -> None:
    assert set(FORMATS) <= set(WRITERS)


@pytest.mark.parametrize("suffix", WRITERS)
def test_the_same_rows_are_the_same_lines(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rows{suffix}"
    WRITERS[suffix](path)
    found = lines(path)
    assert found == [
        {
            "type": "track",
            "userId": row["user_id"],
            "event": row["event"],
            "timestamp": row["timestamp"],
            "properties": {
                "order_id": row["order_id"],
                **({"product_id": row["properties.product_id"]} if row["properties.product_id"] else {}),
                "note": row["note"],
            },
        }
        for row in ROWS
    ]
    assert lines(path, start=chunk.ROWS + 3) == found[chunk.ROWS + 3 :]
    assert lines(path, start=len(ROWS)) == []


@pytest.mark.parametrize("suffix", WRITERS)
def test_chunks_are_bounded_and_say_how_much_of_the_file_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rows{suffix}"
    WRITERS[suffix](path)
    chunks = list(reader(path)(path, 0))
    assert [len(one.rows) for one in chunks] == [chunk.ROWS, 10]
    assert 0 < chunks[0].done <= chunks[1].done == path.stat().st_size


@pytest.mark.parametrize("name", ["rows.xlsx", "rows", "rows.parquet.gz", "rows.gz"])
def test_an_unknown_format_is_refused_by_name(name: str) -> None:
    with pytest.raises(Unfit, match=r"\.parquet"):
        reader(Path(name))


def test_what_is_no_row_is_passed_on_as_it_is_and_never_as_two_lines(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"user_id":"u"}\n[1]\n{"broken\n\xff\n')
    (tmp_path / "a.csv").write_bytes(b'user_id,event\nu,Viewed\n"one\ntwo"\nu,Viewed,more\n\xff,Viewed\n')
    columns = Columns("events", {}, {})
    made = [
        columns.line(row)
        for name in ("a.jsonl", "a.csv")
        for one in reader(tmp_path / name)(tmp_path / name, 0)
        for row in one.rows
    ]
    assert made[1:4] == [b"[1]", b'{"broken', b"\xff"]
    assert made[5:7] == [b"one two", b"u,Viewed,more"]
    assert not any(b"\n" in line or not line for line in made)
    with pytest.raises(ValueError, match=r"utf-8|Expecting|codec"):
        json.loads(made[7])


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Kunde;event\nu;Viewed\n", encoding="utf-8-sig")
    assert [one.rows for one in reader(tmp_path / "a.csv")(tmp_path / "a.csv", 0)] == [
        [{"Kunde": "u", "event": "Viewed"}]
    ]


def test_a_quotation_mark_that_never_closes_ends_the_reading(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('user_id,event\n"' + "x" * 1_100_000)
    with pytest.raises(Unfit, match=r"a\.csv"):
        list(reader(tmp_path / "a.csv")(tmp_path / "a.csv", 0))


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"not at all")
    with pytest.raises(Unfit, match=r"a\.parquet"):
        list(reader(tmp_path / "a.parquet")(tmp_path / "a.parquet", 0))


def test_values_of_a_warehouse_become_json(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"""COPY (SELECT 42 AS user_id, 'Viewed' AS event,
            TIMESTAMPTZ '2024-01-01 10:00:00+02' AS at,
            12.50::DECIMAL(9,2) AS revenue,
            DATE '2024-02-03' AS day, {{'a': [1, 2]}} AS nested, 'nan'::FLOAT AS odd)
            TO '{path}'""")  # fmt: skip
    columns = Columns("events", {"at": "timestamp"}, {})
    (row,) = [columns.line(row) for one in reader(path)(path, 0) for row in one.rows]
    assert json.loads(row) == {
        "type": "track", "userId": "42", "event": "Viewed", "timestamp": "2024-01-01T08:00:00",
        "properties": {"revenue": 12.5, "day": "2024-02-03", "nested": {"a": [1, 2]}, "odd": None},
    }  # fmt: skip
