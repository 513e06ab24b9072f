#!/bin/sh
# The logs of this folder: lm_eval 0.4.13, two served models for the generative task (see README.md), two tiny ones for the others.
export HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1 OMP_NUM_THREADS=1 OPENAI_API_KEY=none
python make_models.py.txt
for model in tiny-a tiny-b; do
    lm_eval run --model hf --model_args pretrained=$model --device cpu --tasks tools,proverb --include_path tasks \
        --output_path logs --log_samples --batch_size 1
done
for served in smollm2:8970 qwen-coder-0.5b:8971; do
    lm_eval run --model local-completions --tasks ports --include_path tasks --output_path logs --log_samples \
        --model_args model=${served%:*},base_url=http://127.0.0.1:${served#*:}/v1/completions,tokenizer_backend=None,tokenized_requests=False
done
