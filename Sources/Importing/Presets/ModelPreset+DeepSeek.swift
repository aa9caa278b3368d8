extension ModelPreset {
  /// DeepSeek, Kimi, GLM and MiniMax.
  static let deepseek: [ModelPreset] = [
    .huggingFace(
      "chatglm3-6b", .recalledCheckpoint, parameters: 6_243_584_000,
      #"""
      {"model_type": "chatglm", "hidden_size": 4096, "num_layers": 28, "num_attention_heads": 32,
      "multi_query_attention": true, "multi_query_group_num": 2, "kv_channels": 128,
      "ffn_hidden_size": 13696, "add_qkv_bias": true, "padded_vocab_size": 65024,
      "seq_length": 8192}
      """#),
    .huggingFace(
      "deepseek-67b", aliases: ["deepseek-llm-67b"], .recalledCheckpoint,
      parameters: 67_425_001_472,
      #"""
      {"model_type": "llama", "hidden_size": 8192, "num_hidden_layers": 95,
      "num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": 22016,
      "vocab_size": 102400, "max_position_embeddings": 4096}
      """#),
    .huggingFace(
      "deepseek-moe-16b", .recalledCheckpoint, parameters: 16_375_728_128,
      #"""
      {"model_type": "deepseek", "hidden_size": 2048, "num_hidden_layers": 28,
      "num_attention_heads": 16, "num_key_value_heads": 16, "intermediate_size": 10944,
      "vocab_size": 102400, "max_position_embeddings": 4096, "n_routed_experts": 64,
      "num_experts_per_tok": 6, "moe_intermediate_size": 1408, "n_shared_experts": 2,
      "first_k_dense_replace": 1}
      """#),
    .huggingFace(
      "deepseek-v2", .recalledCheckpoint, parameters: 235_741_434_880,
      #"""
      {"model_type": "deepseek_v2", "hidden_size": 5120, "num_hidden_layers": 60,
      "num_attention_heads": 128, "intermediate_size": 12288, "vocab_size": 102400,
      "max_position_embeddings": 163840, "q_lora_rank": 1536, "kv_lora_rank": 512,
      "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "n_routed_experts": 160,
      "num_experts_per_tok": 6, "moe_intermediate_size": 1536, "n_shared_experts": 2,
      "first_k_dense_replace": 1}
      """#),
    .huggingFace(
      "deepseek-v2-lite", .counted, parameters: 15_706_484_224,
      #"""
      {"model_type": "deepseek_v2", "hidden_size": 2048, "num_hidden_layers": 27,
      "num_attention_heads": 16, "intermediate_size": 10944, "vocab_size": 102400,
      "max_position_embeddings": 163840, "n_routed_experts": 64, "num_experts_per_tok": 6,
      "moe_intermediate_size": 1408, "n_shared_experts": 2, "first_k_dense_replace": 1,
      "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128}
      """#),
    .huggingFace(
      "deepseek-v3", aliases: ["deepseek-r1", "deepseek-v3.1"], .checkpoint,
      parameters: 671_026_404_352,
      #"""
      {"model_type": "deepseek_v3", "hidden_size": 7168, "num_hidden_layers": 61,
      "num_attention_heads": 128, "intermediate_size": 18432, "vocab_size": 129280,
      "max_position_embeddings": 163840, "n_routed_experts": 256, "num_experts_per_tok": 8,
      "moe_intermediate_size": 2048, "n_shared_experts": 1, "first_k_dense_replace": 3,
      "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
      "v_head_dim": 128}
      """#),
    .huggingFace(
      "glm-4-32b", aliases: ["glm-4-32b-0414"], .recalledCheckpoint, parameters: 32_566_081_536,
      #"""
      {"model_type": "glm4", "hidden_size": 6144, "num_hidden_layers": 61,
      "num_attention_heads": 48, "num_key_value_heads": 2, "intermediate_size": 23040,
      "vocab_size": 151552, "max_position_embeddings": 32768, "head_dim": 128}
      """#),
    .huggingFace(
      "glm-4-9b", .recalledCheckpoint, parameters: 9_399_951_360,
      #"""
      {"model_type": "glm", "hidden_size": 4096, "num_hidden_layers": 40,
      "num_attention_heads": 32, "num_key_value_heads": 2, "intermediate_size": 13696,
      "vocab_size": 151552, "max_position_embeddings": 131072, "head_dim": 128,
      "attention_bias": true}
      """#),
    .huggingFace(
      "glm-4.5", aliases: ["glm-4.6"], .configuration,
      #"""
      {"model_type": "glm4_moe", "hidden_size": 5120, "num_hidden_layers": 92,
      "num_attention_heads": 96, "num_key_value_heads": 8, "head_dim": 128,
      "intermediate_size": 12288, "vocab_size": 151552, "max_position_embeddings": 131072,
      "attention_bias": true, "use_qk_norm": true, "n_routed_experts": 160,
      "num_experts_per_tok": 8, "moe_intermediate_size": 1536, "n_shared_experts": 1,
      "first_k_dense_replace": 3}
      """#),
    .huggingFace(
      "glm-4.5-air", .counted, parameters: 106_852_245_504,
      #"""
      {"model_type": "glm4_moe", "hidden_size": 4096, "num_hidden_layers": 46,
      "num_attention_heads": 96, "num_key_value_heads": 8, "head_dim": 128,
      "intermediate_size": 10944, "vocab_size": 151552, "max_position_embeddings": 131072,
      "attention_bias": true, "n_routed_experts": 128, "num_experts_per_tok": 8,
      "moe_intermediate_size": 1408, "n_shared_experts": 1, "first_k_dense_replace": 1}
      """#),
    .huggingFace(
      "glm-5", .counted, parameters: 743_911_199_232,
      #"""
      {"model_type": "glm_moe_dsa", "hidden_size": 6144, "num_hidden_layers": 78,
      "num_attention_heads": 64, "intermediate_size": 12288, "vocab_size": 154880,
      "max_position_embeddings": 202752, "n_routed_experts": 256, "num_experts_per_tok": 8,
      "moe_intermediate_size": 2048, "n_shared_experts": 1, "first_k_dense_replace": 3,
      "q_lora_rank": 2048, "kv_lora_rank": 512, "qk_nope_head_dim": 192, "qk_rope_head_dim": 64,
      "v_head_dim": 256, "index_n_heads": 32, "index_head_dim": 128, "index_topk": 2048}
      """#),
    .huggingFace(
      "kimi-k2", aliases: ["kimi-k2-1t"], .recalledCheckpoint, parameters: 1_026_408_209_408,
      #"""
      {"model_type": "kimi_k2", "hidden_size": 7168, "num_hidden_layers": 61,
      "num_attention_heads": 64, "intermediate_size": 18432, "vocab_size": 163840,
      "max_position_embeddings": 131072, "q_lora_rank": 1536, "kv_lora_rank": 512,
      "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "n_routed_experts": 384,
      "num_experts_per_tok": 8, "moe_intermediate_size": 2048, "n_shared_experts": 1,
      "first_k_dense_replace": 1}
      """#),
    .huggingFace(
      "minimax-m2.5", aliases: ["minimax-m2"], .counted, parameters: 228_689_748_992,
      #"""
      {"model_type": "minimax_m2", "hidden_size": 3072, "num_hidden_layers": 62,
      "num_attention_heads": 48, "num_key_value_heads": 8, "head_dim": 128,
      "intermediate_size": 1536, "vocab_size": 200064, "max_position_embeddings": 196608,
      "use_qk_norm": true, "num_local_experts": 256, "num_experts_per_tok": 8}
      """#),
    .huggingFace(
      "minimax-text-01", aliases: ["minimax-m1"], .recalledCheckpoint, parameters: 456_089_655_296,
      #"""
      {"model_type": "minimax", "hidden_size": 6144, "num_hidden_layers": 80,
      "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 128,
      "intermediate_size": 9216, "vocab_size": 200064, "max_position_embeddings": 10240000,
      "num_local_experts": 32, "num_experts_per_tok": 2,
      "attn_type_list": [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1,
      0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
      1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]}
      """#),
    .huggingFace(
      "moonlight-16b-a3b", .configuration,
      #"""
      {"model_type": "deepseek_v3", "hidden_size": 2048, "num_hidden_layers": 27,
      "num_attention_heads": 16, "intermediate_size": 11264, "vocab_size": 163840,
      "max_position_embeddings": 8192, "q_lora_rank": null, "kv_lora_rank": 512,
      "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "n_routed_experts": 64,
      "num_experts_per_tok": 6, "moe_intermediate_size": 1408, "n_shared_experts": 2,
      "first_k_dense_replace": 1}
      """#),
  ]
}
