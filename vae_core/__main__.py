"""`python -m vae_core`."""

import sys

try:
    from vae_core.cli import main
except ModuleNotFoundError as problem:  # another Python than the one that was set up
    sys.exit(f"error: The package {problem.name} is missing here: use .venv/bin/python, or run `make setup` first.")

if __name__ == "__main__":
    sys.exit(main())
