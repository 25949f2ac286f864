"""The mixing function of splitmix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014."""

from typing import Final

import numpy as np

from ledger.compiling import njit

GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)  # what a state grows by from number to number
_M1: Final = np.uint64(0xBF58476D1CE4E5B9)
_M2: Final = np.uint64(0x94D049BB133111EB)
_S27: Final = np.uint64(27)
_S30: Final = np.uint64(30)
_S31: Final = np.uint64(31)


@njit(cache=True)
def mix(z: np.uint64) -> np.uint64:
    """Return the splitmix64 hash of a 64-bit number."""
    z = z + GOLDEN
    z = (z ^ (z >> _S30)) * _M1
    z = (z ^ (z >> _S27)) * _M2
    return z ^ (z >> _S31)
