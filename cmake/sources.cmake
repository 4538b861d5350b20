# Every source and every public header of the library. Private headers are not listed; a public
# header includes public headers only (tests/layers.cpp checks that, and that no .cpp is missing).
set(TAPEWISE_SOURCES
    # autograd
    autograd/array.cpp
    autograd/cell.cpp
    autograd/error.cpp
    autograd/forward.cpp
    autograd/leaves.cpp
    autograd/shape.cpp
    autograd/tape.cpp
    autograd/values.cpp
    autograd/var.cpp
    # ops
    ops/kernels/elementwise_loop.cpp
    ops/math.cpp
    ops/probe.cpp
)

set(TAPEWISE_PUBLIC_HEADERS
    tapewise.hpp
    # autograd
    autograd/array.hpp
    autograd/cell.hpp
    autograd/complex.hpp
    autograd/dtype.hpp
    autograd/error.hpp
    autograd/forward.hpp
    autograd/graph_walk.hpp
    autograd/leaves.hpp
    autograd/node.hpp
    autograd/op.hpp
    autograd/shape.hpp
    autograd/source_line.hpp
    autograd/tape.hpp
    autograd/values.hpp
    autograd/var.hpp
    # ops
    ops/cotangent.hpp
    ops/kernels/elementwise_loop.hpp
    ops/make_record.hpp
    ops/math.hpp
    ops/own_op.hpp
    ops/probe.hpp
    ops/scheme.hpp
)
