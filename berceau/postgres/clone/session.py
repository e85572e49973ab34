"""The settings under which definitions are read and carried out, as their texts depend on them."""

PLAIN_SESSION = """
SET LOCAL search_path = ''; SET LOCAL quote_all_identifiers = off;
SET LOCAL datestyle = 'ISO, MDY'; SET LOCAL intervalstyle = 'postgres';
SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex';
SET LOCAL standard_conforming_strings = on; SET LOCAL check_function_bodies = off;
SET LOCAL statement_timeout = 0;
SET LOCAL default_tablespace = ''; SET LOCAL default_table_access_method = heap;
SET LOCAL transform_null_equals = off; SET LOCAL xmloption = content;
SET LOCAL client_min_messages = warning; SET LOCAL synchronous_commit = off;
SET LOCAL jit = off;
"""
