"""values.py: values that a scorer may give, and the numbers that Inspect makes of them, as JSON."""

import json
import sys

from inspect_ai.scorer import value_to_float

VALUES = [
    *("C", "I", "P", "N", "c", "n", "p", "yes", "Yes", "no", "No", "TRUE", "false", "1", "0.75", " 2 ", "-3", "1_000"),
    *("1e-3", "+4", ".5", "5.", "0x10", "nan", "inf", "", "great", "C ", "10%", True, False, 0, 1, 3, -0.25, 1e300),
]

if __name__ == "__main__":
    number = value_to_float()
    sys.stdout.write(json.dumps([[value, number(value)] for value in VALUES]) + "\n")
