"""What the inputs of `tco.terms` are called and mean."""

from __future__ import annotations

TERM_WORDS = {
    "setup_person_days": ("Set-up", "Person-days to set it up, once, at the start."),
    "oncall_fte": ("On call", "People on the rota times the share of their time; six at 5% are 0.3."),
    "retry_fraction": ("Retries", "Share of requests that are sent in vain and sent again; 0.05 makes 5.3% more."),
    "reasoning_factor": ("Reasoning", "This model's reasoning tokens over the workload's."),
    "reasoning_tokens_per_request": (
        "Reasoning length",
        "Tokens of reasoning beside the answer, billed and computed as output; left out, the answer includes them.",
    ),
    "input_growth_per_month_fraction": ("Growth of prompts", "How much prompts lengthen from month to month."),
    "growth_tokens_per_step": (
        "Growth of context",
        "Tokens that each step of an agent adds to what the next one sends.",
    ),
    "compaction_tokens": (
        "Compaction",
        "Prompt that an agent's context may not outgrow; it is cut back to the first step's.",
    ),
    "history_cacheable_fraction": (
        "Cacheable history",
        "Share of what the step before sent that a vendor's cache answers.",
    ),
    "cache_write_input_fraction": (
        "Cache writes",
        "Share of input tokens that is written to a vendor's cache at its price for that.",
    ),
    "cache_write_usd_per_mtok": ("Cache write price", "Price of input that the vendor puts into its cache."),
    "calls_per_request": ("Calls", "Calls of a further model for each request that it is asked about."),
    "sampled_fraction": ("Sampled share", "Share of requests that a further model is asked about."),
    "call_usd": ("Cost of a call", "Of a further model, in place of tokens and prices."),
    "input_tokens": ("Prompt of a call", "Mean prompt of a further model."),
    "output_tokens": ("Answer of a call", "Mean answer of a further model."),
    "runs_per_month": ("Evaluation runs", "How often the evaluation set is run."),
    "run_usd": ("Cost of an evaluation run", "Tokens, judges and people of one run."),
    "training_tokens": ("Training tokens", "Tokens of one training, all epochs together."),
    "retrainings_per_year": ("Retrainings", "Trainings a year after the first."),
    "data_person_days": ("Data preparation", "Person-days for each training."),
    "training_usd_per_mtok": ("Training price", "Of a vendor that trains its model for you."),
    "training_usd_per_hour": ("Rent of training", "Of one GPU; without it the option's own rent, or the book's."),
    "parameters_count": ("Parameters", "Weights that one token uses."),
    "peak_tflops": ("Peak", "16-bit arithmetic of one GPU without sparsity."),
    "mfu_fraction": (
        "Share of the peak",
        "That a training reaches; with `recompute` of all arithmetic, else of the model's own.",
    ),
    "migration_usd": ("Migration", "What one move to another model costs: prompts, tests, release."),
    "parallel_traffic_fraction": (
        "Parallel traffic",
        "Share of the traffic that the old and the new model both answer meanwhile.",
    ),
    "support_usd_per_year": ("Support", "A support contract."),
    "audits_per_year": ("Audits", "Compliance audits a year."),
    "audit_usd": ("Cost of an audit", "Of one audit."),
    "exit_usd": ("Exit", "What leaving costs in the last month: penalties, data taken back, disposal."),
    "storage_usd_per_gib_month": ("Storage price", "Of one GiB for a month."),
    "weights_gib": ("Weights", "Size of the model's weights; every replica has a copy."),
    "other_storage_gib": ("Other storage", "Disks beside weights and logs."),
    "egress_usd_per_gb": ("Egress price", "Of a GB of answers."),
    "egress_bytes_per_token": ("Bytes of a token", "4 for text at once, some 200 for one streamed chunk a token."),
    "load_balancer_usd_per_hour": ("Load balancer", "Price by the hour."),
    "load_balancer_usd_per_gb": ("Load balancer traffic", "Price of a GB of answers."),
    "logging_usd_per_gb": ("Logging price", "Of a GB of logs that is taken in."),
    "log_bytes_per_request": ("Log of a request", "More where prompts are kept."),
    "monitoring_usd_per_month": ("Monitoring", "Fixed price of logs, metrics and traces."),
    "base_fraction": (
        "Committed share",
        "Of the replicas that stand in every hour of the month in which the term begins.",
    ),
    "upfront_fraction": ("Paid up front", "Share of a term's price that is paid when it begins."),
    "network_usd_per_gpu": ("Network of a GPU", "Fabric between servers; `infiniband` and `ethernet` take the book's."),
    "frontend_network_usd_per_server": (
        "Network of a server",
        "Its share of the switches to its users; `book` takes the book's, as in all that follow.",
    ),
    "installation_usd_per_server": ("Installation", "Freight, racking, cabling, burn-in of one server."),
    "spares_fraction": ("Spare parts", "Parts on the shelf, over the price of the servers."),
    "hosting_usd_per_server_per_year": (
        "Hosting",
        "Rack, power and cooling where they are paid by the server; set colocation and electricity to 0 then.",
    ),
    "software_usd_per_gpu_per_year": ("Software licences", "Paid by the GPU, such as NVIDIA AI Enterprise."),
    "failures_per_gpu_per_year": ("GPU failures", "That no maintenance contract covers."),
    "repair_usd_per_gpu": ("Repair", "Of one failed GPU; without it the price of a new one."),
    "resale_fraction": (
        "Resale",
        "Share of its price that a server fetches, by age in months; `book` takes the book's curve.",
    ),
}
"""Label and meaning of quantities."""

TERM_MEANINGS = {
    "tier": "Service that is bought: `standard`, `flex` (slower, cheaper), `priority` or `fast` (dearer), as the book has them.",
    "pipeline": "Further models that are called for each request, by name, below.",
    "evaluation": "Runs of an evaluation set, below.",
    "tuning": "Fine-tuning, below.",
    "migrations": "Moves to another model, below.",
    "obligations": "Support, audits, exit, below.",
    "around": "Storage, egress, load balancing and logging, below.",
    "commitments": "What is agreed for a term, by name, below; `price` is then that of the rest.",
    "commitment": "How it is rented; `reserved-1y` runs 12 months, `reserved-3y` 36.",
    "replicas": "Of a commitment, how many are agreed; of a hybrid, those that serve, without spares: `optimal`, a number, or one a month.",
    "at_horizon": "What becomes of a term that outlasts the horizon: `due` there, or `passed-on`.",
    "renews": "Whether as many as still stand are agreed again when a term ends.",
    "hardware": "Network, installation, spares, hosting, software, repairs and resale, below.",
    "agent": "Tasks of several calls that send what has gathered so far, below.",
    "method": "`full`, `lora` or `qlora`.",
    "recompute": "The forward pass is done twice to save memory.",
    "every_months": "Months between two moves.",
    "parallel_months": "Months from each move on in which both models answer.",
    "log_retention_months": "For how long logs are kept.",
    "steps": "Calls of one task; `requests_per_day` counts the calls.",
}
"""Meaning of what is no quantity."""

LOOKED_UP = {
    "cache_write_usd_per_mtok",
    "input_usd_per_mtok",
    "output_usd_per_mtok",
    "parameters_count",
    "peak_tflops",
    "training_usd_per_hour",
    "weights_gib",
    "repair_usd_per_gpu",
}
"""Of the above that are null, those that the price book fills."""
