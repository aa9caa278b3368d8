import Foundation
import Galvatron
import Importing
import JSON

/// Galvatron's published profiles, of `Examples/Profiles`.
enum PublishedProfile: String, CaseIterable {
  case llama8 = "llama2-7b-1x8"
  case llama16 = "llama2-7b-2x8"
  /// Of its own search's test.
  case fixture = "llama-test-1x8"

  func profiles() throws -> MeasuredProfiles {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let data = try Data(
      contentsOf: root.appending(path: "Examples/Profiles/\(rawValue).json"))
    return try JSONDocument(parsing: Array(data)).root.read(as: .measuredProfiles).get()
  }

  /// The job of Galvatron's own runs on it.
  func options() -> JobOptions {
    var options = JobOptions(
      layers: self == .fixture ? 28 : 32, hiddenSize: 4096,
      sequenceLength: self == .fixture ? 8192 : 2048, gpus: self == .llama16 ? 16 : 8)
    options.timeMode = self == .fixture ? .sequence : .batch
    options.memoryMode = self == .fixture ? .sequence : .first
    options.run.reducesGradientsEarly = self != .fixture
    return options
  }

  func job() throws -> MeasuredJob {
    var assembly = JobAssembly(try profiles(), options(), estimates: NoEstimates())
    let job = assembly.job()
    precondition(assembly.gaps.isEmpty, "the profiles have all: \(assembly.gaps)")
    return job!
  }
}

/// For profiles that lack nothing.
struct NoEstimates: ProfileEstimates {
  func forward(sequenceLength: Int) -> TimeLaw { TimeLaw(perSample: .nan) }
  func endForward(sequenceLength: Int) -> TimeLaw { TimeLaw(perSample: .nan) }
  func layerMemory(degrees: [Int], sequenceParallel: Bool) -> MemoryProfile.LayerMemory {
    .init(parameters: .nan, activations: [:], recomputed: .nan)
  }
  func endMemory(
    degrees: [Int], sequenceParallel: Bool
  ) -> (only: MeasuredJob.EndMemory, first: MeasuredJob.EndMemory, last: MeasuredJob.EndMemory) {
    let none = MeasuredJob.EndMemory(states: [:], activations: [:])
    return (none, none, none)
  }
  func bandwidth(group: Int, isStrided: Bool) -> Double { .nan }
  func bandwidth(stages: Int) -> Double { .nan }
  func allReduce(group: Int) -> MessageTimes { MessageTimes(perMegabyte: .nan, constant: .nan) }
  func allToAll(group: Int) -> MessageTimes { MessageTimes(perMegabyte: .nan, constant: .nan) }
}

extension LayerStrategy {
  /// From the tests' short form, such as `2ufc`.
  init(short: String) {
    self.init(
      degree: Int(short.prefix { $0.isNumber })!, split: short.contains("u") ? .ulysses : .tensor,
      shardsWeights: short.contains("f"), recomputes: short.contains("c"))
  }

  /// From runs such as `27x1c 4x1`.
  static func list(_ runs: String) -> [LayerStrategy] {
    runs.split(separator: " ").flatMap { run in
      let parts = run.split(separator: "x")
      return Array(repeating: LayerStrategy(short: String(parts[1])), count: Int(parts[0])!)
    }
  }
}
