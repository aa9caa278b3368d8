import Quantities
import Testing
import Workload

@testable import Analyzing

/// A GPT with biases, layer norms, a table of positions and a head tied to the embedding.
private func gpt(hidden: Int, layers: Int, heads: Int, vocabulary: Int = 50_257) -> TransformerModel
{
  let block = TransformerBlock(
    mixer: .attention(
      AttentionMixer(
        heads: heads, keyValueHeads: heads, headDimension: hidden / heads, hasInputBias: true,
        hasOutputBias: true, isRotary: false)),
    feedForward: .dense(DenseFeedForward(width: 4 * hidden, isGated: false, hasBias: true)),
    norm: .layer)
  return TransformerModel(
    name: "gpt", hiddenSize: hidden, vocabularySize: vocabulary, maximumSequenceLength: 1024,
    embedding: .init(positions: 1024), runs: [.init(block, count: layers)], finalNorm: .layer,
    head: .init(isTied: true))
}

private func analysis(
  _ graph: LayerGraph, _ stages: ClosedRange<Int> = 2...8,
  _ strategies: [PartitionStrategy] = PartitionStrategy.allCases
) -> ModelAnalysis {
  ModelAnalysis(
    LayerFigures(graph, sequenceLength: 1024, microBatchSize: 1, precision: .fp32),
    stages: stages, strategies: strategies)
}

/// To as many decimals as the first analyser printed.
private func printed(_ value: Double, _ decimals: Int) -> Double {
  let scale = decimals == 2 ? 100.0 : 10_000
  return (value * scale).rounded() / scale
}

/// The first analyser's report on GPT-1.5B.
@Suite struct SeedTableTests {
  private let seed = analysis(gpt(hidden: 1600, layers: 48, heads: 32).seedGraph())

  @Test func totals() {
    #expect(seed.figures.layers == 51)
    #expect(seed.totals.parameters == 1_635_537_600)
    #expect(printed(seed.totals.weightBytes.mebibytes, 2) == 6239.08)
  }

  @Test(arguments: [
    (2, 0.0000, 3119.54, 6.25), (4, 0.0983, 1713.15, 18.75), (6, 0.1391, 1244.35, 31.25),
    (8, 0.1703, 1009.95, 43.75),
  ])
  func uniformRows(stages: Int, balance: Double, memory: Double, communication: Double) throws {
    let row = try #require(
      seed.partitions.first { $0.stages.count == stages && $0.strategy == .uniform })
    #expect(printed(row.balanceScore, 4) == balance)
    #expect(printed(row.maximumMemory.mebibytes, 2) == memory)
    #expect(printed(row.communication.mebibytes, 2) == communication)
  }

  @Test func twoStages() {
    let stages = seed.partitions[0].stages
    #expect(stages.map(\.layers) == [0..<25, 25..<51])
    #expect(stages.map(\.parameters) == [817_768_000, 817_769_600])
    #expect(stages.map { printed($0.memory.mebibytes, 2) } == [3119.54, 3119.54])
  }

  /// What the first analyser called optimal is not.
  @Test func balancedSplitsBeatIt() throws {
    for stages in 2...8 {
      let rows = seed.partitions.filter { $0.stages.count == stages }
      let uniform = try #require(rows.first { $0.strategy == .uniform })
      for strategy in [PartitionStrategy.memory, .parameters] {
        let row = try #require(rows.first { $0.strategy == strategy })
        #expect(row.maximumMemory <= uniform.maximumMemory)
        #expect(row.balanceScore <= uniform.balanceScore)
        if stages >= 4 { #expect(row.maximumMemory < uniform.maximumMemory) }
      }
    }
    let four = try #require(
      seed.partitions.first { $0.stages.count == 4 && $0.strategy == .memory })
    #expect(printed(four.maximumMemory.mebibytes, 2) == 1595.95)
  }
}

@Suite struct ModelAnalysisTests {
  private let model = gpt(hidden: 256, layers: 12, heads: 4, vocabulary: 8000)

