"""Values from YAML that people wrote."""

import warnings
from typing import Any, Literal


def yaml_value(text: str, kind: Literal["safe", "rt"] = "safe") -> Any:
    r"""Return what a text of YAML holds; no tag makes an object of it.

    Args:
        text: The text.
        kind: `rt`: mappings and lists that know their lines.

    Raises:
        ruamel.yaml.error.YAMLError: It is no YAML.

    Example:
        >>> yaml_value("a: &x 1\nb: &x 2\nc: *x")
        {'a': 1, 'b': 2, 'c': 2}
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", YAMLWarning)  # an anchor that stands twice, numbers as YAML 1.1 had them: legal
        return YAML(typ=kind, pure=True).load(text)
