"""What the cells of a table mean: encodings, numbers as people write them, words, dates, codes."""

import unicodedata
from datetime import time
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from own_files import csv, numbers_of, said, table

from genas.core.errors import RequestError
from genas.tasks.tabular import Tabular


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_words_are_the_same_in_every_encoding(tmp_path, encoding):
    text = csv("größe,farbe,label", lambda i: (7 * i, ("grün", "blau")[i % 2], ("süß", "herb")[i % 3 == 0]))
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    task = Tabular(path=str(tmp_path / "t.csv"))
    assert task.classes == ("herb", "süß")
    assert set(task.features) == {("größe", None), ("farbe", "grün"), ("farbe", "blau")}
    guessed = encoding in ("latin-1", "cp1252", "utf-16-le", "utf-16-be")
    assert said(task, "not UTF-8") is guessed


@pytest.mark.parametrize(
    ("cell", "value", "mark"),
    [
        ("{:,}", 1234, ","), ("{:,}.5", 1234.5, ","), ("${:,}", 1234, ","), ("€ {}", 1234, ","), ("{} EUR", 1234, ","),
        ("{}%", 1234, ","), ("{} %", 1234, ";"), ("({})", -1234, ","), ("+{}", 1234, ","), ("{}e2", 123400, ","),
        ("{},5", 1234.5, ";"), ("{} ", 1234, ";"), ("\u2212{}", -1234, ","), ("{}-", -1234, ","),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(tmp_path, cell, value, mark):
    def row(i):
        return '"' + cell.format(1234 * i) + '"', i % 3, "xy"[i % 2]

    task = Tabular(path=table(tmp_path, csv(mark.join(("a", "b", "label")), row, mark=mark)))
    expected = {float(np.float64(value) * i) for i in range(40)} if value in (1234, -1234, 123400) else None
    found = numbers_of(task, "a")
    assert found == expected if expected is not None else {v % 1 for v in found} == {0.5}


def test_points_that_part_thousands_beside_decimal_commas_are_no_decimal_points(tmp_path):
    def row(i):
        return f"{1000 + i:,}".replace(",", "."), f"{i},25", "xy"[i % 2]

    task = Tabular(path=table(tmp_path, csv("a;b;label", row, mark=";")))
    assert numbers_of(task, "a") == {1000.0 + i for i in range(40)}
    assert numbers_of(task, "b") == {i + 0.25 for i in range(40)}


def test_numbers_are_read_as_india_parts_them(tmp_path):
    text = csv("a,b,label", lambda i: (f'"{1 + i % 9},{10 + i},{100 + i}.5"', i * i, "xy"[i % 2]))
    wanted = {float(f"{1 + i % 9}{10 + i}{100 + i}.5") for i in range(40)}
    assert numbers_of(Tabular(path=table(tmp_path, text)), "a") == wanted


def test_codes_that_begin_with_zeros_are_words_where_there_are_few_and_said(tmp_path):
    few = csv("zip,label", lambda i: (("01234", "10115", "90210")[i % 3], "xy"[i % 2]))
    task = Tabular(path=table(tmp_path, few))
    assert {word for _, word in task.features} == {"01234", "10115", "90210"} and said(task, "holds codes", "are words")
    many = csv("zip,label", lambda i: (f"{137 * i:05}", "xy"[i % 2]))
    task = Tabular(path=table(tmp_path, many))
    assert task.features == [("zip", None)] and said(task, "zip holds codes", "as 00000", "read as numbers")


@pytest.mark.parametrize(("mark", "value"), [(";", 1.234), (",", 1234.0)])
def test_a_mark_that_may_be_decimal_or_part_thousands_is_said(tmp_path, mark, value):
    text = csv(mark.join(("a", "b", "label")), lambda i: (f'"{1 + i % 9},234"', i * i, "xy"[i % 2]), mark=mark)
    task = Tabular(path=table(tmp_path, text))
    assert min(numbers_of(task, "a")) == value and said(task, "Column a: 1,234 is read as 1234") is (mark == ",")


def test_shares_beside_semicolons_keep_their_points(tmp_path):
    task = Tabular(path=table(tmp_path, csv("a;b;label", lambda i: (f"0.{100 + i}", i * i, "xy"[i % 2]), mark=";")))
    assert numbers_of(task, "a") == {(100 + i) / 1000 for i in range(40)}


def test_blanks_around_fields_are_no_part_of_them(tmp_path):
    text = csv("a, b, label", lambda i: (f" {3 * i} ", ' "x, y"' if i % 2 else " z ", " u" if i % 3 else " v "))
    task = Tabular(path=table(tmp_path, text))
    assert task.classes == ("u", "v") and set(task.features) == {("a", None), ("b", "x, y"), ("b", "z")}


def test_words_for_nothing_are_missing_numbers_and_counted(tmp_path):
    def row(i):
        return ("NA", "?", "nan", "", "#DIV/0!", "\\N", "NaT", "-")[i] if i < 8 else 3 * i, i * i, "xy"[i % 2]

    task = Tabular(path=table(tmp_path, csv("a,b,label", row)))
    assert task.features == [("a", None), ("b", None)] and said(task, "a (8)", "mean of the training rows")


def test_a_few_words_in_a_column_of_numbers_are_missing_and_named(tmp_path):
    task = Tabular(path=table(tmp_path, csv("a,label", lambda i: ("broken" if i == 7 else 3 * i, "xy"[i % 2]))))
    assert task.features == [("a", None)] and said(task, "Column a", "1 cells", "'broken'", "missing")


def test_times_and_dates_stay_as_they_are_written(tmp_path):
    text = csv("at,day,label", lambda i: (("08:30", "9:45")[i % 2], ("2024-01-05", "05.01.2024")[i % 2], "xy"[i % 2]))
    assert {word for _, word in Tabular(path=table(tmp_path, text)).features} == {
        "08:30", "9:45", "2024-01-05", "05.01.2024",
    }  # fmt: skip


def test_fields_in_quotes_hold_lines(tmp_path):
    text = csv("a,t,label", lambda i: (3 * i, '"u\nv"' if i % 2 else '"w, z"', "xy"[i % 2]))
    assert ("t", "u\nv") in Tabular(path=table(tmp_path, text)).features


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_are_the_same_however_they_were_typed(tmp_path, form):
    text = csv("état,farbe,label", lambda i: (("é", "à")[i % 2], ("café", "cafe\u0301", "bar")[i % 3], 3 * i))
    columns = {"farbe": ["café", "cafe\u0301", "bar", "bar"] * 10, unicodedata.normalize(form, "état"): ["é", "à"] * 20}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    for path in (table(tmp_path, unicodedata.normalize(form, text)), str(tmp_path / "t.parquet")):
        for label in ("état", "e\u0301tat"):
            task = Tabular(path=path, label=label)
            assert task.classes == ("à", "é")
            assert {word for column, word in task.features if column == "farbe"} == {"bar", "café"}


def test_words_that_differ_in_capitals_are_told_apart_and_said(tmp_path):
    task = Tabular(path=table(tmp_path, csv("t,label", lambda i: (("Yes", "yes", "no")[i % 3], "xy"[i % 2]))))
    assert len(task.features) == 3 and said(task, "differ in capitals only", "'Yes' and 'yes'")


@pytest.mark.parametrize("scale", [1e-200, 1e-320, 1e30])
def test_numbers_of_any_size_are_standardised(tmp_path, scale):
    task = Tabular(path=table(tmp_path, csv("a,label", lambda i: (i * scale, "xy"[i % 2]))))
    prepared = task.prepare(task.data("train").inputs)
    assert abs(float(prepared.mean())) < 1e-3 and float(prepared.std(correction=0)) == pytest.approx(1, rel=1e-3)


def test_long_texts_are_cells(tmp_path):
    text = csv("a,t,label", lambda i: (i * i, "uv"[i % 2] * 200_000, "xy"[i % 2]))
    assert {word for column, word in Tabular(path=table(tmp_path, text)).features if column == "t"} == {
        "u" * 200_000, "v" * 200_000,
    }  # fmt: skip


def test_figures_of_epochs_keep_their_differences(tmp_path):
    """As float32, the seconds of one hour are 32 figures."""
    text = csv("t,label", lambda i: (1_700_000_000 + 10 * i, "xy"[i % 2]))
    task = Tabular(path=table(tmp_path, text))
    prepared = task.prepare(task.data("train").inputs)
    assert len(prepared.unique()) == 28
    assert abs(float(prepared.mean())) < 1e-6 and float(prepared.std(correction=0)) == pytest.approx(1, abs=1e-5)
    raw = np.array(sorted(numbers_of(task, "t")))
    assert task.mean[0] == pytest.approx(task.data("train").inputs.numpy().mean(), abs=1e-6) and raw[0] == 1_700_000_000


def test_a_parquet_file_keeps_what_its_cells_mean(tmp_path):
    columns = {
        "price": [Decimal(i) / 4 for i in range(40)],
        "colour": ["grün".encode("latin-1"), b"rot"] * 20,
        "at": [time(8 + i % 3, 30) for i in range(40)],
        "list": [[1]] * 40,
        "bytes": [bytes([0, 255, i % 2]) for i in range(40)],
        "label": [b"ja", b"nein"] * 20,
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    task = Tabular(path=str(tmp_path / "t.parquet"))
    assert task.classes == ("ja", "nein") and numbers_of(task, "price") == {i / 4 for i in range(40)}
    assert {("colour", "grün"), ("at", "08:30:00")} <= set(task.features)
    assert said(task, "left out: list (", "bytes (")


def test_dates_that_no_calendar_has_are_refused_and_spans_are_seconds(tmp_path):
    columns = {"d": pa.array([500, 1500] * 20, pa.duration("ms")), "label": ["x", "x", "y", "y"] * 10}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    assert numbers_of(Tabular(path=str(tmp_path / "t.parquet")), "d") == {0.5, 1.5}
    pq.write_table(pa.table({"a": pa.array([3_000_000] * 40, pa.date32()), **columns}), tmp_path / "t.parquet")
    with pytest.raises(RequestError, match=r"column a .*date32.* can't be read .* as numbers or text"):
        Tabular(path=str(tmp_path / "t.parquet"))
