"""Splink's models for the files of the bench, as somebody who knows Splink would write them. None sees the truth."""

from splink import SettingsCreator, block_on
import splink.comparison_level_library as cll
import splink.comparison_library as cl

DUTCH_SQL = """
create table {out} as
with clean as (
  select *, lower(strip_accents(voornamen)) vn,
    lower(strip_accents(regexp_replace(geslachtsnaam, ',.*$', ''))) gn, lower(strip_accents(geslachtsnaam_partner)) gp,
    upper(replace(postcode, ' ', '')) pc
  from {source}),
parts as (
  select *, list_distinct(list_filter(list_transform(
      string_split(regexp_replace(concat_ws('-', gn, gp), '[-/()]', '-', 'g'), '-'),
      lambda x: regexp_replace(regexp_replace(trim(x),
        '^((van|de|den|der|ter|ten|te|op|in|v|d|vd|t|''t|v\\.d\\.?|v/d|v\\.)[ .'']+)+', '', 'i'), '[ ''.]', '', 'g')), lambda x: x <> '')) name_parts
  from clean)
select {id} as unique_id, {truth} as truth,
  nullif(split_part(regexp_replace(vn, '[.]', ' ', 'g'), ' ', 1), '') as given,
  nullif(trim(regexp_replace(vn, '[.]', ' ', 'g')), '') as given_all, left(vn, 1) as initial,
  nullif(name_parts[1], '') as surname, name_parts, geboortedatum as dob, geslacht as sex, pc as postcode,
  left(pc, 4) as pc4, huisnummer as number, lower(toevoeging) as addition, lower(strip_accents(woonplaats)) as town
from parts
"""


def level(condition, label):
    return cll.CustomLevel(condition, label)


def other(*levels):
    return [*levels, cll.ElseLevel()]


def dutch():
    given = cl.CustomComparison(output_column_name="given", comparison_levels=other(
        level("given_l is null or given_r is null", "missing").configure(is_null_level=True),
        cll.ExactMatchLevel("given_all", term_frequency_adjustments=True),
        cll.ExactMatchLevel("given", term_frequency_adjustments=True),
        cll.JaroWinklerLevel("given", 0.92), cll.JaroWinklerLevel("given", 0.85),
        level("initial_l = initial_r and (length(given_l) = 1 or length(given_r) = 1)", "initial"),
        level("initial_l = initial_r", "first letter")))
    surname = cl.CustomComparison(output_column_name="surname", comparison_levels=other(
        level("surname_l is null or surname_r is null", "missing").configure(is_null_level=True),
        cll.ExactMatchLevel("surname", term_frequency_adjustments=True),
        level("len(list_intersect(name_parts_l, name_parts_r)) > 0", "a part equal"),
        cll.JaroWinklerLevel("surname", 0.92), cll.JaroWinklerLevel("surname", 0.85),
        level("given_l = surname_r or surname_l = given_r", "exchanged")))
    dob = cl.CustomComparison(output_column_name="dob", comparison_levels=other(
        level("dob_l is null or dob_r is null", "missing").configure(is_null_level=True),
        cll.ExactMatchLevel("dob", term_frequency_adjustments=True), cll.DamerauLevenshteinLevel("dob", 1),
        level("left(dob_l, 4) = left(dob_r, 4) and (right(dob_l, 4) in ('0000', '0101') or right(dob_r, 4) in ('0000', '0101'))", "year, rest unknown"),
        level("left(dob_l, 4) = left(dob_r, 4) and substr(dob_l, 5, 2) = right(dob_r, 2) and right(dob_l, 2) = substr(dob_r, 5, 2)", "exchanged"),
        cll.DamerauLevenshteinLevel("dob", 2), level("left(dob_l, 4) = left(dob_r, 4)", "year")))
    address = cl.CustomComparison(output_column_name="address", comparison_levels=other(
        level("postcode_l is null or postcode_r is null", "missing").configure(is_null_level=True),
        level("postcode_l = postcode_r and number_l = number_r", "postcode and number"),
        level("number_l = number_r and damerau_levenshtein(postcode_l, postcode_r) <= 1", "number, postcode nearly"),
        level("postcode_l = postcode_r", "postcode"), level("pc4_l = pc4_r", "area"), level("town_l = town_r", "town")))
    return SettingsCreator(
        link_type="link_only", comparisons=[given, surname, dob, address, cl.ExactMatch("sex")],
        blocking_rules_to_generate_predictions=[block_on("dob"), block_on("postcode", "number"), block_on("surname", "given")],
        retain_matching_columns=False, additional_columns_to_retain=["truth"], max_iterations=50,
    ), [block_on("dob"), block_on("postcode", "number"), block_on("surname", "given")], [
        "l.dob = r.dob and l.surname = r.surname and l.given = r.given",
        "l.dob = r.dob and l.postcode = r.postcode and l.number = r.number and l.initial = r.initial"], 0.75


