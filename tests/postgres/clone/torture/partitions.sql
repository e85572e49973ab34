-- Partitioned tables: every strategy, nested, with keys, indexes and triggers.
CREATE TABLE measure (at date NOT NULL, place int, v numeric DEFAULT 1, note text,
                      CONSTRAINT v_positive CHECK (v >= 0)) PARTITION BY RANGE (at, (place % 10));
CREATE TABLE measure_2020 PARTITION OF measure FOR VALUES FROM ('2020-01-01', MINVALUE) TO ('2021-01-01', 5);
CREATE TABLE measure_2021 (note text, at date NOT NULL, dropped int, v numeric DEFAULT 7, place int,
                           CONSTRAINT v_positive CHECK (v >= 0), CONSTRAINT own CHECK (place > 3));
ALTER TABLE measure_2021 DROP dropped;
CREATE INDEX "own name" ON measure_2021 (place);
ALTER TABLE measure ATTACH PARTITION measure_2021
    FOR VALUES FROM ('2021-01-01', 5) TO ('2022-01-01', MAXVALUE);
CREATE TABLE measure_rest PARTITION OF measure DEFAULT PARTITION BY LIST (note);
CREATE TABLE measure_torture PARTITION OF measure_rest FOR VALUES IN ('torture.x', NULL);
CREATE TABLE measure_hash PARTITION OF measure_rest DEFAULT PARTITION BY HASH (place);
CREATE TABLE measure_hash_0 PARTITION OF measure_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE UNLOGGED TABLE measure_hash_1 PARTITION OF measure_hash FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE INDEX measure_place ON measure (place) INCLUDE (v);
CREATE INDEX only_parent ON ONLY measure (v);
CREATE INDEX lone ON measure_2020 (note);
CREATE TABLE keyed (id int, part int, w text, PRIMARY KEY (part, id), CONSTRAINT w_once UNIQUE (w, part))
    PARTITION BY LIST (part);
CREATE TABLE keyed_1 PARTITION OF keyed FOR VALUES IN (1);
CREATE TABLE keyed_2 (w text, id int NOT NULL, part int NOT NULL, CONSTRAINT "Own key" PRIMARY KEY (part, id));
ALTER TABLE keyed ATTACH PARTITION keyed_2 FOR VALUES IN (2, 3);
CREATE TABLE refers (id int, part int, at date, FOREIGN KEY (part, id) REFERENCES keyed ON DELETE CASCADE)
    PARTITION BY RANGE (at);
CREATE TABLE refers_all (id int, part int, at date,
    CONSTRAINT "other name" FOREIGN KEY (part, id) REFERENCES keyed ON DELETE CASCADE);
ALTER TABLE refers ATTACH PARTITION refers_all DEFAULT;
CREATE TABLE refers_2020 PARTITION OF refers FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER each_row BEFORE INSERT ON keyed FOR EACH ROW EXECUTE FUNCTION noted();
CREATE TRIGGER each_statement AFTER UPDATE ON keyed EXECUTE FUNCTION noted();
ALTER TABLE keyed_2 DISABLE TRIGGER each_row;
COMMENT ON INDEX measure_place IS 'a partitioned index';
ALTER TABLE measure_2020 SET (fillfactor = 80);
ALTER INDEX measure_2020_place_v_idx RENAME TO "renamed index";
