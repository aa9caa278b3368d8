import Importing
import JSON
import Testing
import Workload

private let llama = """
  "model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, \
  "intermediate_size": 128, "vocab_size": 100
  """

/// A Llama of two layers with members changed or added.
private func llama(_ changes: String) -> String { "{\(llama), \(changes)}" }

@Suite struct HuggingFaceTests {
  private func model(_ text: String) throws -> TransformerModel {
    try value(text, as: .huggingFaceModel)
  }

  private func attention(_ model: TransformerModel) throws -> AttentionMixer {
    guard case .attention(let mixer) = model.runs[0].block.mixer else {
      throw Missing()
    }
    return mixer
  }

  private struct Missing: Error {}

  // MARK: What is left out

  @Test func unknownMembersAreIgnored() throws {
    #expect(try model(llama(#""torch_dtype": "bfloat16", "eos_token_id": [1, 2]"#)).blockCount == 2)
  }

  /// The 4B model's published text part names neither heads nor vocabulary.
  @Test func gemma3TakesItsClassDefaults() throws {
    let text = """
      {"model_type": "gemma3", "text_config": {"model_type": "gemma3_text", "hidden_size": 2560,
      "intermediate_size": 10240, "num_hidden_layers": 34, "sliding_window": 1024}}
      """
    #expect(try model(text).graph().parameters == 3_880_263_168)
  }

