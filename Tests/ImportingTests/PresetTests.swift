import Importing
import JSON
import Testing
import Workload

/// Parameters in all and of one token, as the transformers library counts them (5.23, meta device;
/// experts that a token is not routed to left out).
private let sparseModels: [(name: String, total: Int, active: Int)] = [
  ("deepseek-v2-lite", 15_706_484_224, 2_661_150_208),
  ("deepseek-v3", 671_026_404_352, 37_552_282_624),
  ("glm-4.5-air", 106_852_245_504, 13_424_123_904),
  ("glm-5", 743_911_199_232, 41_784_709_632),
  ("gpt-oss-20b", 20_914_757_184, 4_187_440_704),
  ("llama4-scout", 107_769_861_120, 17_172_894_720),
  ("minimax-m2.5", 228_689_748_992, 11_030_537_216),
  ("mixtral-8x7b", 46_702_792_704, 12_879_925_248),
  ("nemotron-3-nano-30b-a3b", 31_577_937_344, 3_580_073_408),
  ("qwen1.5-moe-a2.7b", 14_315_784_192, 2_689_173_504),
  ("qwen3-235b-a22b", 235_093_634_560, 22_190_763_520),
  ("qwen3-30b-a3b", 30_532_122_624, 3_353_032_704),
]

@Suite struct PresetTests {
  /// Every family's rules are held against its published checkpoints.
  @Test(arguments: ModelCatalogue.standard.presets.map(\.name))
  func aPresetHasItsPublishedParameters(name: String) throws {
    let preset = try #require(ModelCatalogue.standard.preset(named: name))
    #expect(preset.name == name)
    let graph = preset.model.graph()
    if let published = preset.publishedParameters { #expect(graph.parameters == published) }
    #expect(graph.name == name)
    #expect(graph.isChain)
    #expect(graph.maximumSequenceLength != nil)
  }

  @Test(arguments: sparseModels)
  func aTokenUsesTheParametersOfItsExperts(row: (name: String, total: Int, active: Int)) throws {
    let graph = try #require(ModelCatalogue.standard.preset(named: row.name)).model.graph()
    #expect(graph.parameters == row.total)
    #expect(graph.activeParameters == row.active)
  }

  /// GPT-2 of these sizes, and LLaMA: 2·V·h + L·(4·h² + 3·h·f + 2·h) + h.
  @Test(arguments: [
    ("gpt-0.3b", 354_823_168), ("gpt-1.5b", 1_557_611_200), ("llama-7b", 6_738_415_616),
    ("llama-13b", 13_015_864_320),
  ])
  func galvatronsShapesAreKnownModels(name: String, parameters: Int) throws {
    let preset = try #require(ModelCatalogue.standard.preset(named: name))
    #expect(preset.form == .galvatron)
    #expect(preset.model.graph().parameters == parameters)
  }

  @Test func galvatronsOwnShapesAreTheirs() throws {
    func model(_ name: String) throws -> TransformerModel {
      try #require(ModelCatalogue.standard.preset(named: name)).model
    }
    let gpt = try model("gpt-2.7b")
    let h = 2560
    #expect(gpt.graph().parameters == 32 * (12 * h * h + 13 * h) + (50257 + 2048) * h + 2 * h)
    // 8/3·1024 = 2730, rounded up to a multiple of 256.
    let small = try model("llama-0.3b")
    let block = 4 * 1024 * 1024 + 3 * 1024 * 2816 + 2 * 1024
    #expect(small.graph().parameters == 2 * 32000 * 1024 + 24 * block + 1024)
  }

  @Test(arguments: [
    "Llama-3.1-8B", "meta-llama/Llama-3.1-8B", "llama3.1-8b", "LLAMA 3.1 8B",
  ])
  func namesAreFoundHoweverTheyAreWritten(name: String) {
    #expect(ModelCatalogue.standard.preset(named: name)?.name == "llama3.1-8b")
  }

  @Test(arguments: [
    ("Qwen/Qwen2.5-7B-Instruct", "qwen2.5-7b"),
    ("Qwen/Qwen3-30B-A3B-Instruct-2507", "qwen3-30b-a3b"),
    ("allenai/OLMo-2-1124-13B", "olmo2-13b"), ("bigscience/bloom", "bloom-176b"),
    ("deepseek-ai/DeepSeek-V3-Base", "deepseek-v3"), ("google/gemma-3-12b-pt", "gemma3-12b"),
    ("meta-llama/Llama-2-7b-hf", "llama2-7b"), ("meta-llama/Meta-Llama-3-70B", "llama3-70b"),
    ("microsoft/Phi-3-mini-4k-instruct", "phi3-mini"), ("microsoft/phi-1_5", "phi-1.5"),
    ("mistralai/Mistral-7B-Instruct-v0.3", "mistral-7b-v0.3"),
    ("mistralai/Mixtral-8x7B-v0.1", "mixtral-8x7b"),
    ("moonshotai/Kimi-K2-Instruct-0905", "kimi-k2"),
  ])
  func repositoriesOfCheckpointsAreFound(repository: String, name: String) {
    #expect(ModelCatalogue.standard.preset(named: repository)?.name == name)
  }

  @Test(arguments: [
    // Another model's shape; a vocabulary of its own; heads of its own; nothing but how it was trained.
    "deepseek-ai/DeepSeek-R1-Distill-Llama-70B", "mistralai/Mistral-7B-Instruct-v0.2",
    "CohereForAI/c4ai-command-r-08-2024", "instruct", "2507", "",
  ])
  func repositoriesOfOtherArchitecturesAreNot(repository: String) {
    #expect(ModelCatalogue.standard.preset(named: repository) == nil)
  }

  @Test func noTwoPresetsClaimAName() {
    for preset in ModelCatalogue.standard.presets {
      for name in [preset.name] + preset.aliases {
        #expect(ModelCatalogue.standard.preset(named: name)?.name == preset.name, "\(name)")
      }
    }
  }

  @Test func unknownNamesGetTheNearest() {
    #expect(ModelCatalogue.standard.preset(named: "gpt-1.6b") == nil)
    #expect(ModelCatalogue.standard.nearestNames(to: "gpt-1.6b").contains("gpt-1.5b"))
    #expect(ModelCatalogue.standard.nearestNames(to: "mixtral-8x7").first == "mixtral-8x7b")
  }
}
