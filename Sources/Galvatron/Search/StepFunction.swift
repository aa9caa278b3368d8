/// The judged step as a function of what each stage's layers take, N of time and E that reductions
/// expose. With c_i = ends_i + N_i it is the largest of three linear functions of the c, and the largest
/// of the tails E_i − ends_i − (c_0 + … + c_(i−1)), or none: convex in N and E.
struct StepFunction {
  /// What the embedding and the head add to each stage.
  let ends: [Double]
  /// By stage, what a second of it adds to each line: to A and to both sides of B (`PipelineTime`), that
  /// of the first stage last.
  let slopes: [SIMD3<Double>]

  init(ends: [Double], microBatches: Int) {
    self.ends = ends
    let last = ends.count - 1
    let ahead = Double(min(last, microBatches - 1))
    let later = Double(max(0, microBatches - last))
    slopes = ends.indices.map { stage in
      guard last > 0 else { return SIMD3(repeating: Double(microBatches)) }
      return SIMD3(
        stage == last ? Double(microBatches) : 1, stage == 0 ? later : 1,
        stage == 0 ? ahead + later : 0)
    }
  }

  var stages: Int { ends.count }

  /// What the stages up to one make of the step.
  struct Prefix {
    var stages = 0
    var lines = SIMD3<Double>.zero
    /// Time of all stages.
    var before = 0.0
    /// How far reductions stick out of the first two stages, and of others.
    var near = 0.0
    var far = 0.0

    /// - Parameter later: of the lines, what is to come.
    func seconds(_ later: SIMD3<Double> = .zero) -> Double {
      (lines + later).max() + max(near, far)
    }

    /// What the step keeps even if middle stages are slowed down on purpose.
    ///
    /// Where the first stage's line alone decides, stages between the first and the last could take
    /// longer by the distance to the other lines at no price, and hide reductions of later stages.
    func floor(_ later: SIMD3<Double> = .zero) -> Double {
      let lines = lines + later
      return max(lines.max() + near, max(lines[0], lines[1]) + far)
    }
  }

  func adding(time: Double, exposure: Double, to prefix: Prefix) -> Prefix {
    var next = prefix
    let end = ends[prefix.stages]
    let tail = exposure - end - prefix.before
    if prefix.stages < 2 {
      next.near = max(prefix.near, tail)
    } else {
      next.far = max(prefix.far, tail)
    }
    next.lines += slopes[prefix.stages] * (end + time)
    next.before += end + time
    next.stages += 1
    return next
  }
}
