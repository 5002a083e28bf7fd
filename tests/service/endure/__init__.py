"""Long runs against the whole service: very many requests, hours of traffic, killed processes. Each has a short form as a deep test."""
