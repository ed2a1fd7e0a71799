"""`python -m guard` is the same as `guard`."""

from guard.cli.main import run

if __name__ == "__main__":
    run()
