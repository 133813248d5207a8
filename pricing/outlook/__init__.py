"""How prices may move: what such prices became in the past, as spreads on both sides."""
