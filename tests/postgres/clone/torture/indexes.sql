-- Indexes and statistics.
CREATE INDEX expression ON plain (lower(word || 'torture.plain'), (n + 1) DESC NULLS LAST)
    INCLUDE (twice) WITH (fillfactor = 66) WHERE word IS NOT NULL AND torture.is_even(n);
CREATE UNIQUE INDEX "Quoted index" ON plain (word text_pattern_ops, "Quoted ""name""" COLLATE "C")
    NULLS NOT DISTINCT;
CREATE INDEX own_function ON plain (torture.is_even(n));
CREATE INDEX hashed ON plain USING hash (word);
CREATE INDEX gin ON plain USING gin (doc jsonb_path_ops) WITH (fastupdate = off);
CREATE INDEX brin ON plain USING brin (n, born) WITH (pages_per_range = 4);
CREATE INDEX spgist ON plain USING spgist (word);
CREATE INDEX ranges ON plain USING gist (span);
CREATE INDEX clustered ON plain (n);
ALTER TABLE plain CLUSTER ON clustered;
ALTER INDEX expression ALTER COLUMN 2 SET STATISTICS 500;
COMMENT ON INDEX expression IS 'an index';
CREATE TABLE replicated (a int NOT NULL, b int);
CREATE UNIQUE INDEX replica ON replicated (a);
ALTER TABLE replicated REPLICA IDENTITY USING INDEX replica;
ALTER TABLE unlogged REPLICA IDENTITY NOTHING;
CREATE STATISTICS "Two columns" (ndistinct, dependencies) ON n, twice FROM plain;
CREATE STATISTICS mixed (mcv) ON n, (twice + 1), lower(word) FROM torture.plain;
CREATE STATISTICS one_expression ON (lower(word || 'torture')) FROM plain;
ALTER STATISTICS mixed SET STATISTICS 42;
COMMENT ON STATISTICS mixed IS 'statistics';
