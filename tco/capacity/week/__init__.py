"""A week of traffic by strata: hours that are alike are simulated once, and count as often as they come."""
