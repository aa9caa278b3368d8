extension ModelPreset {
  /// Gemma and Phi.
  static let gemma: [ModelPreset] = [
    .huggingFace(
      "gemma2-27b", .recalledCheckpoint, parameters: 27_227_128_320,
      #"""
      {"model_type": "gemma2", "hidden_size": 4608, "num_hidden_layers": 46,
      "num_attention_heads": 32, "num_key_value_heads": 16, "intermediate_size": 36864,
      "vocab_size": 256000, "max_position_embeddings": 8192, "head_dim": 128,
      "sliding_window": 4096}
      """#),
    .huggingFace(
      "gemma2-2b", .checkpoint, parameters: 2_614_341_888,
      #"""
      {"model_type": "gemma2", "hidden_size": 2304, "num_hidden_layers": 26,
      "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256,
      "intermediate_size": 9216, "vocab_size": 256000, "max_position_embeddings": 8192,
      "sliding_window": 4096}
      """#),
    .huggingFace(
      "gemma2-9b", .checkpoint, parameters: 9_241_705_984,
      #"""
      {"model_type": "gemma2", "hidden_size": 3584, "num_hidden_layers": 42,
      "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 256,
      "intermediate_size": 14336, "vocab_size": 256000, "max_position_embeddings": 8192,
      "sliding_window": 4096}
      """#),
    .huggingFace(
      "gemma3-12b", aliases: ["gemma3-12b-text"], .counted, parameters: 11_766_034_176,
      #"""
      {"model_type": "gemma3_text", "hidden_size": 3840, "num_hidden_layers": 48,
      "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 256,
      "intermediate_size": 15360, "vocab_size": 262208, "max_position_embeddings": 131072,
      "sliding_window": 1024, "sliding_window_pattern": 6}
      """#),
    .huggingFace(
      "gemma3-1b", .checkpoint, parameters: 999_885_952,
      #"""
      {"model_type": "gemma3_text", "hidden_size": 1152, "num_hidden_layers": 26,
      "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 256,
      "intermediate_size": 6912, "vocab_size": 262144, "max_position_embeddings": 32768,
      "sliding_window": 512, "sliding_window_pattern": 6}
      """#),
    .huggingFace(
      "gemma3-27b", .recalledCheckpoint, parameters: 27_009_346_304,
      #"""
      {"model_type": "gemma3_text", "hidden_size": 5376, "num_hidden_layers": 62,
      "num_attention_heads": 32, "num_key_value_heads": 16, "intermediate_size": 21504,
      "vocab_size": 262208, "max_position_embeddings": 131072, "head_dim": 128,
      "sliding_window": 1024}
      """#),
    .huggingFace(
      "gemma3-4b", .recalledCheckpoint, parameters: 3_880_263_168,
      #"""
      {"model_type": "gemma3_text", "hidden_size": 2560, "num_hidden_layers": 34,
      "num_attention_heads": 8, "num_key_value_heads": 4, "intermediate_size": 10240,
      "vocab_size": 262208, "max_position_embeddings": 131072, "head_dim": 256,
      "sliding_window": 1024}
      """#),
    .huggingFace(
      "gemma-2b", .checkpoint, parameters: 2_506_172_416,
      #"""
      {"model_type": "gemma", "hidden_size": 2048, "num_hidden_layers": 18,
      "num_attention_heads": 8, "num_key_value_heads": 1, "head_dim": 256,
      "intermediate_size": 16384, "vocab_size": 256000, "max_position_embeddings": 8192}
      """#),
    .huggingFace(
      "gemma-7b", .recalledCheckpoint, parameters: 8_537_680_896,
      #"""
      {"model_type": "gemma", "hidden_size": 3072, "num_hidden_layers": 28,
      "num_attention_heads": 16, "num_key_value_heads": 16, "intermediate_size": 24576,
      "vocab_size": 256000, "max_position_embeddings": 8192, "head_dim": 256}
      """#),
    .huggingFace(
      "phi3-medium", aliases: ["phi-3-medium-4k", "phi-3-medium-128k"], .recalledCheckpoint,
      parameters: 13_960_238_080,
      #"""
      {"model_type": "phi3", "hidden_size": 5120, "num_hidden_layers": 40,
      "num_attention_heads": 40, "num_key_value_heads": 10, "intermediate_size": 17920,
      "vocab_size": 32064, "max_position_embeddings": 4096}
      """#),
    .huggingFace(
      "phi3-mini", aliases: ["phi-3-mini-4k", "phi-3-mini-128k"], .recalledCheckpoint,
      parameters: 3_821_079_552,
      #"""
      {"model_type": "phi3", "hidden_size": 3072, "num_hidden_layers": 32,
      "num_attention_heads": 32, "intermediate_size": 8192, "vocab_size": 32064,
      "max_position_embeddings": 4096}
      """#),
    .huggingFace(
      "phi3.5-mini", .recalledCheckpoint, parameters: 3_821_079_552,
      #"""
      {"model_type": "phi3", "hidden_size": 3072, "num_hidden_layers": 32,
      "num_attention_heads": 32, "intermediate_size": 8192, "vocab_size": 32064,
      "max_position_embeddings": 131072}
      """#),
    .huggingFace(
      "phi3.5-moe", .recalledCheckpoint, parameters: 41_873_153_344,
      #"""
      {"model_type": "phimoe", "hidden_size": 4096, "num_hidden_layers": 32,
      "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 6400,
      "vocab_size": 32064, "max_position_embeddings": 131072, "attention_bias": true,
      "lm_head_bias": true, "num_local_experts": 16, "num_experts_per_tok": 2}
      """#),
    .huggingFace(
      "phi-1.5", aliases: ["phi-1_5"], .recalledCheckpoint, parameters: 1_418_270_720,
      #"""
      {"model_type": "phi", "hidden_size": 2048, "num_hidden_layers": 24,
      "num_attention_heads": 32, "intermediate_size": 8192, "vocab_size": 51200,
      "max_position_embeddings": 2048}
      """#),
    .huggingFace(
      "phi-2", .recalledCheckpoint, parameters: 2_779_683_840,
      #"""
      {"model_type": "phi", "hidden_size": 2560, "num_hidden_layers": 32,
      "num_attention_heads": 32, "intermediate_size": 10240, "vocab_size": 51200,
      "max_position_embeddings": 2048}
      """#),
    .huggingFace(
      "phi-4", .recalledCheckpoint, parameters: 14_659_507_200,
      #"""
      {"model_type": "phi3", "hidden_size": 5120, "num_hidden_layers": 40,
      "num_attention_heads": 40, "num_key_value_heads": 10, "intermediate_size": 17920,
      "vocab_size": 100352, "max_position_embeddings": 16384}
      """#),
    .huggingFace(
      "phi-4-mini", .recalledCheckpoint, parameters: 3_836_021_760,
      #"""
      {"model_type": "phi3", "hidden_size": 3072, "num_hidden_layers": 32,
      "num_attention_heads": 24, "num_key_value_heads": 8, "intermediate_size": 8192,
      "vocab_size": 200064, "max_position_embeddings": 131072, "tie_word_embeddings": true}
      """#),
  ]
}
