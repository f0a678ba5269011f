"""Words for what is wrong after two calls have met."""


def answered(first, second, *allowed):
    """What is wrong with the answers. An error type stands for it, None for a normal return."""
    given = [type(answer.error) if answer.error else None for answer in (first, second)]
    if sorted(map(str, given)) in [sorted(map(str, pair)) for pair in allowed]:
        return ""
    return f"the answers were {first} and {second}"


def expect(**facts):
    """What is wrong with the state: each fact is (is, shall be)."""
    return ", ".join(f"{name}: {now!r}" for name, (now, after) in facts.items() if now != after)
