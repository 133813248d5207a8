"""Claims 6 to 10: ways to run open models, and what is said of them."""

from __future__ import annotations

from tco.claims.measures import VOLUME
from tco.claims.records import Claim, Statement

WAYS: tuple[Claim, ...] = (
    Claim(
        number=6,
        title="Hosted open models are cheaper",
        quote="Hosted open-model inference (Together AI, Fireworks AI, Groq) is priced significantly below proprietary APIs.",
        scenario="claim-6-hosted-open-models",
        statements=(
            *(
                Statement(
                    words=f"{seller} saves 30 % against the mid-priced model",
                    option=option,
                    conditions=("saving_fraction>=0.3",),
                    levers=(VOLUME, "options.proprietary-api.output_usd_per_mtok"),
                )
                for seller, option in (
                    ("Together AI", "together-llama-70b"),
                    ("Groq", "groq-llama-70b"),
                    ("Fireworks AI", "fireworks-gpt-oss-120b"),
                )
            ),
            Statement(
                words="The cheapest of them costs less than the same vendor's smallest model",
                option="fireworks-gpt-oss-120b",
                conditions=("npv_usd>0",),
                settings=("baseline=small-proprietary-api",),
                levers=("options.small-proprietary-api.output_usd_per_mtok",),
                is_claimed=False,
            ),
        ),
        left_open="Below which proprietary model, and how far: 30 % less is taken for significant.",
    ),
    Claim(
        number=7,
        title="One click in a managed cloud",
        quote="Managed clouds (AWS SageMaker, Google Vertex AI, Azure ML) give one-click deployment of open models.",
        scenario="claim-7-managed-clouds",
        statements=(
            Statement(
                words="Deployment takes one click",
                untestable="clicks have no price; what can be asked is whether the premium is less than the work that it saves",
            ),
            *(
                Statement(
                    words=f"{service} costs less than the bare machine with the work that it saves",
                    option=option,
                    conditions=("npv_usd>0",),
                    levers=(
                        "options.bare-aws.people.run_fte",
                        f"options.{option}.price_usd_per_hour",
                        f"options.{option}.people.run_fte",
                    ),
                )
                for service, option in (
                    ("SageMaker", "sagemaker"),
                    ("Vertex AI", "vertex-ai"),
                    ("Azure ML", "azure-ml"),
                )
            ),
            Statement(
                words="SageMaker costs less than a bare machine of a smaller landlord",
                option="sagemaker",
                conditions=("npv_usd>0",),
                settings=("baseline=bare-neocloud",),
                levers=("options.bare-neocloud.people.run_fte",),
                is_claimed=False,
            ),
        ),
        left_open="How much work is saved: a fifth of a full-time post and 20 days of set-up are assumed.",
    ),
    Claim(
        number=8,
        title="Four bits on one consumer card",
        quote="Quantization (32 to 8 to 4 bit) lets a model that needed several enterprise GPUs run on one consumer card with minimal quality loss.",
        scenario="claim-8-quantization",
        statements=(
            Statement(
                words="24 billion parameters at four bits serve on one RTX 4090",
                option="24b-int4-on-1-rtx-4090",
                conditions=("goodput_requests_per_s>0",),
            ),
            Statement(
                words="70 billion parameters at four bits serve on one RTX 4090",
                option="70b-int4-on-1-rtx-4090",
                conditions=("goodput_requests_per_s>0",),
            ),
            Statement(
                words="Quality loss is minimal",
                untestable="no rating in the book is of a precision: 8-bit floats lose next to nothing, 8-bit integers 1 to 3 % of accuracy (https://arxiv.org/abs/2411.02355); measure four bits on your own tasks",
            ),
            Statement(
                words="One RTX 4090 at four bits costs less than two A100 at sixteen",
                option="24b-int4-on-1-rtx-4090",
                conditions=("npv_usd>0",),
                levers=(
                    "options.24b-int4-on-1-rtx-4090.price_usd_per_hour",
                    "options.24b-int4-on-1-rtx-4090.people.run_fte",
                    "options.24b-bf16-on-2-a100.price_usd_per_hour",
                ),
                is_claimed=False,
            ),
        ),
        left_open="Which model. At 32 bits nobody serves; the step from 16 bits is the one that is paid for.",
    ),
    Claim(
        number=9,
        title="Fine-tuning on a consumer card",
        quote="LoRA and QLoRA make fine-tuning possible on consumer GPUs.",
        scenario="claim-9-consumer-fine-tuning",
        statements=(
            Statement(
                words="20 million tokens train on one RTX 4090 within two days, for 100 dollars at most",
                option="qlora-on-rtx-4090",
                conditions=("training_hours<=48", "training_usd<=100"),
            ),
            Statement(
                words="The memory of a training fits on the card",
                untestable="memory of trainings is not modelled; others trained 7B by QLoRA in less than 10 GB (https://docs.pytorch.org/torchtune/stable/tutorials/qlora_finetune.html) and 34B on an RTX 4090, 97 % of whose memory it took (https://huggingface.co/spaces/Dovakiins/qwerrwe/tree/63fb3eb42653b5a4cdf17290fc21221c59b9031c/examples/yi-34B-chat)",
            ),
            Statement(
                words="The machines of a training cost less on a consumer card than by LoRA on an H100",
                option="qlora-on-rtx-4090",
                conditions=("npv_usd>0",),
                levers=("options.qlora-on-rtx-4090.tuning.training_usd_per_hour",),
                is_claimed=False,
            ),
        ),
        left_open="Which model and how much data. What a training costs is its people: machines cost dollars, ten days of data work thousands.",
    ),
    Claim(
        number=10,
        title="Hybrid",
        quote="Hybrid: proprietary APIs for general work, fine-tuned open models for specialised, high-volume or private work.",
        scenario="claim-10-hybrid",
        statements=(
            *(
                Statement(
                    words=f"{words} costs less than the API alone",
                    option=option,
                    conditions=("npv_usd>0",),
                    levers=(VOLUME, "options.proprietary-api.output_usd_per_mtok")
                    if option == "small-then-large"
                    else (),
                )
                for words, option in (
                    ("Base load at home and bursts at a seller", "base-and-burst"),
                    ("Private work at home", "private-at-home"),
                    ("The small model first", "small-then-large"),
                )
            ),
            *(
                Statement(
                    words=f"{words} costs less than all of it at home",
                    option=option,
                    conditions=("npv_usd>0",),
                    settings=("baseline=reserved-h100",),
                    levers=("options.reserved-h100.price_usd_per_hour",) if option == "base-and-burst" else (),
                    is_claimed=False,
                )
                for words, option in (
                    ("Base load at home and bursts at a seller", "base-and-burst"),
                    ("Private work at home", "private-at-home"),
                )
            ),
        ),
        left_open="Whether the open model is good enough for general work too. If it is, it costs least to answer all of it at home.",
        corrections=(
            "DeepSeek-V3's first weights carry [DeepSeek's own model licence](https://github.com/deepseek-ai/DeepSeek-V3/blob/main/LICENSE-MODEL); R1 is MIT. `tco prices licence DeepSeek-V3`.",
        ),
    ),
)
"""Claims 6 to 10."""
