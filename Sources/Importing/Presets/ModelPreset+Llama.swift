extension ModelPreset {
  /// Llama and those who took its shape unchanged.
  static let llama: [ModelPreset] = [
    .huggingFace(
      "codellama-34b", .recalledCheckpoint, parameters: 33_743_970_304,
      #"""
      {"model_type": "llama", "hidden_size": 8192, "num_hidden_layers": 48,
      "num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": 22016,
      "vocab_size": 32000, "max_position_embeddings": 16384}
      """#),
    .huggingFace(
      "llama2-13b", .recalledCheckpoint, parameters: 13_015_864_320,
      #"""
      {"model_type": "llama", "hidden_size": 5120, "num_hidden_layers": 40,
      "num_attention_heads": 40, "intermediate_size": 13824, "vocab_size": 32000,
      "max_position_embeddings": 4096}
      """#),
    .huggingFace(
      "llama2-70b", .checkpoint, parameters: 68_976_648_192,
      #"""
      {"model_type": "llama", "hidden_size": 8192, "num_hidden_layers": 80,
      "num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": 28672,
      "vocab_size": 32000, "max_position_embeddings": 4096}
      """#),
    .huggingFace(
      "llama2-7b", .checkpoint, parameters: 6_738_415_616,
      #"""
      {"model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32,
      "num_attention_heads": 32, "intermediate_size": 11008, "vocab_size": 32000,
      "max_position_embeddings": 4096}
      """#),
    .huggingFace(
      "llama3-70b", .recalledCheckpoint, parameters: 70_553_706_496,
      #"""
      {"model_type": "llama", "hidden_size": 8192, "num_hidden_layers": 80,
      "num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": 28672,
      "vocab_size": 128256, "max_position_embeddings": 8192}
      """#),
    .huggingFace(
      "llama3-8b", .recalledCheckpoint, parameters: 8_030_261_248,
      #"""
      {"model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32,
      "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
      "vocab_size": 128256, "max_position_embeddings": 8192}
      """#),
    .huggingFace(
      "llama3.1-405b", aliases: ["llama3-405b"], .recalledCheckpoint, parameters: 405_853_388_800,
      #"""
      {"model_type": "llama", "hidden_size": 16384, "num_hidden_layers": 126,
      "num_attention_heads": 128, "num_key_value_heads": 8, "intermediate_size": 53248,
      "vocab_size": 128256, "max_position_embeddings": 131072}
      """#),
    .huggingFace(
      "llama3.1-70b", .checkpoint, parameters: 70_553_706_496,
      #"""
      {"model_type": "llama", "hidden_size": 8192, "num_hidden_layers": 80,
      "num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": 28672,
      "vocab_size": 128256, "max_position_embeddings": 131072}
      """#),
    .huggingFace(
      "llama3.1-8b", .checkpoint, parameters: 8_030_261_248,
      #"""
      {"model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32,
      "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
      "vocab_size": 128256, "max_position_embeddings": 131072}
      """#),
    .huggingFace(
      "llama3.2-1b", .recalledCheckpoint, parameters: 1_235_814_400,
      #"""
      {"model_type": "llama", "hidden_size": 2048, "num_hidden_layers": 16,
      "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 8192,
      "vocab_size": 128256, "max_position_embeddings": 131072, "head_dim": 64,
      "tie_word_embeddings": true}
      """#),
    .huggingFace(
      "llama3.2-3b", .recalledCheckpoint, parameters: 3_212_749_824,
      #"""
      {"model_type": "llama", "hidden_size": 3072, "num_hidden_layers": 28,
      "num_attention_heads": 24, "num_key_value_heads": 8, "head_dim": 128,
      "intermediate_size": 8192, "vocab_size": 128256, "max_position_embeddings": 131072,
      "tie_word_embeddings": true}
      """#),
    .huggingFace(
      "llama3.3-70b", .recalledCheckpoint, parameters: 70_553_706_496,
      #"""
      {"model_type": "llama", "hidden_size": 8192, "num_hidden_layers": 80,
      "num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": 28672,
      "vocab_size": 128256, "max_position_embeddings": 131072}
      """#),
    .huggingFace(
      "llama4-maverick", aliases: ["llama-4-maverick-17b-128e"], .recalledCheckpoint,
      parameters: 400_711_848_960,
      #"""
      {"model_type": "llama4_text", "hidden_size": 5120, "num_hidden_layers": 48,
      "num_attention_heads": 40, "num_key_value_heads": 8, "head_dim": 128,
      "intermediate_size": 8192, "intermediate_size_mlp": 16384, "interleave_moe_layer_step": 2,
      "vocab_size": 202048, "max_position_embeddings": 1048576, "use_qk_norm": false,
      "num_local_experts": 128, "num_experts_per_tok": 1, "attention_chunk_size": 8192}
      """#),
    .huggingFace(
      "llama4-scout", aliases: ["llama-4-scout-17b-16e"], .counted, parameters: 107_769_861_120,
      #"""
      {"model_type": "llama4_text", "hidden_size": 5120, "num_hidden_layers": 48,
      "num_attention_heads": 40, "num_key_value_heads": 8, "head_dim": 128,
      "intermediate_size": 8192, "vocab_size": 202048, "max_position_embeddings": 10485760,
      "use_qk_norm": true, "attention_chunk_size": 8192, "num_local_experts": 16,
      "num_experts_per_tok": 1, "intermediate_size_mlp": 16384, "interleave_moe_layer_step": 1}
      """#),
    .huggingFace(
      "llama-33b", .recalledCheckpoint, parameters: 32_528_943_616,
      #"""
      {"model_type": "llama", "hidden_size": 6656, "num_hidden_layers": 60,
      "num_attention_heads": 52, "intermediate_size": 17920, "vocab_size": 32000,
      "max_position_embeddings": 2048}
      """#),
    .huggingFace(
      "llama-65b", .recalledCheckpoint, parameters: 65_285_660_672,
      #"""
      {"model_type": "llama", "hidden_size": 8192, "num_hidden_layers": 80,
      "num_attention_heads": 64, "intermediate_size": 22016, "vocab_size": 32000,
      "max_position_embeddings": 2048}
      """#),
    .huggingFace(
      "tinyllama-1.1b", aliases: ["tinyllama-1.1b-v1.0"], .recalledCheckpoint,
      parameters: 1_100_048_384,
      #"""
      {"model_type": "llama", "hidden_size": 2048, "num_hidden_layers": 22,
      "num_attention_heads": 32, "num_key_value_heads": 4, "intermediate_size": 5632,
      "vocab_size": 32000, "max_position_embeddings": 2048}
      """#),
    .huggingFace(
      "yi-34b", .recalledCheckpoint, parameters: 34_388_917_248,
      #"""
      {"model_type": "llama", "hidden_size": 7168, "num_hidden_layers": 60,
      "num_attention_heads": 56, "num_key_value_heads": 8, "intermediate_size": 20480,
      "vocab_size": 64000, "max_position_embeddings": 4096}
      """#),
    .huggingFace(
      "yi-6b", .recalledCheckpoint, parameters: 6_061_035_520,
      #"""
      {"model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32,
      "num_attention_heads": 32, "num_key_value_heads": 4, "intermediate_size": 11008,
      "vocab_size": 64000, "max_position_embeddings": 4096}
      """#),
  ]
}
