"""`python -m journeyloop` is the `journeyloop` command."""

from journeyloop.cli import main

if __name__ == "__main__":
    main()
