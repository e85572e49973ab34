-- Functions, procedures, aggregates, operators and their classes; triggers, rules and policies.
CREATE OR REPLACE FUNCTION next_number() RETURNS int LANGUAGE plpgsql VOLATILE AS $body$
-- torture.plain in a comment
DECLARE row torture.plain%ROWTYPE; other "torture"."plain"; word text := 'torture.plain';
BEGIN
    SELECT * INTO row FROM torture.plain torture WHERE torture.n > 3 LIMIT 1;
    EXECUTE 'SELECT ''torture.plain''';
    RETURN nextval('torture.numbers') + (OPERATOR(torture.@@@) 1);
END $body$;
CREATE FUNCTION everything(IN a int, INOUT b text DEFAULT 'torture.x', OUT c torture.mood, VARIADIC d int[] DEFAULT '{1}')
    RETURNS record LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 7
    SET search_path TO torture, 'pg_temp' SET work_mem = '8MB' SET datestyle TO 'iso, dmy'
    AS $$ BEGIN c := 'torture'; END $$;
CREATE FUNCTION configured() RETURNS text LANGUAGE sql STABLE
    SET search_path = "torture", public SET default_text_search_config = 'torture.simple_words'
    AS 'SELECT current_schema()::text';
CREATE FUNCTION table_of(n int) RETURNS TABLE (x int, y torture.pair) LANGUAGE sql ROWS 17 IMMUTABLE
    AS $$ SELECT n, NULL::torture.pair $$;
CREATE FUNCTION set_of() RETURNS SETOF plain LANGUAGE sql STABLE BEGIN ATOMIC SELECT * FROM plain; END;
CREATE FUNCTION window_like(n int) RETURNS int LANGUAGE sql IMMUTABLE RETURN $1;
CREATE FUNCTION "Quoted ""function"""("A" text, b torture.plain) RETURNS void LANGUAGE sql AS '';
CREATE FUNCTION dollar() RETURNS text LANGUAGE sql AS 'SELECT ''$function$''::text FROM torture.plain';
CREATE PROCEDURE act(INOUT a int, b text) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO torture.other_parent VALUES (1);
    SET LOCAL search_path TO torture, public;
    COMMIT;
END $$;
CREATE FUNCTION plus(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE OPERATOR @@@ (FUNCTION = plus, RIGHTARG = int);
CREATE FUNCTION pair_lt(pair, pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a < ($2).a';
CREATE FUNCTION pair_gt(pair, pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a > ($2).a';
CREATE FUNCTION pair_eq(pair, pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a = ($2).a';
CREATE FUNCTION pair_cmp(pair, pair) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a - ($2).a';
CREATE OPERATOR <<< (FUNCTION = pair_lt, LEFTARG = pair, RIGHTARG = pair, COMMUTATOR = >>>,
                     RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
CREATE OPERATOR >>> (FUNCTION = pair_gt, LEFTARG = pair, RIGHTARG = pair, COMMUTATOR = <<<);
CREATE OPERATOR === (FUNCTION = pair_eq, LEFTARG = pair, RIGHTARG = pair, COMMUTATOR = ===, HASHES, MERGES);
COMMENT ON OPERATOR === (pair, pair) IS 'equal';
COMMENT ON OPERATOR @@@ (NONE, int) IS 'prefix';
CREATE FUNCTION add(pair, int) RETURNS pair LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION final(pair) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''torture.pair''::text';
CREATE AGGREGATE gather(int) (SFUNC = add, STYPE = pair, FINALFUNC = final, FINALFUNC_MODIFY = READ_WRITE,
                              INITCOND = '(1,torture.x,,)', SSPACE = 99, PARALLEL = SAFE);
CREATE FUNCTION count_all(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
CREATE AGGREGATE "Count"(*) (SFUNC = count_all, STYPE = bigint, INITCOND = '0');
CREATE AGGREGATE sliding(int) (SFUNC = int4pl, STYPE = int, MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = int,
                               COMBINEFUNC = int4pl, SORTOP = <);
COMMENT ON AGGREGATE "Count"(*) IS 'counts';
COMMENT ON FUNCTION next_number() IS 'a function';
COMMENT ON PROCEDURE act(int, text) IS 'a procedure';
CREATE TABLE audited (id int, word text, at timestamptz);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER "Before it" BEFORE INSERT OR UPDATE OF word, id ON audited
    FOR EACH ROW WHEN (NEW.word <> 'torture.audited') EXECUTE FUNCTION torture.audit('torture', 'it''s');
CREATE TRIGGER after_it AFTER DELETE ON audited REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION audit();
CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON audited FROM plain DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION audit();
CREATE TRIGGER truncated BEFORE TRUNCATE ON audited EXECUTE FUNCTION audit();
ALTER TABLE audited DISABLE TRIGGER truncated;
ALTER TABLE audited ENABLE ALWAYS TRIGGER after_it, ENABLE REPLICA TRIGGER later;
COMMENT ON TRIGGER "Before it" ON audited IS 'a trigger';
CREATE RULE "Quoted rule" AS ON DELETE TO audited WHERE OLD.word = 'torture'
    DO INSTEAD (UPDATE torture.audited SET word = 'torture.gone' WHERE id = OLD.id; DELETE FROM torture.other_parent);
CREATE RULE off AS ON UPDATE TO audited DO ALSO NOTHING;
ALTER TABLE audited DISABLE RULE off;
COMMENT ON RULE off ON audited IS 'a rule';
ALTER TABLE audited ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "Quoted policy" ON audited FOR SELECT
    USING (word <> 'torture.x' AND id IN (SELECT id FROM torture.parent));
CREATE POLICY inserts ON audited AS RESTRICTIVE FOR INSERT TO current_user WITH CHECK (id > 0);
COMMENT ON POLICY inserts ON audited IS 'a policy';
CREATE TEXT SEARCH DICTIONARY words (TEMPLATE = pg_catalog.simple, stopwords = english, accept = false);
CREATE TEXT SEARCH CONFIGURATION simple_words (PARSER = pg_catalog."default");
ALTER TEXT SEARCH CONFIGURATION simple_words ADD MAPPING FOR asciiword, word WITH words, pg_catalog.simple;
COMMENT ON TEXT SEARCH CONFIGURATION simple_words IS 'a configuration';
COMMENT ON TEXT SEARCH DICTIONARY words IS 'a dictionary';
CREATE INDEX searched ON audited USING gin (to_tsvector('torture.simple_words'::regconfig, word));
CREATE DEFAULT CONVERSION latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
