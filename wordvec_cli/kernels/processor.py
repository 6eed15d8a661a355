"""What the processor that numba compiles for has: how wide its registers are, and how many."""

from llvmlite import binding
from numba.core.registry import cpu_target

_PROBE = """
define void @probe(<16 x float>* %place) {
  %vector = load <16 x float>, <16 x float>* %place, align 4
  %twice = fadd <16 x float> %vector, %vector
  store <16 x float> %twice, <16 x float>* %place, align 4
  ret void
}
"""
_OF_X86 = {  # by the name of its registers: floats that one holds, how many there are, an estimate of 1 / sqrt(x)
    "%zmm": (16, 32, "llvm.x86.avx512.rsqrt14.ps.512"),
    "%ymm": (8, 16, "llvm.x86.avx.rsqrt.ps.256"),
    "%xmm": (4, 16, "llvm.x86.sse.rsqrt.ps"),
}
_OTHERS = (4, 32, "")  # ARM's among them


def describe(triple: str, name: str, features: str) -> tuple[int, int, str]:
    """(floats in a register, registers, LLVM's function that estimates 1 / sqrt(x) or "") of a processor.

    Not every name of a processor tells LLVM's features, so that code is compiled and looked at.
    """
    if not triple.startswith(("x86_64", "i686")):
        return _OTHERS
    machine = binding.Target.from_triple(triple).create_target_machine(cpu=name, features=features, opt=3)
    assembly = machine.emit_assembly(binding.parse_assembly(_PROBE))
    return next((facts for register, facts in _OF_X86.items() if register in assembly), _OTHERS)


# As numba sees it: NUMBA_CPU_NAME and NUMBA_CPU_FEATURES count. It keeps compiled code of each processor apart.
REGISTER, N_REGISTERS, ROOT_ESTIMATE = describe(*cpu_target.target_context.codegen().magic_tuple())
