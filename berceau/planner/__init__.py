"""What PostgreSQL's planner knows and decides, as values: statistics, plans, shapes of queries.

``statistics`` is what the planner knows of a database, ``statistics_file`` its JSON, and
``privacy`` decides whose values stay out of it. ``sizes`` estimates indexes. ``plan`` is a plan,
``expectations`` are those of a test, ``snapshot`` has those of all queries, and ``shapes`` takes
the values out of a query's text. ``unplanned`` are queries without a plan. ``json_reading`` reads
files of all these.
``candidates`` are indexes that may help a plan: ``uses`` tells what it does with each table, by its
``conditions``, ``knowledge`` what statistics tell of columns, and ``existing`` which indexes do the
same. ``explanation`` says why a plan is slow. ``schema_findings`` are about the indexes and keys
that there are, ``server_findings`` about what will be wrong, and ``codes`` are those of all.
"""