  /// A null means as many as heads; leaving it out means the class's 8.
  @Test func nullAndAbsentDifferWhereTheClassHasADefault() throws {
    let mistral = llama.replacing("\"llama\"", with: "\"mistral\"")
      .replacing("\"num_attention_heads\": 4", with: "\"num_attention_heads\": 16")
    #expect(try attention(model("{\(mistral)}")).keyValueHeads == 8)
    #expect(
      try attention(model("{\(mistral), \"num_key_value_heads\": null}")).keyValueHeads == 16)
    #expect(
      try attention(model("{\(mistral), \"num_key_value_heads\": 2}")).keyValueHeads == 2)
  }

  @Test(arguments: [
    (#""q_lora_rank": null"#, false), (#""q_lora_rank": 96"#, true), (#""x": 0"#, true),
  ])
  func queriesMayHaveNoLatent(member: String, hasLatent: Bool) throws {
    let text = """
      {"model_type": "deepseek_v3", "hidden_size": 64, "num_hidden_layers": 4,
      "num_attention_heads": 4, "intermediate_size": 128, "moe_intermediate_size": 32,
      "n_routed_experts": 8, "num_experts_per_tok": 2, "vocab_size": 100, \(member)}
      """
    let model = try model(text)
    guard case .latentAttention(let mixer) = model.runs[0].block.mixer else { throw Missing() }
    #expect((mixer.queryRank != nil) == hasLatent)
    // Three dense layers first, by the class.
    #expect(model.hasExperts == [false, false, false, true])
  }

  @Test func headsOfAnotherSizeThanTheHiddenSizeGives() throws {
    let wide = try model(llama(#""head_dim": 32"#))
    let narrow = try model("{\(llama)}")
    #expect(
      wide.graph().parameters - narrow.graph().parameters == 2 * 4 * 64 * 4 * (32 - 16))
  }

  // MARK: What ties, and where

  @Test(arguments: [
    (#""tie_word_embeddings": true, "#, "", true), ("", "", false),
    (#""tie_word_embeddings": true, "#, #", "tie_word_embeddings": false"#, false),
    ("", #", "tie_word_embeddings": true"#, true),
  ])
  func theTextPartDecidesAndElseTheWhole(outer: String, inner: String, isTied: Bool) throws {
    let text = """
      {"model_type": "llava", \(outer)"text_config": {\(llama)\(inner)}}
      """
    #expect(try model(text).head.isTied == isTied)
  }

  @Test func theTextPartMayLeaveItsTypeToTheWhole() throws {
    let inner = llama.replacing("\"model_type\": \"llama\", ", with: "")
    let text =
      #"{"model_type": "qwen2_5_vl", "text_config": {\#(inner), "num_key_value_heads": 2}}"#
    #expect(try attention(model(text)).hasInputBias)
  }

  // MARK: Layers that differ

  @Test func windowsFollowTheFamilysPattern() throws {
    func windows(_ type: String, _ more: String = "") throws -> [Int?] {
      let text = """
        {"model_type": "\(type)", "hidden_size": 64, "num_hidden_layers": 6,
        "num_attention_heads": 8, "num_key_value_heads": 4, "intermediate_size": 128,
        "vocab_size": 100, "num_local_experts": 4, "num_experts_per_tok": 2 \(more)}
        """
      return try model(text).windows
    }
    #expect(try windows("gemma2") == [4096, nil, 4096, nil, 4096, nil])
    #expect(try windows("gpt_oss") == [128, nil, 128, nil, 128, nil])
    #expect(try windows("gemma3_text") == [4096, 4096, 4096, 4096, 4096, nil])
    #expect(
      try windows("gemma3_text", #", "sliding_window": 9, "sliding_window_pattern": 3"#)
        == [9, 9, nil, 9, 9, nil])
    #expect(try windows("cohere2") == [4096, 4096, 4096, nil, 4096, 4096])
    #expect(try windows("mistral") == Array(repeating: 4096, count: 6))
    #expect(try windows("mistral", #", "sliding_window": null"#) == Array(repeating: nil, count: 6))
    #expect(try windows("qwen2", #", "sliding_window": 9"#) == Array(repeating: nil, count: 6))
    #expect(
      try windows(
        "qwen2", #", "sliding_window": 9, "use_sliding_window": true, "max_window_layers": 4"#)
        == [nil, nil, nil, nil, 9, 9])
    let types =
      #", "sliding_window": 7, "layer_types": ["full_attention", "sliding_attention", "#
      + #""full_attention", "full_attention", "full_attention", "sliding_attention"]"#
    #expect(try windows("ministral", types) == [nil, 7, nil, nil, nil, 7])
    #expect(try windows("gpt_neo", #", "num_heads": 8"#) == [nil, 256, nil, 256, nil, 256])
  }

  @Test func expertsFollowTheFamilysPattern() throws {
    func sparse(_ type: String, _ more: String) throws -> [Bool] {
      let text = """
        {"model_type": "\(type)", "hidden_size": 64, "num_hidden_layers": 4,
        "num_attention_heads": 8, "num_key_value_heads": 4, "intermediate_size": 128,
        "moe_intermediate_size": 32, "intermediate_size_mlp": 256, "vocab_size": 100,
        "num_experts": 4, "num_experts_per_tok": 2, \(more)}
        """
      return try model(text).hasExperts
    }
    #expect(try sparse("qwen3_moe", #""decoder_sparse_step": 2"#) == [false, true, false, true])
    #expect(try sparse("qwen3_moe", #""mlp_only_layers": [0, 3]"#) == [false, true, true, false])
    #expect(try sparse("glm4_moe", #""x": 0"#) == [false, true, true, true])
    #expect(
      try sparse("llama4", #""interleave_moe_layer_step": 2"#) == [false, true, false, true])
    #expect(try sparse("llama4", #""moe_layers": [2]"#) == [false, false, true, false])
    #expect(
      try sparse("deepseek_v3", #""mlp_layer_types": ["sparse", "dense", "dense", "sparse"]"#)
        == [true, false, false, true])
  }

  /// Three layers of four carry a state; attention's output is gated.
  @Test func hybridsMixTheirLayers() throws {
    let preset = try #require(ModelCatalogue.standard.preset(named: "qwen3.5-27b"))
    let kinds = preset.model.runs.map(\.count)
    #expect(kinds == Array(repeating: [3, 1], count: 16).flatMap { $0 })
    let nemotron = try #require(ModelCatalogue.standard.preset(named: "nemotron-3-nano-30b-a3b"))
    let graph = nemotron.model.graph()
    #expect(graph.nodes.count == 52 + 3)
    #expect(graph.kinds.count == 3 + 3)
  }

  // MARK: Faults

  @Test func unknownTypesAreRefusedWithTheKnown() throws {
    let found = try faults(#"{"model_type": "bert"}"#, as: .huggingFaceModel)
    #expect(found.count == 1)
    #expect(found[0].hasPrefix(#"/model_type: unknown model type "bert""#))
    for known in ["llama", "gpt_neox", "deepseek_v3", "qwen3_moe"] {
      #expect(found[0].contains(known))
    }
  }

  @Test func allFaultsAreFoundAtOnce() throws {
    let text = """
      {"model_type": "qwen3_moe", "hidden_size": 0, "num_hidden_layers": 1000000000,
      "num_attention_heads": "many", "vocab_size": -1, "num_experts": 4,
      "num_experts_per_tok": 1.5}
      """
    let pointers = try faults(text, as: .huggingFaceModel).map {
      String($0.prefix { $0 != ":" })
    }
    #expect(
      Set(pointers) == [
        "/hidden_size", "/num_hidden_layers", "/num_attention_heads", "/vocab_size",
        "/num_experts_per_tok", "/moe_intermediate_size",
      ])
  }

  @Test(arguments: [
    (#""num_attention_heads": 5"#, "/num_attention_heads"),
    (#""num_key_value_heads": 3"#, "/num_key_value_heads"),
    (#""attention_bias": 1"#, "/attention_bias"),
    (#""max_position_embeddings": -5"#, "/max_position_embeddings"),
    (#""tie_word_embeddings": "no""#, "/tie_word_embeddings"),
  ])
  func membersThatDoNotFitAreFaults(member: String, pointer: String) throws {
    let name = member.prefix { $0 != ":" }
    let others = llama.split(separator: ", ").filter { !$0.contains(name) }
    let text = "{\((others.map(String.init) + [member]).joined(separator: ", "))}"
    let found = try faults(text, as: .huggingFaceModel)
    #expect(found.count == 1 && found[0].hasPrefix(pointer + ":"), "\(found)")
  }

  @Test func faultsOfATextPartHaveItsPointer() throws {
    let text = #"{"model_type": "llama4", "text_config": {"model_type": "llama4_text"}}"#
    let found = try faults(text, as: .huggingFaceModel)
    #expect(found.allSatisfy { $0.hasPrefix("/text_config/") })
    #expect(found.contains { $0.hasPrefix("/text_config/hidden_size: missing") })
  }

  @Test func layerTypesMustFit() throws {
    let short = llama(#""layer_types": ["full_attention"]"#)
    #expect(try faults(short, as: .huggingFaceModel).isEmpty)
    let mistral = short.replacing("\"llama\"", with: "\"mistral\"")
      .replacing("\"num_attention_heads\": 4", with: "\"num_attention_heads\": 8")
    #expect(try faults(mistral, as: .huggingFaceModel).map { $0.prefix(12) } == ["/layer_types"])
    let odd = mistral.replacing(
      "[\"full_attention\"]", with: "[\"full_attention\", \"linear_attention\"]")
    #expect(try faults(odd, as: .huggingFaceModel).map { $0.prefix(12) } == ["/layer_types"])
  }

  @Test func moreExpertsThanThereAreIsAFault() throws {
    let text = """
      {\(llama.replacing("\"llama\"", with: "\"mixtral\"")), "num_key_value_heads": 4,
      "num_local_experts": 4, "num_experts_per_tok": 5}
      """
    #expect(
      try faults(text, as: .huggingFaceModel)
        == ["/num_experts_per_tok: expected at most the 4 experts, found 5"])
  }

  @Test func modelsBeyondCountingAreRefused() throws {
    let text = """
      {"model_type": "mixtral", "hidden_size": 1048576, "num_hidden_layers": 10000,
      "num_attention_heads": 8, "num_key_value_heads": 8, "intermediate_size": 16777216,
      "vocab_size": 16777216, "num_local_experts": 16384, "num_experts_per_tok": 1}
      """
    #expect(
      try faults(text, as: .huggingFaceModel) == [": the model has more than 2^53 parameters"])
  }

  @Test(arguments: ["[]", "7", "null", "\"llama\"", "{}", #"{"model_type": 3}"#])
  func otherThingsAreRefused(text: String) throws {
    #expect(try faults(text, as: .huggingFaceModel).count == 1)
  }
}
