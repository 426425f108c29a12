#!/usr/bin/env python3
"""What a second event loop is worth, on a machine of two cores that the generator needs as well.

usage: scale.py --run RUNDIR --bin BINDIR [--peers stagedoor,nginx] [--rounds 5] [--dur 4] [--rate 6000] [--conns 32]

A gateway with two loops has no core left for who asks it, so one loop on an otherwise free core against two loops on cores
they share would compare two different things. Here each core always does the same: one loop, and one generator that asks it for
the fixed answer (no back end). A generator is two processes with half of its connections each. Four set-ups take turns in each round:

  one       one gateway of one loop and one generator, both on core 0; core 1 is idle
  apart     two of those that know nothing of each other, on cores 0 and 1: what the machine gives two cores
  crossed   the same two gateways, but each generator asks both, one with each half: connections between cores as well
  together  one gateway of two loops on cores 0 and 1, and a generator on each core

together / one is the scaling. What remains of it beside two gateways is the gateway's own part (locks, cache lines that move between
cores, loops that get unequal shares), without what two busy cores of this machine take from each other: 2 x together / crossed, since the
kernel deals the connections of both generators to both loops, half of them to a loop on the other core; and 2 x together / apart, which
counts that way between cores against the gateway.

by rate: requests a second of all generators (wrk, as many as the gateway takes).
by CPU: CPU time of the gateway for a request under the same load of --rate requests a second for each core, come what may
(bench/openloop): capacity of two loops in loops = 2 x cpu(one) / cpu(together). Waiting without CPU does not show there, but does by rate.
The bar is 1.8. A median over rounds of the ratios within a round is printed, with the range.
"""
import argparse, os, signal, socket, statistics, subprocess, sys, time

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
for a, d in (("run", None), ("bin", None), ("peers", "stagedoor,nginx")): ap.add_argument("--" + a, default=d, required=d is None)
for a, d in (("rounds", 5), ("dur", 4), ("rate", 6000), ("conns", 32)): ap.add_argument("--" + a, type=int, default=d)
A = ap.parse_args()
run, binary = os.path.abspath(A.run), os.path.abspath(A.bin)
argv, sys.argv = sys.argv, ["bench.py", "--run", A.run, "--bin", A.bin, "--peers", "none"]
here = os.path.dirname(os.path.abspath(__file__))
ns = {"__file__": os.path.join(here, "bench.py")}
exec(compile(open(ns["__file__"]).read().split("if A.report:")[0], "bench.py", "exec"), ns)
PATH = {"stagedoor": "/_aws/execute-api/bench/prod/fixed", "nginx": "/"}


def nginx(port, loops):
    """A command that serves the fixed answer, and nothing else, with as many workers."""
    conf = os.path.join(run, f"scale-{port}.conf")
    with open(conf, "w") as f:
        f.write(f"worker_processes {loops}; daemon off; pid scale-{port}.pid; error_log logs/scale.log warn; worker_rlimit_nofile 4000;\n"
                "events { worker_connections 2000; multi_accept on; use epoll; }\nhttp { access_log off; server_tokens off; keepalive_timeout 3600s; keepalive_requests 100000000;\n"
                f"server {{ listen 127.0.0.1:{port} reuseport backlog=4096; location / {{ default_type application/json; return 200 '{{\"message\":\"hello\",\"ok\":1}}'; }} }} }}\n")
    return ["nginx", "-p", run, "-c", conf]


def stagedoor(port, loops):
    return [binary + "/stagedoor", "up", run + "/stagedoor.yaml", "--data", ":memory:", "--listen", f"127.0.0.1:{port}", "--admin-listen", "off", "--loops", str(loops)]


def generators(cmd, asked):
    """Starts cmd for each pair of a core and a port, and waits for all; what they wrote."""
    all = [subprocess.Popen(["taskset", "-c", str(c)] + [w.replace("@PORT@", str(p)) for w in cmd], stdout=subprocess.PIPE, text=True) for c, p in asked]
    return [g.communicate()[0] for g in all]


