"""The table of script/bench, and docs/performance.md."""
import os
import platform
import re
import subprocess
import textwrap
from pathlib import Path

# What each measurement is, in the order of the table: id or its start, title, text.
SECTIONS = [
    ("M1", "a training step", """
784-256-128-10 with ReLU, softmax cross-entropy from logits with index labels, float32, batches of
64, 128 and 512, SGD; once with Adam. Ours is one program: forward, back-propagation and update. The
limit is the eight bare sgemm calls of such a step, without anything around them; `hand` is a step
written out around them with vectorised loops. libtorch runs its modules, loss and optimizers. After
the first step the loss and the movement of the weights are compared. Ours makes a product in pieces
that OpenBLAS multiplies without copying them (decision 99), so that it can be below the limit. Adam
reads four numbers and writes three for each weight, 6.6 MB a step, most of it beyond the second cache:
by hand it is that much above the limit, too. Written as one loop with exact quotients and roots, for
AVX-512, it was 1.15 to 1.18 of the eight calls (a scratch program); ours has seven loops over blocks.
"""),
    ("M2", "scalar graphs", """
A million operations over 100 inputs, one after the other: `+ * sin exp +` (trans) and `+ * + +`
(cheap); nanoseconds per operation, value and gradient. In `replay` the graph is compiled once and run
with its numeric reverse sweep; ADOL-C replays its tape. In `record` it is recorded anew each time and
differentiated by `sweep`, as Stan and Sacado always do. The limit is the gradient written by hand.
`chains16` is sixteen independent chains of `* + sin exp`; its limit computes the value only, in plain
C++, and Stan and Sacado record it, for they cannot replay. Of a recording and its sweep, 9 ns an
operation are recording: a node is 32 bytes, its source line, type and generation among them, and the
ids of its parents. Of the 10 of the sweep, 7 are the walk forward, in which sines and exponentials
wait for each other; where values are computed while recording, recording hides a part of that wait.
"""),
    ("M3", "mixture of Gaussians", """
The log-likelihood of ADBench's GMM objective and its gradient in all parameters, double precision;
the ids name points, dimensions and components. Ours and libtorch are written in matrix form, with one
product for all components. The limit is a gradient written by hand, in blocks of 64 points, with
dgemm and vectorised loops. ADOL-C (replay), Stan and Sacado run plain loops, at the sizes that they
finish in reasonable time.
"""),
    ("M4", "a tiny net", """
One SGD step of the XOR net 2-2-1 (tanh, sigmoid, mean squared error, rate .5), batch 4, double
precision. The limit is the step written out, vectorised over the four samples, exponentials too. The
tapes of scalars run the same loss written with scalars.
"""),
    ("M5", "an elementwise chain", """
`mean((tanh(a*x + b)*c + d)^2)` of five float32 vectors of a million elements, value and the five
gradients. The limit is one loop over all of it with xsimd. libtorch runs op by op, and has an
allocator that keeps its memory; with glibc's default it takes up to 1.6 times as long. Ours runs op
by op over blocks in the first cache: beside what the limit takes, each of a dozen loops costs some four
cycles for a vector of sixteen numbers, .3 to .7 ms in all, of which memory hides a part. (Decisions
64 and 82 say what else was tried.)
"""),
    ("M6", "softmax cross-entropy", """
512 x 1000 logits, float32, index labels: value and gradient. The limit computes each exponential
once, row by row, with xsimd.
"""),
    ("M7", "second order", """
Hessian-vector products of the Rosenbrock chain of 100 variables (ours and libtorch in vector form,
ADOL-C and Stan with scalars) and of a logistic regression of 1000 samples and 100 features, and the
regression's dense Hessian. The limits are the formulas written by hand, the regression's with dgemv
and dgemm. libtorch's Hessian pushes all unit vectors through one graph, as ours.
"""),
    ("M8", "memory against time", """
A thousand layers `h <- tanh(h W)` of 256 x 256, batch 64, float32: sum of squares of the last h and
the gradient in all W; plain, and with a memory budget of 14 MiB. The limit is the 3000 sgemm calls,
with a budget the same: so the ratio would hold the price of computing values again. Weights and their
gradients are not counted as memory. Ours keeps activations where gradients will be written later, so
it needs next to nothing beside them, and stays below the budget without computing anything again.
`update` is a training step, `W <- W - rate * gradient`: no gradient is an output there whose memory
could be borrowed, and the budget is met by computing activations again; its numbers are compared with
those of the plain program. libtorch with a budget keeps every 32nd h. The limit of `memory/M8` is what all activations take.
"""),
    ("M9", "compile and link", """
A first program that prints a gradient, `g++ -O2`, compiled and linked against the installed
libraries. The limit computes the same with xtensor's expressions and BLAS, its gradient worked out by
hand: no automatic differentiation at all. The printed numbers are compared. `hand` has the program's
three arrays and prints a number of each: what `xt::xarray` alone costs, which nothing that takes and
returns xtensor's containers can be below.
"""),
    ("record", "recording", """
Recording the graph of M2 trans on a tape that keeps its memory, and nothing else.
"""),
    ("replay", "what a step of a program costs", """
A program of a thousand additions of two numbers, which are not fused: time per step, less that of the
same additions in a loop.
"""),
    ("growth", "growth", """
Recording M2 trans, back-propagation, compiling, and the first run, all from nothing: per operation of
the graph, for graphs of a hundred to ten million operations (the row without a size). Each graph is
made anew, after two of its size that do not count; of a large graph, the memory of the one before has
gone back to the system by then. Memory is what has been touched and is held in the end, by the tape
with its subgraph B and by the program, in whole pages. From a million operations on, what a pass
walks over is larger than the caches, and the system clears each page before it is first written to; a
virtual machine may have to ask its host for the page as well.
"""),
]
ORDER = [section[0] for section in SECTIONS]


