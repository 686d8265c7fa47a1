"""Do PowerServer and OmegaAI agree on every visit? Observed, matched and judged."""
