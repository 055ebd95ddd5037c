"""Tokens and cost before they are spent: a guess from text, then the server's own counts."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from introspect_bayes.protocol.trials import Task

CHARACTERS_PER_TOKEN: Final = 3.5
"""Of English with numbers; tokenizers differ by some 20%."""

MESSAGE_TOKENS: Final = 4
"""Tokens that a chat format adds to each message."""

REPLY_TOKENS: Final[dict[Task, int]] = {"decision": 2, "report": 60, "ablation": 50}
"""Typical replies: a letter, and JSON objects of five weights and of true or false five times."""


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars per million tokens, of prompts and of replies."""

    prompt: float = 0.0
    reply: float = 0.0

    def cost(self, prompt_tokens: float, reply_tokens: float) -> float:
        """Return the cost in US dollars.

        Examples
        --------
        >>> Prices(prompt=2.5, reply=10.0).cost(1_000_000, 100_000)
        3.5
        """
        return (prompt_tokens * self.prompt + reply_tokens * self.reply) / 1e6


@dataclass(slots=True)
class TokenEstimate:
    """Tokens per request, by task: guessed, and corrected by the answers so far.

    Attributes
    ----------
    prompt, reply
        Tokens of a request's prompt and reply.
    counted
        Answers in which the server counted them; a task without any is guessed.
    """

    prompt: dict[Task, float]
    reply: dict[Task, float]
    counted: dict[Task, int] = field(default_factory=dict)

    @classmethod
    def from_text(cls, requests: Iterable[tuple[Task, str]]) -> "TokenEstimate":
        """Guess from the length of the requests' content, and typical replies."""
        totals: dict[Task, list[int]] = defaultdict(lambda: [0, 0])
        for task, content in requests:
            totals[task][0] += len(content)
            totals[task][1] += 1
        prompt = {
            task: characters / count / CHARACTERS_PER_TOKEN + 2 * MESSAGE_TOKENS
            for task, (characters, count) in totals.items()
        }
        return cls(prompt, {task: float(REPLY_TOKENS[task]) for task in prompt})

    def correct(self, usage: Iterable[tuple[Task, int, int]]) -> None:
        """Replace guesses by the means of what servers counted: task, prompt, reply tokens."""
        totals: dict[Task, list[int]] = defaultdict(lambda: [0, 0, 0])
        for task, prompt, reply in usage:
            for position, amount in enumerate((prompt, reply, 1)):
                totals[task][position] += amount
        for task, (prompt, reply, count) in totals.items():
            self.prompt[task] = prompt / count
            self.reply[task] = reply / count
            self.counted[task] = count

    def guessed(self, tasks: Iterable[Task]) -> list[Task]:
        """Return those of some tasks whose tokens nobody counted yet."""
        return sorted(task for task in tasks if not self.counted.get(task))

    def total(self, left: dict[Task, int]) -> tuple[float, float]:
        """Return the tokens of prompts and replies of so many requests of each task."""
        prompts = sum(count * self.prompt.get(task, 0.0) for task, count in left.items())
        replies = sum(count * self.reply.get(task, 0.0) for task, count in left.items())
        return prompts, replies
