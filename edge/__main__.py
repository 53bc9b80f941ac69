"""`python -m edge` is `kedai edge`."""

from edge.cli import edge

if __name__ == "__main__":
    edge(prog_name="kedai edge")
