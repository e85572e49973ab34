-- What came with PostgreSQL 16 to 18.
CREATE TABLE booked (
    id int4range, during tsrange,
    plain int CONSTRAINT "named not null" NOT NULL,
    doubled int GENERATED ALWAYS AS (plain * 2) VIRTUAL,
    PRIMARY KEY (id, during WITHOUT OVERLAPS),
    CONSTRAINT not_enforced CHECK (plain > 0) NOT ENFORCED
);
CREATE TABLE booking (id int4range, during tsrange,
    FOREIGN KEY (id, PERIOD during) REFERENCES booked (id, PERIOD during),
    other int REFERENCES parent NOT ENFORCED);
CREATE TABLE late (a int, b int);
ALTER TABLE late ADD CONSTRAINT late_not_null NOT NULL a NOT VALID;
CREATE TABLE alone (a int NOT NULL NO INHERIT, b int CONSTRAINT b_there NOT NULL);
CREATE TABLE alone_heir (CONSTRAINT own_name NOT NULL a) INHERITS (alone);
CREATE DOMAIN named AS int CONSTRAINT named_not_null NOT NULL;
CREATE TABLE numbered (id int GENERATED ALWAYS AS IDENTITY, part int) PARTITION BY LIST (part);
CREATE TABLE numbered_1 PARTITION OF numbered FOR VALUES IN (1);
CREATE TABLE stored_inline (a text STORAGE external);
CREATE TABLE generating (a int, b int GENERATED ALWAYS AS (a * 2) STORED);
CREATE TABLE generated_heir () INHERITS (generating);
ALTER TABLE generated_heir ALTER b SET EXPRESSION AS (a * 3);
CREATE COLLATION builtin_c (provider = builtin, locale = 'C.UTF-8');
COMMENT ON CONSTRAINT "named not null" ON booked IS 'a not null';
