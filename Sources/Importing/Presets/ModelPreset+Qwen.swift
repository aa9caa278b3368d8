extension ModelPreset {
  /// Qwen.
  static let qwen: [ModelPreset] = [
    .huggingFace(
      "qwen1.5-1.8b", .counted, parameters: 1_836_828_672,
      #"""
      {"model_type": "qwen2", "hidden_size": 2048, "num_hidden_layers": 24,
      "num_attention_heads": 16, "num_key_value_heads": 16, "intermediate_size": 5504,
      "vocab_size": 151936, "max_position_embeddings": 4096}
      """#),
    .huggingFace(
      "qwen1.5-moe-a2.7b", .recalledCheckpoint, parameters: 14_315_784_192,
      #"""
      {"model_type": "qwen2_moe", "hidden_size": 2048, "num_hidden_layers": 24,
      "num_attention_heads": 16, "num_key_value_heads": 16, "intermediate_size": 5632,
      "vocab_size": 151936, "max_position_embeddings": 32768, "num_experts": 60,
      "num_experts_per_tok": 4, "moe_intermediate_size": 1408,
      "shared_expert_intermediate_size": 5632}
      """#),
    .huggingFace(
      "qwen2-1.5b", .recalledCheckpoint, parameters: 1_543_714_304,
      #"""
      {"model_type": "qwen2", "hidden_size": 1536, "num_hidden_layers": 28,
      "num_attention_heads": 12, "num_key_value_heads": 2, "intermediate_size": 8960,
      "vocab_size": 151936, "max_position_embeddings": 32768, "tie_word_embeddings": true}
      """#),
    .huggingFace(
      "qwen2-57b-a14b", .configuration,
      #"""
      {"model_type": "qwen2_moe", "hidden_size": 3584, "num_hidden_layers": 28,
      "num_attention_heads": 28, "num_key_value_heads": 4, "intermediate_size": 18944,
      "vocab_size": 151936, "max_position_embeddings": 32768, "num_experts": 64,
      "num_experts_per_tok": 8, "moe_intermediate_size": 2560,
      "shared_expert_intermediate_size": 20480}
      """#),
    .huggingFace(
      "qwen2-7b", .recalledCheckpoint, parameters: 7_615_616_512,
      #"""
      {"model_type": "qwen2", "hidden_size": 3584, "num_hidden_layers": 28,
      "num_attention_heads": 28, "num_key_value_heads": 4, "intermediate_size": 18944,
      "vocab_size": 152064, "max_position_embeddings": 32768}
      """#),
    .huggingFace(
      "qwen2.5-0.5b", aliases: ["qwen2-0.5b"], .recalledCheckpoint, parameters: 494_032_768,
      #"""
      {"model_type": "qwen2", "hidden_size": 896, "num_hidden_layers": 24,
      "num_attention_heads": 14, "num_key_value_heads": 2, "intermediate_size": 4864,
      "vocab_size": 151936, "max_position_embeddings": 32768, "tie_word_embeddings": true}
      """#),
    .huggingFace(
      "qwen2.5-1.5b", .recalledCheckpoint, parameters: 1_543_714_304,
      #"""
      {"model_type": "qwen2", "hidden_size": 1536, "num_hidden_layers": 28,
      "num_attention_heads": 12, "num_key_value_heads": 2, "intermediate_size": 8960,
      "vocab_size": 151936, "max_position_embeddings": 131072, "tie_word_embeddings": true}
      """#),
    .huggingFace(
      "qwen2.5-14b", .recalledCheckpoint, parameters: 14_770_033_664,
      #"""
      {"model_type": "qwen2", "hidden_size": 5120, "num_hidden_layers": 48,
      "num_attention_heads": 40, "num_key_value_heads": 8, "intermediate_size": 13824,
      "vocab_size": 152064, "max_position_embeddings": 131072}
      """#),
    .huggingFace(
      "qwen2.5-32b", .checkpoint, parameters: 32_763_876_352,
      #"""
      {"model_type": "qwen2", "hidden_size": 5120, "num_hidden_layers": 64,
      "num_attention_heads": 40, "num_key_value_heads": 8, "intermediate_size": 27648,
      "vocab_size": 152064, "max_position_embeddings": 131072}
      """#),
    .huggingFace(
      "qwen2.5-3b", .checkpoint, parameters: 3_085_938_688,
      #"""
      {"model_type": "qwen2", "hidden_size": 2048, "num_hidden_layers": 36,
      "num_attention_heads": 16, "num_key_value_heads": 2, "intermediate_size": 11008,
      "vocab_size": 151936, "max_position_embeddings": 32768, "tie_word_embeddings": true}
      """#),
    .huggingFace(
      "qwen2.5-72b", aliases: ["qwen2-72b"], .recalledCheckpoint, parameters: 72_706_203_648,
      #"""
      {"model_type": "qwen2", "hidden_size": 8192, "num_hidden_layers": 80,
      "num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": 29568,
      "vocab_size": 152064, "max_position_embeddings": 131072}
      """#),
    .huggingFace(
      "qwen2.5-7b", .recalledCheckpoint, parameters: 7_615_616_512,
      #"""
      {"model_type": "qwen2", "hidden_size": 3584, "num_hidden_layers": 28,
      "num_attention_heads": 28, "num_key_value_heads": 4, "intermediate_size": 18944,
      "vocab_size": 152064, "max_position_embeddings": 32768}
      """#),
    .huggingFace(
      "qwen3-0.6b", .recalledCheckpoint, parameters: 596_049_920,
      #"""
      {"model_type": "qwen3", "hidden_size": 1024, "num_hidden_layers": 28,
      "num_attention_heads": 16, "num_key_value_heads": 8, "intermediate_size": 3072,
      "vocab_size": 151936, "max_position_embeddings": 40960, "head_dim": 128,
      "tie_word_embeddings": true}
      """#),
    .huggingFace(
      "qwen3-1.7b", .counted, parameters: 1_720_574_976,
      #"""
      {"model_type": "qwen3", "hidden_size": 2048, "num_hidden_layers": 28,
      "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128,
      "intermediate_size": 6144, "vocab_size": 151936, "max_position_embeddings": 40960,
      "tie_word_embeddings": true}
      """#),
    .huggingFace(
      "qwen3-14b", .recalledCheckpoint, parameters: 14_768_307_200,
      #"""
      {"model_type": "qwen3", "hidden_size": 5120, "num_hidden_layers": 40,
      "num_attention_heads": 40, "num_key_value_heads": 8, "intermediate_size": 17408,
      "vocab_size": 151936, "max_position_embeddings": 40960, "head_dim": 128}
      """#),
    .huggingFace(
      "qwen3-235b-a22b", .checkpoint, parameters: 235_093_634_560,
      #"""
      {"model_type": "qwen3_moe", "hidden_size": 4096, "num_hidden_layers": 94,
      "num_attention_heads": 64, "num_key_value_heads": 4, "head_dim": 128,
      "intermediate_size": 12288, "vocab_size": 151936, "max_position_embeddings": 40960,
      "num_experts": 128, "num_experts_per_tok": 8, "moe_intermediate_size": 1536}
      """#),
    .huggingFace(
      "qwen3-30b-a3b", .counted, parameters: 30_532_122_624,
      #"""
      {"model_type": "qwen3_moe", "hidden_size": 2048, "num_hidden_layers": 48,
      "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128,
      "intermediate_size": 6144, "vocab_size": 151936, "max_position_embeddings": 40960,
      "num_experts": 128, "num_experts_per_tok": 8, "moe_intermediate_size": 768}
      """#),
    .huggingFace(
      "qwen3-32b", .recalledCheckpoint, parameters: 32_762_123_264,
      #"""
      {"model_type": "qwen3", "hidden_size": 5120, "num_hidden_layers": 64,
      "num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": 25600,
      "vocab_size": 151936, "max_position_embeddings": 40960, "head_dim": 128}
      """#),
    .huggingFace(
      "qwen3-4b", .recalledCheckpoint, parameters: 4_022_468_096,
      #"""
      {"model_type": "qwen3", "hidden_size": 2560, "num_hidden_layers": 36,
      "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 9728,
      "vocab_size": 151936, "max_position_embeddings": 40960, "head_dim": 128,
      "tie_word_embeddings": true}
      """#),
    .huggingFace(
      "qwen3-8b", .recalledCheckpoint, parameters: 8_190_735_360,
      #"""
      {"model_type": "qwen3", "hidden_size": 4096, "num_hidden_layers": 36,
      "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
      "intermediate_size": 12288, "vocab_size": 151936, "max_position_embeddings": 40960}
      """#),
    .huggingFace(
      "qwen3-next-80b-a3b", .configuration,
      #"""
      {"model_type": "qwen3_next", "hidden_size": 2048, "num_hidden_layers": 48,
      "num_attention_heads": 16, "num_key_value_heads": 2, "head_dim": 256,
      "intermediate_size": 5120, "vocab_size": 151936, "max_position_embeddings": 262144,
      "num_experts": 512, "num_experts_per_tok": 10, "moe_intermediate_size": 512,
      "shared_expert_intermediate_size": 512, "linear_num_key_heads": 16,
      "linear_num_value_heads": 32, "linear_key_head_dim": 128, "linear_value_head_dim": 128}
      """#),
    .huggingFace(
      "qwen3.5-27b", .counted, parameters: 26_895_998_464,
      #"""
      {"model_type": "qwen3_5_text", "hidden_size": 5120, "num_hidden_layers": 64,
      "num_attention_heads": 24, "num_key_value_heads": 4, "head_dim": 256,
      "intermediate_size": 17408, "vocab_size": 248320, "max_position_embeddings": 262144,
      "linear_num_key_heads": 16, "linear_num_value_heads": 48, "linear_key_head_dim": 128,
      "linear_value_head_dim": 128, "full_attention_interval": 4}
      """#),
    .huggingFace(
      "qwen-7b", .recalledCheckpoint, parameters: 7_721_324_544,
      #"""
      {"model_type": "qwen", "hidden_size": 4096, "num_hidden_layers": 32,
      "num_attention_heads": 32, "intermediate_size": 22016, "vocab_size": 151936,
      "seq_length": 8192}
      """#),
  ]
}
