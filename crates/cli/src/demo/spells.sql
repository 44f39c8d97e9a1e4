-- Spells on welfare with who somebody was when it began, and from which day debt help was asked for.
WITH hulp AS (
  SELECT p._row, min(s.datum_aanmelding) AS begin
  FROM periode p
  JOIN schuld s ON s.bsn_pseudonym = p.bsn_pseudonym
  WHERE CAST(s.datum_aanmelding AS INT) - CAST(p.start AS INT) BETWEEN 0 AND p.duration - 1
  GROUP BY p._row
)
SELECT p._row AS _row,
       p.bsn_pseudonym,
       p.duration AS dagen,
       p.entry AS gezien_vanaf_dag,
       p.ended AS beeindigd,
       p.reden_einde,
       CAST(date_part('year', p.start) AS BIGINT) - b.geboortedatum_year AS leeftijd,
       b.geslacht,
       p.leefvorm,
       p.oorzaak,
       CAST(h.begin AS INT) - CAST(p.start AS INT) AS schuldhulp_vanaf_dag
FROM periode p
LEFT JOIN brp b ON b.bsn_pseudonym = p.bsn_pseudonym
LEFT JOIN hulp h ON h._row = p._row
