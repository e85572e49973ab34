"""``python -m berceau`` is the command ``berceau``."""

from berceau.tasks.program import program

__all__ = ["main"]

main = program.run

if __name__ == "__main__":
    main()
