"""The mark of files that ``invoke docs`` wrote, and may change or remove."""

MARK = "Written by `invoke docs`"

HTML = f"<!-- {MARK}; change the entities instead. -->"
SLASHES = f"// {MARK}; change the entities instead."
PERCENT = f"%% {MARK}; change the entities instead."
BLOCK = f"/* {MARK}. */"
