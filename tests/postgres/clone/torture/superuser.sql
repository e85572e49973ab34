-- What only a superuser may make, and objects and rights of other roles.
CREATE TYPE shell_only;
CREATE TYPE base;
CREATE FUNCTION base_in(cstring) RETURNS base LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION base_out(base) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE base (INPUT = base_in, OUTPUT = base_out, INTERNALLENGTH = 4, PASSEDBYVALUE, ALIGNMENT = int4,
                  CATEGORY = 'N', DEFAULT = '7', DELIMITER = ';');
CREATE OPERATOR FAMILY family USING btree;
CREATE OPERATOR CLASS pair_ops DEFAULT FOR TYPE pair USING btree FAMILY family AS
    OPERATOR 1 <<<, OPERATOR 3 ===, OPERATOR 5 >>>, FUNCTION 1 pair_cmp(pair, pair);
ALTER OPERATOR FAMILY family USING btree ADD OPERATOR 1 pg_catalog.<(int, int), FUNCTION 1 (int, int) btint4cmp(int, int);
CREATE OPERATOR CLASS hash_pairs FOR TYPE pair USING hash AS OPERATOR 1 ===;
CREATE INDEX own_class ON plain (pair torture.pair_ops);
CREATE TEXT SEARCH TEMPLATE template (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH PARSER parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end,
                                  LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);
CREATE TEXT SEARCH DICTIONARY templated (TEMPLATE = template);
CREATE FUNCTION secret() RETURNS int LANGUAGE sql LEAKPROOF IMMUTABLE AS 'SELECT 1';
CREATE AGGREGATE median(float8 ORDER BY float8) (SFUNC = ordered_set_transition, STYPE = internal,
    FINALFUNC = percentile_cont_float8_final);
COMMENT ON AGGREGATE median(float8 ORDER BY float8) IS 'ordered';
