"""`python -m cloud`: the same as `kedai cloud`."""

from cloud.cli import main

main(prog_name="kedai cloud")
