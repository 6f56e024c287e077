"""A chat model that answers from a list: for what a caller does with given replies."""

from __future__ import annotations

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult


class Scripted(BaseChatModel):
    """Answers from a list, the last one for ever; an exception in it is raised. Each answer costs `tokens`."""

    replies: list
    tokens: int = 0
    prompts: list = []  # noqa: RUF012 - pydantic copies it

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs) -> ChatResult:
        self.prompts.append(messages[-1].content)
        reply = self.replies[min(len(self.prompts), len(self.replies)) - 1]
        if isinstance(reply, Exception):
            raise reply
        usage = UsageMetadata(input_tokens=self.tokens, output_tokens=0, total_tokens=self.tokens)
        message = AIMessage(reply, usage_metadata=usage if self.tokens else None)
        return ChatResult(generations=[ChatGeneration(message=message)])
