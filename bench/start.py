#!/usr/bin/env python3
"""Time from exec to the first answer, idle memory, size of the binary.

usage: start.py STAGEDOOR [RUNS]     an empty data directory each time
"""
import os, re, socket, statistics, subprocess, sys, tempfile, time

binary, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20


def port():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    return s.getsockname()[1]


def ask(p):
    with socket.create_connection(("127.0.0.1", p), 0.2) as c:
        c.sendall(b"GET /_aws/execute-api/none/prod/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return c.recv(100).startswith(b"HTTP/1.1 404")


def rss(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read()).group(1)) / 1024


first, idle = [], []
for i in range(runs):
    p = port()
    with tempfile.TemporaryDirectory() as d:
        t = time.perf_counter()
        q = subprocess.Popen([binary, "up", "--listen", f"127.0.0.1:{p}", "--admin-listen", "off", "--data", d + "/data"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            try:
                if ask(p):
                    break
            except OSError:
                time.sleep(0.0005)
        first.append((time.perf_counter() - t) * 1000)
        if i == 0:
            time.sleep(5)
        idle.append(rss(q.pid))
        q.terminate()
        q.wait()
print(f"exec to first answer: median {statistics.median(first):.0f} ms, {min(first):.0f}-{max(first):.0f} ms over {runs} runs")
print(f"resident after 5 s idle: {idle[0]:.1f} MB")
print(f"binary: {os.path.getsize(binary) / 1e6:.1f} MB")
