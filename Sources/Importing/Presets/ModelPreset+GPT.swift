extension ModelPreset {
  /// GPT-2 and the families around it.
  static let gpt: [ModelPreset] = [
    .huggingFace(
      "gpt2", .checkpoint, parameters: 124_439_808,
      #"""
      {"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "vocab_size": 50257,
      "n_positions": 1024}
      """#),
    .huggingFace(
      "gpt2-large", .recalledCheckpoint, parameters: 774_030_080,
      #"""
      {"model_type": "gpt2", "n_embd": 1280, "n_layer": 36, "n_head": 20, "vocab_size": 50257,
      "n_positions": 1024}
      """#),
    .huggingFace(
      "gpt2-medium", .checkpoint, parameters: 354_823_168,
      #"""
      {"model_type": "gpt2", "n_embd": 1024, "n_layer": 24, "n_head": 16, "vocab_size": 50257,
      "n_positions": 1024}
      """#),
    .huggingFace(
      "gpt2-xl", .checkpoint, parameters: 1_557_611_200,
      #"""
      {"model_type": "gpt2", "n_embd": 1600, "n_layer": 48, "n_head": 25, "vocab_size": 50257,
      "n_positions": 1024}
      """#),
    .huggingFace(
      "gpt-j-6b", aliases: ["gptj-6b"], .recalledCheckpoint, parameters: 6_050_882_784,
      #"""
      {"model_type": "gptj", "n_embd": 4096, "n_layer": 28, "n_head": 16, "vocab_size": 50400,
      "n_positions": 2048}
      """#),
    .huggingFace(
      "gpt-neo-1.3b", .recalledCheckpoint, parameters: 1_315_575_808,
      #"""
      {"model_type": "gpt_neo", "hidden_size": 2048, "num_layers": 24, "num_heads": 16,
      "vocab_size": 50257, "max_position_embeddings": 2048}
      """#),
    .huggingFace(
      "gpt-neo-2.7b", .recalledCheckpoint, parameters: 2_651_307_520,
      #"""
      {"model_type": "gpt_neo", "hidden_size": 2560, "num_layers": 32, "num_heads": 20,
      "vocab_size": 50257, "max_position_embeddings": 2048}
      """#),
    .huggingFace(
      "gpt-neox-20b", .checkpoint, parameters: 20_554_567_680,
      #"""
      {"model_type": "gpt_neox", "hidden_size": 6144, "num_hidden_layers": 44,
      "num_attention_heads": 64, "intermediate_size": 24576, "vocab_size": 50432,
      "max_position_embeddings": 2048, "use_parallel_residual": true}
      """#),
    .huggingFace(
      "mpt-30b", .configuration,
      #"""
      {"model_type": "mpt", "d_model": 7168, "n_layers": 48, "n_heads": 64, "vocab_size": 50432,
      "max_seq_len": 8192}
      """#),
    .huggingFace(
      "mpt-7b", .recalledCheckpoint, parameters: 6_649_286_656,
      #"""
      {"model_type": "mpt", "d_model": 4096, "n_layers": 32, "n_heads": 32, "vocab_size": 50432,
      "max_seq_len": 2048}
      """#),
    .huggingFace(
      "pythia-1.4b", .checkpoint, parameters: 1_414_647_808,
      #"""
      {"model_type": "gpt_neox", "hidden_size": 2048, "num_hidden_layers": 24,
      "num_attention_heads": 16, "intermediate_size": 8192, "vocab_size": 50304,
      "max_position_embeddings": 2048, "use_parallel_residual": true}
      """#),
    .huggingFace(
      "pythia-12b", .recalledCheckpoint, parameters: 11_846_072_320,
      #"""
      {"model_type": "gpt_neox", "hidden_size": 5120, "num_hidden_layers": 36,
      "num_attention_heads": 40, "intermediate_size": 20480, "vocab_size": 50688,
      "max_position_embeddings": 2048}
      """#),
    .huggingFace(
      "pythia-160m", .recalledCheckpoint, parameters: 162_322_944,
      #"""
      {"model_type": "gpt_neox", "hidden_size": 768, "num_hidden_layers": 12,
      "num_attention_heads": 12, "intermediate_size": 3072, "vocab_size": 50304,
      "max_position_embeddings": 2048}
      """#),
    .huggingFace(
      "pythia-1b", .checkpoint, parameters: 1_011_781_632,
      #"""
      {"model_type": "gpt_neox", "hidden_size": 2048, "num_hidden_layers": 16,
      "num_attention_heads": 8, "intermediate_size": 8192, "vocab_size": 50304,
      "max_position_embeddings": 2048, "use_parallel_residual": true}
      """#),
    .huggingFace(
      "pythia-2.8b", .checkpoint, parameters: 2_775_208_960,
      #"""
      {"model_type": "gpt_neox", "hidden_size": 2560, "num_hidden_layers": 32,
      "num_attention_heads": 32, "intermediate_size": 10240, "vocab_size": 50304,
      "max_position_embeddings": 2048, "use_parallel_residual": true}
      """#),
    .huggingFace(
      "pythia-410m", .checkpoint, parameters: 405_334_016,
      #"""
      {"model_type": "gpt_neox", "hidden_size": 1024, "num_hidden_layers": 24,
      "num_attention_heads": 16, "intermediate_size": 4096, "vocab_size": 50304,
      "max_position_embeddings": 2048, "use_parallel_residual": true}
      """#),
    .huggingFace(
      "pythia-6.9b", .checkpoint, parameters: 6_857_302_016,
      #"""
      {"model_type": "gpt_neox", "hidden_size": 4096, "num_hidden_layers": 32,
      "num_attention_heads": 32, "intermediate_size": 16384, "vocab_size": 50432,
      "max_position_embeddings": 2048, "use_parallel_residual": true}
      """#),
    .huggingFace(
      "pythia-70m", .checkpoint, parameters: 70_426_624,
      #"""
      {"model_type": "gpt_neox", "hidden_size": 512, "num_hidden_layers": 6,
      "num_attention_heads": 8, "intermediate_size": 2048, "vocab_size": 50304,
      "max_position_embeddings": 2048, "use_parallel_residual": true}
      """#),
    .huggingFace(
      "stablelm-2-1.6b", aliases: ["stablelm-2-1_6b"], .recalledCheckpoint,
      parameters: 1_644_515_328,
      #"""
      {"model_type": "stablelm", "hidden_size": 2048, "num_hidden_layers": 24,
      "num_attention_heads": 32, "num_key_value_heads": 32, "intermediate_size": 5632,
      "vocab_size": 100352, "max_position_embeddings": 4096, "use_qkv_bias": true}
      """#),
    .huggingFace(
      "stablelm-2-12b", .configuration,
      #"""
      {"model_type": "stablelm", "hidden_size": 5120, "num_hidden_layers": 40,
      "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 13824,
      "vocab_size": 100352, "max_position_embeddings": 4096, "qk_layernorm": true,
      "use_parallel_residual": true}
      """#),
    .huggingFace(
      "stablelm-3b", aliases: ["stablelm-3b-4e1t"], .recalledCheckpoint, parameters: 2_795_443_200,
      #"""
      {"model_type": "stablelm", "hidden_size": 2560, "num_hidden_layers": 32,
      "num_attention_heads": 32, "num_key_value_heads": 32, "intermediate_size": 6912,
      "vocab_size": 50304, "max_position_embeddings": 4096}
      """#),
    .huggingFace(
      "starcoder", aliases: ["starcoderbase"], .recalledCheckpoint, parameters: 15_517_456_384,
      #"""
      {"model_type": "gpt_bigcode", "n_embd": 6144, "n_layer": 40, "n_head": 48, "n_inner": 24576,
      "vocab_size": 49152, "n_positions": 8192}
      """#),
    .huggingFace(
      "starcoder2-15b", .recalledCheckpoint, parameters: 15_957_889_024,
      #"""
      {"model_type": "starcoder2", "hidden_size": 6144, "num_hidden_layers": 40,
      "num_attention_heads": 48, "num_key_value_heads": 4, "intermediate_size": 24576,
      "vocab_size": 49152, "max_position_embeddings": 16384, "sliding_window": 4096,
      "tie_word_embeddings": false}
      """#),
    .huggingFace(
      "starcoder2-3b", .recalledCheckpoint, parameters: 3_030_371_328,
      #"""
      {"model_type": "starcoder2", "hidden_size": 3072, "num_hidden_layers": 30,
      "num_attention_heads": 24, "num_key_value_heads": 2, "intermediate_size": 12288,
      "vocab_size": 49152, "max_position_embeddings": 16384, "sliding_window": 4096}
      """#),
    .huggingFace(
      "starcoder2-7b", .counted, parameters: 7_173_923_840,
      #"""
      {"model_type": "starcoder2", "hidden_size": 4608, "num_hidden_layers": 32,
      "num_attention_heads": 36, "num_key_value_heads": 4, "intermediate_size": 18432,
      "vocab_size": 49152, "max_position_embeddings": 16384, "use_bias": true,
      "sliding_window": 4096}
      """#),
  ]
}
