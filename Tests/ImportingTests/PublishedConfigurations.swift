import Foundation
import Importing
import JSON
import Testing
import Workload

/// A directory with `hf_configs/*.json` and `hf_params.json`, their counts: a one-off check against
/// whole files, where there are some.
private let directory = ProcessInfo.processInfo.environment["STAGEWRIGHT_DATA"].map {
  URL(filePath: $0)
}

@Suite(.enabled(if: directory != nil)) struct PublishedConfigurations {
  @Test func everyConfigurationIsCountedExactly() throws {
    let directory = try #require(directory)
    let counts = try JSONDocument(
      parsing: Array(Data(contentsOf: directory.appending(path: "hf_params.json")))
    ).root
    #expect(counts.count > 0)
    for (name, row) in counts.members {
      let path = try #require(row["config"]?.string, "\(name)")
      let total = try #require(row["total"]?.integer, "\(name)")
      let config = try JSONDocument(
        parsing: Array(Data(contentsOf: directory.appending(path: path)))
      ).root
      let graph = try config.read(as: .huggingFaceModel).get().graph()
      #expect(graph.parameters == total, "\(name)")
      #expect(graph.activeParameters == row["active"]?.integer, "\(name)")
      #expect(graph.tiesEmbeddings == row["tied"]?.boolean, "\(name)")
      let blocks = graph.nodes.indices.filter { graph.layer($0).kind == .transformerBlock }
      #expect(blocks.count == row["num_layers"]?.integer, "\(name)")
      for run in try #require(row["per_layer_runs_start_params"]).elements {
        let (layer, parameters) = (try #require(run[0]?.integer), run[1]?.integer)
        #expect(graph.layer(blocks[layer]).parameters == parameters, "\(name), layer \(layer)")
      }
    }
  }
}
