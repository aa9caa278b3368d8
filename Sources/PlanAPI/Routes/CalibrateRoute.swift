import Calibrating
import Costing
import JSON
import Planning
import Quantities

/// What was measured, and what is to be fitted to it.
struct CalibrationRequest: Sendable {
  var calibration: Calibration
  /// `nil` where the measurements decide.
  var places: [CostParameterSlot.Place]?
  /// Where `places` stand, for faults that show later.
  var value: JSONValue
}

extension PlanService {
  /// `POST /calibrate`: a cost profile out of measured steps and layers.
  func calibrate(_ body: JSONValue) throws(Problem) -> APIResponse {
    let request = try read(body, as: calibrationRule)
    switch request.calibration.outcome(fitting: request.places) {
    case .success(let outcome): return .json { $0.calibration(outcome) }
    case .failure(let obstacle): throw .invalid(faults(of: obstacle, request))
    }
  }

  private func faults(
    of obstacle: Calibration.Obstacle, _ request: CalibrationRequest
  ) -> JSONFaults {
    let log = JSONFaultLog(for: request.value.document)
    switch obstacle {
    case .tooMany(let asked, let measurements):
      log.note(request.value, Sentence.tooManyFitted(asked, measurements: measurements))
    case .undetermined(let index):
      log.note(
        request.value[index] ?? request.value,
        Sentence.undeterminedParameter(request.places?[index].name ?? ""))
    }
    guard let faults = log.faults else { preconditionFailure("a fault was noted") }
    return faults
  }

  private var calibrationRule: JSONObjectRule<CalibrationRequest> {
    .object { members in
      let counts = 1...WireLimits.measurements
      let runs = members.optional("runs", .list(of: measuredRun, counts: counts), absent: [])
      let layers = members.optional("layers", .list(of: measuredLayer, counts: counts), absent: [])
      let places = members.optional(
        "fit", .list(of: CostParameterNameRule(), counts: 1...CostParameterSlot.Place.all.count))
      let profile = members.optional("cost_profile", .costProfile) ?? self.profile
      guard members.isSound else { return nil }
      guard !runs.isEmpty || !layers.isEmpty else {
        members.note(Sentence.noMeasurements)
        return nil
      }
      return CalibrationRequest(
        calibration: Calibration(
          steps: runs.map(\.step), layers: layers.flatMap { $0 }, peakMemories: runs.map(\.peak),
          base: parameters, earlier: profile),
        places: places, value: members.object["fit"] ?? members.object)
    }
  }

  /// A plan on one pool: costs are fitted to stages that are alike.
  private func readMeasured(_ members: inout JSONMemberReader) -> SimulationRequest? {
    guard let simulation = readSimulation(&members) else { return nil }
    guard simulation.mixed == nil, !simulation.job.isMixed else {
      members.note("cluster", Sentence.mixedMeasurement)
      return nil
    }
    return simulation
  }

  private var measuredRun: JSONObjectRule<(step: MeasuredStep, peak: ByteCount?)> {
    .object { members in
      let simulation = readMeasured(&members)
      let measured = members.required("measured", Self.measurement)
      let weight = members.optional("weight", .positiveNumber(max: 1e6), absent: 1)
      guard let simulation, let measured else { return nil }
      let job = simulation.job
      return (
        MeasuredStep(
          graph: job.graph, pool: job.pool, job: job.job, strategy: simulation.strategy,
          split: simulation.split, seconds: measured.step, weight: weight), measured.peak
      )
    }
  }

  private static let seconds: JSONNumberRule = .positiveNumber(max: 1e7)

  private static let measurement: JSONObjectRule<(step: Seconds, peak: ByteCount?)> =
    .object { members in
      let step = members.required("step_seconds", seconds)
      let peak = members.optional("peak_memory_bytes", .positiveNumber(max: 1e13))
      return step.map { (Seconds($0), peak.map { ByteCount($0) }) }
    }

  private var measuredLayer: JSONObjectRule<[MeasuredLayer]> {
    .object { members in
      let simulation = readMeasured(&members)
      let layer = members.required("layer", .integer(in: 0...Int(Int32.max)))
      let forward = members.optional("forward_seconds", Self.seconds)
      let backward = members.optional("backward_seconds", Self.seconds)
      let weight = members.optional("weight", .positiveNumber(max: 1e6), absent: 1)
      if forward == nil, backward == nil, members.isSound { members.note(Sentence.noLayerTime) }
      guard let simulation, let layer, members.isSound else { return nil }
      let job = simulation.job
      guard layer < job.graph.nodes.count else {
        members.note("layer", Sentence.layerBeyond(layer, layers: job.graph.nodes.count))
        return nil
      }
      let passes: [(MeasuredLayer.Pass, Double?)] = [(.forward, forward), (.backward, backward)]
      return passes.compactMap { pass, seconds in
        seconds.map {
          MeasuredLayer(
            graph: job.graph, pool: job.pool, job: job.job, strategy: simulation.strategy,
            node: layer, pass: pass, seconds: Seconds($0), weight: weight)
        }
      }
    }
  }
}
