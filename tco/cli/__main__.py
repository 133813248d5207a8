"""`python -m tco.cli`: the `tco` command without its script."""

from tco.cli import main

if __name__ == "__main__":
    main()
