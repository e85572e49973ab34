-- Types of every kind, and collations, with the schema's name in what only looks like a reference.
CREATE COLLATION torture.german (provider = libc, lc_collate = 'C', lc_ctype = 'POSIX');
CREATE COLLATION "Torture C" (provider = libc, locale = 'C');
CREATE TYPE mood AS ENUM ('torture.happy', 'sad''s', 'back\slash', 'torture', '"quoted"');
ALTER TYPE mood ADD VALUE 'before all' BEFORE 'torture.happy';
CREATE TYPE "Mixed Case" AS ENUM ('a');
CREATE TYPE empty_enum AS ENUM ();
CREATE TYPE pair AS (a int, "B b" text COLLATE torture.german, m mood[], n numeric(7, 2));
CREATE TYPE nested AS (p pair, ps pair[]);
CREATE TYPE nothing AS ();
CREATE DOMAIN positive AS int DEFAULT 1 CONSTRAINT "is positive" CHECK (value > 0);
CREATE DOMAIN label AS varchar(20) COLLATE torture.german NOT NULL
    CHECK (value <> 'torture.label');
CREATE DOMAIN strict_positive AS positive CHECK (value < 1000);
ALTER DOMAIN strict_positive ADD CONSTRAINT late CHECK (value <> 7) NOT VALID;
CREATE FUNCTION is_even(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 % 2 = 0';
CREATE DOMAIN even AS int CHECK (torture.is_even(value));
CREATE DOMAIN evens AS even[] ;
CREATE FUNCTION time_diff(time, time) RETURNS float8 LANGUAGE sql IMMUTABLE
    AS 'SELECT extract(epoch FROM $1 - $2)::float8';
CREATE TYPE timerange AS RANGE (subtype = time, subtype_diff = torture.time_diff);
CREATE TYPE "Text Range" AS RANGE (subtype = text, collation = "C",
                                   multirange_type_name = "Texts");
COMMENT ON TYPE mood IS 'torture.mood isn''t a reference';
COMMENT ON TYPE pair IS 'a pair';
COMMENT ON COLUMN pair."B b" IS 'a column of a type';
COMMENT ON DOMAIN positive IS 'a domain';
COMMENT ON CONSTRAINT "is positive" ON DOMAIN positive IS 'a check of a domain';
COMMENT ON COLLATION torture.german IS 'a collation';
CREATE FUNCTION mood_of(int) RETURNS mood LANGUAGE sql IMMUTABLE
    AS $$ SELECT 'torture'::torture.mood $$;
CREATE CAST (int AS mood) WITH FUNCTION mood_of(int) AS ASSIGNMENT;
CREATE CAST (pair AS text) WITH INOUT;
COMMENT ON CAST (int AS mood) IS 'a cast';
CREATE DOMAIN torture AS text;
