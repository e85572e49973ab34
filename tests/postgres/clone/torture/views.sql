-- Views, plain and materialized, that use each other and all else.
CREATE VIEW simple AS SELECT *, 'torture.plain' AS literal, tableoid::regclass FROM plain;
CREATE VIEW same_names AS WITH plain AS (SELECT 1 AS n), torture AS (SELECT 2 AS n)
    SELECT plain.n, torture.n AS m, t.n AS o, 'torture.plain'::regclass AS r FROM plain, torture, torture.plain t;
CREATE VIEW checked WITH (security_barrier) AS SELECT id, a FROM parent WHERE a > 0 WITH LOCAL CHECK OPTION;
CREATE VIEW cascaded WITH (security_invoker = true) AS SELECT id FROM checked WITH CHECK OPTION;
ALTER VIEW checked ALTER a SET DEFAULT 42;
ALTER VIEW checked RENAME a TO "Renamed a";
CREATE RECURSIVE VIEW counted (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM counted WHERE n < 5;
CREATE VIEW grouped AS SELECT parent.*, count(*) FROM parent JOIN child USING (id) GROUP BY parent.id;
CREATE VIEW calling AS SELECT torture.is_even(plain.n) AS is_even, torture.gather(plain.n) OVER w, s.*
    FROM plain, torture.set_of() s (id2) WINDOW w AS (PARTITION BY plain.n);
CREATE VIEW no_columns AS SELECT;
CREATE MATERIALIZED VIEW kept AS SELECT n, word COLLATE torture.german AS word FROM simple WITH DATA;
CREATE UNIQUE INDEX kept_once ON kept (n, word);
CREATE MATERIALIZED VIEW empty (first, "Second") WITH (fillfactor = 77) AS SELECT n, word FROM kept WITH NO DATA;
ALTER MATERIALIZED VIEW kept ALTER word SET STATISTICS 11;
ALTER MATERIALIZED VIEW kept ALTER word SET STORAGE MAIN;
COMMENT ON VIEW simple IS 'a view';
COMMENT ON COLUMN simple.literal IS 'a column of a view';
COMMENT ON MATERIALIZED VIEW kept IS 'a materialized view';
CREATE FUNCTION takes_view(same_names) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE VIEW circular AS SELECT 1 AS a, 2 AS b;
CREATE FUNCTION of_circular(circular) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE OR REPLACE VIEW circular AS SELECT 1 AS a, torture.of_circular(NULL) AS b;
CREATE VIEW updatable AS SELECT id, word FROM audited;
CREATE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER instead INSTEAD OF INSERT ON updatable FOR EACH ROW EXECUTE FUNCTION instead();
CREATE RULE replaced AS ON UPDATE TO updatable DO INSTEAD NOTHING;
