"""Files of every kind: each row predicted or told of, with its line, and the same whatever the file is packed in."""

from __future__ import annotations

import gzip
import io
import json
import math
import random
import zipfile
from pathlib import Path

import duckdb
import pytest
from PIL import Image

from tests.unit.endpoint.packages import publish
from tests.unit.endpoint.transform_world import FOREVER, World, slowed, worker

CSV = b"age,plan,calls,id\n1,pro,3,a\n2,gold,4,b\n3,pro\n4,basic,twelve,c\n,NA,5,d\n"
JSONL = b"""{"age": 1, "plan": "pro", "calls": 3, "id": "a"}
{"age": 2, "plan": "gold", "calls": 4}
not json

[1, 2]
{"age": NaN, "plan": "pro", "calls": 3}
{"plan": null, "calls": 5}
{"age": true, "plan": "pro", "calls": 3}
"""


@pytest.fixture
def world() -> World:
    made = World()
    publish(made.lake, "churn")
    return made


def zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return made.getvalue()


def picture(gray: int, size: int = 8) -> bytes:
    made = io.BytesIO()
    Image.new("L", (size, size), gray).save(made, "PNG")
    return made.getvalue()


def parquet(folder: Path, select: str, options: str = "") -> bytes:
    path = folder / "made.parquet"
    duckdb.sql(f"COPY ({select}) TO '{path}' (FORMAT parquet{options})")
    return path.read_bytes()


def test_json_lines_in_is_json_lines_out(world: World) -> None:
    report = world.transformed(JSONL)
    rows = [json.loads(line) for line in world.rows()]
    assert [(row["line"], row["label"]) for row in rows] == [(1, "Yes"), (7, "Yes")]
    assert [(row["line"], row["column"]) for row in report["errors"]] == [
        *((2, "plan"), (3, None), (5, None), (6, None), (8, "age")),
    ]
    assert (report["rows"], report["rejected"], report["ignored_columns"]) == (2, 5, ["id"])


def test_the_same_rows_give_the_same_figures_in_every_form(world: World, tmp_path: Path) -> None:
    rows = "(1.5::DOUBLE, 'pro', 3), (NULL, NULL, 4), (2, 'basic', 0)"
    given = f"SELECT * FROM (VALUES {rows}) AS t(age, plan, calls)"
    bodies = [b"age,plan,calls\n1.5,pro,3\n,,4\n2,basic,0\n", parquet(tmp_path, given)]
    bodies.append(
        b'{"age":1.5,"plan":"pro","calls":3}\n{"age":null,"plan":null,"calls":4}\n{"age":2,"plan":"basic","calls":0}\n'
    )
    told = []
    for at, body in enumerate([*bodies, *map(gzip.compress, bodies)]):
        made = World()
        publish(made.lake, "churn")
        report = made.transformed(body, f"predict-in/churn/{at}")
        (tmp_path / f"{at}").write_bytes(next(body for name, body in made.parts().items()))
        name = report["predictions"][0].rsplit(".", 1)[1].replace("jsonl", "json")
        found = duckdb.sql(f"SELECT probability_No::FLOAT FROM read_{name}('{tmp_path}/{at}')").fetchall()
        told.append(found)
    assert told == [told[0]] * 6
    assert len(told[0]) == 3


def test_images_of_a_zip_are_rows_in_the_order_of_the_archive(world: World) -> None:
    publish(world.lake, "tone")
    files = {
        "b/light.png": picture(250),
        "a/dark.png": picture(3, size=20),
        "broken.png": b"\x89PNG",
        "notes.txt": b"x",
    }
    report = world.transformed(zipped({**files, "__MACOSX/._b": b"x"}), "predict-in/tone/all.zip")
    assert [line.split(",")[:3] for line in world.rows("tone")] == [
        ["1", "b/light.png", "light"],
        ["2", "a/dark.png", "dark"],
    ]
    assert [row["line"] for row in report["errors"]] == [3, 4]
    assert "notes.txt: this is no image" in report["errors"][1]["reason"]
    assert report["classes"] == {"dark": 1, "light": 1}


def test_more_misfits_than_are_told_at_once_are_all_left_out(world: World, tmp_path: Path) -> None:
    given = "SELECT CASE WHEN i % 3 = 0 THEN 1e300 ELSE i END AS age, 'pro' AS plan, 1 AS calls FROM range(9000) t(i)"
    report = world.transformed(parquet(tmp_path, given))
    assert (report["rows"], report["rejected"]) == (6000, 3000)
    assert len(report["errors"]) == 100


