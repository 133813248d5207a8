"""Claims 1 to 5: what companies are said to have saved."""

from __future__ import annotations

from tco.claims.measures import VOLUME
from tco.claims.records import Claim, Statement

_QUALITY = "quality is not computed from prices: measure it on your own tasks, and give each option `success` or `terms.rating_points`"

REPORTED: tuple[Claim, ...] = (
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
                    VOLUME,
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
                levers=(VOLUME,),
                is_claimed=False,
            ),
            Statement(
                words="Llama 4 costs less at all, in the United States, where GPT-5 reasons for a thousand tokens a report",
                option="llama-4-scout-tuned",
                conditions=("npv_usd>0",),
                case="in-the-us",
                # What does not reason has next to no reasoning tokens: the factor must be above zero.
                settings=(
                    "workload.reasoning_tokens_per_request=1000",
                    "options.llama-4-scout-tuned.reasoning_factor=0.001",
                    "options.mixtral-8x7b-tuned.reasoning_factor=0.001",
                ),
                levers=(VOLUME,),
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
                levers=(VOLUME,),
            ),
            Statement(
                words="Own servers cost less than the API, where an API is allowed",
                option="own-mixtral",
                conditions=("npv_usd>0",),
                case="apis-allowed",
                levers=(
                    VOLUME,
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
                levers=(VOLUME,),
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
                    VOLUME,
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
                levers=(VOLUME, "options.proprietary-api.output_usd_per_mtok"),
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
                levers=(VOLUME, "options.small-proprietary-api.output_usd_per_mtok"),
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
                    VOLUME,
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
)
"""Claims 1 to 5."""
