"""Write docs/explanation/burst.md and its pictures: `python -m tools.simulation`.

With `--simulate` everything is simulated anew first, which takes some minutes; without, the last results are used.
"""

import argparse

from tools.simulation import page, results


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m tools.simulation", description=__doc__)
    parser.add_argument("--simulate", action="store_true", help="simulate everything anew; takes some minutes")
    if parser.parse_args().simulate:
        results.write(results.simulate())
    for path, text in page.files(results.read()).items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