def test_text_where_numbers_are_meant_is_read_as_in_a_csv(world: World, tmp_path: Path) -> None:
    given = "SELECT * FROM (VALUES ('1', 'pro', '2'), (' 3 ', 'pro', 'x'), ('NA', 'pro', '3')) AS t(age, plan, calls)"
    report = world.transformed(parquet(tmp_path, given))
    assert (report["rows"], [row["line"] for row in report["errors"]]) == (2, [2])


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (gzip.compress(CSV)[:-9], "gzip file is damaged"),
        (b'[{"age": 1}]', "one JSON array"),
        (b'{"weight": 1}\n', "missing column: age, plan, calls"),
        (zipped({"a.png": picture(1)}), "the model takes no images"),
        (b"PK\x03\x04 cut off", "the model takes no images"),
    ],
)
def test_a_file_that_the_model_cannot_read_is_told_why(world: World, body: bytes, told: str) -> None:
    report = world.transformed(body)
    assert report["state"] == "rejected"
    assert told in report["message"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_going_on_in_the_middle_finds_the_same_rows_in_every_encoding(encoding: str, form: str) -> None:
    rows = [(age, "pro", f"é{age}") for age in range(50)]
    text = "age,plan,calls,name\n" + "".join(f"{age},{plan},1,{name}\n" for age, plan, name in rows)
    if form == "jsonl":
        lines = ({"age": age, "plan": plan, "calls": 1, "name": name} for age, plan, name in rows)
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    world = World()
    slowed(world.lake, "churn", publish(world.lake, "churn"))
    world.landing.put("predict-in/churn/rows", text.encode(encoding))
    keys = ["predict-in/churn/rows"]
    while keys:
        worker(world.lake, world.landing).handle(keys[-1:], lambda: 5.0)
        left = [entry.key for entry in world.landing.list("predict-in/churn/jobs/")]
        keys = left if left[-1:] != keys[-1:] else []
    assert (world.report()["rows"], world.report()["runs"]) == (50, 4)
    assert len(world.rows()) == 50


def test_a_job_that_nobody_wants_any_more_ends_before_its_next_part(world: World) -> None:
    slowed(world.lake, "churn", publish(world.lake, "churn"))
    world.landing.put("predict-in/churn/rows", b"age,plan,calls\n" + b"1,pro,1\n" * 40)
    worker(world.lake, world.landing).handle(["predict-in/churn/rows"], lambda: 5.0)
    job = next(e.key for e in world.lake.list("predictions/churn/")).split("/")[2]
    world.lake.put(f"predictions/churn/{job}/cancel.json", b"{}")
    worker(world.lake, world.landing).handle(["predict-in/churn/rows"], lambda: FOREVER)
    assert (world.report()["state"], world.report()["rows"]) == ("cancelled", 16)


@pytest.mark.parametrize("seed", range(8))
def test_a_parquet_column_means_what_the_same_cells_mean_in_a_csv(tmp_path: Path, seed: int) -> None:
    """Whole columns that fit, single cells that do not: read quickly, exactly, or now this way and now that."""
    chance, odd = random.Random(seed), (0.0, 0.001, 0.2)[seed % 3]
    rows = [
        (
            chance.choice([None, math.nan, 1e300, -4e38]) if chance.random() < odd else chance.random() * 90,
            chance.choice([None, "", "NA", " pro ", "gold", "é'x"]) if chance.random() < odd else "pro",
            chance.choice([None, math.nan]) if chance.random() < odd else float(chance.randint(0, 9)),
        )
        for _ in range(400)
    ]
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (age DOUBLE, plan VARCHAR, calls DOUBLE)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
        connection.execute(f"COPY t TO '{tmp_path}/t.parquet' (FORMAT parquet)")
    cells = (",".join("" if cell is None else str(cell) for cell in row) for row in rows)
    csv = ("age,plan,calls\n" + "\n".join(cells) + "\n").encode()
    given = {"csv": csv, "parquet": (tmp_path / "t.parquet").read_bytes()}
    told = {}
    for form, body in given.items():
        world = World()
        slowed(world.lake, "churn", publish(world.lake, "churn"), 64)
        report = world.transformed(body, "predict-in/churn/rows")
        parts = [part for name, part in sorted(world.parts().items()) if name[0] == "r"]
        refused = [json.loads(line) for part in parts for line in part.splitlines()]
        shift = 1 if form == "csv" else 0
        told[form] = report["rows"], report["classes"], [(row["line"] - shift, row["column"]) for row in refused]
    assert told["csv"] == told["parquet"]