def rank(id):
    """Position of an id in the table, by workload; the ids of one keep the order they ran in."""
    start = id.removeprefix("memory/").split("/")[0]
    return ORDER.index(start) if start in ORDER else len(ORDER)


def machine():
    """What the numbers were measured on."""
    def ask(*command):
        done = subprocess.run(command, capture_output=True, text=True)
        return done.stdout.strip()
    cpu = re.search(r"Model name:\s*(.*)", ask("lscpu"))
    flags = re.search(r"Flags:\s*(.*)", ask("lscpu"))
    known = set(flags.group(1).split()) if flags else set()
    simd = "AVX-512" if "avx512f" in known else "AVX2" if "avx2" in known else "SSE2"
    release = re.search(r'PRETTY_NAME="(.*)"', Path("/etc/os-release").read_text())
    versions = [f"{name} {ask('dpkg-query', '-W', '-f=${Version}', package)}"
                for name, package in [("OpenBLAS", "libopenblas0-pthread"), ("libtorch", "libtorch-dev"),
                                      ("ADOL-C", "libadolc-dev"), ("Sacado", "libtrilinos-sacado-dev"),
                                      ("Stan", "r-cran-stanheaders")]
                if ask("dpkg-query", "-W", "-f=${Version}", package)]
    return (f"{cpu.group(1) if cpu else platform.machine()}, {os.cpu_count()} processors, {simd}; "
            f"{release.group(1) if release else platform.system()}, g++ {ask('g++', '-dumpfullversion')}; "
            + ", ".join(versions) + ".")


def number(x):
    """Three digits."""
    if x is None:
        return ""
    if abs(x) >= 100:
        return f"{x:.0f}"
    return f"{x:.3g}"


def cells(row):
    peers = sorted(row["peers"].items(), key=lambda p: p[1])
    if "hand" in row:
        peers.insert(0, ("hand", row["hand"]))
    ratio = [f"{r:.2f}" if r is not None else ""
             for r in (row["ratio_to_limit"], row["ratio_to_best_peer"])]
    aim = f"{AIMS[row['id']]:g}" if row["id"] in AIMS else ""
    return [row["id"], str(row["threads"]), row["unit"], number(row["ours"]), number(row["limit"]),
            ratio[0], aim, ", ".join(f"{name} {number(value)}" for name, value in peers), ratio[1]]


