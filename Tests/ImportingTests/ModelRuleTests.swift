import Importing
import JSON
import Testing
import Workload

@Suite struct ModelRuleTests {
  // MARK: transformer

  private func parameters(_ text: String) throws -> Int {
    try value(text, as: .transformer).graph().parameters
  }

  @Test func aPlainDescriptionIsAGPT() throws {
    let text = """
      {"layers": 48, "hidden_size": 1600, "heads": 25, "vocab_size": 50257, "max_positions": 1024}
      """
    #expect(try parameters(text) == 1_557_611_200)
    let untied = text.replacing("{", with: "{\"tied_embeddings\": false, ")
    #expect(try parameters(untied) == 1_557_611_200 + 50257 * 1600)
    let bare = text.replacing(
      "{", with: "{\"biases\": false, \"normalization\": \"RMSNorm\", \"tied_embeddings\": false, "
    ).replacing(", \"max_positions\": 1024", with: "")
    #expect(try parameters(bare) == 1_635_537_600)
  }

  @Test func aGatedDescriptionIsALlama() throws {
    let text = """
      {"layers": 32, "hidden_size": 4096, "heads": 32, "vocab_size": 32000, "max_positions": 4096,
      "gated_mlp": true}
      """
    #expect(try parameters(text) == 6_738_415_616)
    #expect(try value(text, as: .transformer).maximumSequenceLength == 4096)
    let grouped = """
      {"layers": 28, "hidden_size": 3072, "heads": 24, "kv_heads": 8, "head_dim": 128,
      "ffn_hidden_size": 8192, "vocab_size": 128256, "gated_mlp": true, "tied_embeddings": true}
      """
    #expect(try parameters(grouped) == 3_212_749_824)
  }

  @Test func expertsTakeThePlaceOfTheNetwork() throws {
    func text(_ experts: String) -> String {
      """
      {"layers": 32, "hidden_size": 4096, "heads": 32, "kv_heads": 8, "ffn_hidden_size": 14336,
      "vocab_size": 32000, "gated_mlp": true, "experts": {"count": 8, "top_k": 2,
      "ffn_hidden_size": 14336 \(experts)}}
      """
    }
    let all = try value(text(""), as: .transformer).graph()
    #expect(all.parameters == 46_702_792_704)
    #expect(all.activeParameters == 12_879_925_248)
    let expert = 3 * 4096 * 14336
    let half = try value(text(#", "every": 2"#), as: .transformer)
    #expect(half.hasExperts == (0..<32).map { $0 % 2 == 0 })
    #expect(
      half.graph().parameters == all.parameters - 16 * (7 * expert + 4096 * 8))
    let late = try value(text(#", "dense_layers": 3, "every": 2"#), as: .transformer)
    #expect(late.hasExperts == (0..<32).map { $0 >= 3 && ($0 - 3) % 2 == 0 })
    let shared = try parameters(text(#", "shared_ffn_hidden_size": 14336"#))
    #expect(shared == all.parameters + 32 * expert)
    #expect(try parameters(text(#", "shared_ffn_hidden_size": 0"#)) == all.parameters)
  }

  @Test(
    arguments: [
      ("{}", ["/hidden_size", "/heads", "/layers", "/vocab_size"]),
      (
        #"{"layers": 0, "hidden_size": -4, "heads": 1e9, "vocab_size": 1.5}"#,
        ["/hidden_size", "/heads", "/layers", "/vocab_size"]
      ),
      (#"{"layers": 2, "hidden_size": 10, "heads": 3, "vocab_size": 9}"#, ["/heads"]),
      (
        #"{"layers": 2, "hidden_size": 12, "heads": 4, "kv_heads": 3, "vocab_size": 9}"#,
        ["/kv_heads"]
      ),
      (
        #"{"layers": 2, "hidden_size": 12, "heads": 4, "vocab_size": 9, "kv_head": 2}"#,
        ["/kv_head"]
      ),
      (
        #"{"layers": 2, "hidden_size": 12, "heads": 4, "vocab_size": 9, "experts": {"count": 2}}"#,
        ["/experts/top_k", "/experts/ffn_hidden_size"]
      ),
      (
        #"{"layers": 2, "hidden_size": 12, "heads": 4, "vocab_size": 9, "#
          + #""experts": {"count": 2, "top_k": 3, "ffn_hidden_size": 4}}"#, ["/experts/top_k"]
      ),
      (#"{"layers": 1000000000, "hidden_size": 12, "heads": 4, "vocab_size": 9}"#, ["/layers"]),
    ] as [(String, [String])])
  func faultsOfADescription(text: String, pointers: [String]) throws {
    let found = try faults(text, as: .transformer).map { String($0.prefix { $0 != ":" }) }
    #expect(Set(found) == Set(pointers), "\(found)")
  }

  // MARK: model

  @Test func everyFormIsRead() throws {
    let forms = [
      #""gpt-1.5b""#,
      #"{"transformer": {"layers": 2, "hidden_size": 8, "heads": 2, "vocab_size": 9}}"#,
      #"{"huggingface": {"model_type": "gpt2", "n_layer": 2, "n_embd": 8, "n_head": 2, "vocab_size": 9}}"#,
      #"{"galvatron": {"n_layer": 2, "n_embd": 8, "n_head": 2, "vocab_size": 9, "n_positions": 4}}"#,
    ]
    for form in forms {
      guard case .transformer(let model) = try value(form, as: .model) else {
        Issue.record("\(form) is a transformer")
        continue
      }
      #expect(model.blockCount > 0)
      #expect(try value(form, as: .modelGraph) == model.graph())
    }
    let graph = """
      {"graph": {"nodes": [{"id": 0, "parameters": 1, "forward_flops": 1, "activation_bytes": 1}],
      "edges": []}}
      """
    #expect(try value(graph, as: .modelGraph).nodes.count == 1)
  }

  @Test func faultsKeepTheirPlace() throws {
    #expect(
      try faults(#"{"huggingface": {"model_type": "llama"}}"#, as: .model)
        .allSatisfy { $0.hasPrefix("/huggingface/") })
    #expect(try faults(#""gpt-1.5""#, as: .model)[0].contains(#"did you mean "gpt-1.5b""#))
    #expect(try faults(#""zzzzzzzz""#, as: .model)[0].contains("/catalog/models"))
  }

  @Test(arguments: [
    "{}", "7", "[]", "null", #"{"transformer": {}, "galvatron": {}}"#,
    #"{"hugging_face": {"model_type": "llama"}}"#,
  ])
  func otherThingsAreRefused(text: String) throws {
    #expect(!(try faults(text, as: .model)).isEmpty)
  }
}
