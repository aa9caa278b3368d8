import Scheduling

/// How many micro-batches of each of its chunks a stage holds when it is at its fullest, or at least.
struct HeldBatches: Hashable {
  /// Of its first chunk, of each of those between, and of its last.
  let first: Int
  let middle: Int
  let last: Int
  let chunks: Int

  init(_ all: Int) {
    (first, middle, last, chunks) = (all, all, all, 1)
  }

  init(first: Int, middle: Int, last: Int, chunks: Int) {
    (self.first, self.middle, self.last, self.chunks) = (first, middle, last, chunks)
  }

  /// Of all chunks.
  var sum: Int { chunks == 1 ? first : first + (chunks - 2) * middle + last }

  /// Of a chunk, on average.
  var mean: Double { Double(sum) / Double(chunks) }

  subscript(chunk: Int) -> Int {
    chunk == 0 ? first : chunk == chunks - 1 ? last : middle
  }
}

extension PipelineSchedule {
  /// What the stage with `fromEnd - 1` stages after it holds in a pipeline of `stages` or more; in one of
  /// so many stages, exactly that (`heldMicroBatches`).
  ///
  /// ZB-H1 holds as many at every stage as at the first. Interleaved 1F1B with p stages of v chunks
  /// holds 2·(k − 1) + (v − 1)·p + 1 micro-batches' chunks at the k-th stage from the end: of each
  /// chunk p, but for the first and the last that exceed it or fall short.
  func held(fromEnd: Int, of stages: Int, chunks: Int, microBatches: Int) -> HeldBatches {
    let stages = max(stages, fromEnd)
    switch self {
    case .gpipe: return HeldBatches(microBatches)
    case .oneForwardOneBackward: return HeldBatches(min(microBatches, fromEnd))
    case .zeroBubble: return HeldBatches(min(microBatches, stages))
    case .interleaved:
      let edge = 2 * fromEnd - 1
      return HeldBatches(
        first: min(microBatches, max(stages, edge)), middle: min(microBatches, stages),
        last: min(microBatches, stages, edge), chunks: chunks)
    }
  }

  /// Whether stages hold more the more there are, whichever the place from the end.
  var holdsByDepth: Bool {
    switch self {
    case .zeroBubble, .interleaved: true
    case .gpipe, .oneForwardOneBackward: false
    }
  }
}
