"""What a scenario may say of the costs around a model: people, contracts, guardrails, fine-tuning, storage, hardware, commitments.

Nothing here is charged unless it is given; a line that is zero for that reason is listed among the warnings.
"""