HEAD = ["id", "threads", "unit", "ours", "limit", "ours/limit", "aim", "others", "ours/best peer"]

# What ours/limit is to reach at most.
AIMS = {"M1/b64": 1.06, "M1/b512": 1.03, "M1/b64/adam": 1.10, "M2/trans/replay": 1.6,
        "M2/cheap/replay": 4, "M2/trans/record": 3, "M2/chains16/replay": 1, "M3/1k_d10_K25": 2,
        "M3/1k_d32_K25": 2, "M3/10k_d10_K25": 2, "M4": 7, "M5": 1.2, "M6": 1.3,
        "M7/hvp_logreg": 1.5, "M7/hessian_logreg": 1.1, "M8/plain": 1.12, "M8/14MB": 1.45, "M9": 0.5}


def table(rows):
    """For a terminal."""
    lines = [HEAD] + [cells(row) for row in rows]
    width = [max(len(line[c]) for line in lines) for c in range(len(HEAD))]
    right = {1, 3, 4, 5, 6, 8}
    return "\n".join("  ".join(text.rjust(w) if c in right else text.ljust(w)
                               for c, (text, w) in enumerate(zip(line, width))).rstrip()
                     for line in lines)


def markdown(rows):
    lines = ["| " + " | ".join(HEAD) + " |", "|---|--:|---|--:|--:|--:|--:|---|--:|"]
    return "\n".join(lines + ["| " + " | ".join(cells(row)) + " |" for row in rows])


INTRODUCTION = """# Performance

Written by `script/bench --doc` from a run of it; do not edit. The texts are in
[benchmarks/report.py](../benchmarks/report.py).

```sh
script/bench                          # installs the peers, runs everything, writes bench.json
script/bench --only M4 --json m4.json # a part
script/bench --no-peers               # ours and the limits only
```

## How the numbers come about

- `ours` is a program of this library, in the build that users get: no `-march=native`, SIMD chosen at
  run time. The **limit** is the same work written by hand for this machine (`-O3 -march=native
  -ffast-math`), or only the BLAS calls in it. Peers are libraries that Debian packages, compiled with
  `-O3 -march=native`.
- Before anything is timed, the contenders' results are compared: values and gradients.
- The contenders take turns in one process. A turn begins with runs that do not count, 10 ms of them,
  which bring memory and caches into the state they have in a loop: arrays of the size of the last
  cache (M5) need several. Then it runs for at least 2 ms. A measurement takes 1.5 s and at least 15
  rounds, fewer for work of seconds; the figure is the median of the turns.
- At one thread, time is the processor time of the process, so that other work on the machine disturbs
  little. At two it is elapsed time, OpenBLAS and libtorch have two threads as well, and turns of 20 ms
  begin after 40 ms of rest, in which the other pools fall asleep. OpenMP's threads do not spin
  (`GOMP_SPINCOUNT=0`): on two processors they would keep OpenBLAS's from working, which makes
  libtorch 30 times slower. OpenBLAS's spin for a few milliseconds only
  (`OPENBLAS_THREAD_TIMEOUT=22`), as they would disturb whoever comes next.
- After a rest the system may wake a second thread on the first one's processor. At two threads a turn
  therefore begins when a run was about as fast as the contender's best, or after .3 s.
- Ratios travel to other machines, times do not.
"""


def write_doc(path, rows):
    parts = [INTRODUCTION, f"## This run\n\nOn {machine()}\n"]
    for k, (start, title, text) in enumerate(SECTIONS):
        mine = [row for row in rows if rank(row["id"]) == k]
        if mine:
            wrapped = textwrap.fill(" ".join(text.split()), 100, break_on_hyphens=False)
            parts.append(f"### {start}: {title}\n\n{wrapped}\n\n{markdown(mine)}\n")
    path.write_text("\n".join(parts))
