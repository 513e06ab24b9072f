# Makes the logs of this folder: inspect-ai 0.3.285, a served model of 135 million parameters, zipfile-zstd.
set -e
export LOCAL_API_KEY=none LOCAL_BASE_URL=${LOCAL_BASE_URL:?the address of a server that speaks the interface of OpenAI}
export INSPECT_LOG_DIR=$(mktemp -d) INSPECT_DISPLAY=plain
options="--model openai-api/local/smollm2 --max-tokens 24 --temperature 0.7 --no-log-realtime"
last() { ls -t "$INSPECT_LOG_DIR"/* | head -1; }

inspect eval errands.py@errands $options --log-format eval
python clean.py "$(last)" errands.eval
inspect eval errands.py@errands $options --sample-id q-1,q-4 --log-format json
python clean.py "$(last)" errands.json
inspect eval errands.py@unnamed $options
python clean.py "$(last)" unnamed.eval
inspect eval errands.py@unnamed $options -T shuffled=true --limit 3
python clean.py "$(last)" unnamed_shuffled.eval

# One that is killed while it runs: the log keeps its journal and has no header.
inspect eval errands.py@errands $options --log-buffer 1 --max-samples 1 --display none &
sleep "${KILLED_AFTER:-10}"
kill -9 $!
python clean.py "$(last)" unfinished.eval

python expected.py errands.eval errands.json unnamed.eval unnamed_shuffled.eval unfinished.eval > expected.json
python values.py > values.json
