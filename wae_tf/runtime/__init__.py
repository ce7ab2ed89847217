"""What a process runs on and in: processor, installed packages, signals, terminal."""

__all__ = []
