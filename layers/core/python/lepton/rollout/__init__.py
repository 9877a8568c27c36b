"""Rollout: how a version that passed the gate takes over: sticky choice, observation, a sequential test."""
