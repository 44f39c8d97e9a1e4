"""Runs our engine and Splink in turn on every task and prints one table. See scripts/bench-linkage."""

import argparse
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
DUTCH = ("voornamen=voornamen,geslachtsnaam=geslachtsnaam,geslachtsnaam_partner=geslachtsnaam_partner,geboortedatum=geboortedatum,"
         "geslacht=geslacht,postcode=postcode,huisnummer=huisnummer,toevoeging=huisnummertoevoeging,woonplaats=woonplaats")
MINIMAL = "given_name=voornamen,surname=geslachtsnaam,date_of_birth=geboortedatum,postcode=text"
FEBRL = ("given_name=voornamen,surname=geslachtsnaam,street_number=huisnummer,address_1=straatnaam,address_2=text,suburb=woonplaats,"
         "postcode=text,state=text,date_of_birth=geboortedatum")
HISTORICAL = "first_name=voornamen,surname=geslachtsnaam,dob=geboortedatum,birth_place=text,postcode_fake=text,occupation=text"
# The rules of Splink's model for Dutch files, for the run that compares speed on the same work.
BROAD = "geboortedatum whole|adres placeNumber|geslachtsnaam anyName+voornamen first"


def tasks(reference, folder, programs, rows):
    found = []
    if reference:
        data = pathlib.Path(reference) / "linkage"
        febrl = {"left": data / "febrl4a.csv", "right": data / "febrl4b.csv", "truth": "rec_id"}
        found += [
            {"name": "febrl4", "task": "febrl", "columns": FEBRL, **febrl},
            {"name": "febrl4-minimal", "task": "febrl-minimal", "columns": MINIMAL, **febrl},
            {"name": "nl10k", "left": data / "nl10k/a.csv", "right": data / "nl10k/b.csv"},
            {"name": "nl100k_hoog", "left": data / "nl100k_hoog/a.parquet", "right": data / "nl100k_hoog/b.parquet"},
            {"name": "historical_50k", "task": "historical", "columns": HISTORICAL, "left": data / "historical_50k.parquet", "truth": "cluster"},
        ]
    else:
        print("HELDER_REFERENCE_DATA names no folder: public data NOT RUN", file=sys.stderr)
    for size, dirt, seed in [(10_000, 1, 9), (100_000, 2, 8), (rows, 1, 7)]:
        made = folder / f"made-{size}-{dirt}-{seed}"
        found.append({"name": f"made-{size}", "left": made / "a.parquet", "right": made / "b.parquet",
                      "make": [programs / "municipal_records", "--rows", size, "--dirt", dirt, "--seed", seed, "--out", made]})
    found.append({**found[-1], "name": f"made-{rows}-broad", "blocking": BROAD})
    for task in found:
        task.setdefault("task", "dutch")
        task.setdefault("columns", DUTCH)
        task.setdefault("truth", "person_id")
    return found


def run(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=HERE, check=False)
    if done.returncode != 0:
        print(done.stderr[-2000:], file=sys.stderr)
        return None
    return json.loads(done.stdout)


def line(name, found):
    if found is None:
        return f"{name:31} failed"
    pair = found["pairwise"]
    if found.get("clusters"):
        groups = found["clusters"].get("default") or found["clusters"]["best"]
        one = {"default": pair["default"], "best": groups}
        name += " (best: groups)"
    else:
        one = found["oneToOne"]
    return (f"{name:31} {found['tool']:7} {one['default']['precision']:.4f} {one['default']['recall']:.4f} {one['default']['f1']:.4f}  "
            f"{one['best']['f1']:.4f}  {pair['best']['f1']:.4f}  {found['pairsScored']:>11,} {found['pairsPerCpuSecond'] / 1e6:8.2f} "
            f"{found['cpuSeconds']:8.1f} {found['wallSeconds']:7.1f} {found['coresUsed']:5.2f} {found['peakMb']:7.0f}")


GROUPS = {"movers": "movers", "marriedWomen": "married", "defaultBirthDates": "default dates", "foreignSpelledNames": "foreign"}


def calibration(figures):
    """What was foretold without labels beside the truth, the true share of every band, and by how much groups are found less."""
    print("\ncalibration: foretold - true precision and recall in points; per band of the score pairs, mean score, true share;"
          " how many points lower the recall of a group is")
    for name, found in figures.items():
        for tool in found.values():
            if tool is None or not tool.get("bands"):
                continue
            cells = []
            if tool.get("foretold"):
                true = (tool["pairwise"] if tool.get("clusters") else tool["oneToOne"])["default"]
                cells += [f"{part[0].upper()} {100 * (tool['foretold'][part] - true[part]):+.2f}" for part in ("precision", "recall")]
            cells += [f"{band['from']}-{band['to']}: {band['pairs']} {band['mean_score']:.3f} {band['true_share']:.3f}" for band in tool["bands"]]
            recall = {group["group"]: group["recall"] for group in tool.get("groups", [])}
            cells += [f"{label} {100 * (recall['all'] - recall[group]):+.1f}" for group, label in GROUPS.items() if group in recall]
            print(f"{name:20} {tool['tool']:7} {'; '.join(cells)}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--no-splink", action="store_true")
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    programs, folder = args.programs.resolve(), args.folder.resolve()
    print(f"{len(os.sched_getaffinity(0))} cores; default and best threshold one to one, best threshold pairwise; M pairs per CPU second of scoring")
    print(f"{'task':31} {'tool':7} {'P':6} {'R':6} {'F1':6}  {'best':6}  {'pair':6}  {'pairs':>11} {'M/CPU s':>8} {'CPU s':>8} {'wall s':>7} {'cores':>5} {'MB':>7}")
    figures = {}
    for task in tasks(os.environ.get("HELDER_REFERENCE_DATA"), folder, programs, args.rows):
        if args.only and task["name"] not in args.only:
            continue
        if "make" in task and not task["right"].exists():
            subprocess.run([str(part) for part in task["make"]], check=True, stdout=subprocess.DEVNULL)
        files = ["--left", task["left"], "--truth", task["truth"]] + (["--right", task["right"]] if "right" in task else [])
        ours = [programs / "link_files", *files, "--columns", task["columns"]]
        ours += ["--assignment", "oneLeftPerRight"] if task["task"] == "dutch" else []
        ours += ["--blocking", task["blocking"]] if "blocking" in task else []
        found = {"helder": run(ours)}
        print(line(task["name"], found["helder"]), flush=True)
        if not args.no_splink:
            found["splink"] = run([sys.executable, HERE / "run_splink.py", "--task", task["task"], *files])
            print(line(task["name"], found["splink"]), flush=True)
        figures[task["name"]] = found
    calibration(figures)
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
