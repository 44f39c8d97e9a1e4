"""Makes tellingen_gemeente.csv: invented early signals per neighbourhood and quarter.

The counts are no measurement. They are Poisson with a rate per household that rises with the share of people on
welfare and of one-person households, plus a lasting difference per neighbourhood; seed fixed.
"""

import csv
import math
import random

random.seed(20201)


def poisson(mean: float) -> int:
    limit, product, count = math.exp(-mean), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return count


def number(text: str) -> float:
    return float(text) if text not in ("", ".") else 0.0


with open("kwb2020_eindhoven.csv", encoding="utf-8") as file:
    rows = [row for row in csv.DictReader(file, delimiter=";") if row["soort_regio"] == "Buurt"]

with open("tellingen_gemeente.csv", "w", encoding="cp1252", newline="\r\n") as out:
    out.write("Buurtcode;Kwartaal;Peildatum;Vroegsignalen;Gemiddeld bedrag;Bekend sinds\n")
    for row in rows:
        homes, people = number(row["huishoudens"]), number(row["inwoners"])
        if homes < 20:
            continue
        welfare = number(row["bijstand"]) / max(people, 1)
        single = number(row["eenpersoons"]) / homes
        lasting = random.gauss(0, 0.25)
        for quarter, (month, known) in enumerate([(3, 4), (6, 7), (9, 10), (12, 13)], start=1):
            rate = 0.010 * math.exp(12 * (welfare - 0.03) + 0.8 * (single - 0.45) + lasting)
            count = poisson(rate * homes)
            amount = f"{random.lognormvariate(5.6, 0.2):.2f}".replace(".", ",")
            known_since = f"15-{known:02d}-2020" if known <= 12 else "15-01-2021"
            out.write(f"{row['code']};2020K{quarter};01-{month:02d}-2020;{count};{amount};{known_since}\n")
