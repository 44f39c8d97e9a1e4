-- One row per adult who is registered on the reference date and was not registered as homeless before.
-- Every feature table shows only what was known on that date; "later" holds what came after.
WITH dag AS (
  SELECT reference_date AS d, reference_date - INTERVAL '12 months' AS vanaf FROM reference
),
situatie AS (
  SELECT bsn_pseudonym, eigendom, huishouden, buurtcode,
         row_number() OVER (PARTITION BY bsn_pseudonym ORDER BY datum_aanvang DESC, _row DESC) AS nieuwste
  FROM woon
),
scheiding AS (
  SELECT DISTINCT w.bsn_pseudonym FROM woon w, dag
  WHERE w.gebeurtenis = 'scheiding' AND w.datum_aanvang > dag.vanaf
),
-- Income: the newest amount, and whether an amount fell by more than a fifth in the last fourteen months (the source is two months late).
bedragen AS (
  SELECT bsn_pseudonym, ingangsdatum, contract, maandinkomen,
         lag(maandinkomen) OVER (PARTITION BY bsn_pseudonym ORDER BY ingangsdatum, _row) AS vorige,
         row_number() OVER (PARTITION BY bsn_pseudonym ORDER BY ingangsdatum DESC, _row DESC) AS nieuwste
  FROM inkomen
),
daling AS (
  SELECT DISTINCT b.bsn_pseudonym FROM bedragen b, dag
  WHERE b.maandinkomen < 0.8 * b.vorige AND b.ingangsdatum > dag.d - INTERVAL '14 months'
),
-- Signals carry no BSN: the link says whose they are.
signalen AS (
  SELECT k.left_row,
         bool_or(s.soort_schuldeiser = 'Huur') AS huur,
         count(DISTINCT s.soort_schuldeiser) AS soorten,
         bool_or(s.einde_levering) AS einde_levering,
         coalesce(bool_or(s.resultaat = 'hulp aanvaard'), false) AS hulp
  FROM koppeling_signaal k
  JOIN signaal s ON s._row = k.right_row, dag
  WHERE s.datum_signaal > dag.vanaf
  GROUP BY k.left_row
),
achterstand AS (
  SELECT k.left_row,
         max(CASE WHEN h.ontruimingsvonnis THEN 0 ELSE h.maanden_achterstand END) AS maanden,
         bool_or(h.ontruimingsvonnis) AS vonnis
  FROM koppeling_huur k
  JOIN huur h ON h._row = k.right_row, dag
  WHERE h.peildatum > dag.vanaf
  GROUP BY k.left_row
),
gekort AS (
  SELECT DISTINCT m.bsn_pseudonym FROM maatregel m, dag WHERE m.datum > dag.vanaf
),
-- Detention and youth care with stay: both are rare, so they make one feature.
instelling AS (
  SELECT n.bsn_pseudonym FROM nazorg n, dag WHERE n.datum_invrijheidstelling > dag.vanaf
  UNION
  SELECT j.bsn_pseudonym FROM jeugd j, dag WHERE j.vorm = 'verblijf' AND j.datum_einde > dag.vanaf
),
schuldhulp AS (
  SELECT DISTINCT s.bsn_pseudonym FROM schuld s, dag WHERE s.datum_aanmelding > dag.d - INTERVAL '36 months'
),
bijstand_nu AS (
  SELECT DISTINCT b.bsn_pseudonym FROM bijstand b, dag
  WHERE b.einde IS NULL OR b.einde > dag.d OR b.einde_bekend_sinds > dag.d
),
eerder_dakloos AS (
  SELECT DISTINCT bsn_pseudonym FROM eerder
),
later_dakloos AS (
  SELECT DISTINCT l.bsn_pseudonym FROM later l, dag
  WHERE l.datum_vaststelling >= dag.d AND l.datum_vaststelling < dag.d + INTERVAL '12 months'
),
persoon AS (
  SELECT b._row, b.bsn_pseudonym, b.groep, b.geslacht,
         CAST(date_part('year', dag.d) AS BIGINT) - b.geboortedatum_year - 1 AS leeftijd
  FROM brp b, dag
)
SELECT p._row AS _row,
       p.bsn_pseudonym,
       CASE WHEN p.leeftijd < 27 THEN '18-26' WHEN p.leeftijd < 45 THEN '27-44'
            WHEN p.leeftijd < 65 THEN '45-64' ELSE '65+' END AS leeftijdsgroep,
       s.eigendom,
       s.huishouden = 'alleenstaand' AS alleenstaand,
       scheiding.bsn_pseudonym IS NOT NULL AS scheiding_12m,
       coalesce(a.vonnis, false) AS ontruimingsvonnis_12m,
       coalesce(a.maanden, 0) AS huurachterstand_maanden,
       coalesce(g.huur, false) AS signaal_huur_12m,
       coalesce(g.soorten, 0) AS soorten_signalen_12m,
       coalesce(g.einde_levering, false) AS einde_levering_12m,
       coalesce(g.hulp, false) AS hulp_aanvaard_12m,
       daling.bsn_pseudonym IS NOT NULL AS inkomensdaling_14m,
       coalesce(i.contract = 'flexibel', false) AS flexibel_contract,
       round(ln(greatest(i.maandinkomen, 20000) / 195000.0), 2) AS inkomen_ln,
       gekort.bsn_pseudonym IS NOT NULL AS maatregel_12m,
       bijstand_nu.bsn_pseudonym IS NOT NULL AS bijstand,
       schuldhulp.bsn_pseudonym IS NOT NULL AS schuldhulp_36m,
       instelling.bsn_pseudonym IS NOT NULL AS instelling_verlaten_12m,
       p.groep,
       p.geslacht,
       later_dakloos.bsn_pseudonym IS NOT NULL AS dakloos_geregistreerd_12m
FROM persoon p
JOIN situatie s ON s.bsn_pseudonym = p.bsn_pseudonym AND s.nieuwste = 1 AND s.huishouden <> 'uitgeschreven'
LEFT JOIN bedragen i ON i.bsn_pseudonym = p.bsn_pseudonym AND i.nieuwste = 1
LEFT JOIN scheiding ON scheiding.bsn_pseudonym = p.bsn_pseudonym
LEFT JOIN daling ON daling.bsn_pseudonym = p.bsn_pseudonym
LEFT JOIN signalen g ON g.left_row = p._row
LEFT JOIN achterstand a ON a.left_row = p._row
LEFT JOIN gekort ON gekort.bsn_pseudonym = p.bsn_pseudonym
LEFT JOIN instelling ON instelling.bsn_pseudonym = p.bsn_pseudonym
LEFT JOIN schuldhulp ON schuldhulp.bsn_pseudonym = p.bsn_pseudonym
LEFT JOIN bijstand_nu ON bijstand_nu.bsn_pseudonym = p.bsn_pseudonym
LEFT JOIN eerder_dakloos ON eerder_dakloos.bsn_pseudonym = p.bsn_pseudonym
LEFT JOIN later_dakloos ON later_dakloos.bsn_pseudonym = p.bsn_pseudonym
WHERE p.leeftijd >= 18 AND eerder_dakloos.bsn_pseudonym IS NULL
