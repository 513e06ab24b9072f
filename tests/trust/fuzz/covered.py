"""Modules that take bytes apart and are no reader of this list: fuzzed by another test, or reading our own files."""

_LOGS = "tests/data/logs/test_openai_evals_and_others_odd.py"
_INSPECT = "tests/data/logs/test_inspect_fuzz.py"

ELSEWHERE = {
    "data.logs.bounded": "tests/data/logs/test_bounded.py",
    "data.logs.every_eval_ever": _LOGS,
    "data.logs.inspect_log": _INSPECT,
    "data.logs.json_parts": "tests/data/logs/test_json_parts.py",
    "data.logs.log_files": _LOGS,
    "data.logs.promptfoo": _LOGS,
    "data.logs.promptfoo_table": _LOGS,
    "data.logs.trec_files": _LOGS,
    "data.logs.zip_archive": "tests/data/logs/test_zip_archive.py",
    "data.documents.pdf_file": "tests/trust/test_hostile_archives.py",
    "data.documents.pdf_pages": "tests/trust/test_hostile_archives.py",
    "models.batches.follow": "tests/models/test_batch.py",
    "models.batches.exchange": "tests/models/test_batch.py",
}
"""Module -> the test that breaks what it reads."""

_PACKAGED = "reads files of this package alone"
_HASHED = "takes the bytes whole: hashes or copies them"
_THROUGH = "reads through modules that are listed here"

NO_FILE = {
    "data.datasets.files": "reads the hash that it wrote itself; converters are readers of this list",
    "data.download": _HASHED,
    "data.kept_file": _HASHED,
    "data.remote.store": _HASHED,
    "data.run_folder": "writes",
    "data.logs.staged_table": "reads the table that it has just written",
    "data.remote.lock": "reads a lock as JSON, and anything else as no lock",
    "export.copied_file": _PACKAGED,
    "export.lighteval": _PACKAGED,
    "generate.attributes": "reads what stands in a study file, which is listed",
    "generate.passages": _HASHED,
    "models.executors.ray_cluster": "connects to a cluster of the user's own, which runs our code",
    "models.executors.ray_executor": "connects to a cluster of the user's own, which runs our code",
    "models.executors.ray_model": "connects to a cluster of the user's own, which runs our code",
    "models.executors.ray_pool": "connects to a cluster of the user's own, which runs our code",
    "models.executors.ray_worker": "reads what its own driving process sent",
    "registry": "loads code that the user names: it is trusted",
    "report.card": _PACKAGED,
    "report.irt_page": _PACKAGED,
    "report.page": _PACKAGED,
    "study.lab": _THROUGH,
    "study.lock": "holds an empty file",
    "study.merge": _THROUGH,
    "study.merge_check": _THROUGH,
    "study.merge_rows": "reads lines that read_state, read_shard and readers of responses check afterwards",
}
"""Module -> why nothing that a stranger wrote gets into it unchecked."""
