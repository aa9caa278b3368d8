extension ModelPreset {
  /// GPTs by the papers that measured or trained them; in Megatron-LM's the vocabulary is padded to
  /// 51,200.
  static let megatron: [ModelPreset] = [
    .transformer(
      "gpt-1.7b", .narayanan2021,
      #"""
      {"layers": 24, "hidden_size": 2304, "heads": 24, "vocab_size": 51200, "max_positions": 2048}
      """#),
    .transformer(
      "gpt-3.6b", .narayanan2021,
      #"""
      {"layers": 30, "hidden_size": 3072, "heads": 32, "vocab_size": 51200, "max_positions": 2048}
      """#),
    .transformer(
      "gpt-7.5b", .narayanan2021,
      #"""
      {"layers": 36, "hidden_size": 4096, "heads": 32, "vocab_size": 51200, "max_positions": 2048}
      """#),
    .transformer(
      "gpt-18b", aliases: ["gpt-18.4b"], .narayanan2021,
      #"""
      {"layers": 40, "hidden_size": 6144, "heads": 48, "vocab_size": 51200, "max_positions": 2048}
      """#),
    .transformer(
      "gpt-39b", aliases: ["gpt-39.1b"], .narayanan2021,
      #"""
      {"layers": 48, "hidden_size": 8192, "heads": 64, "vocab_size": 51200, "max_positions": 2048}
      """#),
    .transformer(
      "gpt-76b", aliases: ["gpt-76.1b"], .narayanan2021,
      #"""
      {"layers": 60, "hidden_size": 10240, "heads": 80, "vocab_size": 51200,
      "max_positions": 2048}
      """#),
    .transformer(
      "gpt-145b", aliases: ["gpt-145.6b"], .narayanan2021,
      #"""
      {"layers": 80, "hidden_size": 12288, "heads": 96, "vocab_size": 51200,
      "max_positions": 2048}
      """#),
    .transformer(
      "gpt-310b", aliases: ["gpt-310.1b"], .narayanan2021,
      #"""
      {"layers": 96, "hidden_size": 16384, "heads": 128, "vocab_size": 51200,
      "max_positions": 2048}
      """#),
    .transformer(
      "gpt-530b", aliases: ["gpt-529.6b", "megatron-turing-530b", "mt-nlg-530b"], .narayanan2021,
      #"""
      {"layers": 105, "hidden_size": 20480, "heads": 128, "vocab_size": 51200,
      "max_positions": 2048}
      """#),
    .transformer(
      "gpt-1t", aliases: ["gpt-1008b"], .narayanan2021,
      #"""
      {"layers": 128, "hidden_size": 25600, "heads": 160, "vocab_size": 51200,
      "max_positions": 2048}
      """#),
    .transformer(
      "gpt-22b", .korthikanti2022,
      #"""
      {"layers": 48, "hidden_size": 6144, "heads": 64, "vocab_size": 51200, "max_positions": 2048}
      """#),
    .transformer(
      "gpt3-175b", aliases: ["gpt-3", "gpt-175b"], .brown2020,
      #"""
      {"layers": 96, "hidden_size": 12288, "heads": 96, "vocab_size": 50257,
      "max_positions": 2048}
      """#),
  ]
}
