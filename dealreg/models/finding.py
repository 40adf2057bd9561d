"""How records are found by their keys: a function of the database, which plans it once for a connection."""

SHORTLIST = """
DROP FUNCTION IF EXISTS app.shortlist;
CREATE FUNCTION app.shortlist(keys bigint[], weights real[], tenant uuid, since uuid, spelt text,
  asking uuid, waiting text[], many int, most int, always int, faint float8)
RETURNS TABLE (kind smallint, record_id text, normal text, parent_id text, said bool) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN RETURN QUERY
WITH summed AS MATERIALIZED (
  SELECT h.kind, h.record_id, sum(q.weight) AS weight
  FROM unnest(shortlist.keys, shortlist.weights) AS q(key, weight)
  CROSS JOIN LATERAL (
    SELECT f.kind, f.record_id, count(*) OVER () AS hits FROM (
      SELECT m.kind, m.record_id FROM dealreg_matchkey AS m
      WHERE m.tenant_id = shortlist.tenant AND m.key = q.key AND m.record_id > shortlist.since LIMIT shortlist.many
    ) AS f
  ) AS h
  WHERE h.hits < shortlist.many GROUP BY h.kind, h.record_id
), heaviest AS (
  SELECT k.kind, one.record_id, one.weight, row_number() OVER kinds AS place, first_value(one.weight) OVER kinds AS best
  FROM (VALUES (1::smallint), (2::smallint)) AS k(kind)
  CROSS JOIN LATERAL (
    SELECT s.record_id, s.weight FROM summed AS s WHERE s.kind = k.kind
    ORDER BY s.weight DESC, s.record_id LIMIT shortlist.most
  ) AS one
  WINDOW kinds AS (PARTITION BY k.kind ORDER BY one.weight DESC, one.record_id)
)
SELECT found.kind, found.record_id, found.normal, found.parent_id, EXISTS (
  SELECT 1 FROM dealreg_verdict AS v WHERE v.tenant_id = shortlist.tenant AND v.status = 'in_force'
    AND (v.deal_id = shortlist.asking OR v.other_deal_id = shortlist.asking OR v.spelling = shortlist.spelt
      OR v.other_spelling = shortlist.spelt))
FROM (
  SELECT b.place, b.kind, c.id::text, c.normal::text, c.parent_id::text
  FROM heaviest AS b JOIN dealreg_customer AS c ON c.id = b.record_id
  WHERE b.kind = 1 AND (b.place <= shortlist.always OR b.weight >= shortlist.faint * b.best) AND c.id <> ALL(ARRAY(
    SELECT n.customer_id FROM dealreg_notsame AS n
    WHERE n.tenant_id = shortlist.tenant AND n.spelling = shortlist.spelt))
  UNION ALL
  SELECT b.place, b.kind, d.id::text, d.normal::text, NULL
  FROM heaviest AS b JOIN dealreg_deal AS d ON d.id = b.record_id
  WHERE b.kind = 2 AND (b.place <= shortlist.always OR b.weight >= shortlist.faint * b.best)
    AND d.id <> shortlist.asking AND d.status = ANY(shortlist.waiting)
) AS found (place, kind, record_id, normal, parent_id) ORDER BY found.place;
END $$;
"""
"""A key that finds `many` is let go. Of customers (1) and of deals (2) come the `most` that share the heaviest keys,
best first, beyond the first `always` only with the share `faint` of the best one's weight; without customers that a
person said this spelling is not, and of deals those alone that are `waiting`. A row is no more than what scoring reads,
and whether a verdict on this deal or its spelling is in force."""

BOOKS = """
DROP FUNCTION IF EXISTS app.books;
CREATE FUNCTION app.books(ids uuid[], heads uuid[], parents uuid[], relatives int, today date)
RETURNS TABLE (id text, name varchar, domain varchar, country varchar, city varchar, is_house bool, is_blocked bool,
  normal text, deal_id text, partner_id uuid, product_line_id uuid, until date) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN RETURN QUERY
SELECT c.id::text, c.name, c.domain, c.country, c.city, c.is_house, c.is_blocked, c.normal::text,
  h.deal_id::text, h.partner_id, h.product_line_id, h.until
FROM (
  SELECT * FROM dealreg_customer AS t WHERE t.id = ANY(books.ids)
  UNION ALL (
    SELECT * FROM dealreg_customer AS r WHERE r.id <> ALL(books.ids)
      AND (r.id = ANY(books.parents) OR r.parent_id = ANY(books.heads)) LIMIT books.relatives)
) AS c LEFT JOIN dealreg_protection AS h
  ON h.tenant_id = c.tenant_id AND h.customer_id = c.id AND h.released_at IS NULL AND h.until >= books.today
ORDER BY h.granted_on, h.id;
END $$;
"""
"""Customers with what is protected there on a day, a row for each line; after them so many of those that have one of
the `heads` as their parent or are one of the `parents`."""
