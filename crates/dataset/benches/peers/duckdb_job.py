"""The bench job in DuckDB: read, check seven rules, write the good rows."""

import json
import sys

import duckdb

source, target, threads = sys.argv[1:4]
connection = duckdb.connect(config={"threads": int(threads)})
weighted = " + ".join(f"{weight} * (ascii(bsn[{at + 1}]) - 48)" for at, weight in enumerate([9, 8, 7, 6, 5, 4, 3, 2, -1]))
connection.execute(f"""
    copy (
        select client, bsn, try_cast(geboortedatum as date) as geboortedatum, geslacht, postcode, huisnummer, gemeentecode,
               buurtcode, regeling, try_cast(ingangsdatum as date) as ingangsdatum, try_cast(einddatum as date) as einddatum,
               cast(round(maandbedrag * 100) as bigint) as maandbedrag, cast(round(schuld * 100) as bigint) as schuld,
               huishoudgrootte, leeftijd, score, status
        from read_csv('{source}', header = true, columns = {{
            'client': 'varchar', 'bsn': 'varchar', 'geboortedatum': 'varchar', 'geslacht': 'varchar', 'postcode': 'varchar',
            'huisnummer': 'bigint', 'gemeentecode': 'varchar', 'buurtcode': 'varchar', 'regeling': 'varchar',
            'ingangsdatum': 'varchar', 'einddatum': 'varchar', 'maandbedrag': 'double', 'schuld': 'double',
            'huishoudgrootte': 'bigint', 'leeftijd': 'bigint', 'score': 'double', 'status': 'varchar'}})
        where length(bsn) = 9 and ({weighted}) % 11 = 0
          and try_cast(geboortedatum as date) is not null and try_cast(ingangsdatum as date) is not null
          and regexp_full_match(postcode, '[1-9][0-9]{{3}}[A-Z]{{2}}')
          and leeftijd between 0 and 120 and score between 0 and 1 and huishoudgrootte between 1 and 20
    ) to '{target}' (format parquet, compression zstd, compression_level 1)
""")
good = connection.execute(f"select count(*) from read_parquet('{target}')").fetchone()[0]
print(json.dumps({"tool": "duckdb", "goodRows": good}))
