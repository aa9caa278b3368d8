extension ModelPreset {
  /// OPT, BLOOM, Falcon and OLMo.
  static let openResearch: [ModelPreset] = [
    .huggingFace(
      "bloom-176b", aliases: ["bloom", "bloomz"], .checkpoint, parameters: 176_247_271_424,
      #"""
      {"model_type": "bloom", "n_embed": 14336, "n_layer": 70, "num_attention_heads": 112,
      "vocab_size": 250880}
      """#),
    .huggingFace(
      "bloom-1b1", .recalledCheckpoint, parameters: 1_065_314_304,
      #"""
      {"model_type": "bloom", "n_embed": 1536, "n_layer": 24, "num_attention_heads": 16,
      "vocab_size": 250880}
      """#),
    .huggingFace(
      "bloom-1b7", .recalledCheckpoint, parameters: 1_722_408_960,
      #"""
      {"model_type": "bloom", "n_embed": 2048, "n_layer": 24, "num_attention_heads": 16,
      "vocab_size": 250880}
      """#),
    .huggingFace(
      "bloom-3b", .recalledCheckpoint, parameters: 3_002_557_440,
      #"""
      {"model_type": "bloom", "n_embed": 2560, "n_layer": 30, "num_attention_heads": 32,
      "vocab_size": 250880}
      """#),
    .huggingFace(
      "bloom-560m", .recalledCheckpoint, parameters: 559_214_592,
      #"""
      {"model_type": "bloom", "n_embed": 1024, "n_layer": 24, "num_attention_heads": 16,
      "vocab_size": 250880}
      """#),
    .huggingFace(
      "bloom-7b1", .recalledCheckpoint, parameters: 7_069_016_064,
      #"""
      {"model_type": "bloom", "n_embed": 4096, "n_layer": 30, "num_attention_heads": 32,
      "vocab_size": 250880}
      """#),
    .huggingFace(
      "falcon-180b", .recalledCheckpoint, parameters: 178_557_088_768,
      #"""
      {"model_type": "falcon", "hidden_size": 14848, "num_hidden_layers": 80,
      "num_attention_heads": 232, "num_kv_heads": 8, "new_decoder_architecture": true,
      "vocab_size": 65024}
      """#),
    .huggingFace(
      "falcon-40b", .recalledCheckpoint, parameters: 41_303_293_952,
      #"""
      {"model_type": "falcon", "hidden_size": 8192, "num_hidden_layers": 60,
      "num_attention_heads": 128, "num_kv_heads": 8, "new_decoder_architecture": true,
      "vocab_size": 65024}
      """#),
    .huggingFace(
      "falcon-7b", .recalledCheckpoint, parameters: 6_921_720_704,
      #"""
      {"model_type": "falcon", "hidden_size": 4544, "num_hidden_layers": 32,
      "num_attention_heads": 71, "vocab_size": 65024, "multi_query": true, "parallel_attn": true}
      """#),
    .huggingFace(
      "falcon-rw-1b", .recalledCheckpoint, parameters: 1_311_625_216,
      #"""
      {"model_type": "falcon", "hidden_size": 2048, "num_hidden_layers": 24,
      "num_attention_heads": 32, "vocab_size": 50304, "alibi": true, "bias": true,
      "multi_query": false, "parallel_attn": false}
      """#),
    .huggingFace(
      "olmo2-13b", .recalledCheckpoint, parameters: 13_716_198_400,
      #"""
      {"model_type": "olmo2", "hidden_size": 5120, "num_hidden_layers": 40,
      "num_attention_heads": 40, "intermediate_size": 13824, "vocab_size": 100352,
      "max_position_embeddings": 4096}
      """#),
    .huggingFace(
      "olmo2-1b", .recalledCheckpoint, parameters: 1_484_916_736,
      #"""
      {"model_type": "olmo2", "hidden_size": 2048, "num_hidden_layers": 16,
      "num_attention_heads": 16, "intermediate_size": 8192, "vocab_size": 100352,
      "max_position_embeddings": 4096}
      """#),
    .huggingFace(
      "olmo2-32b", .recalledCheckpoint, parameters: 32_234_279_936,
      #"""
      {"model_type": "olmo2", "hidden_size": 5120, "num_hidden_layers": 64,
      "num_attention_heads": 40, "num_key_value_heads": 8, "intermediate_size": 27648,
      "vocab_size": 100352, "max_position_embeddings": 4096}
      """#),
    .huggingFace(
      "olmo2-7b", .recalledCheckpoint, parameters: 7_298_617_344,
      #"""
      {"model_type": "olmo2", "hidden_size": 4096, "num_hidden_layers": 32,
      "num_attention_heads": 32, "intermediate_size": 11008, "vocab_size": 100352,
      "max_position_embeddings": 4096}
      """#),
    .huggingFace(
      "olmo-7b", .recalledCheckpoint, parameters: 6_888_095_744,
      #"""
      {"model_type": "olmo", "hidden_size": 4096, "num_hidden_layers": 32,
      "num_attention_heads": 32, "num_key_value_heads": 32, "intermediate_size": 11008,
      "vocab_size": 50304, "max_position_embeddings": 2048}
      """#),
    .huggingFace(
      "olmoe-1b-7b", .recalledCheckpoint, parameters: 6_919_161_856,
      #"""
      {"model_type": "olmoe", "hidden_size": 2048, "num_hidden_layers": 16,
      "num_attention_heads": 16, "num_key_value_heads": 16, "intermediate_size": 1024,
      "vocab_size": 50304, "max_position_embeddings": 4096, "num_experts": 64,
      "num_experts_per_tok": 8}
      """#),
    .huggingFace(
      "opt-1.3b", .recalledCheckpoint, parameters: 1_315_758_080,
      #"""
      {"model_type": "opt", "hidden_size": 2048, "num_hidden_layers": 24,
      "num_attention_heads": 32, "ffn_dim": 8192, "vocab_size": 50272,
      "max_position_embeddings": 2048, "word_embed_proj_dim": 2048, "do_layer_norm_before": true}
      """#),
    .huggingFace(
      "opt-125m", .recalledCheckpoint, parameters: 125_239_296,
      #"""
      {"model_type": "opt", "hidden_size": 768, "num_hidden_layers": 12,
      "num_attention_heads": 12, "ffn_dim": 3072, "vocab_size": 50272,
      "max_position_embeddings": 2048, "word_embed_proj_dim": 768, "do_layer_norm_before": true}
      """#),
    .huggingFace(
      "opt-13b", .recalledCheckpoint, parameters: 12_853_473_280,
      #"""
      {"model_type": "opt", "hidden_size": 5120, "num_hidden_layers": 40,
      "num_attention_heads": 40, "ffn_dim": 20480, "vocab_size": 50272,
      "max_position_embeddings": 2048, "word_embed_proj_dim": 5120, "do_layer_norm_before": true}
      """#),
    .huggingFace(
      "opt-175b", .configuration,
      #"""
      {"model_type": "opt", "hidden_size": 12288, "num_hidden_layers": 96,
      "num_attention_heads": 96, "ffn_dim": 49152, "vocab_size": 50272,
      "max_position_embeddings": 2048}
      """#),
    .huggingFace(
      "opt-2.7b", .recalledCheckpoint, parameters: 2_651_596_800,
      #"""
      {"model_type": "opt", "hidden_size": 2560, "num_hidden_layers": 32,
      "num_attention_heads": 32, "ffn_dim": 10240, "vocab_size": 50272,
      "max_position_embeddings": 2048}
      """#),
    .huggingFace(
      "opt-30b", .recalledCheckpoint, parameters: 29_974_540_288,
      #"""
      {"model_type": "opt", "hidden_size": 7168, "num_hidden_layers": 48,
      "num_attention_heads": 56, "ffn_dim": 28672, "vocab_size": 50272,
      "max_position_embeddings": 2048}
      """#),
    .huggingFace(
      "opt-350m", .recalledCheckpoint, parameters: 331_196_416,
      #"""
      {"model_type": "opt", "hidden_size": 1024, "num_hidden_layers": 24,
      "num_attention_heads": 16, "ffn_dim": 4096, "vocab_size": 50272,
      "max_position_embeddings": 2048, "word_embed_proj_dim": 512, "do_layer_norm_before": false}
      """#),
    .huggingFace(
      "opt-6.7b", .recalledCheckpoint, parameters: 6_658_473_984,
      #"""
      {"model_type": "opt", "hidden_size": 4096, "num_hidden_layers": 32,
      "num_attention_heads": 32, "ffn_dim": 16384, "vocab_size": 50272,
      "max_position_embeddings": 2048, "word_embed_proj_dim": 4096, "do_layer_norm_before": true}
      """#),
    .huggingFace(
      "opt-66b", .configuration,
      #"""
      {"model_type": "opt", "hidden_size": 9216, "num_hidden_layers": 64,
      "num_attention_heads": 72, "ffn_dim": 36864, "vocab_size": 50272,
      "max_position_embeddings": 2048}
      """#),
  ]
}
