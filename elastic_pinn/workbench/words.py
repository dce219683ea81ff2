"""Numbers and texts in the few words that people read at a glance."""


def duration_text(seconds: float) -> str:
    """A time span as 0:42, 12:05 or 3:00:00."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def clipped(text: str, width: int = 60) -> str:
    """At most so much of a text."""
    return text if len(text) <= width else text[: width - 3] + "..."
