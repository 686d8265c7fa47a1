"""`make bench`: figures against goals, each with what it is compared to, in one run.

Ratios carry over between machines, absolute times do not; a figure is the median of five.
"""

import argparse
import importlib
import io
import sys

MODULES = ("bench.intake", "bench.match", "bench.plan", "bench.relay")


def main() -> int:
    """Run the figures whose names start with --only, and print one line for each at the end."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", default="", help="prefix of the figures to measure")
    only = parser.parse_args().only
    if isinstance(sys.stdout, io.TextIOWrapper):  # also into a file, progress shows as it is made
        sys.stdout.reconfigure(line_buffering=True)
    lines, missed = [], 0
    for module in map(importlib.import_module, MODULES):
        if not any(name.startswith(only) for name in module.NAMES):
            continue
        for name, figure, comparison, goal in module.run():
            lines.append(f"bench {name} {figure:.2f} goal {comparison} {goal:g}")
            missed += not (figure <= goal if comparison == "<=" else figure >= goal)
    print("\n".join(lines))
    return 1 if missed or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
