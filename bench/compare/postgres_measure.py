"""The rounds: every way in turn, so that whatever else the machine does hits all of them alike."""

import re
import subprocess
import sys
import time

from harness.postgres import DATABASE

GIB = float(1 << 30)
SYSCALL_SECONDS = 2
# pgbench counts its logins to the time: on a busy machine 32 of them take seconds. And new server processes are slower at first.
LEAST_CROWD_SECONDS = 10


def pgbench(setting, way, seconds, *more):
    """@returns tps, and the proxy's CPU seconds a transaction."""
    before = way.cpu_seconds()
    command = ["pgbench", "-n", "-S", "-M", "simple", "-T", str(seconds), *more, DATABASE]
    output = setting.client(way.target, *command)
    used = way.cpu_seconds() - before
    done = int(re.search(r"transactions actually processed: (\d+)", output)[1])
    if done == 0 or not re.search(r"failed transactions: 0 ", output):
        sys.exit(f"{way.name}: transactions failed:\n{output}")
    return float(re.search(r"tps = ([0-9.]+)", output)[1]), used / done


def queries(setting, way, seconds, clients, threads):
    tps, used = pgbench(setting, way, seconds, "-c", str(clients), "-j", str(threads))
    return {f"tps_{clients}": tps, f"cpu_us_{clients}": used * 1e6}


def sessions(setting, way, seconds):
    """A session with one query, again and again."""
    tps, used = pgbench(setting, way, seconds, "-C", "-c", "1", "-j", "1")
    return {"session_ms": 1000 / tps, "session_cpu_us": used * 1e6}


def copy(setting, way, direction, command):
    before, began = way.cpu_seconds(), time.monotonic()
    setting.client(way.target, "psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-c", command)
    wall, used = time.monotonic() - began, way.cpu_seconds() - before
    gib = setting.copy_size / GIB
    return {f"copy_{direction}_wall": wall / gib, f"copy_{direction}_cpu": used / gib}


def copies(setting, way):
    """Neither touches a disk: the server makes the rows it sends, and drops those that it has read."""
    rows = setting.copy_size // 8192
    out = f"\\copy (select repeat('x', 8191) from generate_series(1, {rows})) to '/dev/null'"
    into = f"\\copy sink from '{setting.rows}' where false"
    return {**copy(setting, way, "out", out), **copy(setting, way, "in", into)}


def count_syscalls(setting, way):
    """@returns the proxy's calls a query at one client, by name."""
    command = ["strace", "-f", "-c", "-U", "name,calls", "-p", str(way.pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        tracer.stderr.readline()  # "attached"
        output = setting.client(way.target, "pgbench", "-n", "-S", "-T", str(SYSCALL_SECONDS), DATABASE)
        tracer.terminate()
        told = tracer.stderr.read()
    done = int(re.search(r"transactions actually processed: (\d+)", output)[1])
    calls = {name: int(count) / done for name, count in re.findall(r"^(\w+) +(\d+)$", told, re.MULTILINE)}
    return {name: round(count, 2) for name, count in calls.items() if count >= 0.01 and name != "total"}


def measure(setting, chosen):
    """@returns for each way each figure's list, one value a round; and the system calls, if they are wanted."""
    crowd_seconds = max(chosen.seconds, LEAST_CROWD_SECONDS)
    tasks = [("alone", lambda way: queries(setting, way, chosen.seconds, 1, 1)),
             ("alone", lambda way: sessions(setting, way, chosen.seconds)),
             ("crowd", lambda way: queries(setting, way, crowd_seconds, 32, 2)),
             ("crowd", lambda way: copies(setting, way))]
    measured = {way.name: {} for way in [*setting.ways, setting.trusted]}

    def keep(way, figures):
        for name, value in figures.items():
            measured[way.name].setdefault(name, []).append(value)

    for way in setting.ways:  # caches warm, pools filled
        queries(setting, way, LEAST_CROWD_SECONDS, 32, 2)
    for number in range(1, chosen.rounds + 1):
        for kind, task in tasks:
            setting.place(kind)
            for way in setting.ways:
                keep(way, task(way))
        setting.place("alone")
        keep(setting.trusted, sessions(setting, setting.trusted, chosen.seconds))
        print(f"round {number} of {chosen.rounds} done", file=sys.stderr)
    counted = {way.name: count_syscalls(setting, way) for way in setting.ways if way.pid} if chosen.syscalls else {}
    return measured, counted
