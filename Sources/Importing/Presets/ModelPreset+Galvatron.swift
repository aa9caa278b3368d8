extension ModelPreset {
  /// What Galvatron ships, in its own words. Its llama2-70b is the published one; its qwen2.5-7b leaves
  /// out the heads of keys and values, its qwen2.5-72b the biases, so those stand among the Qwens.
  static let galvatron: [ModelPreset] = [
    .galvatron(
      "gpt-0.3b", .galvatron,
      #"""
      {"n_layer": 24, "n_embd": 1024, "n_head": 16, "head_dim": 64, "vocab_size": 50257,
      "n_positions": 1024}
      """#),
    .galvatron(
      "gpt-1.5b", .galvatron,
      #"""
      {"n_layer": 48, "n_embd": 1600, "n_head": 32, "head_dim": 50, "vocab_size": 50257,
      "n_positions": 1024}
      """#),
    .galvatron(
      "gpt-2.7b", .galvatron,
      #"""
      {"n_layer": 32, "n_embd": 2560, "n_head": 32, "head_dim": 80, "vocab_size": 50257,
      "n_positions": 2048}
      """#),
    .galvatron(
      "gpt-6.7b", .galvatron,
      #"""
      {"n_layer": 32, "n_embd": 4096, "n_head": 32, "head_dim": 128, "vocab_size": 50257,
      "n_positions": 2048}
      """#),
    .galvatron(
      "llama-0.3b", .galvatron,
      #"""
      {"dim": 1024, "multiple_of": 256, "n_heads": 16, "n_layers": 24, "vocab_size": 32000,
      "n_positions": 2048}
      """#),
    .galvatron(
      "llama-7b", .galvatron,
      #"""
      {"dim": 4096, "multiple_of": 256, "n_heads": 32, "n_layers": 32, "vocab_size": 32000,
      "n_positions": 2048}
      """#),
    .galvatron(
      "llama-13b", .galvatron,
      #"""
      {"dim": 5120, "ffn_dim": 13824, "multiple_of": 256, "n_heads": 40, "n_layers": 40,
      "vocab_size": 32000, "n_positions": 4096}
      """#),
    .galvatron(
      "llama-30b", .galvatron,
      #"""
      {"dim": 8192, "ffn_dim": 22016, "multiple_of": 256, "n_heads": 64, "n_layers": 48,
      "n_kv_heads": 8, "vocab_size": 32000, "n_positions": 4096}
      """#),
  ]
}
