"""Links two files with clkhash and anonlink, as their documentation does it, and scores the links. One JSON object on stdout.

run_anonlink.py FOLDER   with a and b as CSV or Parquet, and person_id as the truth, which only the scorer sees

One CLK of 1,024 bits per record, Dice, the greedy solver. The threshold is the best of a list by the truth, which favours anonlink: ours
uses its own.
"""

import collections
import csv
import io
import json
import pathlib
import resource
import sys
import time
from importlib.metadata import version

import anonlink
from clkhash import clk
from clkhash.schema import from_json_dict

# Bits per field: names and the birth date say most.
FIELDS = {
    "voornamen": (2, 120), "geslachtsnaam": (2, 120), "geslachtsnaam_partner": (2, 40), "geboortedatum": (1, 140),
    "geslacht": (1, 20), "postcode": (2, 80), "huisnummer": (1, 50), "woonplaats": (2, 40),
}
LEAST = 0.56


def rows(folder, side):
    path = folder / f"{side}.csv"
    if path.exists():
        with path.open(encoding="utf-8") as file:
            return list(csv.DictReader(file))
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(folder / f"{side}.parquet")
    return [{name: "" if value is None else str(value) for name, value in row.items()} for row in table.to_pylist()]


def schema(names):
    features = []
    for name in names:
        n, bits = FIELDS[name]
        comparison = {"type": "ngram", "n": n, "positional": n == 1}
        hashing = {"comparison": comparison, "strategy": {"bitsPerFeature": bits}, "hash": {"type": "blakeHash"}}
        features.append({"identifier": name, "format": {"type": "string", "encoding": "utf-8"}, "hashing": hashing})
    kdf = {"type": "HKDF", "hash": "SHA256", "info": "", "salt": "", "keySize": 64}
    return from_json_dict({"version": 3, "clkConfig": {"l": 1024, "kdf": kdf}, "features": features})


def encode(table, made):
    names = [feature.identifier for feature in made.fields]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([row[name].replace("\n", " ") for name in names] for row in table)
    text.seek(0)
    return clk.generate_clk_from_csv(text, "a secret of both", made, validate=False, header=True, progress_bar=False)


def used(who):
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def cpu():
    return used(resource.RUSAGE_SELF) + used(resource.RUSAGE_CHILDREN)


def main():
    folder = pathlib.Path(sys.argv[1])
    left, right = rows(folder, "a"), rows(folder, "b")
    made = schema([name for name in FIELDS if name in left[0]])
    start, wall = cpu(), time.monotonic()
    encodings = [encode(left, made), encode(right, made)]
    encoding = {"cpu_s": cpu() - start, "wall_s": time.monotonic() - wall}
    start, wall = cpu(), time.monotonic()
    similarities, sets, records = anonlink.candidate_generation.find_candidate_pairs(
        encodings, anonlink.similarities.dice_coefficient_accelerated, LEAST, k=100)
    linking = {"cpu_s": cpu() - start, "wall_s": time.monotonic() - wall}

    in_left = collections.Counter(row["person_id"] for row in left)
    true_pairs = sum(in_left[row["person_id"]] for row in right)
    best = None
    for threshold in (step / 50 for step in range(28, 46)):
        keep = sum(1 for similarity in similarities if similarity >= threshold)
        kept = (similarities[:keep], tuple(part[:keep] for part in sets), tuple(part[:keep] for part in records))
        groups = [dict(group) for group in anonlink.solving.greedy_solve(kept)]
        links = [(group[0], group[1]) for group in groups if len(group) == 2]
        good = sum(left[a]["person_id"] == right[b]["person_id"] for a, b in links)
        precision, recall = good / max(len(links), 1), good / true_pairs
        f1 = 2 * precision * recall / max(precision + recall, 1e-12)
        if best is None or f1 > best["f1"]:
            best = {"threshold": threshold, "precision": precision, "recall": recall, "f1": f1}
    versions = {name: version(name) for name in ("clkhash", "anonlink")}
    print(json.dumps({"versions": versions, "rows": len(left) + len(right), "encoding": encoding, "linking": linking, **best}))


main()
