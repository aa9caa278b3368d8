extension ModelPreset {
  /// Nemotron, gpt-oss, Command R and more.
  static let others: [ModelPreset] = [
    .huggingFace(
      "baichuan2-13b", .recalledCheckpoint, parameters: 13_896_668_160,
      #"""
      {"model_type": "baichuan", "hidden_size": 5120, "num_hidden_layers": 40,
      "num_attention_heads": 40, "intermediate_size": 13696, "vocab_size": 125696,
      "model_max_length": 4096}
      """#),
    .huggingFace(
      "baichuan2-7b", .recalledCheckpoint, parameters: 7_505_973_248,
      #"""
      {"model_type": "baichuan", "hidden_size": 4096, "num_hidden_layers": 32,
      "num_attention_heads": 32, "intermediate_size": 11008, "vocab_size": 125696,
      "model_max_length": 4096}
      """#),
    .huggingFace(
      "command-r", aliases: ["c4ai-command-r-35b"], .recalledCheckpoint, parameters: 34_980_831_232,
      #"""
      {"model_type": "cohere", "hidden_size": 8192, "num_hidden_layers": 40,
      "num_attention_heads": 64, "num_key_value_heads": 64, "intermediate_size": 22528,
      "vocab_size": 256000, "max_position_embeddings": 131072}
      """#),
    .huggingFace(
      "command-r-plus", aliases: ["c4ai-command-r-plus"], .recalledCheckpoint,
      parameters: 103_810_674_688,
      #"""
      {"model_type": "cohere", "hidden_size": 12288, "num_hidden_layers": 64,
      "num_attention_heads": 96, "num_key_value_heads": 8, "intermediate_size": 33792,
      "vocab_size": 256000, "max_position_embeddings": 131072, "use_qk_norm": true}
      """#),
    .huggingFace(
      "dbrx", aliases: ["dbrx-132b"], .recalledCheckpoint, parameters: 131_596_523_520,
      #"""
      {"model_type": "dbrx", "d_model": 6144, "n_layers": 40, "n_heads": 48, "max_seq_len": 32768,
      "vocab_size": 100352, "attn_config": {"kv_n_heads": 8},
      "ffn_config": {"ffn_hidden_size": 10752, "moe_num_experts": 16, "moe_top_k": 4}}
      """#),
    .huggingFace(
      "gpt-oss-120b", .recalledCheckpoint, parameters: 116_829_156_672,
      #"""
      {"model_type": "gpt_oss", "hidden_size": 2880, "num_hidden_layers": 36,
      "num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": 2880,
      "vocab_size": 201088, "max_position_embeddings": 131072, "head_dim": 64,
      "sliding_window": 128, "num_local_experts": 128, "num_experts_per_tok": 4}
      """#),
    .huggingFace(
      "gpt-oss-20b", .counted, parameters: 20_914_757_184,
      #"""
      {"model_type": "gpt_oss", "hidden_size": 2880, "num_hidden_layers": 24,
      "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64,
      "intermediate_size": 2880, "vocab_size": 201088, "max_position_embeddings": 131072,
      "attention_bias": true, "sliding_window": 128, "num_local_experts": 32,
      "num_experts_per_tok": 4}
      """#),
    .huggingFace(
      "granite-3.1-8b", .recalledCheckpoint, parameters: 8_170_848_256,
      #"""
      {"model_type": "granite", "hidden_size": 4096, "num_hidden_layers": 40,
      "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 12800,
      "vocab_size": 49155, "max_position_embeddings": 131072, "tie_word_embeddings": true}
      """#),
    .huggingFace(
      "internlm2-20b", .recalledCheckpoint, parameters: 19_861_149_696,
      #"""
      {"model_type": "internlm2", "hidden_size": 6144, "num_hidden_layers": 48,
      "num_attention_heads": 48, "num_key_value_heads": 8, "intermediate_size": 16384,
      "vocab_size": 92544, "max_position_embeddings": 32768, "bias": false}
      """#),
    .huggingFace(
      "internlm2-7b", .recalledCheckpoint, parameters: 7_737_708_544,
      #"""
      {"model_type": "internlm2", "hidden_size": 4096, "num_hidden_layers": 32,
      "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
      "vocab_size": 92544, "max_position_embeddings": 32768, "bias": false}
      """#),
    .huggingFace(
      "internlm-7b", .recalledCheckpoint, parameters: 7_321_948_160,
      #"""
      {"model_type": "internlm", "hidden_size": 4096, "num_hidden_layers": 32,
      "num_attention_heads": 32, "num_key_value_heads": 32, "intermediate_size": 11008,
      "vocab_size": 103168, "max_position_embeddings": 2048}
      """#),
    .huggingFace(
      "minitron-8b", .configuration,
      #"""
      {"model_type": "nemotron", "hidden_size": 4096, "num_hidden_layers": 32,
      "num_attention_heads": 48, "num_key_value_heads": 8, "intermediate_size": 16384,
      "vocab_size": 256000, "max_position_embeddings": 4096, "head_dim": 128}
      """#),
    .huggingFace(
      "nemotron-3-nano-30b-a3b", aliases: ["nvidia-nemotron-3-nano-30b-a3b"], .counted,
      parameters: 31_577_937_344,
      #"""
      {"model_type": "nemotron_h", "hidden_size": 2688, "num_hidden_layers": 52,
      "num_attention_heads": 32, "num_key_value_heads": 2, "head_dim": 128,
      "intermediate_size": 1856, "vocab_size": 131072, "max_position_embeddings": 262144,
      "use_bias": false, "sliding_window": null, "n_routed_experts": 128,
      "num_experts_per_tok": 6, "moe_intermediate_size": 1856, "n_shared_experts": 1,
      "hybrid_override_pattern": "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME",
      "mamba_num_heads": 64, "mamba_head_dim": 64, "n_groups": 8, "ssm_state_size": 128,
      "conv_kernel": 4, "moe_shared_expert_intermediate_size": 3712}
      """#),
    .huggingFace(
      "nemotron-4-15b", .configuration,
      #"""
      {"model_type": "nemotron", "hidden_size": 6144, "num_hidden_layers": 32,
      "num_attention_heads": 48, "num_key_value_heads": 8, "intermediate_size": 24576,
      "vocab_size": 256000, "max_position_embeddings": 4096}
      """#),
    .huggingFace(
      "nemotron-4-340b", .configuration,
      #"""
      {"model_type": "nemotron", "hidden_size": 18432, "num_hidden_layers": 96,
      "num_attention_heads": 96, "num_key_value_heads": 8, "intermediate_size": 73728,
      "vocab_size": 256000, "max_position_embeddings": 4096}
      """#),
    .huggingFace(
      "seed-oss-36b", .recalledCheckpoint, parameters: 36_151_104_512,
      #"""
      {"model_type": "seed_oss", "hidden_size": 5120, "num_hidden_layers": 64,
      "num_attention_heads": 80, "num_key_value_heads": 8, "intermediate_size": 27648,
      "vocab_size": 155136, "max_position_embeddings": 524288, "head_dim": 128}
      """#),
    .huggingFace(
      "smollm3-3b", .recalledCheckpoint, parameters: 3_075_098_624,
      #"""
      {"model_type": "smollm3", "hidden_size": 2048, "num_hidden_layers": 36,
      "num_attention_heads": 16, "num_key_value_heads": 4, "intermediate_size": 11008,
      "vocab_size": 128256, "max_position_embeddings": 65536}
      """#),
  ]
}
