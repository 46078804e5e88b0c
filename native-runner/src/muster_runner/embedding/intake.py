"""Prepares embedding requests for the engine."""

from collections.abc import Callable

from muster_runner.embedding.engine import PreparedTexts
from muster_runner.engine.intake import Intake, Rejected, check_tokens
from muster_runner.protocol import EmbedPrompt, GenerationRequest, TextPrompt
from muster_runner.tokenization.encoder_messages import Lists
from muster_runner.tokenization.encoding import Encoding

ONLY_EMBEDS = (
    "this is an embedding model: it turns text into vectors and writes none. Ask it by POST /v1/embeddings or "
    "/api/embed, and declare a model that chats for conversations"
)


class EmbeddingIntake(Intake[PreparedTexts]):
    """Accepts embedding requests, and token counts of plain text. ``vocabulary_size``: tokens that the model has."""

    def __init__(
        self,
        encoding: Encoding,
        context_length: int,
        vocabulary_size: int,
        deliver: Callable[[GenerationRequest, PreparedTexts | Rejected], None],
    ):
        super().__init__(encoding, context_length, deliver)
        self._vocabulary_size = vocabulary_size

    def _grammar(self, request: GenerationRequest) -> None:
        counts = request.count_only and isinstance(request.prompt, TextPrompt)
        if not counts and not isinstance(request.prompt, EmbedPrompt):
            raise Rejected("unsupported", ONLY_EMBEDS)

    def _prepared(
        self, request: GenerationRequest, result: list[int] | Lists, _grammar: str | None, _received: float
    ) -> PreparedTexts:
        if isinstance(result, Lists) and isinstance(request.prompt, EmbedPrompt):
            for at, tokens in enumerate(result.inputs):
                check_tokens(f"input[{at}]", tokens, self._vocabulary_size)
            return PreparedTexts(request, request.prompt, result.inputs)
        assert not isinstance(result, Lists)
        return PreparedTexts(request, EmbedPrompt(inputs=[result]), [result])
