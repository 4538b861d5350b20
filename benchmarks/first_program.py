"""M9: how long a first program that prints a gradient takes to compile and link, with -O2."""
import os
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

SOURCES = Path(__file__).resolve().parent / "first_program"
R = Path("/usr/lib/R/site-library")
TORCH = Path("/usr/include/torch/csrc/api/include")
MPI = Path("/usr/lib/x86_64-linux-gnu/openmpi/include")


def programs(build, peers):
    """Name: (file, options, times to build)."""
    ours = [f"-I{build}/include", f"{build}/libtapewise.a", "-lopenblas", "-lz", "-pthread"]
    limit = ["-DHAVE_CBLAS=1", "-llapack", "-lopenblas"]
    found = {"ours": ("ours.cpp", ours, 5), "limit": ("limit.cpp", limit, 5),
             "hand": ("arrays.cpp", [], 5)}
    if not peers:
        return found
    if Path("/usr/include/adolc/adolc.h").exists():
        found["ADOL-C"] = ("adolc.cpp", ["-ladolc"], 5)
    if Path("/usr/include/trilinos/Sacado_trad.hpp").exists():
        found["Sacado"] = ("sacado.cpp", ["-isystem", "/usr/include/trilinos", "-isystem", MPI,
                                          "-DOMPI_SKIP_MPICXX", "-ltrilinos_sacado"], 5)
    if (R / "StanHeaders").exists():
        found["Stan"] = ("stan.cpp", ["-isystem", R / "StanHeaders/include",
                                      "-isystem", R / "RcppEigen/include",
                                      "-isystem", R / "BH/include"], 1)
    if TORCH.exists():
        found["libtorch"] = ("torch.cpp", ["-isystem", TORCH, "-ltorch", "-ltorch_cpu", "-lc10"], 1)
    return found


def processor_seconds(command, **options):
    """Processor time, as for the other measurements of one thread."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def measure(build, peers):
    """Seconds by contender, medians; the programs print the same numbers."""
    contenders = programs(build, peers)
    times = {name: [] for name in contenders}
    env = dict(os.environ, CCACHE_DISABLE="1")
    with tempfile.TemporaryDirectory() as folder:
        expected = None
        for turn in range(5):
            for name, (file, options, turns) in contenders.items():
                if turn >= turns:
                    continue
                program = Path(folder) / name
                command = [shutil.which("g++"), "-std=c++20", "-O2", "-w", SOURCES / file, *options,
                           "-o", program]
                times[name].append(processor_seconds(command, env=env))
                if turn == 0 and name != "hand":
                    out = subprocess.run([program], check=True, capture_output=True, text=True)
                    expected = expected or out.stdout
                    if out.stdout != expected:
                        raise SystemExit(f"M9: {name} prints {out.stdout}, ours {expected}")
    return {name: sorted(t)[len(t) // 2] for name, t in times.items()}
