"""The ten money claims of an industry article of March 2026, as conditions on what the model answers.

"Open-Source AI Models: How Llama, Mistral, and DeepSeek Are Democratizing Artificial Intelligence in 2026", Internet Pros Team, 7 March 2026. Quotes are shortened.
"""

from __future__ import annotations

from tco.claims.records import Claim, Statement
from tco.errors import InputError

_VOLUME = "workload.requests_per_day"
_QUALITY = "quality is not computed from prices: measure it on your own tasks, and give each option `success` or `terms.rating_points`"

CLAIMS: tuple[Claim, ...] = (
    Claim(
        number=1,
        title="Radiology reports at a tenth of GPT-5",
        quote="A 12-person healthcare startup runs a fine-tuned Llama 4 on radiology reports at one-tenth the operating cost of GPT-5, within two percentage points of its accuracy.",
        scenario="claim-1-radiology",
        statements=(
            Statement(
                words="Llama 4 costs a tenth or less, in Berlin",
                option="llama-4-scout-tuned",
                conditions=("saving_fraction>=0.9",),
            ),
            Statement(
                words="Llama 4 costs a tenth or less, in the United States",
                option="llama-4-scout-tuned",
                conditions=("saving_fraction>=0.9",),
                case="in-the-us",
                levers=(
                    _VOLUME,
                    "options.gpt-5-api.output_usd_per_mtok",
                    "options.llama-4-scout-tuned.price_usd_per_hour",
                ),
            ),
            Statement(words="Accuracy within two percentage points", untestable=_QUALITY),
            Statement(
                words="Llama 4 costs less at all, in the United States",
                option="llama-4-scout-tuned",
                conditions=("npv_usd>0",),
                case="in-the-us",
                levers=(_VOLUME,),
                is_claimed=False,
            ),
            Statement(
                words="Llama 4 costs less at all, in the United States, where GPT-5 reasons for 1,000 tokens a report",
                option="llama-4-scout-tuned",
                conditions=("npv_usd>0",),
                case="in-the-us",
                # What does not reason has next to no reasoning tokens: the factor must be above zero.
                settings=(
                    "workload.reasoning_tokens_per_request=1000",
                    "options.llama-4-scout-tuned.reasoning_factor=0.001",
                    "options.mixtral-8x7b-tuned.reasoning_factor=0.001",
                ),
                levers=(_VOLUME,),
                is_claimed=False,
            ),
        ),
        left_open="The volume, the lengths, the hardware, whether GPT-5's reasoning is counted, and whether data, training and the radiologist who reads samples are counted.",
        corrections=(
            "There is no Llama 4 405B: 405B is Llama 3.1, a dense model. Llama 4 is Scout (109B in all, 17B active) and Maverick (400B, 17B active): `tco prices model Llama-4-Scout-17B-16E-Instruct`.",
            "Llama 4's licence grants no rights to companies based in the EU for its multimodal models, besides the clause of 700 million users ([licence](https://github.com/meta-llama/llama-models/blob/main/models/llama4/LICENSE), [use policy](https://github.com/meta-llama/llama-models/blob/main/models/llama4/USE_POLICY.md)).",
        ),
    ),
    Claim(
        number=2,
        title="Fraud detection on Mistral, in-house",
        quote="A fintech runs fraud detection on Mistral open-weight models on its own servers: no API dependency, data stays in-house.",
        scenario="claim-2-fraud-detection",
        statements=(
            Statement(
                words="Where nobody else may keep the data, own servers are the answer",
                option="own-mixtral",
                conditions=("recommended=own-mixtral",),
                levers=(_VOLUME,),
            ),
            Statement(
                words="Own servers cost less than the API, where an API is allowed",
                option="own-mixtral",
                conditions=("npv_usd>0",),
                case="apis-allowed",
                levers=(
                    _VOLUME,
                    "options.proprietary-api.input_usd_per_mtok",
                    "options.own-mixtral.people.run_fte",
                ),
                is_claimed=False,
            ),
            Statement(
                words="Own servers cost less than the API of the model's maker, where an API is allowed",
                option="own-mixtral",
                conditions=("npv_usd>0",),
                case="apis-allowed",
                settings=("baseline=api-of-the-maker",),
                levers=(_VOLUME,),
                is_claimed=False,
            ),
        ),
        left_open="What it costs. An API whose seller keeps nothing may keep data in-house enough.",
        corrections=(
            "Not all Mistral models are Apache 2.0: Mixtral, NeMo and Small 3 are; Mistral Large 2 is under Mistral's research licence, and business use needs a paid one ([licence](https://mistral.ai/static/licenses/MRL-0.1.md), section 3.2; Mistral's own table, mistralai/platform-docs-public at 222f4ba, 21 August 2026). `tco prices licence Mistral-Large-2`.",
        ),
    ),
    Claim(
        number=3,
        title="70 to 90 % less, paid back in three months",
        quote="Companies that process millions of queries a day report 70 to 90 % cost reduction, payback periods as short as three months.",
        scenario="claim-3-millions-of-queries",
        statements=(
            Statement(
                words="Own servers save 70 % and pay back in three months",
                option="own-servers",
                conditions=("saving_fraction>=0.7", "payback_months<=3"),
                levers=(
                    _VOLUME,
                    "options.proprietary-api.price_change_per_year_fraction",
                    "options.proprietary-api.output_usd_per_mtok",
                    "options.own-servers.people.run_fte",
                    "options.own-servers.server_price_usd",
                ),
            ),
            Statement(
                words="Rented GPUs save 70 % and pay back in three months",
                option="rented-h100",
                conditions=("saving_fraction>=0.7", "payback_months<=3"),
                levers=(_VOLUME, "options.proprietary-api.output_usd_per_mtok"),
            ),
            Statement(
                words="The vendor's own small model saves 70 %",
                option="small-proprietary-api",
                conditions=("saving_fraction>=0.7",),
                is_claimed=False,
            ),
            Statement(
                words="Rented GPUs cost less than the vendor's own small model",
                option="rented-h100",
                conditions=("npv_usd>0",),
                settings=("baseline=small-proprietary-api",),
                levers=(_VOLUME, "options.small-proprietary-api.output_usd_per_mtok"),
                is_claimed=False,
            ),
        ),
        left_open="Which model replaces which. An 8B model in the place of a far larger one is most of the saving.",
    ),
    Claim(
        number=4,
        title="Mixtral 8x22B at 60 to 70 % less",
        quote="Mixtral 8x22B cuts infrastructure cost 60 to 70 % less than equivalent proprietary API costs.",
        scenario="claim-4-mixtral",
        statements=(
            Statement(
                words="Mixtral 8x22B on rented GPUs saves 60 %",
                option="mixtral-8x22b-on-4-h100",
                conditions=("saving_fraction>=0.6",),
                levers=(
                    _VOLUME,
                    "options.mixtral-8x22b-on-4-h100.price_usd_per_hour",
                    "options.mixtral-8x22b-on-4-h100.throughput_factor",
                    "options.proprietary-api.output_usd_per_mtok",
                ),
            ),
            Statement(
                words="The API of the model's maker saves 60 %",
                option="vendor-of-the-model",
                conditions=("saving_fraction>=0.6",),
                is_claimed=False,
            ),
        ),
        left_open="The volume, and which proprietary model is equivalent.",
    ),
    Claim(
        number=5,
        title="From a bill that grows to a fixed cost",
        quote="API costs scale linearly with usage and are unpredictable; self-hosting turns them into fixed cost.",
        scenario="claim-5-fixed-cost",
        statements=(
            Statement(
                words="At twice the volume the API costs twice as much",
                option="proprietary-api",
                conditions=("cost_growth_fraction>=0.99",),
            ),
            Statement(
                words="At twice the volume own servers cost a tenth more at most",
                option="own-servers",
                conditions=("cost_growth_fraction<=0.1",),
            ),
            Statement(
                words="At twice the volume rented GPUs cost a tenth more at most",
                option="rented-h100",
                conditions=("cost_growth_fraction<=0.1",),
            ),
            Statement(
                words="The cost of own servers spreads half as far as the API's, at most",
                option="own-servers",
                conditions=("cost_spread_factor<=0.5",),
            ),
            Statement(
                words="At twenty million requests a day twice as many cost a tenth more at most on own servers",
                option="own-servers",
                conditions=("cost_growth_fraction<=0.1",),
                settings=("workload.requests_per_day=20000000",),
                is_claimed=False,
            ),
        ),
        left_open="Over which range of volumes: a fleet is fixed until its next replica.",
    ),
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
                    levers=(_VOLUME, "options.proprietary-api.output_usd_per_mtok"),
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
                    levers=(_VOLUME, "options.proprietary-api.output_usd_per_mtok")
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
"""In the order of the article's numbers here, 1 to 10."""


def claim_of(number: int) -> Claim:
    """The claim of that number.

    Raises:
        InputError: there is none.
    """
    for claim in CLAIMS:
        if claim.number == number:
            return claim
    raise InputError(f"claim {number}: there are claims 1 to {len(CLAIMS)}", code="no_claim")
