"""Prepares embedding requests for the engine."""

from muster_runner.embedding.engine import PreparedTexts
from muster_runner.engine.intake import Intake, Rejected
from muster_runner.protocol import EmbedPrompt, GenerationRequest, TextPrompt
from muster_runner.tokenization.encoder_messages import Lists

ONLY_EMBEDS = (
    "this is an embedding model: it turns text into vectors and writes none. Ask it by POST /v1/embeddings or "
    "/api/embed, and declare a model that chats for conversations"
)


class EmbeddingIntake(Intake[PreparedTexts]):
    """Accepts embedding requests, and token counts of plain text."""

    def _grammar(self, request: GenerationRequest) -> None:
        counts = request.count_only and isinstance(request.prompt, TextPrompt)
        if not counts and not isinstance(request.prompt, EmbedPrompt):
            raise Rejected("unsupported", ONLY_EMBEDS)

    def _prepared(
        self, request: GenerationRequest, result: list[int] | Lists, _grammar: str | None, _received: float
    ) -> PreparedTexts:
        if isinstance(result, Lists) and isinstance(request.prompt, EmbedPrompt):
            return PreparedTexts(request, request.prompt, result.inputs)
        assert not isinstance(result, Lists)
        return PreparedTexts(request, EmbedPrompt(inputs=[result]), [result])
