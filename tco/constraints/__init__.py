"""Constraints before ranking: what each option offers, whether it keeps what is asked, and what each constraint costs."""