def measure(peer, gateways, asked):
    """Requests a second at most, and CPU in us a request at --rate for each core."""
    pids = [p for g in gateways for p in ns["tree"](g.pid)]
    url, half = f"http://127.0.0.1:@PORT@{PATH[peer]}", str(A.conns // 2)
    wrk = ["wrk", "-t1", "-c" + half]
    generators(wrk + ["-d1", url], asked)
    rate = sum(ns["told"]("s4", o)[1] for o in generators(wrk + [f"-d{A.dur}", url], asked))
    before = ns["times"](pids)
    said = generators([binary + "/openloop", "-addr", "127.0.0.1:@PORT@", "-path", PATH[peer], "-rate", str(A.rate // 2), "-c", half, "-d", f"{A.dur}s"], asked)
    after = ns["times"](pids)
    if any(g.poll() is not None for g in gateways) or set(before) - set(after): sys.exit(f"DIED: {peer}, see {run}/logs")
    done = sum(ns["json"].loads(o)["done"] for o in said)
    return rate, sum(ns["spent"](before, after)) / max(done, 1) * 1e6


# Loops of a gateway, the core or cores of each by its port, and what asks what: (core, port) of each half of a generator.
SETUPS = {
    "one": (1, {8701: "0"}, [(0, 8701), (0, 8701)]),
    "apart": (1, {8701: "0", 8702: "1"}, [(0, 8701), (0, 8701), (1, 8702), (1, 8702)]),
    "crossed": (1, {8701: "0", 8702: "1"}, [(0, 8701), (0, 8702), (1, 8701), (1, 8702)]),
    "together": (2, {8701: "0,1"}, [(0, 8701), (0, 8701), (1, 8701), (1, 8701)]),
}


def setup(peer, name):
    loops, cores, asked = SETUPS[name]
    make = {"stagedoor": stagedoor, "nginx": nginx}[peer]
    gateways = [ns["start"](make(p, loops), c, {"GOMAXPROCS": str(loops)} if peer == "stagedoor" else None, name=f"scale-{peer}-{p}") for p, c in cores.items()]
    try:
        for p in cores:
            if not ns["wait"](p): sys.exit(f"NOT UP: {peer}, see {run}/logs")
        time.sleep(1.5)
        return measure(peer, gateways, asked)
    finally:
        for g in gateways:
            for p in ns["tree"](g.pid)[::-1]:
                try: os.kill(p, signal.SIGTERM)
                except OSError: pass
        for g in gateways:
            try: g.wait(10)
            except subprocess.TimeoutExpired: os.killpg(g.pid, signal.SIGKILL); g.wait()


def told(v): return f"{statistics.median(v):.2f} ({min(v):.2f}-{max(v):.2f})"


peers, got = A.peers.split(","), {}
for rnd in range(A.rounds):
    for peer in peers if rnd % 2 == 0 else peers[::-1]:
        for name in SETUPS:
            got[peer, name, rnd] = r = setup(peer, name)
            print(f"r{rnd + 1} {peer:10s} {name:9s} rps {r[0]:8.0f}, cpu at {A.rate}/s a core {r[1]:.1f} us", flush=True)
print("\n| two loops in loops | by rate | by CPU | beside crossed, by rate | by CPU | beside apart, by rate | by CPU |\n|---|---|---|---|---|---|---|")
for peer in peers:
    one, apart, crossed, both = ([got[peer, n, r] for r in range(A.rounds)] for n in SETUPS)
    row = [told([b[0] / o[0] for o, b in zip(one, both)]), told([2 * o[1] / b[1] for o, b in zip(one, both)])]
    for two in (crossed, apart): row += [told([2 * b[0] / t[0] for t, b in zip(two, both)]), told([2 * t[1] / b[1] for t, b in zip(two, both)])]
    print(f"| {peer} | " + " | ".join(row) + " |")
