"""Medians, ratios and targets, as Markdown."""

from statistics import median

# A figure, how it is called, and with how many digits it is shown.
FIGURES = [
    ("tps_1", "-S, 1 client: tps", 0),
    ("cpu_us_1", "... CPU of the proxy, us a query", 1),
    ("tps_32", "-S, 32 clients: tps", 0),
    ("cpu_us_32", "... CPU of the proxy, us a query", 1),
    ("session_ms", "-C -S: ms a session with one query", 3),
    ("session_cpu_us", "... CPU of the proxy, us a session", 0),
    ("copy_out_wall", "COPY TO: s a GiB", 2),
    ("copy_out_cpu", "... CPU of the proxy, s a GiB", 3),
    ("copy_in_wall", "COPY FROM: s a GiB", 2),
    ("copy_in_cpu", "... CPU of the proxy, s a GiB", 3),
]


def ratio(mine, other):
    """The median of the rounds' ratios, or None where there is nothing to compare with."""
    return median(a / b for a, b in zip(mine, other)) if all(other) else None


def difference(mine, other):
    return median(a - b for a, b in zip(mine, other))


# What is asked, of which figure, how Cordon's is set against whose, and the bound: at least (+1) or at most (-1).
TARGETS = [
    ("tps at 1 client, to pgbouncer", "tps_1", ratio, "pgbouncer", +1, 1.1),
    ("tps at 32 clients, to pgbouncer", "tps_32", ratio, "pgbouncer", +1, 0.97),
    ("CPU of COPY TO, to haproxy", "copy_out_cpu", ratio, "haproxy", -1, 1.0),
    ("CPU of COPY FROM, to haproxy", "copy_in_cpu", ratio, "haproxy", -1, 1.0),
    ("ms that a session takes more than direct", "session_ms", difference, "direct", -1, 1.0),
]


def shown(values, digits):
    if not any(values):
        return "-"
    low, middle, high = (f"{value:,.{digits}f}" for value in (min(values), median(values), max(values)))
    return f"{middle} ({low} to {high})"


def table(*lines):
    heading = lines[0]
    for line in [heading, ["---"] * len(heading), *lines[1:]]:
        print("| " + " | ".join(line) + " |")
    print()


def print_figures(names, measured):
    others = [name for name in names if name != "cordon"]
    lines = [["", *names, *(f"cordon / {name}" for name in others)]]
    for figure, title, digits in FIGURES:
        mine = measured["cordon"][figure]
        ratios = (ratio(mine, measured[name][figure]) for name in others)
        lines.append([title, *(shown(measured[name][figure], digits) for name in names),
                      *("-" if each is None else f"{each:.2f}" for each in ratios)])
    table(*lines)


def print_targets(measured):
    lines = [["target", "wanted", "is", ""]]
    for title, figure, compare, other, direction, bound in TARGETS:
        found = compare(measured["cordon"][figure], measured[other][figure])
        met = (found - bound) * direction >= 0
        lines.append([title, f"{'>=' if direction > 0 else '<='} {bound}", f"{found:.3f}", "met" if met else "**missed**"])
    table(*lines)


def print_report(chosen, ways, measured, counted):
    print(f"Medians of {chosen.rounds} rounds (least to most); pgbench {chosen.seconds} s a run, COPY {chosen.copy} MB.\n")
    print_figures([way.name for way in ways], measured)
    trusted = shown(measured["direct, no password"]["session_ms"], 3)
    print(f"A direct session with one query of a role without a password: {trusted} ms.\n")
    print_targets(measured)
    for name, calls in counted.items():
        print(f"System calls a query of {name}: " + ", ".join(f"{call} {count}" for call, count in calls.items()))
