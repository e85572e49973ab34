"""Text search objects and conversions as definitions."""

from berceau.postgres.clone.definition import Kind, Rank

PARSERS = """
SELECT oid, format('CREATE TEXT SEARCH PARSER %s.%I (%s)', :schema::regnamespace, prsname,
    concat_ws(', ', 'START = ' || prsstart, 'GETTOKEN = ' || prstoken, 'END = ' || prsend,
              'LEXTYPES = ' || prslextype,
              CASE WHEN prsheadline <> 0 THEN 'HEADLINE = ' || prsheadline END))
FROM pg_ts_parser WHERE prsnamespace = :schema
"""

TEMPLATES = """
SELECT oid, format('CREATE TEXT SEARCH TEMPLATE %s.%I (%s)', :schema::regnamespace, tmplname,
    concat_ws(', ', CASE WHEN tmplinit <> 0 THEN 'INIT = ' || tmplinit END,
              'LEXIZE = ' || tmpllexize))
FROM pg_ts_template WHERE tmplnamespace = :schema
"""

DICTIONARIES = """
SELECT d.oid, format('CREATE TEXT SEARCH DICTIONARY %s.%I (%s)', :schema::regnamespace, dictname,
    concat_ws(', ', format('TEMPLATE = %s.%I', tmplnamespace::regnamespace, tmplname),
              dictinitoption))
FROM pg_ts_dict d JOIN pg_ts_template t ON t.oid = dicttemplate WHERE dictnamespace = :schema
"""

CONFIGURATIONS = """
SELECT c.oid, concat_ws(';',
    format('CREATE TEXT SEARCH CONFIGURATION %s (PARSER = %s.%I)', name,
           prsnamespace::regnamespace, prsname),
    (SELECT string_agg(format('ALTER TEXT SEARCH CONFIGURATION %s ADD MAPPING FOR %I WITH %s',
                              name, alias, dictionaries), ';' ORDER BY alias)
     FROM ts_token_type(cfgparser) JOIN LATERAL (
         SELECT string_agg(mapdict::regdictionary::text, ', ' ORDER BY mapseqno)
         FROM pg_ts_config_map WHERE mapcfg = c.oid AND maptokentype = tokid
     ) mapped (dictionaries) ON dictionaries IS NOT NULL))
FROM pg_ts_config c JOIN pg_ts_parser p ON p.oid = cfgparser,
     format('%s.%I', :schema::regnamespace, cfgname) name
WHERE cfgnamespace = :schema
"""

CONVERSIONS = """
SELECT oid, format('CREATE %sCONVERSION %s.%I FOR %L TO %L FROM %s',
    CASE WHEN condefault THEN 'DEFAULT ' ELSE '' END, :schema::regnamespace, conname,
    pg_encoding_to_char(conforencoding), pg_encoding_to_char(contoencoding), conproc)
FROM pg_conversion WHERE connamespace = :schema
"""

KINDS = (
    Kind(Rank.TEXT_SEARCH, "pg_ts_parser", PARSERS, ("pg_ts_parser",)),
    Kind(Rank.TEXT_SEARCH, "pg_ts_template", TEMPLATES, ("pg_ts_template",)),
    Kind(Rank.TEXT_SEARCH, "pg_ts_dict", DICTIONARIES, ("pg_ts_dict",)),
    Kind(Rank.TEXT_SEARCH, "pg_ts_config", CONFIGURATIONS, ("pg_ts_config",)),
    Kind(Rank.OPERATOR, "pg_conversion", CONVERSIONS, ("pg_conversion",)),
)
