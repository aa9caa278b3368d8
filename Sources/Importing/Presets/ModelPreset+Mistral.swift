extension ModelPreset {
  /// Mistral.
  static let mistral: [ModelPreset] = [
    .huggingFace(
      "mistral-7b", aliases: ["mistral-7b-v0.1"], .recalledCheckpoint, parameters: 7_241_732_096,
      #"""
      {"model_type": "mistral", "hidden_size": 4096, "num_hidden_layers": 32,
      "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
      "vocab_size": 32000, "max_position_embeddings": 32768, "sliding_window": 4096}
      """#),
    .huggingFace(
      "mistral-7b-v0.3", .checkpoint, parameters: 7_248_023_552,
      #"""
      {"model_type": "mistral", "hidden_size": 4096, "num_hidden_layers": 32,
      "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
      "vocab_size": 32768, "max_position_embeddings": 32768, "sliding_window": null}
      """#),
    .huggingFace(
      "mistral-large-123b", aliases: ["mistral-large"], .recalledCheckpoint,
      parameters: 122_610_069_504,
      #"""
      {"model_type": "mistral", "hidden_size": 12288, "num_hidden_layers": 88,
      "num_attention_heads": 96, "num_key_value_heads": 8, "intermediate_size": 28672,
      "vocab_size": 32768, "max_position_embeddings": 131072, "head_dim": 128,
      "sliding_window": null}
      """#),
    .huggingFace(
      "mistral-nemo-12b", aliases: ["mistral-nemo"], .recalledCheckpoint,
      parameters: 12_247_782_400,
      #"""
      {"model_type": "mistral", "hidden_size": 5120, "num_hidden_layers": 40,
      "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
      "vocab_size": 131072, "max_position_embeddings": 131072, "head_dim": 128,
      "sliding_window": null}
      """#),
    .huggingFace(
      "mistral-small-24b", .recalledCheckpoint, parameters: 23_572_403_200,
      #"""
      {"model_type": "mistral", "hidden_size": 5120, "num_hidden_layers": 40,
      "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 32768,
      "vocab_size": 131072, "max_position_embeddings": 32768, "head_dim": 128,
      "sliding_window": null}
      """#),
    .huggingFace(
      "mixtral-8x22b", aliases: ["mixtral-8x22b-v0.1"], .recalledCheckpoint,
      parameters: 140_620_634_112,
      #"""
      {"model_type": "mixtral", "hidden_size": 6144, "num_hidden_layers": 56,
      "num_attention_heads": 48, "num_key_value_heads": 8, "intermediate_size": 16384,
      "vocab_size": 32000, "max_position_embeddings": 65536, "num_local_experts": 8,
      "num_experts_per_tok": 2}
      """#),
    .huggingFace(
      "mixtral-8x7b", aliases: ["mixtral-8x7b-v0.1"], .checkpoint, parameters: 46_702_792_704,
      #"""
      {"model_type": "mixtral", "hidden_size": 4096, "num_hidden_layers": 32,
      "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
      "vocab_size": 32000, "max_position_embeddings": 32768, "sliding_window": null,
      "num_local_experts": 8, "num_experts_per_tok": 2}
      """#),
  ]
}