  @Test(arguments: PartitionStrategy.allCases)
  func stagesAddUpToTheModel(strategy: PartitionStrategy) {
    let analysis = analysis(model.seedGraph(), 1...15, [strategy])
    #expect(!analysis.partitions.isEmpty)
    for partition in analysis.partitions {
      #expect(partition.stages.first?.layers.lowerBound == 0)
      #expect(partition.stages.last?.layers.upperBound == 15)
      #expect(
        zip(partition.stages, partition.stages.dropFirst()).allSatisfy {
          $0.layers.upperBound == $1.layers.lowerBound && !$0.layers.isEmpty
        })
      #expect(partition.stages.reduce(0) { $0 + $1.parameters } == analysis.totals.parameters)
      let compute = partition.stages.reduce(FLOPs.zero) { $0 + $1.forwardFLOPs }
      #expect(abs(compute / analysis.totals.forwardFLOPs - 1) < 1e-12)
      // Each cut is crossed by one hidden state of 1,024 tokens x 256 x 4 bytes: 1 MB.
      #expect(partition.communication.mebibytes == Double(partition.stages.count - 1))
      #expect((0...1).contains(partition.score))
    }
  }

  /// The balanced quantity's largest stage is no larger than under any other strategy.
  @Test func eachStrategyIsBestAtItsOwn() throws {
    let analysis = analysis(model.graph(), 2...12)
    let amounts = { (partition: Partition, quantity: LayerQuantity) in
      partition.stages.map { analysis.figures.amount(of: quantity, $0.layers) }.max()!
    }
    for partition in analysis.partitions where partition.strategy != .uniform {
      let quantity = partition.strategy.balancedQuantity
      for other in analysis.partitions where other.stages.count == partition.stages.count {
        #expect(amounts(partition, quantity) <= amounts(other, quantity))
      }
    }
  }

  /// The last stage of a tied model keeps the table once more.
  @Test func tiedTableIsHeldTwice() throws {
    let analysis = analysis(model.graph(), 1...3, [.memory])
    let table = 8000.0 * 256 * 4
    #expect(analysis.figures.tiedCopy == ByteCount(table))
    let held = analysis.partitions.map { $0.stages.reduce(ByteCount.zero) { $0 + $1.memory } }
    let all = analysis.totals.weightBytes
    #expect(held == [all, all + ByteCount(table), all + ByteCount(table)])
  }

  @Test func uniformSpreadsWhatDoesNotDivide() {
    #expect(model.graph().uniformBoundaries(stages: 5) == [0, 3, 5, 8, 10, 15])
    #expect(model.graph().uniformBoundaries(stages: 12)?.count == 13)
    #expect(model.graph().uniformBoundaries(stages: 13) == nil)
    let counts = analysis(model.graph(), 12...40).partitions.map { $0.stages.count }
    #expect(counts == [12, 12, 12, 12, 13, 13, 13, 14, 14, 14, 15, 15, 15])
  }

  @Test func bottlenecksAreTheFirstOfTheLargest() {
    let analysis = analysis(model.graph())
    #expect(analysis.largestLayer(by: .memory) == 0)
    #expect(analysis.largestLayer(by: .compute) == 14)
    #expect(analysis.distribution(of: .parameters).total == Double(analysis.totals.parameters))
    #expect(analysis.shares.map(\.layers) == [1, 12, 1, 1])
  }

  /// A tensor that skips layers crosses every cut on its way.
  @Test func skippingTensorsCrossEveryCut() {
    let figures = Operator.Opaque(forwardFLOPs: 1e9, savedBytes: 10)
    let graph = UserGraph(
      name: "skip", nodes: (0..<4).map { .init(name: "n\($0)", parameters: 10, figures: figures) },
      edges: [
        .init(source: 0, target: 1, bytes: 100), .init(source: 1, target: 2, bytes: 100),
        .init(source: 2, target: 3, bytes: 100), .init(source: 0, target: 3, bytes: 7),
      ]
    ).layerGraph(inOrder: [0, 1, 2, 3])
    let crossing = LayerFigures(graph, sequenceLength: 1, microBatchSize: 2, precision: .bf16)
      .crossing
    #expect(crossing == [0, 214, 214, 214].map { ByteCount($0) })
  }

  @Test func recommendsFewStagesUnlessMoreAreMoreEven() throws {
    let even = UserGraph(
      name: "even",
      nodes: (0..<12).map {
        .init(name: "n\($0)", parameters: 10, figures: .init(forwardFLOPs: 1, savedBytes: 1))
      }, edges: (0..<11).map { .init(source: $0, target: $0 + 1) })
    let two = try #require(analysis(even.layerGraph(inOrder: Array(0..<12)), 2...6).recommended)
    #expect(two.stages.count == 2 && two.strategy == .uniform)
    // Three blocks of work: halves are uneven, thirds are not.
    var thirds = even
    thirds.nodes = (0..<3).map {
      .init(name: "n\($0)", parameters: 10, figures: .init(forwardFLOPs: 1, savedBytes: 1))
    }
    thirds.edges = (0..<2).map { .init(source: $0, target: $0 + 1) }
    let three = try #require(analysis(thirds.layerGraph(inOrder: [0, 1, 2]), 2...3).recommended)
    #expect(three.stages.count == 3)
    #expect(analysis(thirds.layerGraph(inOrder: [0, 1, 2]), 7...9).recommended == nil)
  }
}
