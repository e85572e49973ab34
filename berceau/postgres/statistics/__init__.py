"""The planner's statistics: read from any server, and put into a clone on the embedded one.

``reading`` takes them from a database. ``planning`` makes the clone: ``loading`` fills the
catalogs, ``estimating`` sizes what the source lacks, and ``growing`` changes the files, whose
``pages`` it writes. ``explaining`` plans statements there, and ``trying`` shows it candidates.
"""
