import Foundation
import Planning
import Workload

/// How the time of a search grows with the model's layers and with the GPUs.
///
/// Blocks are those of Llama-3-70B, of which 80 make the model; batches are two sequences a GPU.
enum GrowthBenchmark {
  /// Prints a line a search and, if a path is given, draws them there.
  static func run(picture: String?) {
    let layers = series("layers, on 1,024 GPUs", [10, 20, 40, 80, 160, 320]) {
      problem(layers: $0, gpus: 1024)
    }
    let gpus = series("GPUs, for 80 layers", (6...14).map { 1 << $0 }) {
      problem(layers: 80, gpus: $0)
    }
    guard let picture else { return }
    let document = GrowthPicture(charts: [layers, gpus]).svg
    guard FileManager.default.createFile(atPath: picture, contents: Data(document.utf8)) else {
      return print("\(picture) cannot be written")
    }
  }

  private static func series(
    _ name: String, _ sizes: [Int], _ problem: (Int) -> PlanningProblem?
  ) -> GrowthPicture.Chart {
    var points: [GrowthPicture.Point] = []
    for size in sizes {
      guard let problem = problem(size) else { continue }
      var fastest = Double.infinity
      var gap = 0.0
      // Long searches vary less.
      for run in 0..<5 where run == 0 || fastest < 500 {
        let start = PlannerBenchmarks.processorMilliseconds()
        let outcome = Planner(problem).plan(SearchConstraints())
        fastest = min(fastest, PlannerBenchmarks.processorMilliseconds() - start)
        if case .found(let result) = outcome { gap = result.proof.gapFraction }
      }
      print("\(size) \(name): \(fastest) ms, gap \(gap)")
      points.append(.init(size: Double(size), milliseconds: fastest, isClosed: gap == 0))
    }
    return GrowthPicture.Chart(name: name, points: points)
  }

  private static func problem(layers: Int, gpus: Int) -> PlanningProblem? {
    PlannerBenchmarks.problem(
      .init(
        name: "growth", model: "llama-3-70b", accelerator: "h100-sxm5-80gb", nodes: gpus / 8,
        batch: 2 * gpus, sequence: 8192)
    ) { $0.runs[0].count = layers }
  }
}
