import Costing
import Hardware
import Quantities
import Scheduling
import Testing

@testable import Planning

@Suite struct ReplanningTests {
  static let problem = DecoderExample.llama7B.problem(
    on: .example([("a100-sxm4-80gb", 4, 8)]), batch: 64, sequence: 2048)

  private static func plan(
    _ strategy: ParallelStrategy, _ problem: ClusterProblem = problem
  ) -> MixedPlan {
    let split = Planner(problem.pools[0]).simulate(strategy).split
    return MixedPlan(problem, MixedStrategy(strategy, pool: 0), split)
  }

  static let deep = plan(
    ParallelStrategy(
      pipeline: 4, tensor: 4, data: 2, microBatches: 32, sequenceParallel: true,
      recompute: .full))

  private static func options(
    _ change: ClusterChange, steps: Int, restart: Seconds = .zero,
    _ constraints: SearchConstraints? = nil
  ) throws -> [Replanner.Option] {
    let replanner = try #require(
      Replanner(
        problem, plan: deep, change: change,
        terms: Replanner.Terms(steps: steps, restart: restart)))
    return replanner.ways(constraints).options
  }

  @Test func staysWhereNothingChangedAndMovingIsDear() throws {
    let options = try Self.options(ClusterChange(), steps: 1, restart: Seconds(3600))
    #expect(options[0].kind == .stay)
    #expect(options[0].migration == .none)
    #expect(options[0].plan.plan.prediction.step == Self.deep.plan.prediction.step)
  }

  /// A better plan is worth moving to once there are enough steps, and total time never grows.
  @Test func longerHorizonsForgiveDearerMoves() throws {
    var last = 0.0
    for steps in [1, 10, 1000, 100_000] {
      let options = try Self.options(ClusterChange(), steps: steps, restart: Seconds(60))
      #expect(options.map(\.total).min() == options[0].total)
      let step = options[0].plan.plan.prediction.step.value
      #expect(last == 0 || step <= last)
      last = step
    }
  }

  @Test func usesNoNodeThatIsLost() throws {
    let options = try Self.options(ClusterChange(lostNodes: ["node-1"]), steps: 1000)
    #expect(!options.isEmpty)
    for option in options {
      #expect(option.kind != .stay)
      let nodes = option.plan.plan.stages.flatMap { $0.devices.map(\.node) }
      #expect(!nodes.contains("node-1"))
      #expect(!option.migration.transfers.contains { $0.from.node == "node-1" })
      // Optimizer states are sharded over two replicas, of which both lay on the node.
      #expect(option.migration.fromCheckpoint > .zero)
    }
  }

  /// Ways to go on are held against each other by time, on nodes that have become unequal too.
  @Test(arguments: [Objective.memory, .cost])
  func whatAPlanIsWantedForDoesNotChangeTheWay(objective: Objective) throws {
    var constraints = SearchConstraints()
    constraints.tensor = [4]
    let change = ClusterChange(speeds: ["node-2": 0.5])
    let usual = try Self.options(change, steps: 1000, constraints)
    constraints.objective = objective
    #expect(try Self.options(change, steps: 1000, constraints) == usual)
    #expect(usual.contains { $0.kind == .replan })
  }

  @Test func gainedNodesAreUsed() throws {
    let chip = try #require(AcceleratorCatalogue.standard.accelerator(named: "a100-sxm4-80gb"))
    let pool = try Pool.make(accelerator: chip, gpusPerNode: 8, nodes: 4, firstNode: 4)
    let options = try Self.options(ClusterChange(gained: [pool]), steps: 100_000)
    #expect(options[0].kind == .adapt)
    #expect(options[0].plan.strategy.gpus > 32)
    #expect(options[0].plan.plan.prediction.step < Self.deep.plan.prediction.step)
  }

  /// A slow node makes its stage slow; the stages are cut anew so that it has less to do.
  @Test func givesSlowNodesLess() throws {
    let options = try Self.options(ClusterChange(speeds: ["node-2": 0.5]), steps: 100_000)
    let stay = try #require(options.first { $0.kind == .stay })
    #expect(stay.plan.plan.prediction.step > Self.deep.plan.prediction.step)
    #expect(options[0].kind == .adapt)
    #expect(options[0].plan.plan.prediction.step < stay.plan.plan.prediction.step)
  }

  /// Times that are all off by one factor are the model's fault; what stands out is a straggler.
  @Test func findsStragglers() {
    let plan = Self.deep.plan
    func measured(_ factors: [Double]) -> [Int: Seconds] {
      Dictionary(
        uniqueKeysWithValues: zip(plan.stages, factors).map {
          ($0.id, ($0.forward + $0.backward) * $1)
        })
    }
    #expect(plan.stragglers(measured: measured([1.3, 1.3, 1.3, 1.3])).isEmpty)
    #expect(plan.stragglers(measured: measured([1, 1.05, 0.96, 1])).isEmpty)
    let found = plan.stragglers(measured: measured([1.2, 1.2, 1.8, 1.2]))
    #expect(found.map(\.stage) == [2])
    #expect(abs((found.first?.slowdown ?? 0) - 1.5) < 1e-9)
    #expect(found.first?.nodes == ["node-2"])
  }

  // MARK: What moves

  /// Every unit of every layer's states that a GPU needs and does not hold comes to it exactly once,
  /// from a GPU that holds it, or from the checkpoint: counted unit by unit.
  @Test(arguments: 0..<12)
  func movesExactlyWhatIsMissing(seed: Int) throws {
    var random = SplitMix64(seed: seed)
    let graph = DecoderExample.small.graph
    let problem = DecoderExample.small.problem(
      on: .example([("a100-sxm4-80gb", 4, 4)]), batch: 48, sequence: 1024)
    func plan() -> Plan {
      let pipeline = [1, 2, 4].randomElement(using: &random)!
      let tensor = [1, 2, 4].randomElement(using: &random)!
      let data = 16 / pipeline / tensor
      let zero = ZeroStage.allCases.randomElement(using: &random)!
      let strategy = ParallelStrategy(
        pipeline: pipeline, tensor: tensor, data: data, microBatches: 48 / data,
        zeroStage: zero, sequenceParallel: tensor > 1)
      return Self.plan(strategy, problem).plan
    }
    let (old, new) = (plan(), plan())
    let lost: Set<String> = Bool.random(using: &random) ? ["node-3"] : []
    // The new plan may use all nodes: a lost one has come back empty.
    let migration = MigrationPlan(problem, before: problem, from: old, lostNodes: lost)
      .migration(to: new, checkpointRate: nil)
    let units = 16
    func held(
      _ plan: Plan, _ state: StateShards.State, without lost: Set<String>
    ) -> [Device: Set<Int>] {
      var held: [Device: Set<Int>] = [:]
      let shards = StateShards(plan, DeviceNumbers([problem.cluster]))
      for stage in shards.stages {
        for (index, number) in stage.devices.enumerated() {
          let device = shards.numbers[number]
          if lost.contains(device.node) { continue }
          let interval = shards.interval(
            state, stage, tensor: index % stage.tensor, replica: index / stage.tensor)
          for unit in 0..<units {
            let middle = (Double(unit) + 0.5) / Double(units)
            guard interval.lower < middle, middle < interval.upper else { continue }
            for node in stage.nodes { held[device, default: []].insert(node * units + unit) }
          }
        }
      }
      return held
    }
    var (expected, missing) = (0.0, 0.0)
    var received: [Device: Double] = [:]
    for (state, bytes) in [(StateShards.State.weights, 2.0), (.optimizer, 12.0)] {
      let (before, after) = (held(old, state, without: lost), held(new, state, without: []))
      let anywhere = before.values.reduce(into: Set<Int>()) { $0.formUnion($1) }
      for (device, needed) in after {
        for unit in needed.subtracting(before[device] ?? []) {
          let size = bytes * Double(graph.layer(unit / units).parameters) / Double(units)
          if anywhere.contains(unit) {
            expected += size
            received[device, default: 0] += size
          } else {
            missing += size
          }
        }
      }
    }
    #expect(abs(migration.bytes.value - expected) <= 1e-6 * expected)
    #expect(abs(migration.fromCheckpoint.value - missing) <= 1e-6 * missing)
    for (device, size) in received {
      let sent = migration.transfers.filter { $0.to == device }.reduce(0.0) {
        $0 + $1.bytes.value
      }
      #expect(abs(sent - size) <= 1e-6 * size)
    }
    #expect(migration.transfers.allSatisfy { $0.from != $0.to && !lost.contains($0.from.node) })
  }
}
