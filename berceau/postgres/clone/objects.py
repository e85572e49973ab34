"""What belongs to a schema, in the words that queries about it begin with."""

# The first words of every query. Before PostgreSQL 17 an extension's type was a member without the
# type of its arrays.
RELATION = """
WITH member AS MATERIALIZED (
    SELECT classid, objid FROM pg_depend
    WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
    UNION ALL
    SELECT classid, typarray FROM pg_depend JOIN pg_type t ON t.oid = objid
    WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
      AND classid = 'pg_type'::regclass AND typarray <> 0
),
relation AS MATERIALIZED (
    SELECT * FROM pg_class
    WHERE relnamespace = :schema
      AND oid NOT IN (SELECT objid FROM member WHERE classid = 'pg_class'::regclass)
)
"""

# Where each catalog has the schema's objects.
_OBJECTS = {
    "pg_namespace": "pg_namespace o WHERE oid = :schema",
    "pg_class": "pg_class o WHERE relnamespace = :schema",
    "pg_type": "pg_type o WHERE typnamespace = :schema",
    "pg_proc": "pg_proc o WHERE pronamespace = :schema",
    "pg_operator": "pg_operator o WHERE oprnamespace = :schema",
    "pg_opclass": "pg_opclass o WHERE opcnamespace = :schema",
    "pg_opfamily": "pg_opfamily o WHERE opfnamespace = :schema",
    "pg_collation": "pg_collation o WHERE collnamespace = :schema",
    "pg_conversion": "pg_conversion o WHERE connamespace = :schema",
    "pg_ts_parser": "pg_ts_parser o WHERE prsnamespace = :schema",
    "pg_ts_template": "pg_ts_template o WHERE tmplnamespace = :schema",
    "pg_ts_dict": "pg_ts_dict o WHERE dictnamespace = :schema",
    "pg_ts_config": "pg_ts_config o WHERE cfgnamespace = :schema",
    "pg_statistic_ext": "pg_statistic_ext o WHERE stxnamespace = :schema",
    "pg_constraint": "pg_constraint o WHERE connamespace = :schema",
    "pg_attrdef": "relation r JOIN pg_attrdef o ON adrelid = r.oid",
    "pg_rewrite": "relation r JOIN pg_rewrite o ON ev_class = r.oid",
    "pg_trigger": "relation r JOIN pg_trigger o ON tgrelid = r.oid",
    "pg_policy": "relation r JOIN pg_policy o ON polrelid = r.oid",
    "pg_amop": "pg_amop o JOIN pg_opfamily f ON f.oid = amopfamily WHERE opfnamespace = :schema",
    "pg_amproc": "pg_amproc o JOIN pg_opfamily f ON f.oid = amprocfamily "
    "WHERE opfnamespace = :schema",
    "pg_cast": "pg_cast o "
    "WHERE castsource IN (SELECT oid FROM pg_type WHERE typnamespace = :schema) "
    "OR casttarget IN (SELECT oid FROM pg_type WHERE typnamespace = :schema)",
}


def own(more: str = "") -> str:
    """Return the words for every object of the schema: (classid, objid).

    ``more`` adds columns; it begins with a comma, and calls a row of any catalog ``o``.
    """
    objects = " UNION ALL ".join(
        f"SELECT '{catalog}'::regclass AS classid, o.oid AS objid{more} FROM {rows}"
        for catalog, rows in _OBJECTS.items()
    )
    return f"""
, own AS MATERIALIZED (
    SELECT * FROM ({objects}) objects
    WHERE (classid, objid) NOT IN (SELECT classid, objid FROM member)
)
"""


OWN = own()
