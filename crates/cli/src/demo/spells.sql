-- One row per spell on welfare that was there since registration began. Records of one person that overlap, or follow within 31 days, are
-- one spell: the case system closes a file and opens another when somebody's household changes.
WITH dag AS (
  SELECT reference_date AS d FROM reference
),
regel AS (
  SELECT b.bsn_pseudonym, b._row, b.start, coalesce(b.einde, DATE '2100-01-01') AS tot, b.leefvorm, b.oorzaak, b.reden_einde,
         max(coalesce(b.einde, DATE '2100-01-01')) OVER (
           PARTITION BY b.bsn_pseudonym ORDER BY b.start, b._row ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
         ) AS eerder_tot
  FROM bijstand b
),
genummerd AS (
  SELECT *, sum(CASE WHEN eerder_tot IS NULL OR start > eerder_tot + INTERVAL '31 days' THEN 1 ELSE 0 END) OVER (
           PARTITION BY bsn_pseudonym ORDER BY start, _row
         ) AS nr
  FROM regel
),
geordend AS (
  SELECT *, row_number() OVER (PARTITION BY bsn_pseudonym, nr ORDER BY start, _row) AS eerste,
         row_number() OVER (PARTITION BY bsn_pseudonym, nr ORDER BY tot DESC, _row DESC) AS laatste
  FROM genummerd
),
traject AS (
  SELECT bsn_pseudonym, min(_row) AS _row, min(start) AS start, max(tot) AS tot,
         max(CASE WHEN eerste = 1 THEN leefvorm END) AS leefvorm,
         max(CASE WHEN eerste = 1 THEN oorzaak END) AS oorzaak,
         max(CASE WHEN laatste = 1 THEN reden_einde END) AS reden
  FROM geordend
  GROUP BY bsn_pseudonym, nr
),
hulp AS (
  SELECT t._row, min(s.datum_aanmelding) AS begin
  FROM traject t
  JOIN schuld s ON s.bsn_pseudonym = t.bsn_pseudonym AND s.datum_aanmelding >= t.start AND s.datum_aanmelding < t.tot
  GROUP BY t._row
)
SELECT t._row AS _row,
       t.bsn_pseudonym,
       CAST(least(t.tot, dag.d) AS INT) - CAST(t.start AS INT) AS dagen,
       greatest(0, CAST(DATE '{{first_day}}' AS INT) - CAST(t.start AS INT)) AS gezien_vanaf_dag,
       t.tot <= dag.d AS beeindigd,
       CASE WHEN t.tot <= dag.d THEN t.reden END AS reden_einde,
       CAST(date_part('year', t.start) AS BIGINT) - p.geboortedatum_year AS leeftijd,
       p.geslacht,
       t.leefvorm,
       t.oorzaak,
       CAST(h.begin AS INT) - CAST(t.start AS INT) AS schuldhulp_vanaf_dag
FROM traject t
CROSS JOIN dag
LEFT JOIN brp p ON p.bsn_pseudonym = t.bsn_pseudonym
LEFT JOIN hulp h ON h._row = t._row
