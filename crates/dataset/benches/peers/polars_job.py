"""The bench job in polars' streaming engine: read, check seven rules, write the good rows."""

import json
import sys

import polars as pl

source, target = sys.argv[1:3]
TEXT = ["client", "bsn", "geboortedatum", "geslacht", "postcode", "gemeentecode", "buurtcode", "regeling", "ingangsdatum",
        "einddatum", "status"]
WHOLE = ["huisnummer", "huishoudgrootte", "leeftijd"]
schema = {name: pl.String for name in TEXT} | {name: pl.Int64 for name in WHOLE}
schema |= {name: pl.Float64 for name in ["maandbedrag", "schuld", "score"]}

rows = pl.scan_csv(source, schema_overrides=schema)
digits = [pl.col("bsn").str.slice(at, 1).cast(pl.Int32, strict=False) for at in range(9)]
weighted = sum(digit * weight for digit, weight in zip(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]))
dates = {name: pl.col(name).str.to_date("%Y-%m-%d", strict=False) for name in ["geboortedatum", "ingangsdatum", "einddatum"]}
good = (
    ((pl.col("bsn").str.len_bytes() == 9) & (weighted % 11 == 0))
    & dates["geboortedatum"].is_not_null()
    & dates["ingangsdatum"].is_not_null()
    & pl.col("postcode").str.contains(r"^[1-9][0-9]{3}[A-Z]{2}$")
    & pl.col("leeftijd").is_between(0, 120)
    & pl.col("score").is_between(0, 1)
    & pl.col("huishoudgrootte").is_between(1, 20)
)
typed = rows.filter(good.fill_null(False)).with_columns(
    **dates,
    maandbedrag=(pl.col("maandbedrag") * 100).round().cast(pl.Int64),
    schuld=(pl.col("schuld") * 100).round().cast(pl.Int64),
)
typed.sink_parquet(target, compression="zstd", compression_level=1, engine="streaming")
print(json.dumps({"tool": "polars", "goodRows": pl.scan_parquet(target).select(pl.len()).collect().item()}))
