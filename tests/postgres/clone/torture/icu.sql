-- Collations of servers that are built with ICU.
CREATE COLLATION phonebook (provider = icu, locale = 'de-u-co-phonebk', deterministic = false);
CREATE TABLE by_phonebook (name text COLLATE torture.phonebook PRIMARY KEY);