def febrl(minimal):
    comparisons = [
        cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
        cl.NameComparison("surname").configure(term_frequency_adjustments=True),
        cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]).configure(term_frequency_adjustments=True),
        cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True)]
    rules = [block_on("date_of_birth"), block_on("surname"), block_on("postcode"), block_on("given_name", "substr(surname, 1, 1)"),
             block_on("given_name", "substr(date_of_birth, 1, 4)"), block_on("given_name", "substr(date_of_birth, 5, 4)"),
             block_on("substr(given_name, 1, 3)", "substr(surname, 1, 3)")]
    if not minimal:
        comparisons += [
            cl.JaroWinklerAtThresholds("address_1", [0.92, 0.8]).configure(term_frequency_adjustments=True), cl.ExactMatch("street_number"),
            cl.JaroWinklerAtThresholds("suburb", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("address_2", [0.92, 0.8]), cl.ExactMatch("state")]
        rules += [block_on("address_1", "street_number"), block_on("suburb", "given_name"), block_on("suburb", "surname")]
    return SettingsCreator(
        link_type="link_only", comparisons=comparisons, blocking_rules_to_generate_predictions=rules, retain_matching_columns=False,
        additional_columns_to_retain=["truth"], max_iterations=50,
    ), [block_on("date_of_birth"), block_on("given_name", "surname")], [
        "l.given_name = r.given_name and l.date_of_birth = r.date_of_birth", "l.surname = r.surname and l.date_of_birth = r.date_of_birth"], 0.8


def historical():
    comparisons = [
        cl.ForenameSurnameComparison("first_name", "surname", forename_surname_concat_col_name="first_and_surname",
                                     jaro_winkler_thresholds=[0.92, 0.88, 0.7]),
        cl.DateOfBirthComparison("dob", input_is_string=True, datetime_metrics=["month", "year", "year"], datetime_thresholds=[1, 1, 10]),
        cl.PostcodeComparison("postcode_fake"),
        cl.JaroWinklerAtThresholds("birth_place", [0.92]).configure(term_frequency_adjustments=True),
        cl.ExactMatch("occupation").configure(term_frequency_adjustments=True)]
    rules = [block_on("surname"), block_on("dob"), block_on("postcode_fake"), block_on("first_name", "birth_place"),
             block_on("first_name", "occupation"), block_on("substr(first_name, 1, 3)", "substr(surname, 1, 3)"),
             block_on("substr(postcode_fake, 1, 3)", "first_name"), block_on("substr(dob, 1, 4)", "birth_place")]
    return SettingsCreator(
        link_type="dedupe_only", comparisons=comparisons, blocking_rules_to_generate_predictions=rules, retain_matching_columns=False,
        additional_columns_to_retain=["truth"], max_iterations=50,
    ), [block_on("first_name", "surname"), block_on("dob"), block_on("postcode_fake")], [
        "l.first_name = r.first_name and l.surname = r.surname and l.dob = r.dob",
        "l.surname = r.surname and l.postcode_fake = r.postcode_fake and l.dob = r.dob"], 0.5
