import Importing
import JSON
import Testing
import Workload

@Suite struct GalvatronModelTests {
  private func parameters(_ text: String) throws -> Int {
    try value(text, as: .galvatronModel).graph().parameters
  }

  @Test func metaConfigurationsOfTheLLaMAKindTakeTheirDefaults() throws {
    let llama = """
      {"dim": 4096, "multiple_of": 256, "n_heads": 32, "n_layers": 32, "norm_eps": 1e-06,
      "vocab_size": 32000, "n_positions": 2048}
      """
    #expect(try parameters(llama) == 6_738_415_616)
    #expect(try value(llama, as: .galvatronModel).maximumSequenceLength == 2048)
    let grouped = """
      {"dim": 8192, "ffn_dim": 28672, "n_heads": 64, "n_layers": 80, "n_kv_heads": 8,
      "norm_eps": 1e-06, "vocab_size": 32000, "n_positions": 4096}
      """
    #expect(try parameters(grouped) == 68_976_648_192)
    // Without n_kv_heads every head has keys of its own, as in their qwen2.5-7b.
    let full = grouped.replacing("\"n_kv_heads\": 8,", with: "")
    #expect(try parameters(full) - parameters(grouped) == 80 * 2 * 8192 * (8192 - 1024))
    let null = grouped.replacing("\"n_kv_heads\": 8,", with: "\"n_kv_heads\": null,")
    #expect(try parameters(null) == parameters(full))
  }

  @Test func metaConfigurationsOfTheMixtralKind() throws {
    let text = """
      {"hidden_size": 4096, "intermediate_size": 14336, "max_position_embeddings": 4096,
      "num_attention_heads": 32, "num_experts_per_tok": 2, "num_hidden_layers": 32,
      "num_key_value_heads": 8, "num_local_experts": 8, "vocab_size": 32000,
      "rms_norm_eps": 1e-05, "rope_theta": 1000000.0, "router_aux_loss_coef": 0.0}
      """
    #expect(try parameters(text) == 46_702_792_704)
  }

  /// gpt2-xl: 25 heads, biases, tied; the table of positions needs its length.
  @Test func modelArgumentsOfGPT2() throws {
    let text = """
      {"model_size": "gpt2-xl", "hf_model_name_or_path": null, "hidden_size": 1600,
      "num_layers": 48, "num_attention_heads": 25, "num_query_groups": null,
      "ffn_hidden_size": 6400, "vocab_size": 50257, "kv_channels": null,
      "normalization": "LayerNorm", "norm_epsilon": 1e-05,
      "activation_func": "torch.nn.functional.gelu", "gated_linear_unit": false,
      "position_embedding_type": "learned_absolute", "add_bias_linear": true,
      "untie_embeddings_and_output_weights": false, "make_vocab_size_divisible_by": 128}
      """
    let model = try value(text, as: .galvatronModel)
    #expect(model.name == "gpt2-xl")
    #expect(model.graph().parameters == 1_557_611_200 - 1024 * 1600)
    let long = text.replacing("{\"model", with: "{\"max_position_embeddings\": 1024, \"model")
    #expect(try parameters(long) == 1_557_611_200)
  }

  @Test func modelArgumentsTakeTheirDefaults() throws {
    let text = """
      {"hidden_size": 4096, "num_layers": 32, "num_attention_heads": 32, "ffn_hidden_size": 11008,
      "vocab_size": 32000}
      """
    #expect(try parameters(text) == 6_738_415_616)
    let tied = text.replacing(
      "{", with: "{\"untie_embeddings_and_output_weights\": false, \"add_qkv_bias\": true, ")
    #expect(try parameters(tied) == 6_738_415_616 - 32000 * 4096 + 32 * 3 * 4096)
    let experts = text.replacing(
      "{",
      with: """
        {"num_moe_experts": 8, "moe_ffn_hidden_size": 14336, "num_query_groups": 8, \
        "moe_router_topk": 2, 
        """)
    #expect(try parameters(experts) == 46_702_792_704)
  }

  @Test func faultsHavePointers() throws {
    let gpt = #"{"n_layer": 2, "n_embd": 100, "n_head": 3, "n_positions": 8, "vocab_size": 9}"#
    #expect(
      try faults(gpt, as: .galvatronModel)
        == ["/n_head: expected a divisor of the hidden size of 100, found 3"])
    let heads =
      #"{"n_layer": 2, "n_embd": 100, "n_head": 4, "head_dim": 7, "vocab_size": 9, "n_positions": 8}"#
    #expect(
      try faults(heads, as: .galvatronModel).map { $0.prefix { $0 != ":" } } == ["/head_dim"])
    let llama = #"{"dim": 64, "n_layers": 2, "n_heads": 4, "n_kv_heads": 3}"#
    #expect(
      Set(try faults(llama, as: .galvatronModel).map { String($0.prefix { $0 != ":" }) })
        == ["/n_kv_heads", "/vocab_size", "/n_positions"])
    let named = #"{"num_layers": 2, "normalization": "BatchNorm"}"#
    #expect(
      Set(try faults(named, as: .galvatronModel).map { String($0.prefix { $0 != ":" }) })
        == ["/hidden_size", "/num_attention_heads", "/vocab_size", "/normalization"])
  }

  @Test(arguments: [
    (#"{"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2}"#, "BERT"),
    (#"{"d_model": 8, "num_layers": 2, "num_heads": 2}"#, "T5"),
    (#"{"depths": [2, 2], "embed_dim": 8}"#, "Swin"), ("{}", "n_embd"),
  ])
  func otherKindsAreNamed(text: String, kind: String) throws {
    let found = try faults(text, as: .galvatronModel)
    #expect(found.count == 1 && found[0].contains(kind), "\(found)")
  }
}
