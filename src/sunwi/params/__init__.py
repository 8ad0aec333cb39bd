"""Typed parameters: params.yaml checked before any work; a wrong key, type or range names itself."""
