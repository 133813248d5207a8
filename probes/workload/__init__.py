"""What is sent, and when: lengths, prompts, arrivals, traces."""
