# Makes the logs of this folder: crfm-helm[openai] 0.5.16, a served model of 135 million parameters.
set -e
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
cp -r "$here/config" "$work/config"
sed -i "s#BASE_URL#${LOCAL_BASE_URL:?the address of a server that speaks the interface of OpenAI}#" "$work/config/model_deployments.yaml"
export PYTHONPATH=$here
cd "$work"
helm-run --run-entries errands_words:model=local/smollm2 errands_letters:model=local/smollm2 \
    --suite fixture --local-path config -o out --max-eval-instances 10 -n 1 --plugins errands --exit-on-error
python "$here/clean.py" "out/runs/fixture/errands_words:hints=one,model=local_smollm2" "$here/words"
python "$here/clean.py" "out/runs/fixture/errands_letters:model=local_smollm2" "$here/letters"
